// `ringfence log show | tail`: records by what is asked of them, as lines safe on a terminal, as JSON, or told as a timeline or a tree.
import {
  type PlacedLine,
  type ReadLine,
  type ReadPlace,
  requirePlace,
  searchLog,
  searchLogBackwards,
  withPrivate,
} from "#audit";
import { damagedLine, type LogRecord, type RecordFilter, type RecordSelect, recordLine, recordSelect } from "#core/log";
import { processTree, timeline, timelineLines, treeLines } from "#core/session";
import { forTerminalJson } from "#core/text";
import { EXIT, fail } from "../exit.ts";
import { printDisagreements } from "./disagree.ts";
import { type FoundLog, findLogs, readable } from "./find.ts";
import { sayUnmatched } from "./unmatched.ts";

/** What is asked for. */
export interface ShowOptions {
  readonly filter: RecordFilter;
  readonly last?: number;
  readonly all?: boolean;
  readonly as: "lines" | "json" | "jsonl" | "timeline" | "tree" | "disagree";
  /** With `disagree`: one JSON document. */
  readonly json?: boolean;
  readonly follow?: boolean;
}

/** A line of one of several logs. */
interface Shown extends PlacedLine {
  readonly log: FoundLog;
}

/** Shows the records of some sessions; of the last one when none is named. */
export async function showRecords(
  stateDir: string,
  sessions: readonly string[],
  options: ShowOptions,
): Promise<number> {
  const logs = findLogs(stateDir, sessions, options.all === true);
  if (options.follow === true) return follow(logs, options);
  return await readable(() => {
    if (options.as === "disagree") return printDisagreements(logs, options.json === true);
    if (options.as === "json") return printJson(logs, wanted(logs, options));
    if (!(options.as === "timeline" || options.as === "tree" ? tell(logs, options) : printLines(logs, options)))
      sayUnmatched(logs, options);
  });
}

/** Says whether there was one. */
function printLines(logs: readonly FoundLog[], options: ShowOptions): boolean {
  let isAny = false;
  for (const line of wanted(logs, options)) {
    print(line, options.as === "jsonl", logs.length > 1);
    isAny = true;
  }
  return isAny;
}

function print({ record, text, log }: Shown, isJson: boolean, isNamed: boolean): void {
  if (isJson) {
    const line = jsonOf({ ...(record === undefined ? {} : { record }), text });
    process.stdout.write(`${process.stdout.isTTY ? forTerminalJson(line) : line}\n`);
  } else
    process.stdout.write(
      `${record === undefined ? damagedLine(text) : recordLine(record, isNamed ? log.name : undefined)}\n`,
    );
}

/** The wanted lines of all logs, merged by time. */
function wanted(logs: readonly FoundLog[], { filter, last }: ShowOptions): Iterable<Shown> {
  if (last === undefined) return merged(logs.map((log) => linesOf(log, recordSelect(filter, log.root))));
  const tails = logs.map((log) => lastOf(log, recordSelect(filter, log.root), last));
  return [...merged(tails)].slice(-last);
}

function* linesOf(log: FoundLog, select: RecordSelect): Generator<Shown> {
  for (const line of withPrivate(log.dir, searchLog(log.dir, select)))
    if (isWanted(line, select)) yield { ...line, log };
}

/** Read from the end, so that the last few of a million cost as much as those of ten. */
function lastOf(log: FoundLog, select: RecordSelect, most: number): readonly Shown[] {
  const found: Shown[] = [];
  if (most === 0) return found;
  for (const line of withPrivate(log.dir, searchLogBackwards(log.dir, select))) {
    if (isWanted(line, select)) found.push({ ...line, log });
    if (found.length >= most) break;
  }
  return found.reverse();
}

/** Damage is always shown: it may be what was looked for. */
function isWanted({ record, text }: ReadLine, select: RecordSelect): boolean {
  return record === undefined || select.wants(record, text);
}

/** Each log keeps its own order; of what comes next in them, the earliest is first. */
function* merged(sources: readonly Iterable<Shown>[]): Generator<Shown> {
  if (sources.length === 1) return yield* sources[0] as Iterable<Shown>;
  const heads = sources.map((source) => {
    const lines = source[Symbol.iterator]();
    return { lines, next: lines.next() };
  });
  for (;;) {
    const open = heads.filter(({ next }) => next.done !== true);
    if (open.length === 0) return;
    const first = open.reduce((best, head) => (timeOf(head.next.value) < timeOf(best.next.value) ? head : best));
    yield first.next.value as Shown;
    first.next = first.lines.next();
  }
}

