// The options of `ringfence log show` and `log tail`.
import { Command, InvalidArgumentError, Option } from "commander";
import type { RecordFilter } from "#core/log";
import { callerStateDir } from "../caller.ts";
import { EXIT, fail } from "../exit.ts";
import { type ShowOptions, showRecords } from "./show.ts";

/** Flags as commander gives them. */
interface Flags extends Omit<RecordFilter, "types"> {
  readonly type?: readonly string[];
  readonly last?: number;
  readonly all?: true;
  readonly follow?: true;
  readonly json?: true;
  readonly jsonl?: true;
  readonly timeline?: true;
  readonly tree?: true;
  readonly disagree?: true;
}

/** `log show`. */
export function logShowCommand(): Command {
  return filtered(new Command("show"))
    .description("what is on record: one line each, or told as a timeline or a tree")
    .argument("[session...]", "sessions, `last` (the default), `ledger`, or folders of logs")
    .option("--all", "every session that this machine has a log of, merged by time")
    .option("--last <n>", "only the last n", parseCount)
    .option("-f, --follow", "go on as they come")
    .option("--timeline", "what happened, in a person's words")
    .option("--tree", "the processes, with what each wrote and reached")
    .option("--disagree", "where what the agent said differs from what was seen")
    .option("--json", "print one JSON document")
    .option("--jsonl", "print the lines exactly as they were signed")
    .action(async (sessions: readonly string[], flags: Flags) => {
      process.exitCode = await showRecords(callerStateDir(process.env), sessions, optionsOf(flags));
    });
}

/** `log tail`. */
export function logTailCommand(): Command {
  return filtered(new Command("tail"))
    .description("print the last ten records of a session, and go on as they come with -f")
    .argument("[session]", "a session, `last`, `ledger`, or the folder of a log")
    .option("-f, --follow", "wait for more")
    .option("--last <n>", "start with the last n records", parseCount)
    .option("--jsonl", "print the lines exactly as they were signed")
    .action(async (session: string | undefined, flags: Flags) => {
      const sessions = session === undefined ? [] : [session];
      process.exitCode = await showRecords(callerStateDir(process.env), sessions, { last: 10, ...optionsOf(flags) });
    });
}

function filtered(command: Command): Command {
  return command
    .addOption(
      new Option("--type <type>", "only this type, or a family such as `net.*`; may be repeated").argParser(collect),
    )
    .option("--since <when>", "only from a time on (RFC 3339), or of the last while such as 10m", parseTime)
    .option("--until <when>", "only up to a time", parseTime)
    .option("--host <host>", "only what speaks of this host, or of those below `*.example.com`")
    .option("--path <pattern>", "only what speaks of such a path: `src/**`, `*.pem`, `//etc/passwd`")
    .option("--program <name>", "only of this program, by its path or its name alone")
    .addOption(new Option("--verdict <verdict>", "only what was decided so").choices(["allow", "ask", "deny"]))
    .option("--call <id>", "only of this tool call")
    .addOption(
      new Option("--origin <origin>", "only what a wall saw, or what somebody said").choices(["observed", "claimed"]),
    )
    .option("--text <text>", "only lines that hold these letters");
}

const FORMS = ["json", "jsonl", "timeline", "tree", "disagree"] as const;

function optionsOf(flags: Flags): ShowOptions {
  const { type, last, all, follow, json, jsonl, timeline, tree, disagree, ...filter } = flags;
  const asked = { json: json === true && disagree !== true, jsonl, timeline, tree, disagree };
  const forms = FORMS.filter((form) => asked[form] === true);
  if (forms.length > 1)
    fail(
      {
        code: "usage",
        message: "one of --json, --jsonl, --timeline, --tree and --disagree at a time",
        hint: "ringfence log show --help",
      },
      EXIT.usage,
    );
  return {
    filter: { ...filter, ...(type === undefined ? {} : { types: type }) },
    as: forms[0] ?? "lines",
    ...(json === true ? { json } : {}),
    ...(last === undefined ? {} : { last }),
    ...(all === undefined ? {} : { all }),
    ...(follow === undefined ? {} : { follow }),
  };
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

/** A time as records have it. */
function parseTime(value: string): string {
  const match = /^([0-9]{1,6})([smhd])$/.exec(value);
  const unit = UNIT[match?.[2] ?? ""];
  const isSpan = match?.[1] !== undefined && unit !== undefined;
  const time = isSpan
    ? Date.now() - Number(match[1]) * unit
    : /^\d{4}-\d\d-\d\d/.test(value)
      ? Date.parse(value)
      : Number.NaN;
  if (Number.isNaN(time))
    throw new InvalidArgumentError("give a time such as 2026-11-25T14:00:00Z or a duration such as 10m");
  return new Date(time).toISOString();
}
