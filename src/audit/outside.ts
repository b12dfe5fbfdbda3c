// A log that an outside program keeps through us, in a folder of its choice (`log append`). The same kind of log as a session's,
// certified by the machine's key; what others say is `claimed`. Unlike a session's it may be gone on with: its writer's key
// died with it, so the machine signs the note of the next epoch (docs/log-format.md, "Reopened").
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, realpath, rm, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Append,
  appendLogName,
  epochOpen,
  formatVerifierKey,
  type RecordBody,
  SESSION_ID,
  signCertificate,
  signEpoch,
  toHex,
} from "#core/log";
import { EMPTY_CHAIN, rootOf } from "./chain.ts";
import { type LogClock, systemClock } from "./clock.ts";
import { type EpochKeys, type EpochRule, keysInMemory, SESSION_EPOCHS } from "./epochs.ts";
import { privateFolder, publishFile, readSmall, syncFolder } from "./files.ts";
import { appendToLedger, machineKeyOfToday } from "./ledger.ts";
import { type Lock, lockAnywhere } from "./lock.ts";
import { type LogIo, systemIo } from "./log-io.ts";
import { giveAuthority, type MachineEpoch } from "./machine-epoch.ts";
import { findOutsideLog, type OutsideState, tilesOf } from "./outside-state.ts";
import { LEDGER, type LogPlaces, outsidePlaces, sessionPlaces } from "./places.ts";
import { LogError, systemProblem } from "./problem.ts";
import { publishEpoch } from "./sealer.ts";
import { writeProblem } from "./write-failure.ts";
import { openWriter, type Writer, type WriterOptions } from "./writer.ts";

/** What a log elsewhere is opened with. */
export interface OutsideLogOptions {
  readonly stateDir: string;
  /** The log's folder; made when it is not there. */
  readonly dir: string;
  /** Name of the log, part of its keys' name; the folder's name when absent. */
  readonly origin?: string;
  /** Longest unsigned tail in records. */
  readonly sealEvery?: number;
  readonly epochs?: Partial<EpochRule>;
  readonly clock?: LogClock;
  readonly io?: LogIo;
}

/** An open log. The caller owns it and must `end` it. */
export interface OutsideLog {
  readonly append: Append;
  /** Aborted with a `Problem` as reason once the log takes no more records. */
  readonly failed: AbortSignal;
  readonly dir: string;
  readonly origin: string;
  /** Records of a log that stood here before and is gone; the ledger has its end. */
  readonly replaced?: number;
  /** Signs what is there and lets go; the log may be gone on with later. */
  end(): Promise<{ readonly size: number; readonly root: string }>;
}

/** Opens the log in a folder: a new one, or the one that is there, whose end a crash may have torn. */
export async function openOutsideLog(options: OutsideLogOptions): Promise<Result<OutsideLog, Problem>> {
  const { stateDir } = options;
  const machine = await machineKeyOfToday(options);
  if (!machine.ok) return machine;
  let lock: Lock | undefined;
  try {
    await mkdir(options.dir, { recursive: true, mode: 0o700 });
    const dir = await realpath(options.dir);
    if (`${dir}/`.startsWith(`${await realpath(stateDir)}/`)) return err(ownFolder(dir));
    const shared = await sharedFolder(dir);
    if (shared !== undefined) return err(shared);
    const held = await lockAnywhere(dir);
    if (!held.ok) return held;
    lock = held.value;
    const opened = await openLocked({ ...options, dir }, machine.value, lock);
    if (!opened.ok) await lock.release();
    return opened;
  } catch (error) {
    await lock?.release();
    return err(error instanceof LogError ? error.problem : systemProblem("log-failed", error, options.dir));
  } finally {
    machine.value.signer.erase();
  }
}

