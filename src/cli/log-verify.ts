// `ringfence log verify`: which logs, which key, and how the answer is said.
import { existsSync, readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  type LogReport,
  machineKey,
  sha256,
  Unreadable,
  verifyLedger,
  verifyLog,
  verifyMachine,
  verifySession,
} from "#audit";
import { exitOf, formatVerifierKey, parseVerifierKey, type VerifierKey, verdictText, worstExit } from "#core/log";
import { forTerminal } from "#core/text";
import { EXIT, fail } from "./exit.ts";

/** Flags as commander gives them. */
export interface VerifyFlags {
  readonly key?: string;
  readonly anchor?: string;
  readonly json?: boolean;
}

interface Trust {
  readonly keys: readonly VerifierKey[];
  /** Where the key came from, said in the answer. */
  readonly source: "given" | "machine" | "none";
}

/** Runs the command and returns its exit code: 0 holds, 1 does not hold, 2 incomplete, 3 unreadable. */
export async function verifyCommand(stateDir: string, target: string | undefined, flags: VerifyFlags): Promise<number> {
  const trust = await chooseKey(stateDir, flags.key);
  const anchor = flags.anchor === undefined ? undefined : readAnchor(flags.anchor);
  if (anchor !== undefined && target === undefined)
    fail(
      {
        code: "usage",
        message: "`--anchor` needs the log it belongs to",
        hint: "ringfence log verify SESSION --anchor FILE",
      },
      EXIT.usage,
    );
  const reports = await verifyTarget(stateDir, target, { trust, anchor });
  const exit = worstExit(reports.map(({ verdict }) => exitOf(verdict)));
  process.stdout.write(flags.json === true ? jsonAnswer(reports, trust, exit) : textAnswer(reports, trust));
  return exit;
}

async function chooseKey(stateDir: string, file: string | undefined): Promise<Trust> {
  if (file !== undefined) {
    const key = parseVerifierKey(sha256, readInput(file).trim());
    if (key !== undefined) return { keys: [key], source: "given" };
    const hint = "a public key is one line: name+id+base64, as `ringfence log verify` prints it";
    return fail({ code: "log-key", message: `\`${file}\` holds no public key of a log`, hint }, EXIT.badInput);
  }
  try {
    const key = await machineKey(stateDir);
    return key === undefined ? { keys: [], source: "none" } : { keys: [key], source: "machine" };
  } catch {
    const message = "this machine's own log key cannot be read";
    return fail({ code: "log-key", message, hint: "name a public key with `--key FILE`" }, EXIT.badInput);
  }
}

function readInput(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return fail({ code: "input", message: `\`${file}\` cannot be read` }, EXIT.badInput);
  }
}

function readAnchor(file: string): string {
  const text = readInput(file);
  if (text.includes("\n\n\u2014 ")) return text;
  return fail({ code: "log-anchor", message: `\`${file}\` is not a signed checkpoint` }, EXIT.badInput);
}

type Given = { readonly trust: Trust; readonly anchor: string | undefined };

async function verifyTarget(stateDir: string, target: string | undefined, given: Given): Promise<readonly LogReport[]> {
  const { keys } = given.trust;
  if (target === undefined) {
    if (existsSync(join(stateDir, "log")) || existsSync(join(stateDir, "keys")))
      return await verifyMachine(stateDir, keys);
    return fail(
      { code: "log-none", message: "there is no record on this machine yet", hint: "ringfence run -- COMMAND" },
      2,
    );
  }
  const own = ownSession(stateDir, target);
  if (own !== undefined) {
    const { report, entries } = await verifyLedger(stateDir, keys);
    if (own === "ledger") return [given.anchor === undefined ? report : withAnchor(report.dir, given)];
    const entry = entries.find(({ session }) => session === own);
    // A ledger that does not hold cannot vouch for the session, so its word comes first.
    const ledger = exitOf(report.verdict) === 0 ? [] : [report];
    if (entry !== undefined) return [...ledger, await verifySession(stateDir, entry, anchored({ keys }, given.anchor))];
    if (existsSync(join(stateDir, "log/sessions", own))) {
      const report = withAnchor(join(stateDir, "log/sessions", own), given);
      const unknown = { word: "INCOMPLETE", what: "the ledger does not know this session" } as const;
      return [...ledger, exitOf(report.verdict) === 0 ? { ...report, verdict: unknown } : report];
    }
  }
  if (existsSync(join(target, "log/ledger"))) return await verifyMachine(target, keys);
  if (existsSync(target)) return [withAnchor(target, given)];
  const hint = "`ringfence log verify` alone checks every session";
  return fail({ code: "log-unreadable", message: `there is no session and no log called \`${target}\``, hint }, 3);
}

