// A real log in a state folder of its own, and exports of it with everything else at its simplest.
import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { type Exporting, exportLog, openSessionLog, parseDestination, type SessionLog } from "#audit";
import type { Problem, Result } from "#core";
import type { RecordBody } from "#core/log";
import { SAMPLES } from "./exported.ts";
import { helperPath } from "./installation.ts";
import { tmp } from "./tmp.ts";

/** What an export is told. */
export type Wishes = Partial<Parameters<typeof exportLog>[0]>;

/** A state folder with one session in it. */
export interface ExportBed {
  readonly stateDir: string;
  readonly dir: string;
  /** Exports with a log's defaults; `to` as it is typed. */
  run(format: Wishes["format"] & string, to: string, more?: Wishes): Promise<Result<Exporting, Problem>>;
}

/** Opens a session's log that is still being written. */
export async function openLog(session = "s1"): Promise<{ readonly log: SessionLog; readonly bed: ExportBed }> {
  const home = tmp();
  const stateDir = mkdtempSync(join(home, "state-"));
  const opened = await openSessionLog({
    ...{ stateDir, session, policy: "sha256:0", workspace: "/w", maxBytes: 200_000_000 },
    open: { agent: "claude" },
  });
  if (!opened.ok) throw new Error(opened.error.message);
  return { log: opened.value, bed: bedOf(stateDir, opened.value.dir) };
}

/** A closed session: one record of every type's samples, then `more` of them. */
export async function closedLog(more = 0): Promise<ExportBed> {
  const { log, bed } = await openLog();
  const bodies = Object.entries(SAMPLES).flatMap(([type, samples]) =>
    samples
      .filter(
        () =>
          !type.startsWith("session.") && !type.startsWith("epoch.") && type !== "other.thing" && type !== "recovery",
      )
      .map((sample) => ({ origin: "observed", data: {}, ...sample, type }) as RecordBody),
  );
  const rest = Array.from(
    { length: more },
    (_, n) => ({ type: "net.blocked", origin: "observed", data: { host: "x.test", n } }) as const,
  );
  await Promise.all([...bodies, ...rest].map((body) => log.append(body)));
  await log.close({ exit: 0 });
  return bed;
}

function bedOf(stateDir: string, dir: string): ExportBed {
  return {
    stateDir,
    dir,
    run(format, to, more = {}) {
      const parsed = parseDestination(to, { unencrypted: false });
      if (!parsed.ok) throw new Error(parsed.error.message);
      return exportLog({
        ...{ stateDir, dir, format, to: parsed.value, version: "0.1.0", again: false, follow: false, private: false },
        ...{ batch: 500, gzip: false, headers: {}, messageBytes: 8192, output: process.stdout },
        helper: helperPath,
        patience: { retries: 6, random: () => 0 },
        signal: new AbortController().signal,
        ...more,
      });
    },
  };
}
