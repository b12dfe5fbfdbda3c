// How `log verify` says what it found: calm lines for people, everything as one JSON document for programs.
import { join } from "node:path";
import type { KnownOutsideLog, LogReport } from "#audit";
import { exitOf, formatVerifierKey, type LogVerdict, type VerifierKey, verdictText } from "#core/log";
import { quoted } from "#core/session";
import { forTerminal } from "#core/text";
import { jsonLine } from "../print-json.ts";

/** The keys that are trusted. */
export interface Trust {
  readonly keys: readonly VerifierKey[];
  /** Where they came from, said in the answer. */
  readonly source: "given" | "machine" | "none";
  /** What a reader should know of that place. */
  readonly note?: string;
}

/** What was looked at. */
export interface Checked {
  readonly reports: readonly LogReport[];
  /** Logs that other programs keep, where the whole machine was asked for: known, and not checked. */
  readonly elsewhere?: readonly KnownOutsideLog[];
}

/** One document: what holds, by which key, how fresh, each log with its verdict taken apart, and which ones were not looked at. */
export function jsonAnswer(
  { reports, elsewhere }: Checked,
  { trust, exit }: { readonly trust: Trust; readonly exit: number },
): string {
  const logs = reports.map(({ verdict, ...rest }) => ({ ...rest, ...verdictFields(verdict) }));
  const document = {
    ok: exit === 0,
    exit,
    key: keyField(trust),
    freshness: freshnessOf(reports),
    logs,
    ...(elsewhere === undefined ? {} : { elsewhere }),
  };
  return jsonLine(document, 2);
}

/** A verdict's parts (`word`, `kind`, `seq`, …), its text and its exit code. */
export function verdictFields(verdict: LogVerdict): object {
  return { ...verdict, verdict: verdictText(verdict), exit: exitOf(verdict) };
}

/** Which key was trusted, for JSON. */
export function keyField({ keys, source, note }: Trust): object {
  const [key] = keys;
  return {
    source,
    ...(key === undefined ? {} : { vkey: formatVerifierKey(key) }),
    ...(note === undefined ? {} : { note }),
  };
}

/** Which key was trusted, as a line; none when there is none. */
export function keyLines({ keys, source, note }: Trust): string[] {
  const whose = source === "given" ? "the key you gave" : "this machine's own key";
  const lines = keys.map((key) => `trusted: ${whose}, ${formatVerifierKey(key)}`);
  return note === undefined ? lines : [...lines, `  note: ${note}`];
}

function freshnessOf(reports: readonly LogReport[]): LogReport["freshness"] {
  if (reports.some(({ freshness }) => freshness === "unproven")) return "unproven";
  return reports.every(({ freshness }) => freshness === "witnessed") ? "witnessed" : "anchored";
}

/** The answer for people. */
export function textAnswer({ reports, elsewhere = [] }: Checked, trust: Trust): string {
  const width = Math.min(40, Math.max(...reports.map(({ name, dir }) => (name || dir).length)));
  const lines = reports.flatMap((report) => reportLines(report, width));
  lines.push(...keyLines(trust), freshnessLine(reports), ...elsewhere.map(elsewhereLine));
  return `${lines.map((line) => forTerminal(line)).join("\n")}\n`;
}

function elsewhereLine({ dir, name, isThere }: KnownOutsideLog): string {
  return isThere
    ? `not checked: \`${name}\`, kept elsewhere by \`log append\`: ringfence log verify ${quoted(dir)}`
    : `not checked: \`${name}\`, kept by \`log append\` in ${quoted(dir)}, where it is no more`;
}

function freshnessLine(reports: readonly LogReport[]): string {
  if (freshnessOf(reports) === "witnessed") return "freshness: witnessed (see the notes for when)";
  if (freshnessOf(reports) === "anchored") return "freshness: what you kept elsewhere is part of this log";
  const anchored = reports.filter(({ freshness }) => freshness !== "unproven").length;
  const rest = "nothing outside this machine remembers these logs; keep a checkpoint elsewhere and give it to --anchor";
  return anchored === 0
    ? `freshness: unproven (${rest})`
    : `freshness: ${anchored} of ${reports.length} logs hold what you kept elsewhere; unproven for the others`;
}

function reportLines(report: LogReport, width: number): string[] {
  const { verdict, name, dir, records, epochs, notes } = report;
  const facts = [`${records} records`, ...(epochs > 1 ? [`${epochs} keys`] : [])];
  if (!report.ended && name !== "ledger" && exitOf(verdict) === 0) facts.push("not closed");
  const first = `${(name || dir).padEnd(width)}  ${verdictText(verdict).padEnd(22)} ${facts.join(", ")}`;
  return [first, ...whereLines(verdict, dir), ...notes.map((note) => `  note: ${note}`)];
}

function whereLines(verdict: LogVerdict, dir: string): string[] {
  if (verdict.word === "UNTRUSTED_KEY")
    return [`  ${join(dir, verdict.file)} is signed by another key than the trusted one`];
  if (verdict.word !== "TAMPERED") return [];
  const at = verdict.offset === undefined ? "" : `, byte ${verdict.offset}`;
  return [`  first bad record: ${verdict.seq}, in ${join(dir, verdict.file)}${at}`];
}