function withAnchor(dir: string, given: Given): LogReport {
  return verifyLog(dir, anchoredRemembered(given));
}

function anchoredRemembered({ trust, anchor }: Given): Parameters<typeof verifyLog>[1] {
  return anchor === undefined ? { keys: trust.keys } : { keys: trust.keys, remembered: { anchor } };
}

function anchored<T extends object>(options: T, anchor: string | undefined): T & { anchor?: string } {
  return anchor === undefined ? options : { ...options, anchor };
}

/** The session of this machine that an argument means: by its name, or by its folder under the state. */
function ownSession(stateDir: string, target: string): string | undefined {
  if (!target.includes("/") && !existsSync(target)) return target;
  if (!target.includes("/") && existsSync(join(stateDir, "log/sessions", target))) return target;
  try {
    const path = realpathSync(target);
    if (path === realpathSync(join(stateDir, "log/ledger"))) return "ledger";
    return dirname(path) === realpathSync(join(stateDir, "log/sessions")) ? basename(path) : undefined;
  } catch {
    return undefined;
  }
}

function jsonAnswer(reports: readonly LogReport[], trust: Trust, exit: number): string {
  const logs = reports.map(({ verdict, ...rest }) => ({
    ...rest,
    ...verdict,
    verdict: verdictText(verdict),
    exit: exitOf(verdict),
  }));
  const [key] = trust.keys;
  const keys = { source: trust.source, ...(key === undefined ? {} : { vkey: formatVerifierKey(key) }) };
  return `${JSON.stringify({ ok: exit === 0, exit, key: keys, freshness: freshnessOf(reports), logs }, undefined, 2)}\n`;
}

function freshnessOf(reports: readonly LogReport[]): "anchored" | "unproven" {
  return reports.every(({ freshness }) => freshness === "anchored") ? "anchored" : "unproven";
}

function textAnswer(reports: readonly LogReport[], trust: Trust): string {
  const width = Math.min(40, Math.max(...reports.map(({ name, dir }) => (name || dir).length)));
  const lines = reports.flatMap((report) => reportLines(report, width));
  const [key] = trust.keys;
  const whose = trust.source === "given" ? "the key you gave" : "this machine's own key";
  if (key !== undefined) lines.push(`trusted: ${whose}, ${formatVerifierKey(key)}`);
  if (freshnessOf(reports) === "anchored") lines.push("freshness: the checkpoint you kept is part of this log");
  else
    lines.push(
      "freshness: unproven (nothing outside this machine remembers these logs; keep a checkpoint elsewhere and give it to --anchor)",
    );
  return `${lines.map((line) => forTerminal(line)).join("\n")}\n`;
}

function reportLines(report: LogReport, width: number): string[] {
  const { verdict, name, dir, records, notes } = report;
  const word = verdictText(verdict);
  const first = `${(name || dir).padEnd(width)}  ${word.padEnd(22)} ${records} records${report.closed || name === "ledger" ? "" : ", not closed"}`;
  const details = notes.map((note) => `  note: ${note}`);
  if (verdict.word === "TAMPERED") {
    const at = verdict.offset === undefined ? "" : `, byte ${verdict.offset}`;
    details.unshift(`  first bad record: ${verdict.seq}, in ${join(dir, verdict.file)}${at}`);
  }
  if (verdict.word === "UNTRUSTED_KEY")
    details.unshift(`  ${join(dir, verdict.file)} is signed by another key than the trusted one`);
  return [first, ...details];
}

/** Kept for callers that want to say why a log could not even be opened. */
export function unreadableProblem(error: unknown): { code: string; message: string } | undefined {
  if (!(error instanceof Unreadable)) return undefined;
  return {
    code: "log-unreadable",
    message: `\`${error.path}\` of the log ${error.reason === "absent" ? "is missing" : error.message}`,
  };
}
