// `ringfence log verify`: which logs, which key, and what else is remembered.
import { existsSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  compareCopies,
  knownOutsideLogs,
  LogError,
  type LogReport,
  machineKey,
  outsideMark,
  sha256,
  verifyLedger,
  verifyLogInParallel,
  verifyMachine,
  verifySession,
} from "#audit";
import { exitOf, parseCosignerKey, parseVerifierKey, type VerifierKey, worstExit } from "#core/log";
import { EXIT, fail } from "../exit.ts";
import { readInput } from "./key.ts";
import { jsonAnswer, type Trust, textAnswer } from "./verify-answer.ts";
import { extensionText, verifyExtension } from "./verify-extension.ts";
import { type OutsideFlags, outsideNotes } from "./verify-outside.ts";
import { verifyReceipt } from "./verify-receipt.ts";

/** Flags as commander gives them. */
export interface VerifyFlags extends OutsideFlags {
  readonly key?: string;
  readonly witness?: string;
  readonly against?: string;
  readonly json?: boolean;
}

/** Runs the command and returns its exit code: 0 holds, 1 does not hold, 2 incomplete, 3 unreadable. */
export async function verifyCommand(stateDir: string, target: string | undefined, flags: VerifyFlags): Promise<number> {
  const trust = await chooseKey(stateDir, flags.key);
  if (target !== undefined && isFile(target)) return verifyProof(target, trust, flags);
  if (flags.against !== undefined) expectCopy(target, flags.against);
  const outside = outsideNotes(flags);
  const anchor = flags.anchor === undefined ? undefined : readAnchor(flags.anchor);
  const witnesses = flags.witness === undefined ? [] : readWitnesses(flags.witness);
  const checked = await verifyTarget(stateDir, target, { trust, anchor, witnesses });
  const { against } = flags;
  const last = checked.at(-1);
  const compared =
    against === undefined || last === undefined
      ? checked
      : [...checked.slice(0, -1), await compareCopies(last, against, trust.keys)];
  const reports = compared.map((report) => ({ ...report, notes: [...report.notes, ...outside] }));
  const exit = worstExit(reports.map(({ verdict }) => exitOf(verdict)));
  const answer = { reports, ...(target === undefined ? { elsewhere: knownOutsideLogs(stateDir) } : {}) };
  process.stdout.write(flags.json === true ? jsonAnswer(answer, { trust, exit }) : textAnswer(answer, trust));
  return exit;
}

/** One file that proves something. What it cannot be held against is refused: an option that nobody looked at would pass for one that holds. */
function verifyProof(file: string, trust: Trust, flags: VerifyFlags): number {
  const { anchor, against, witness } = flags;
  const outside = outsideNotes(flags);
  const extension = extensionText(file);
  if (against !== undefined || witness !== undefined || (anchor !== undefined && extension === undefined))
    fail(
      { code: "usage", message: "a proof has no other copy and no witness, a receipt no anchor: it is one" },
      EXIT.usage,
    );
  if (extension === undefined) return verifyReceipt(file, trust, flags);
  const kept = anchor === undefined ? undefined : readAnchor(anchor);
  return verifyExtension(extension, trust, { anchor: kept, notes: outside, json: flags.json === true });
}

async function chooseKey(stateDir: string, file: string | undefined): Promise<Trust> {
  if (file !== undefined) {
    const lines = readInput(file)
      .split("\n")
      .filter((line) => line.trim() !== "");
    const keys = lines.map((line) => parseVerifierKey(sha256, line.trim())).filter((key) => key !== undefined);
    if (keys.length > 0 && keys.length === lines.length) return { keys, source: "given" };
    const hint = "a public key is one line: name+id+base64, as `ringfence log verify` prints it";
    return fail({ code: "log-key", message: `\`${file}\` holds no public key of a log`, hint }, EXIT.badInput);
  }
  try {
    const key = await machineKey(stateDir);
    if (key === undefined) return { keys: [], source: "none" };
    const isPublished = existsSync(join(stateDir, "keys/machine.vkey"));
    return { keys: [key], source: "machine", ...(isPublished ? {} : { note: UNPUBLISHED }) };
  } catch (error) {
    if (error instanceof LogError) return fail(error.problem, 1);
    const message = "this machine's own log key cannot be read";
    return fail({ code: "log-key", message, hint: "name a public key with `--key FILE`" }, EXIT.badInput);
  }
}