async function openLocked(
  options: OutsideLogOptions,
  machine: MachineEpoch,
  lock: Lock,
): Promise<Result<OutsideLog, Problem>> {
  const places = outsidePlaces(options.stateDir, options.dir);
  const name = nameOf(options);
  if (name === undefined) return err(badName(options));
  await privateFolder(join(places.mark, ".."));
  const found = await findOutsideLog({ places, genesis: machine.genesis });
  if (!found.ok) return found;
  const state = found.value;
  if (state !== undefined && options.origin !== undefined && state.session !== options.origin)
    return err(otherOrigin(options.dir, state.session));
  const session = state?.session ?? name;
  const isNew = state === undefined || state.from.state.size === 0;
  const nonce = randomBytes(4).toString("hex");
  const keys = keysInMemory(isNew ? appendLogName(machine.genesis.name, session, nonce) : state.name);
  const own = { places, session, keys, machine };
  if (isNew && isSession(options.stateDir, session)) return err(sessionsName(session));
  const begun = isNew ? await begin(options, own, state) : await goOn(options, own, state);
  const writer = await openWriter({
    dir: places.dir,
    mark: places.mark,
    origin: keys.signer.key.name,
    session,
    keys,
    epochs: { ...SESSION_EPOCHS, ...options.epochs, ...begun.epoch },
    ...(options.sealEvery === undefined ? {} : { sealEvery: options.sealEvery }),
    clock: options.clock ?? systemClock,
    io: options.io ?? systemIo(),
    tiles: state?.tiles ?? tilesOf(places.dir),
    maxBytes: NO_LIMIT,
    from: begun.from,
    freeReserve: () => Promise.resolve(),
  });
  try {
    for (const record of begun.records) await writer.append(session, record);
    await writer.seal();
  } catch (error) {
    await writer.end();
    throw error;
  }
  const log = outsideLog({ dir: options.dir, session, writer, lock });
  return ok(begun.replaced === undefined ? log : { ...log, replaced: begun.replaced });
}

/** The disk is the limit. */
const NO_LIMIT = 2 ** 50;

interface Own {
  readonly places: LogPlaces;
  readonly session: string;
  readonly keys: EpochKeys;
  readonly machine: MachineEpoch;
}

/** Where a writer starts and what it has to write first. */
interface Begun {
  readonly from: WriterOptions["from"];
  readonly epoch: { readonly epoch: number; readonly from: number };
  readonly records: readonly RecordBody[];
  readonly replaced?: number;
}

/** A folder whose writer died before its first record begins anew, with a key of its own. */
async function begin(options: OutsideLogOptions, own: Own, found: OutsideState | undefined): Promise<Begun> {
  const { places, session, keys, machine } = own;
  const { dir } = places;
  const { key } = keys.signer;
  // The ledger knows of every log before it begins, and of one whose place it takes.
  const replaced = await rememberedSize(places);
  const known = { dir, key: formatVerifierKey(key), ...(replaced === undefined ? {} : { replaces: replaced }) };
  const told = await appendToLedger(options, session, [{ type: "lifecycle.log", origin: "observed", data: known }]);
  if (!told.ok) throw new LogError(told.error);
  await rm(places.mark, { force: true });
  for (const name of ["log", "tile", "checkpoints"]) await privateFolder(join(dir, name));
  await giveAuthority(options.stateDir, machine, dir);
  await publishFile(join(dir, "vkey"), `${formatVerifierKey(machine.genesis)}\n`);
  const certificate = signCertificate({ session, key, start: now(options) }, machine.signer);
  await publishFile(join(dir, "certificate"), certificate);
  await syncFolder(dir);
  const opening = { epoch: 0, key: formatVerifierKey(key), reason: "opened", by: "log append" };
  return {
    from: found?.from ?? { state: EMPTY_CHAIN, sealed: 0 },
    epoch: { epoch: 0, from: 0 },
    records: [{ type: "epoch.open", origin: "observed", data: opening }, ...recovered(found)],
    ...(replaced === undefined ? {} : { replaced }),
  };
}

