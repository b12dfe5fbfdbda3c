// The machine's key moves forward with the ledger's epochs. All of it happens under the ledger's lock, and every step can be the
// last before a crash: the new key is durable before a record names it, the note is durable before the key is in use, and the
// old key is overwritten last. Whoever opens the ledger next finishes what was begun.
import { randomBytes } from "node:crypto";
import { constants } from "node:fs";
import { link, open, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type EpochStart, openEpoch, splitEpochNotes, type VerifierKey } from "#core/log";
import { sha256, verifyEd25519 } from "./crypto.ts";
import type { EpochKeys } from "./epochs.ts";
import { publishFile, readSmall, syncFolder } from "./files.ts";
import { type KeyPlaces, keyPlaces, type MachineKey, machineSigner, nextMachineKey, readMachineKey } from "./keys.ts";
import { ledgerPlaces } from "./places.ts";

/** The machine's key with the place where its epoch begins in the ledger. */
export interface MachineEpoch extends MachineKey {
  readonly from: number;
  /** Milliseconds since 1970. */
  readonly start: number;
}

/** The machine's current epoch. Fails when the ledger does not know the epoch that the key says it is for. */
export async function machineEpoch(stateDir: string): Promise<Result<MachineEpoch, Problem>> {
  const machine = await machineSigner(stateDir);
  if (!machine.ok) return machine;
  const key = machine.value;
  const { pem } = keyPlaces(stateDir);
  if (key.before === undefined) return ok({ ...key, from: 0, start: (await stat(pem)).mtimeMs });
  const start = await noteOf(stateDir, key.epoch, key.before);
  if (start !== undefined && sameKey(start.key, key.signer.key))
    return ok({ ...key, from: start.from, start: Date.parse(start.start) });
  // The key was read without the lock: it may have moved forward meanwhile, and then the next look finds both in step.
  const again = await machineSigner(stateDir);
  if (again.ok && again.value.epoch > key.epoch) return machineEpoch(stateDir);
  return err({
    code: "log-damaged",
    message: `the machine's ledger does not know epoch ${key.epoch} of the key in \`${pem}\``,
    hint: "put the ledger back; to begin anew as another machine, move `keys` and `log` away together",
  });
}

/** Finishes what a crash left half done. Only under the ledger's lock. */
export async function recoverMachineKey(stateDir: string): Promise<void> {
  const places = keyPlaces(stateDir);
  await wipeOld(places);
  const next = await readSmall(nextPath(places));
  if (next === undefined) return;
  const machine = await machineSigner(stateDir);
  if (!machine.ok) return;
  const { signer, epoch } = machine.value;
  const start = await noteOf(stateDir, epoch + 1, signer.key);
  if (start !== undefined && sameKey(start.key, readMachineKey(next).signer.key))
    await install(stateDir, places, epoch + 1);
}

/** The key that was made for the next epoch, when one was. */
export async function pendingMachineKey(stateDir: string, current: MachineKey): Promise<MachineKey | undefined> {
  const text = await readSmall(nextPath(keyPlaces(stateDir)));
  if (text === undefined) return undefined;
  const next = readMachineKey(text);
  const follows = next.epoch === current.epoch + 1 && next.before !== undefined;
  return follows && sameKey(next.before, current.signer.key) ? next : undefined;
}

/** The machine's keys as the ledger's writer uses them. Only under the ledger's lock. */
export function machineKeys(stateDir: string, current: MachineKey): EpochKeys {
  const places = keyPlaces(stateDir);
  let machine = current;
  let coming: MachineKey | undefined;
  return {
    get signer() {
      return machine.signer;
    },
    async next() {
      coming = await pendingMachineKey(stateDir, machine);
      if (coming === undefined) {
        const text = nextMachineKey(machine);
        await publishFile(nextPath(places), text);
        coming = readMachineKey(text);
      }
      return coming.signer;
    },
    async use() {
      coming ??= await pendingMachineKey(stateDir, machine);
      if (coming === undefined) throw new Error("the next machine key is gone");
      await install(stateDir, places, coming.epoch);
      machine.signer.erase();
      machine = coming;
      coming = undefined;
    },
  };
}

