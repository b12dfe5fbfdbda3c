// `ringfence log compress`: closed sessions, or a folder's full segments, take less room; they are read and verified as before.
import { realpathSync } from "node:fs";
import { Command } from "commander";
import {
  compressLog,
  type LogReport,
  lockAnywhere,
  outsideMark,
  sessionFolders,
  sessionPlaces,
  verifyLedger,
  verifyLogInParallel,
  verifySession,
} from "#audit";
import { exitOf, type VerifierKey, verdictText } from "#core/log";
import { forTerminal } from "#core/text";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT } from "../exit.ts";
import { refuseInside } from "../review-session.ts";
import { sizeText } from "../size-text.ts";
import { findLog } from "./find.ts";
import { trustedKey } from "./key.ts";

/** The command. Exit 0: all that can be is compressed; 1: something was left, and why. */
export function compressCommand(): Command {
  return new Command("compress")
    .description("compress the records of closed sessions, and the full segments of others, where they stand")
    .argument("[session...]", "sessions, or folders of logs; every closed session when absent")
    .action(async (sessions: readonly string[]) => {
      refuseInside();
      const stateDir = callerStateDir(process.env);
      const key = await trustedKey(stateDir, undefined);
      const isAll = sessions.length === 0;
      const dirs = isAll
        ? sessionFolders(stateDir).map((name) => sessionPlaces(stateDir, name).dir)
        : sessions.map((name) => findLog(stateDir, name).dir);
      const results: boolean[] = [];
      for (const dir of dirs) results.push(await compressOne({ stateDir, key, isAll }, dir));
      process.exitCode = results.every(Boolean) ? EXIT.ok : 1;
    });
}

interface Given {
  readonly stateDir: string;
  readonly key: VerifierKey;
  /** Nobody named it: what cannot be compressed is no failure. */
  readonly isAll: boolean;
}

async function compressOne(given: Given, dir: string): Promise<boolean> {
  const held = await lockAnywhere(dir).catch(() => undefined);
  if (held?.ok !== true) return left(dir, "it has a writer", given.isAll);
  try {
    const report = await verify(given, realpathSync(dir));
    if (report.records === 0) return true;
    if (exitOf(report.verdict) !== 0) return left(dir, verdictText(report.verdict), false);
    const { segments, before, after } = compressLog(dir, { ended: report.closed });
    if (segments > 0)
      process.stdout.write(
        `${forTerminal(report.name)}  ${segments} ${segments === 1 ? "segment" : "segments"}, ${sizeText(before)} → ${sizeText(after)}\n`,
      );
    return true;
  } catch (error) {
    return left(dir, error instanceof Error ? error.message : String(error), false);
  } finally {
    await held.value.release();
  }
}

function left(dir: string, why: string, isFine: boolean): boolean {
  if (!isFine) complain(`ringfence: \`${forTerminal(dir)}\` is left as it is: ${forTerminal(why)}\n`);
  return isFine;
}

/** The ledger is never compressed: it is always being written. */
async function verify({ stateDir, key }: Given, dir: string): Promise<LogReport> {
  const keys = [key];
  const { entries, machine } = await verifyLedger(stateDir, { keys });
  const entry = entries.find(({ session }) => sessionPlaces(stateDir, session).dir === dir);
  if (entry !== undefined)
    return await verifySession(stateDir, entry, { keys, ...(machine === undefined ? {} : { machine }) });
  const mark = await outsideMark(stateDir, dir).catch(() => undefined);
  return await verifyLogInParallel(dir, { keys, ...(mark === undefined ? {} : { remembered: { mark } }) });
}
