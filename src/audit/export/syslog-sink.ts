// RFC 5424 messages over UDP (RFC 5426), TCP (RFC 6587, octet counting), TLS (RFC 5425) and Unix sockets.
import { hostname } from "node:os";
import { err, ok, type Problem } from "#core";
import { asciiJson, type Exported, type Format, linesOf, type Stream, syslogMessage } from "#core/log/export";
import { systemCode } from "../problem.ts";
import { type Patience, type Tried, triedText, tryAgain } from "./again.ts";
import type { Batch, Sink } from "./sink.ts";
import { type SyslogPlace, sendMessages } from "./syslog-line.ts";
import { isUntrusted } from "./untrusted.ts";

/** What a syslog sink is made with. */
export interface SyslogSinkOptions {
  readonly place: SyslogPlace;
  readonly format: Format;
  readonly stream: Stream;
  readonly ca?: string;
  /** Events of a batch at most. */
  readonly batch: number;
  /** Bytes of a message at most, as the receiver is set up to take. */
  readonly messageBytes: number;
  readonly patience: Patience;
  /** The native helper. */
  readonly helper: string;
}

/** A sink on a syslog receiver. */
export function syslogSink(options: SyslogSinkOptions): Sink {
  const { batch, messageBytes, place, patience, ca, helper } = options;
  return {
    room: {
      events: batch,
      message: { bytes: messageBytes, length: (text, event) => messageOf(text, event, options).length },
    },
    async deliver(each: Batch, signal) {
      const messages = each.events.map((event, at) => messageOf(each.texts[at] ?? "", event, options));
      const once = async (): Promise<Tried> => {
        try {
          await sendMessages(place, messages, { ca, helper });
          return { kind: "taken" };
        } catch (error) {
          return triedOf(systemCode(error));
        }
      };
      const { tried, tries } = await tryAgain(once, patience, signal);
      return tried.kind === "taken" ? ok(undefined) : err(problemOf(place, triedText(tried, tries)));
    },
    close: () => Promise.resolve(ok(undefined)),
  };
}

function messageOf(text: string, event: Exported, { format, stream }: SyslogSinkOptions): Buffer {
  const context = { stream, host: hostname(), pid: process.pid };
  const [line = ""] = linesOf(format, [text], stream);
  // ASCII needs no byte order mark (RFC 5424, MSG-ANY); CEF's readers want it plain.
  return Buffer.from(syslogMessage(event, format === "cef" ? line : asciiJson(line), context));
}

function triedOf(word: string): Tried {
  if (isUntrusted(word)) return { kind: "refused", why: `its certificate is not trusted (${word})` };
  if (word === "EMSGSIZE") return { kind: "refused", why: "a message is too long for it (EMSGSIZE)" };
  return { kind: "busy", why: word };
}

function problemOf(place: SyslogPlace, why: string): Problem {
  const to = place.kind === "unix" ? place.path : `${place.kind} ${place.host}:${place.port}`;
  return {
    code: "export-unreachable",
    message: `the syslog receiver at \`${to}\` did not take the records: ${why}`,
    hint: "the same command goes on where it stopped; nothing is lost",
  };
}
