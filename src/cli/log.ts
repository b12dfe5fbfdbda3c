// `ringfence log verify | show | tail`: what really happened, read and checked without anything but the folder and a public key.
import { Command, InvalidArgumentError, Option } from "commander";
import { callerStateDir } from "./caller.ts";
import { lastSession, logRecords, type ShowOptions, tailRecords } from "./log-show.ts";
import { type VerifyFlags, verifyCommand } from "./log-verify.ts";

/** The `log` command with its three parts. */
export function logCommand(): Command {
  const log = new Command("log").description("read and check the record");
  log
    .command("verify")
    .description("check signatures, hashes and order; without an argument, the ledger and every session it knows")
    .argument("[log]", "a session, `last`, `ledger`, or the folder of a log (also one copied from elsewhere)")
    .option("--key <file>", "trust this public key (a vkey line) instead of the machine's own")
    .option("--anchor <file>", "a checkpoint kept elsewhere that this log must still contain")
    .option("--json", "print one JSON document")
    .action(async (target: string | undefined, flags: VerifyFlags) => {
      process.exitCode = await verifyCommand(
        callerStateDir(process.env),
        target === "last" ? lastSession(callerStateDir(process.env)) : target,
        flags,
      );
    });
  log
    .command("show")
    .description("print the records of a session (the last one by default), one line each")
    .argument("[session]", "a session, `last`, `ledger`, or the folder of a log")
    .addOption(
      new Option("--type <type>", "only this type, or a family such as `net.*`; may be repeated").argParser(collect),
    )
    .option("--since <when>", "only records since a time (RFC 3339) or for a duration such as 10m", parseSince)
    .option("--last <n>", "only the last n records", parseCount)
    .option("--json", "print one JSON document")
    .action(async (session: string | undefined, options: ShowOptions) => {
      process.exitCode = await logRecords(callerStateDir(process.env), session, options);
    });
  log
    .command("tail")
    .description("print the last ten records of a session, and go on as they come with -f")
    .argument("[session]", "a session, `last`, `ledger`, or the folder of a log")
    .option("-f, --follow", "wait for more")
    .option("--last <n>", "start with the last n records", parseCount)
    .action(async (session: string | undefined, options: { follow?: boolean; last?: number }) => {
      process.exitCode = await tailRecords(callerStateDir(process.env), session, options);
    });
  return log;
}

function collect(value: string, before: readonly string[] | undefined): readonly string[] {
  if (!/^[a-z][a-z0-9_.-]*(?:\.\*)?$/.test(value))
    throw new InvalidArgumentError("a type looks like net.blocked or net.*");
  return [...(before ?? []), value];
}

function parseCount(value: string): number {
  if (!/^[0-9]{1,9}$/.test(value)) throw new InvalidArgumentError("give a number of records");
  return Number(value);
}

const UNIT: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds since 1970. */
function parseSince(value: string): number {
  const match = /^([0-9]{1,6})([smhd])$/.exec(value);
  const unit = UNIT[match?.[2] ?? ""];
  if (match?.[1] !== undefined && unit !== undefined) return Date.now() - Number(match[1]) * unit;
  const time = /^\d{4}-\d\d-\d\d/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError("give a time such as 2026-11-25T14:00:00Z or a duration such as 10m");
  return time;
}
