// A session's own log: its key is made here and dies with the process, certified by the machine key; the ledger learns of the
// session before anything of it happens. What cannot be recorded does not happen, so opening fails rather than promises.
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Append,
  formatVerifierKey,
  type PrivateFields,
  type RecordBody,
  type Redact,
  SESSION_ID,
  sessionLogName,
  signCertificate,
  toHex,
  type VerifierKey,
} from "#core/log";
import { EMPTY_CHAIN, rootOf } from "./chain.ts";
import { type LogClock, systemClock } from "./clock.ts";
import { behindDoor, looked } from "./door.ts";
import { type EpochKeys, type EpochRule, keysInMemory, SESSION_EPOCHS } from "./epochs.ts";
import { privateFolder, publishFile, syncFolder, writeDurably } from "./files.ts";
import { appendToLedger, machineKeyOfToday } from "./ledger.ts";
import { type Lock, tryLock } from "./lock.ts";
import { type LogIo, systemIo } from "./log-io.ts";
import { giveAuthority, type MachineEpoch } from "./machine-epoch.ts";
import { LEDGER, type LogPlaces, sessionPlaces } from "./places.ts";
import { LogError, systemProblem } from "./problem.ts";
import { openTiles } from "./tiles.ts";
import { openWriter, type Writer } from "./writer.ts";

/** Bytes kept for the last words when the disk is full. */
const RESERVE = 131_072;

/** The least a log may be given: the last words alone take this much. */
const MIN_BYTES = 1_048_576;

/** What a session's log is opened with. */
export interface SessionLogOptions {
  readonly stateDir: string;
  /** Letters, digits, `.`, `_`, `-`; at most 64. */
  readonly session: string;
  /** Digest of the policy in force; goes into the ledger too. */
  readonly policy: string;
  readonly workspace: string;
  /** Further fields of `session.open`: command, versions, options. */
  readonly open?: RecordBody["data"];
  /** Most bytes of lines and blobs; `append` rejects with `log-limit` before it would be exceeded. */
  readonly maxBytes: number;
  /** Takes out what must never stand in the record: of every record, and of what the ledger hears. */
  readonly redact?: Redact;
  /** Fields that the line only commits to. */
  readonly privateFields?: PrivateFields;
  readonly clock?: LogClock;
  readonly io?: LogIo;
  /** Ends the opening where it waits for others; a log that is open hears no more of it. */
  readonly interrupt?: AbortSignal | undefined;
  /** How long one key signs; ten minutes or 65,536 records when absent. */
  readonly epochs?: EpochRule;
}

/** An open log of a session. The caller owns it and must `close` it. */
export interface SessionLog {
  /** Resolves with the record's number once it is durable; rejects with a `LogError` (see its codes). */
  readonly append: Append;
  /** Aborted with a `Problem` as reason once the log takes no more records: the session must end. */
  readonly failed: AbortSignal;
  /** Folder of this log. */
  readonly dir: string;
  readonly bytes: number;
  /** Writes `session.close`, signs, tells the ledger. The second call gives the first one's answer. */
  close(data: RecordBody["data"]): Promise<{ readonly size: number; readonly root: string }>;
}

/** Opens the log of a new session: record 0 is durable and signed, and the ledger knows it, when this resolves. */
export async function openSessionLog(options: SessionLogOptions): Promise<Result<SessionLog, Problem>> {
  const { stateDir, session } = options;
  if (!SESSION_ID.test(session) || session === LEDGER)
    return err({ code: "log-session-name", message: `\`${session}\` cannot name a session` });
  if (options.maxBytes < MIN_BYTES)
    return err({ code: "log-limit-small", message: `a session's record needs at least ${MIN_BYTES} bytes` });
  const machine = await machineKeyOfToday(options);
  if (!machine.ok) return machine;
  const places = sessionPlaces(stateDir, session);
  const made = await makeFolders(places);
  if (!made.ok) return made;
  let lock: Lock | undefined;
  let writer: Writer | undefined;
  try {
    lock = await tryLock(places.dir);
    if (lock === undefined) return err({ code: "log-busy", message: `session \`${session}\` has a writer already` });
    const keys = keysInMemory(sessionLogName(machine.value.genesis.name, session));
    const { key } = keys.signer;
    writer = await begin(options, { places, keys, machine: machine.value });
    const told = await appendToLedger(options, session, [
      await looked(options.redact, ledgerOpen(options, key, writer)),
    ]);
    if (told.ok) return ok(sessionLog({ ...options, interrupt: undefined }, { places, writer, lock }));
    // Only a refusal is certain to have left the ledger without this session; else the folder has to stay for it.
    await undo(places, { writer, lock, keep: !REFUSED.has(told.error.code) });
    return told;
  } catch (error) {
    await undo(places, { writer, lock, keep: false });
    return err(error instanceof LogError ? error.problem : systemProblem("log-failed", error, places.dir));
  }
}

/** Codes with which the ledger says that it wrote nothing. */
const REFUSED: ReadonlySet<string> = new Set(["log-busy", "log-damaged", "log-full"]);

