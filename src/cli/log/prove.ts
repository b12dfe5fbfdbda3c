// `ringfence log prove`: a receipt for one record, or the proof that a log still holds what an older checkpoint spoke of.
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { makeExtension, makeReceipt, openSigned, type SignedLog } from "#audit";
import type { Problem, Result } from "#core";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { findLog } from "./find.ts";
import { readInput, trustedKey } from "./key.ts";

interface ProveFlags {
  readonly dir?: string;
  readonly from?: string;
  readonly key?: string;
  readonly out?: string;
  readonly json?: boolean;
}

/** The command. */
export function proveCommand(): Command {
  return new Command("prove")
    .description("print a receipt: that a record stands in a signed log, checkable with a public key alone")
    .argument("[record]", "SESSION:SEQ, or SEQ in the last session; with --from, a session")
    .option("--dir <folder>", "the folder of the log, instead of a session")
    .option("--from <checkpoint>", "prove instead that the log still holds what this older checkpoint spoke of")
    .option("--key <file>", "trust this public key instead of the machine's own")
    .option("--out <file>", "write to a new file instead of standard output")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nCheck it anywhere: ringfence log verify RECEIPT --key machine.vkey")
    .action(async (record: string | undefined, flags: ProveFlags) => {
      const stateDir = callerStateDir(process.env);
      const key = await trustedKey(stateDir, flags.key);
      const { session, seq } = parseRecord(record, flags);
      const dir = flags.dir ?? findLog(stateDir, session).dir;
      const signed = openSigned(dir, [key]);
      if (!signed.ok) return fail(signed.error, exitOfProblem(signed.error));
      process.exitCode = give(proofOf(signed.value, seq, flags), signed.value, flags);
    });
}

function parseRecord(record: string | undefined, flags: ProveFlags): { session?: string; seq?: number } {
  const [, session, digits] = /^(?:(.+):)?([0-9]{1,15})$/.exec(record ?? "") ?? [];
  if (flags.from !== undefined) return record === undefined ? {} : { session: record };
  if (digits !== undefined && (session === undefined || flags.dir === undefined))
    return { ...(session === undefined ? {} : { session }), seq: Number(digits) };
  const message = record === undefined ? "which record?" : `\`${record}\` names no record`;
  const hint = "ringfence log prove SESSION:SEQ (`ringfence log show` prints the numbers)";
  return fail({ code: "usage", message, hint }, EXIT.usage);
}

function proofOf(signed: SignedLog, seq: number | undefined, flags: ProveFlags): Result<string, Problem> {
  return seq === undefined ? makeExtension(signed, readInput(flags.from ?? "")) : makeReceipt(signed, seq);
}

function give(made: Result<string, Problem>, signed: SignedLog, flags: ProveFlags): number {
  if (!made.ok) return fail(made.error, exitOfProblem(made.error));
  if (flags.out !== undefined) writeNew(flags.out, made.value);
  const { log, size } = signed;
  if (flags.json === true) printJson({ origin: log.origin, size, proof: made.value }, 2);
  else if (flags.out === undefined) process.stdout.write(made.value);
  return EXIT.ok;
}

function writeNew(file: string, text: string): void {
  try {
    writeFileSync(file, text, { flag: "wx", mode: 0o600 });
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    fail(
      { code: "output", message: `\`${file}\` cannot be written (${why})`, hint: "name a file that is not there yet" },
      EXIT.badInput,
    );
  }
}

/** 1 what does not hold, 2 what is not signed yet, 65 what does not belong here. */
function exitOfProblem({ code }: Problem): number {
  if (code === "log-unsigned") return 2;
  return code === "log-anchor" ? EXIT.badInput : 1;
}
