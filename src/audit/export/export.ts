// One export from its wishes: the log's stream, the sink for its destination, the cursor where there is one, and the pump between them.
import { join, resolve } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { Format, Stream } from "#core/log/export";
import type { Patience } from "./again.ts";
import { type Cursor, type CursorState, deliveryName, openCursor } from "./cursor.ts";
import { type Delivered, deliver } from "./deliver.ts";
import { type Destination, destinationName } from "./destination.ts";
import { openFileSink } from "./file-sink.ts";
import { httpSink } from "./http-sink.ts";
import type { Sink } from "./sink.ts";
import { BEGINNING } from "./source.ts";
import { streamSink } from "./stdout-sink.ts";
import { streamOf } from "./stream.ts";
import { syslogSink } from "./syslog-sink.ts";

/** What is to be exported. */
export interface ExportOptions {
  readonly stateDir: string;
  /** Folder of the log. */
  readonly dir: string;
  readonly format: Format;
  readonly to: Destination;
  readonly version: string;
  /** From the first record on, whatever was delivered before. */
  readonly again: boolean;
  readonly follow: boolean;
  readonly private: boolean;
  readonly batch: number;
  readonly gzip: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly ca?: string;
  readonly messageBytes: number;
  readonly patience: Patience;
  /** The native helper. */
  readonly helper: string;
  readonly output: NodeJS.WriteStream;
  readonly signal: AbortSignal;
}

/** What came of it, and of which log. */
export interface Exporting extends Delivered {
  readonly stream: Stream;
}

/** Exports a log. A Problem when it could not begin; else what was delivered, and the Problem that ended it. Throws `Unreadable`. */
export async function exportLog(options: ExportOptions): Promise<Result<Exporting, Problem>> {
  const stream = streamOf(options.dir, options.version);
  const { format, private: isPrivate, to } = options;
  const delivery = {
    origin: stream.origin,
    format,
    sink: destinationName(to),
    private: isPrivate,
    address: addressOf(to),
  };
  const remembers = to.kind === "http" || to.kind === "syslog";
  const cursor = remembers ? await openCursor(options.stateDir, delivery, { again: options.again }) : ok(undefined);
  if (!cursor.ok) return cursor;
  try {
    const sink = await openSink(options, stream);
    if (!sink.ok) return sink;
    const chainUid = `${stream.origin}/export/${deliveryName(delivery)}`;
    return ok({ stream, ...(await run(options, { stream, sink: sink.value, cursor: cursor.value, chainUid })) });
  } finally {
    await cursor.value?.close();
  }
}

function addressOf(to: Destination): string {
  return to.kind === "http" ? to.url.href : destinationName(to);
}

function run(
  options: ExportOptions,
  parts: {
    readonly stream: Stream;
    readonly sink: Sink;
    readonly cursor: Cursor | undefined;
    readonly chainUid: string;
  },
): Promise<Delivered> {
  const { dir, format, follow, signal, private: isPrivate } = options;
  const { stream, sink, cursor, chainUid } = parts;
  const from: CursorState = cursor?.state ?? { source: BEGINNING };
  const kept = cursor === undefined ? {} : { cursor };
  // Every session that ends closes in the ledger, and none of them ends it.
  const ever = follow && resolve(dir) === join(resolve(options.stateDir), "log", "ledger");
  const how = { chainUid, private: isPrivate, follow: ever ? ("ever" as const) : follow, signal };
  return deliver({ dir, stream, format, sink, from, ...kept, ...how });
}

async function openSink(options: ExportOptions, stream: Stream): Promise<Result<Sink, Problem>> {
  const { to, format, follow, output, batch, gzip, headers, ca, patience, messageBytes, helper } = options;
  const trust = ca === undefined ? {} : { ca };
  switch (to.kind) {
    case "stdout":
      return ok(streamSink(output, { format, stream, terminal: output.isTTY === true }));
    case "file":
      return await openFileSink(to.path, { format, stream, growing: follow });
    case "http":
      return ok(httpSink({ url: to.url, format, stream, batch, gzip, headers, ...trust, patience }));
    case "syslog":
      return ok(syslogSink({ place: to.place, format, stream, batch, ...trust, messageBytes, patience, helper }));
    default:
      return err(to satisfies never);
  }
}