const UNPUBLISHED = "keys/machine.vkey is not there: the key is the one that keys/machine.pem names";

/** Keys of witnesses, one a line. */
function readWitnesses(file: string): readonly VerifierKey[] {
  const lines = readInput(file)
    .split("\n")
    .filter((line) => line.trim() !== "");
  const keys = lines.map((line) => parseCosignerKey(sha256, line.trim())).filter((key) => key !== undefined);
  if (keys.length > 0 && keys.length === lines.length) return keys;
  const hint = "its owner finds it as `witness.vkey` in the witness's folder";
  return fail({ code: "log-key", message: `\`${file}\` holds no witness's public key`, hint }, EXIT.badInput);
}

function readAnchor(file: string): string {
  const text = readInput(file);
  if (text.includes("\n\n\u2014 ")) return text;
  return fail({ code: "log-anchor", message: `\`${file}\` is not a signed checkpoint` }, EXIT.badInput);
}

function expectCopy(target: string | undefined, against: string): void {
  const hint = "ringfence log verify LOG --against FOLDER";
  if (target === undefined)
    fail({ code: "usage", message: "`--against` needs the log that the other is a copy of", hint }, EXIT.usage);
  if (!existsSync(against))
    fail({ code: "input", message: `there is no folder \`${against}\` with another copy`, hint }, EXIT.badInput);
}

interface Given {
  readonly trust: Trust;
  readonly anchor: string | undefined;
  readonly witnesses: readonly VerifierKey[];
}

async function verifyTarget(stateDir: string, target: string | undefined, given: Given): Promise<readonly LogReport[]> {
  const { witnesses } = given;
  const trust: Trusting = {
    keys: given.trust.keys,
    witnesses,
    ...(given.anchor === undefined ? {} : { anchor: given.anchor }),
  };
  if (target === undefined) {
    if (existsSync(join(stateDir, "log")) || existsSync(join(stateDir, "keys")))
      return await verifyMachine(stateDir, trust);
    return fail(
      { code: "log-none", message: "there is no record on this machine yet", hint: "ringfence run -- COMMAND" },
      2,
    );
  }
  const own = ownSession(stateDir, target);
  const known = own === undefined ? undefined : await verifyOwn(stateDir, own, trust);
  if (known !== undefined) return known;
  if (existsSync(join(target, "log/ledger"))) return await verifyMachine(target, trust);
  if (existsSync(target)) return [await verifyFolder(stateDir, target, trust)];
  const hint = "`ringfence log verify` alone checks every session";
  return fail({ code: "log-unreadable", message: `there is no session and no log called \`${target}\``, hint }, 3);
}

interface Trusting {
  readonly keys: readonly VerifierKey[];
  readonly witnesses: readonly VerifierKey[];
  readonly anchor?: string;
}

/** A session of this machine, or its ledger, with everything the machine remembers; undefined when it knows no such session. */
async function verifyOwn(stateDir: string, own: string, trust: Trusting): Promise<readonly LogReport[] | undefined> {
  if (own === "ledger") return [(await verifyLedger(stateDir, trust)).report];
  const { report, entries, machine } = await verifyLedger(stateDir, { keys: trust.keys });
  const entry = entries.find(({ session }) => session === own);
  const dir = join(stateDir, "log/sessions", own);
  // A ledger that does not hold cannot vouch for the session, so its word comes first.
  const ledger = exitOf(report.verdict) === 0 ? [] : [report];
  if (entry !== undefined) {
    const options = { ...trust, ...(machine === undefined ? {} : { machine }) };
    return [...ledger, await verifySession(stateDir, entry, options)];
  }
  if (!existsSync(dir)) return undefined;
  const alone = await verifyFolder(stateDir, dir, trust);
  const unknown = { word: "INCOMPLETE", what: "the ledger does not know this session" } as const;
  return [...ledger, exitOf(alone.verdict) === 0 ? { ...alone, verdict: unknown } : alone];
}

/** A log anywhere. What `log append` wrote on this machine is remembered here. */
async function verifyFolder(stateDir: string, dir: string, { anchor, ...trust }: Trusting): Promise<LogReport> {
  const mark = await outsideMark(stateDir, dir).catch(() => undefined);
  const remembered = { ...(anchor === undefined ? {} : { anchor }), ...(mark === undefined ? {} : { mark }) };
  return await verifyLogInParallel(dir, { ...trust, remembered });
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

function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