function timeOf(line: Shown): string {
  return line.record?.ts ?? "";
}

function printJson(logs: readonly FoundLog[], lines: Iterable<Shown>): void {
  const [only] = logs;
  const head = logs.length === 1 ? { session: only?.name } : { sessions: logs.map(({ name }) => name) };
  process.stdout.write(`${forTerminalJson(JSON.stringify(head).slice(0, -1))},"records":[`);
  let first = true;
  for (const line of lines) {
    process.stdout.write(`${first ? "\n" : ",\n"}${forTerminalJson(jsonOf(line))}`);
    first = false;
  }
  process.stdout.write("\n]}\n");
}

/** A record's line is JSON already, and its exact bytes are what was signed, but for private values that the vault opened. */
function jsonOf({ record, text }: ReadLine): string {
  return record === undefined ? JSON.stringify({ damaged: text.slice(0, 65_536) }) : text;
}

/** Says whether there was a line. */
function tell(logs: readonly FoundLog[], options: ShowOptions): boolean {
  let isAny = false;
  for (const log of logs) {
    if (logs.length > 1) process.stdout.write(`${log.name}\n`);
    const lines = told(log, options);
    for (const line of lines) process.stdout.write(`${line}\n`);
    isAny ||= lines.length > 0;
  }
  return isAny;
}

/** A story needs all of its records; a filter of time alone cuts it. */
function told(log: FoundLog, { filter, as, last }: ShowOptions): readonly string[] {
  const select = recordSelect(filter, log.root);
  const damaged: string[] = [];
  const records = function* (): Generator<LogRecord> {
    for (const { record, text } of withPrivate(log.dir, searchLog(log.dir, select))) {
      if (record === undefined) damaged.push(damagedLine(text));
      else if (select.wants(record, text)) yield record;
    }
  };
  const most = last ?? Number.MAX_SAFE_INTEGER;
  const view = { root: log.root, most: 6, width: process.stdout.columns ?? 160, paint: painter() };
  const lines =
    as === "tree"
      ? treeLines(processTree(records()), { root: log.root, most, files: 6 })
      : timelineLines(most === 0 ? [] : timeline(records()).slice(-most), view);
  return [...damaged, ...lines];
}

const SGR = { good: 32, bad: 31, dim: 2 } as const;

/** Colours on a terminal that wants them (https://no-color.org). */
function painter(): (text: string, as: keyof typeof SGR) => string {
  const isPlain = !process.stdout.isTTY || (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return (text, as) => (isPlain ? text : `\u001b[${SGR[as]}m${text}\u001b[0m`);
}

/** Shows the last ones and goes on as they come, until the session closes or the person presses ^C. */
async function follow(logs: readonly FoundLog[], options: ShowOptions): Promise<number> {
  const [log, ...more] = logs;
  if (log === undefined || more.length > 0 || (options.as !== "lines" && options.as !== "jsonl"))
    return fail(
      { code: "usage", message: "`--follow` shows one session, line by line", hint: "ringfence log tail -f SESSION" },
      EXIT.usage,
    );
  const select = recordSelect(options.filter, log.root);
  return await readable(async () => {
    let place: ReadPlace | undefined;
    let closed = false;
    for (const line of searchLogBackwards(log.dir)) {
      place = line.place;
      closed = line.record?.type === "session.close";
      break;
    }
    for (const line of lastOf(log, select, options.last ?? 10))
      if (place === undefined || !isBehind(line.place, place)) print(line, options.as === "jsonl", false);
    while (!closed) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      if (place !== undefined) requirePlace(log.dir, place);
      for (const line of withPrivate(log.dir, searchLog(log.dir, {}, place))) {
        place = line.place;
        closed ||= line.record?.type === "session.close";
        if (isWanted(line, select)) print({ ...line, log }, options.as === "jsonl", false);
      }
    }
  });
}

function isBehind(place: ReadPlace, other: ReadPlace): boolean {
  return place.segment === other.segment ? place.offset > other.offset : place.segment > other.segment;
}
