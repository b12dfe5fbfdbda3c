// The machine's ledger: a log like any other, signed by the machine key, that knows which sessions exist, under which key each
// began and how long it was when it closed. Many processes append to it, one at a time, each append sealed before it counts.
// Its epochs are the machine key's.
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Append,
  formatVerifierKey,
  type LogRecord,
  type NoteSigner,
  openCheckpoint,
  type RecordBody,
  toHex,
} from "#core/log";
import { type LogClock, systemClock } from "./clock.ts";
import { verifyEd25519 } from "./crypto.ts";
import { ON_REQUEST } from "./epochs.ts";
import { privateFolder } from "./files.ts";
import { machineSigner } from "./keys.ts";
import { waitForLock } from "./lock.ts";
import { type LogIo, systemIo } from "./log-io.ts";
import { type MachineEpoch, machineEpoch, machineKeys, pendingMachineKey, recoverMachineKey } from "./machine-epoch.ts";
import { LEDGER, ledgerPlaces } from "./places.ts";
import { LogError, systemProblem } from "./problem.ts";
import { resumeLog } from "./resume.ts";
import { type Mark, saveShortcut } from "./resume-shortcut.ts";
import { openWriter } from "./writer.ts";

/** How long one process waits for others that append. */
const PATIENCE_MS = 15_000;

/** The ledger never grows past this by itself; a million sessions fit. */
const MAX_BYTES = 2 ** 40;

/** Records that an append which broke off can have left unsigned: its own and a `recovery`. */
const MOST_UNSIGNED = 4;

/** Entries that one machine key signs. */
const EPOCH_ENTRIES = 1024;

/** What an append to the ledger needs. */
export interface LedgerOptions {
  readonly stateDir: string;
  readonly clock?: LogClock;
  readonly io?: LogIo;
  /** Ends the wait for others that append. */
  readonly interrupt?: AbortSignal | undefined;
}

/**
 * Appends records to the ledger under its lock and seals them. Resolves with the number of the last one once everything,
 * checkpoint included, is durable. Fails, and writes nothing, when the ledger on disk is not what its checkpoint says.
 */
export async function appendToLedger(
  options: LedgerOptions,
  session: string,
  bodies: readonly RecordBody[],
): Promise<Result<number, Problem>> {
  // Before the lock: a machine whose key cannot be had has no ledger to wait for.
  const signer = await machineSigner(options.stateDir);
  if (!signer.ok) return signer;
  const places = ledgerPlaces(options.stateDir);
  try {
    await privateFolder(join(places.dir, "log"));
    await privateFolder(join(places.dir, "checkpoints"));
    await privateFolder(join(places.mark, ".."));
    await privateFolder(join(places.resume, ".."));
    const lock = await waitForLock(places.dir, PATIENCE_MS, options.interrupt);
    if (lock === undefined) return err(busy(places.dir));
    try {
      return await appendLocked(options, session, bodies);
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof LogError) return err(error.problem);
    return err(systemProblem("log-failed", error, places.dir));
  }
}

/** An `Append` that writes to the ledger: for what is done to a session after its own log was closed (review, apply). */
export function ledgerAppend(options: LedgerOptions, session: string): Append {
  return async (body) => {
    const appended = await appendToLedger(options, session, [body]);
    if (!appended.ok) throw new LogError(appended.error);
    return appended.value;
  };
}

/** The machine's key for a session that opens now: on a new UTC day it has moved forward first. */
export async function machineKeyOfToday(options: LedgerOptions): Promise<Result<MachineEpoch, Problem>> {
  try {
    const machine = await machineEpoch(options.stateDir);
    if (!machine.ok || !isOfAnotherDay(machine.value, options.clock ?? systemClock)) return machine;
    const moved = await appendToLedger(options, LEDGER, []);
    return moved.ok ? await machineEpoch(options.stateDir) : moved;
  } catch (error) {
    return err(systemProblem("log-failed", error, ledgerPlaces(options.stateDir).dir));
  }
}