/** The machine vouches for everything that was found and names the key that goes on. */
async function goOn(options: OutsideLogOptions, own: Own, found: OutsideState): Promise<Begun> {
  const { places, keys, machine } = own;
  const { key } = keys.signer;
  const { state } = found.from;
  const { epoch } = found;
  await giveAuthority(options.stateDir, machine, places.dir);
  const start = { origin: key.name, epoch, from: state.size, root: rootOf(state), key, start: now(options) };
  await publishEpoch(places.dir, epoch, signEpoch(start, machine.signer));
  const records = [epochOpen(epoch, key), ...recovered(found)];
  return { from: found.from, epoch: { epoch, from: state.size }, records };
}

/** How many records stood here once, by the mark that was signed then; nothing of them is left in the folder. */
async function rememberedSize({ mark }: LogPlaces): Promise<number | undefined> {
  const size = Number((await readSmall(mark))?.split("\n", 2)[1]);
  return Number.isSafeInteger(size) && size > 0 ? size : undefined;
}

function recovered(found: OutsideState | undefined): readonly RecordBody[] {
  return found?.recovery === undefined ? [] : [found.recovery];
}

function outsideLog(own: { dir: string; session: string; writer: Writer; lock: Lock }): OutsideLog {
  const { dir, session, writer, lock } = own;
  let ending: Promise<{ size: number; root: string }> | undefined;
  const end = async (): Promise<{ size: number; root: string }> => {
    try {
      // What was taken is signed in any case, also where the disk has no room left for a last word.
      await writer.leave().finally(() => writer.seal({ last: true }));
      return { size: writer.state.size, root: toHex(rootOf(writer.state)) };
    } catch (error) {
      throw error instanceof LogError ? error : new LogError(writeProblem(error, dir));
    } finally {
      await writer.end();
      await lock.release();
    }
  };
  return {
    append: (body) => writer.append(session, { ...body, origin: "claimed" }),
    failed: writer.failed,
    dir,
    origin: session,
    end: () => (ending ??= end()),
  };
}

/** Where others can put links and files of theirs, nothing is written. */
async function sharedFolder(dir: string): Promise<Problem | undefined> {
  const { uid, mode } = await stat(dir);
  if (uid === process.getuid?.() && (mode & 0o002) === 0) return undefined;
  return {
    code: "log-shared-folder",
    message: `\`${dir}\` is not yours alone: others can write there`,
    hint: "choose a folder that you own and that others may not write",
  };
}

function nameOf({ dir, origin }: OutsideLogOptions): string | undefined {
  const name = origin ?? basename(dir).replaceAll(/[^A-Za-z0-9._-]/g, "-");
  return SESSION_ID.test(name) && name !== LEDGER ? name : undefined;
}

/** A session of that name: what is told of the one in the ledger would be taken for the other's. */
function isSession(stateDir: string, name: string): boolean {
  const { dir, mark } = sessionPlaces(stateDir, name);
  return existsSync(dir) || existsSync(mark);
}

function now({ clock = systemClock }: OutsideLogOptions): string {
  return new Date(clock.wall()).toISOString();
}

function badName({ dir, origin }: OutsideLogOptions): Problem {
  return {
    code: "log-session-name",
    message: `\`${origin ?? basename(dir)}\` cannot name a log`,
    hint: "give it a name of letters, digits, `.`, `_` and `-`, at most 64, with `--origin`",
  };
}

function sessionsName(name: string): Problem {
  return {
    code: "log-session-name",
    message: `\`${name}\` is the name of a session's log on this machine`,
    hint: "give this one a name of its own with `--origin`",
  };
}

function otherOrigin(dir: string, session: string): Problem {
  return {
    code: "log-other-origin",
    message: `the log in \`${dir}\` is that of \`${session}\``,
    hint: `leave out \`--origin\`, or use another folder`,
  };
}

function ownFolder(dir: string): Problem {
  return {
    code: "log-own-folder",
    message: `\`${dir}\` is where Ringfence keeps its own records`,
    hint: "choose a folder of your own",
  };
}