/** A folder that is there already belongs to another session and is left alone. */
async function makeFolders(places: LogPlaces): Promise<Result<undefined, Problem>> {
  try {
    for (const path of [places.dir, places.mark, places.reserve]) await privateFolder(join(path, ".."));
    await mkdir(places.dir, { mode: 0o700 });
  } catch (error) {
    return err(systemProblem("log-failed", error, places.dir));
  }
  try {
    await syncFolder(join(places.dir, ".."));
    for (const name of ["log", "tile", "checkpoints"]) await mkdir(join(places.dir, name), { mode: 0o700 });
    await writeDurably(places.reserve, new Uint8Array(RESERVE));
    return ok(undefined);
  } catch (error) {
    await undo(places, { keep: false });
    return err(systemProblem("log-failed", error, places.dir));
  }
}

async function begin(
  options: SessionLogOptions,
  own: { places: LogPlaces; keys: EpochKeys; machine: MachineEpoch },
): Promise<Writer> {
  const { places, keys, machine } = own;
  const { key } = keys.signer;
  const clock = options.clock ?? systemClock;
  const start = new Date(clock.wall()).toISOString();
  const certificate = signCertificate({ session: options.session, key, start }, machine.signer);
  machine.signer.erase();
  await giveAuthority(options.stateDir, machine, places.dir);
  await publishFile(join(places.dir, "certificate"), certificate);
  const writer = await openWriter({
    dir: places.dir,
    mark: places.mark,
    origin: key.name,
    session: options.session,
    keys,
    epochs: { ...(options.epochs ?? SESSION_EPOCHS), epoch: 0, from: 0 },
    clock,
    io: options.io ?? systemIo(),
    tiles: openTiles(),
    maxBytes: options.maxBytes,
    ...(options.privateFields === undefined ? {} : { privateFields: options.privateFields }),
    from: { state: EMPTY_CHAIN, sealed: 0 },
    freeReserve: () => rm(places.reserve, { force: true }),
  });
  const { policy, workspace, open } = options;
  const data = { ...open, policy, workspace, key: formatVerifierKey(key) };
  const opening = await looked(options.redact, { type: "session.open", origin: "observed", data });
  await writer.append(options.session, opening);
  await writer.seal();
  return writer;
}

function ledgerOpen(options: SessionLogOptions, key: VerifierKey, writer: Writer): RecordBody {
  const { policy, workspace } = options;
  const data = { key: formatVerifierKey(key), first: writer.first ?? "", policy, workspace };
  return { type: "session.open", origin: "observed", data };
}

/** A session that could not be opened leaves nothing behind, unless the ledger may know of it. */
async function undo(
  places: LogPlaces,
  state: { readonly writer?: Writer | undefined; readonly lock?: Lock | undefined; readonly keep: boolean },
): Promise<void> {
  await state.writer?.end();
  await rm(places.reserve, { force: true });
  if (!state.keep) {
    await rm(places.dir, { recursive: true, force: true });
    await rm(places.mark, { force: true });
  }
  await state.lock?.release();
}

function sessionLog(options: SessionLogOptions, own: { places: LogPlaces; writer: Writer; lock: Lock }): SessionLog {
  const { writer, places } = own;
  const append = behindDoor((body) => writer.append(options.session, body), options.redact);
  let closing: Promise<{ size: number; root: string }> | undefined;
  return {
    append,
    failed: writer.failed,
    dir: places.dir,
    get bytes(): number {
      return writer.bytes;
    },
    close: (data) => (closing ??= closeSession(options, { ...own, append }, data)),
  };
}

async function closeSession(
  options: SessionLogOptions,
  own: { places: LogPlaces; writer: Writer; lock: Lock; append: Append },
  data: RecordBody["data"],
): Promise<{ size: number; root: string }> {
  const { writer, places, lock, append } = own;
  const body: RecordBody = { type: "session.close", origin: "observed", data };
  try {
    // The reserve goes first: a disk that filled up behind us must still take the close, its signature and the ledger's entry.
    await rm(places.reserve, { force: true });
    const lost = await orError(append(body));
    const unsealed = await orError(writer.seal({ last: true }));
    const { size } = writer.state;
    const root = toHex(rootOf(writer.state));
    const trouble = lost ?? unsealed;
    // The ledger learns the truth even when the session's own log could not take its last words.
    const entry = { size, root, ...(trouble === undefined ? {} : { failed: trouble.code }) };
    const told = await appendToLedger(options, options.session, [{ ...body, data: entry }]);
    if (trouble !== undefined) throw trouble;
    if (!told.ok) throw new LogError(told.error);
    return { size, root };
  } finally {
    await writer.end();
    await lock.release();
  }
}

async function orError(promise: Promise<unknown>): Promise<LogError | undefined> {
  try {
    await promise;
    return undefined;
  } catch (error) {
    if (error instanceof LogError) return error;
    return new LogError(systemProblem("log-failed", error, "log"));
  }
}