/** Puts the notes that lead from `machine.vkey` to the machine's key into a log's folder; nothing in epoch 0. */
export async function giveAuthority(stateDir: string, machine: MachineKey, dir: string): Promise<void> {
  if (machine.epoch === 0) return;
  const [kept, path] = [authorityPath(keyPlaces(stateDir)), join(dir, "authority")];
  const notes = splitEpochNotes((await readSmall(kept, MOST_AUTHORITY)) ?? "") ?? [];
  if (leadsTo(machine, notes) && (await linked(kept, path))) await syncFolder(dir);
  else await publishFile(path, await ledgerNotes(stateDir, machine.epoch));
}

/** A note a day for as long as anybody may live. */
export const MOST_AUTHORITY = 33_554_432;

/** One look at the note of the machine's own epoch: the file is written whole, by us, and judged by `verify`. */
function leadsTo({ epoch, signer, before }: MachineKey, notes: readonly string[]): boolean {
  const note = notes[epoch - 1];
  if (note === undefined || before === undefined) return false;
  const opened = openEpoch(note, [before], { sha256, verify: verifyEd25519 });
  return opened.ok && opened.start.epoch === epoch && sameKey(opened.start.key, signer.key);
}

/** One file for all sessions of an epoch; where it cannot be linked (another disk, too many names) each gets a copy. */
async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch {
    return false;
  }
}

async function ledgerNotes(stateDir: string, upTo: number): Promise<string> {
  let notes = "";
  for (let epoch = 1; epoch <= upTo; epoch += 1) {
    const note = await readSmall(epochPath(stateDir, epoch));
    if (note === undefined) throw new Error(`the ledger's note of epoch ${epoch} is gone`);
    notes += note;
  }
  return notes;
}

async function noteOf(stateDir: string, epoch: number, by: VerifierKey): Promise<EpochStart | undefined> {
  const note = await readSmall(epochPath(stateDir, epoch));
  if (note === undefined) return undefined;
  const opened = openEpoch(note, [by], { sha256, verify: verifyEd25519 });
  return opened.ok && opened.start.epoch === epoch && opened.start.origin === by.name ? opened.start : undefined;
}

/** From here on the key of `epoch` is the machine's. May be done again. */
async function install(stateDir: string, places: KeyPlaces, epoch: number): Promise<void> {
  await publishFile(authorityPath(places), await ledgerNotes(stateDir, epoch));
  await link(places.pem, oldPath(places));
  await rename(nextPath(places), places.pem);
  await syncFolder(places.folder);
  await wipeOld(places);
}

/** Overwrites the key before and takes its name away. A journal or a disk that copies on write may keep what was there. */
async function wipeOld(places: KeyPlaces): Promise<void> {
  const path = oldPath(places);
  const old = await statOrNone(path);
  if (old === undefined) return;
  // A crash before the rename: both names are of the key that is still in use.
  if (old.ino !== (await statOrNone(places.pem))?.ino) {
    const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      await file.write(randomBytes(old.size), 0, old.size, 0);
      await file.sync();
    } finally {
      await file.close();
    }
  }
  await rm(path);
  await syncFolder(places.folder);
}

async function statOrNone(path: string): Promise<{ readonly ino: number; readonly size: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function sameKey(a: VerifierKey | undefined, b: VerifierKey): boolean {
  return a?.name === b.name && Buffer.from(a.publicKey).equals(b.publicKey);
}

const nextPath = ({ folder }: KeyPlaces): string => join(folder, "machine.next.pem");
const oldPath = ({ folder }: KeyPlaces): string => join(folder, "machine.old.pem");
const authorityPath = ({ folder }: KeyPlaces): string => join(folder, "authority");
const epochPath = (stateDir: string, epoch: number): string =>
  join(ledgerPlaces(stateDir).dir, "epochs", String(epoch));