async function appendLocked(
  options: LedgerOptions,
  session: string,
  bodies: readonly RecordBody[],
): Promise<Result<number, Problem>> {
  const { stateDir, clock = systemClock } = options;
  const places = ledgerPlaces(stateDir);
  await recoverMachineKey(stateDir);
  const machine = await machineEpoch(stateDir);
  if (!machine.ok) return machine;
  const { signer, epoch, from } = machine.value;
  const openMark = markOpener(machine.value);
  const resumed = await resumeLog({ places, what: "the machine's ledger", openMark, mostUnsigned: MOST_UNSIGNED });
  if (!resumed.ok) return resumed;
  const { recovery, last } = resumed.value;
  const half = await halfClosed(stateDir, machine.value, last);
  if (half === "damaged") return err(lostKey(places.dir));
  const writer = await openWriter({
    dir: places.dir,
    mark: places.mark,
    origin: signer.key.name,
    session: LEDGER,
    keys: machineKeys(stateDir, machine.value),
    epochs: { ...ON_REQUEST, epoch, from },
    clock,
    io: options.io ?? systemIo(),
    maxBytes: MAX_BYTES,
    from: resumed.value.from,
    freeReserve: () => rm(places.reserve, { force: true }),
  });
  try {
    if (half !== undefined) await writer.finishEpoch(half);
    if (recovery !== undefined) await writer.append(LEDGER, recovery);
    if (half === undefined && writer.state.size > 0 && isOfAnotherDay(machine.value, clock)) await writer.endEpoch();
    const seqs = await Promise.all(bodies.map((body) => writer.append(session, body)));
    await writer.seal();
    if (writer.state.size - writer.epochFrom >= EPOCH_ENTRIES) await writer.endEpoch();
    await saveShortcut(places.resume, { state: writer.state, ...writer.segment });
    return ok(seqs.at(-1) ?? writer.state.size - 1);
  } finally {
    await writer.end();
    signer.erase();
  }
}

function isOfAnotherDay({ start }: MachineEpoch, clock: LogClock): boolean {
  return Math.floor(clock.wall() / DAY) > Math.floor(start / DAY);
}

const DAY = 86_400_000;

/** A size belongs to the current epoch's key or to the one before: an older checkpoint cannot be the ledger's last. */
function markOpener({ signer, before, from }: MachineEpoch): (note: string) => Mark | undefined {
  return (note) => {
    const keys = before === undefined ? [signer.key] : [signer.key, before];
    const opened = openCheckpoint(note, keys, verifyEd25519);
    if (!opened.ok || opened.checkpoint.origin !== signer.key.name) return undefined;
    const { size, root } = opened.checkpoint;
    const owner = size > from || before === undefined ? signer.key : before;
    return opened.keys.includes(owner) ? { size, root: toHex(root) } : undefined;
  };
}

/** The key that an `epoch.close` at the ledger's very end names, when its note was never written. */
async function halfClosed(
  stateDir: string,
  machine: MachineEpoch,
  last: LogRecord | undefined,
): Promise<NoteSigner | undefined | "damaged"> {
  if (last?.type !== "epoch.close" || last.data["epoch"] !== machine.epoch) return undefined;
  const next = (await pendingMachineKey(stateDir, machine))?.signer;
  return next !== undefined && formatVerifierKey(next.key) === last.data["next"] ? next : "damaged";
}

function lostKey(dir: string): Problem {
  return {
    code: "log-damaged",
    message: `the machine's ledger at \`${dir}\` names a next key that is gone (\`keys/machine.next.pem\`)`,
    hint: "put that file back; to begin anew as another machine, move `keys` and `log` away together",
  };
}

function busy(dir: string): Problem {
  return { code: "log-busy", message: `another process holds the ledger at \`${dir}\``, hint: "try again" };
}
