// What stands in the folder of an outside program's log: nothing yet, or a log of this machine's that may be gone on with.
// Whose it is, its epochs and everything signed about it are checked first; a writer never goes on from what it cannot explain. Of a log
// that is longer than a segment only the open one is read again (resume-start.ts).
import { type Dirent, existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Epoch,
  isLogOf,
  openCertificate,
  openCheckpoint,
  openEpochs,
  ownerOf,
  splitEpochNotes,
  toHex,
  type VerifierKey,
} from "#core/log";
import { sha256, verifyEd25519 } from "./crypto.ts";
import { readSmall } from "./files.ts";
import { MOST_AUTHORITY } from "./machine-epoch.ts";
import type { LogPlaces } from "./places.ts";
import { type Resumed, resumeLog } from "./resume.ts";
import type { Mark } from "./resume-shortcut.ts";
import { openSegmentStart, type Start } from "./resume-start.ts";
import { openTiles, type TileBuilder } from "./tiles.ts";

/** A log that can be gone on with. */
export interface OutsideState extends Resumed {
  readonly session: string;
  /** Name of its keys. */
  readonly name: string;
  /** The epoch that begins now. */
  readonly epoch: number;
  /** Knows the leaves that are there. */
  readonly tiles: TileBuilder;
}

/** What is needed to look. */
export interface OutsideLook {
  readonly places: LogPlaces;
  /** The machine's key in epoch 0. */
  readonly genesis: VerifierKey;
}

/** Looks into the folder; undefined when no log was begun there. Changes nothing but a torn end, which it cuts. */
export async function findOutsideLog(look: OutsideLook): Promise<Result<OutsideState | undefined, Problem>> {
  const { dir, mark } = look.places;
  const certificate = await readSmall(join(dir, "certificate"));
  if (await holdsNothing(dir)) return ok(undefined);
  if (certificate === undefined) return err((await readSmall(mark)) === undefined ? noLog(dir) : gone(look.places));
  const owner = await ownerKeys(look, certificate);
  if (owner === undefined) return err(notOurs(dir));
  const notes = await epochNotes(dir);
  const trust = { crypto: CRYPTO, authority: owner.machine };
  const opened = openEpochs(notes, { key: owner.key, start: "" }, trust);
  if (!opened.ok) return err(brokenEpoch(dir, opened.epoch));
  const { epochs } = opened;
  const marks = epochs.slice(1).map(({ from, root }) => ({ size: from, root: toHex(root ?? new Uint8Array(0)) }));
  const resume = async (start?: Start): Promise<Result<Resumed & { readonly tiles: TileBuilder }, Problem>> => {
    const tiles = tilesOf(dir, start);
    const resumed = await resumeLog({
      ...{ places: look.places, what: "the log", session: owner.session, marks },
      openMark: (note) => openMark(note, epochs),
      reopened: new Set(epochs.filter(({ reopened }) => reopened).map(({ from }) => from)),
      onLeaf: (leaf) => tiles.add(leaf),
      ...(start === undefined ? {} : { start }),
    });
    return resumed.ok ? ok({ ...resumed.value, tiles }) : resumed;
  };
  const start = openSegmentStart(dir);
  const fromThere = start === undefined ? undefined : await resume(start);
  // A tile may be what is wrong, and only the lines say what else is.
  const resumed = fromThere?.ok === true ? fromThere : await resume();
  if (!resumed.ok) return resumed;
  const last = epochs.at(-1)?.epoch ?? 0;
  const { size } = resumed.value.from.state;
  // An epoch that wrote nothing never was: its note is replaced by the one that goes on from the same place.
  const unused = last > 0 && epochs.at(-1)?.from === size;
  return ok({ ...resumed.value, session: owner.session, name: owner.key.name, epoch: unused ? last : last + 1 });
}

/** A builder of the tiles that a log lacks. */
export function tilesOf(dir: string, start?: Start): TileBuilder {
  return openTiles((path) => existsSync(join(dir, path)), start);
}

const CRYPTO = { sha256, verify: verifyEd25519 };

/** The log's first key and the machine's keys up to now, when the certificate is one of this machine's. */
async function ownerKeys(
  { places, genesis }: OutsideLook,
  certificate: string,
): Promise<{ session: string; key: VerifierKey; machine: readonly VerifierKey[] } | undefined> {
  const notes = splitEpochNotes((await readSmall(join(places.dir, "authority"), MOST_AUTHORITY)) ?? "");
  const opened = notes === undefined ? undefined : openEpochs(notes, { key: genesis, start: "" }, { crypto: CRYPTO });
  if (opened?.ok !== true) return undefined;
  const machine = opened.epochs.map(({ key }) => key);
  const certified = openCertificate(certificate, machine, CRYPTO);
  if (!certified.ok) return undefined;
  const { session, key } = certified.certificate;
  return isLogOf(key.name, genesis.name, session) ? { session, key, machine } : undefined;
}

async function epochNotes(dir: string): Promise<readonly string[]> {
  const notes: string[] = [];
  for (;;) {
    const note = await readSmall(join(dir, "epochs", String(notes.length + 1)));
    if (note === undefined) return notes;
    notes.push(note);
  }
}

function openMark(note: string, epochs: readonly Epoch[]): Mark | undefined {
  const keys = epochs.map(({ key }) => key);
  const opened = openCheckpoint(note, keys, verifyEd25519);
  if (!opened.ok || opened.checkpoint.origin !== keys[0]?.name) return undefined;
  const { size, root } = opened.checkpoint;
  const owner = ownerOf(epochs, size);
  return owner !== undefined && opened.keys.includes(owner.key) ? { size, root: toHex(root) } : undefined;
}

/** What a writer may have left that died before its log had a certificate. */
const BEGINNINGS: ReadonlySet<string> = new Set(["log", "tile", "checkpoints", "authority", "vkey"]);

async function holdsNothing(dir: string): Promise<boolean> {
  const entries = await readdir(dir, { withFileTypes: true });
  // A link is nobody's beginning: what is written here would land elsewhere.
  const isOurs = (entry: Dirent): boolean =>
    (entry.isFile() || entry.isDirectory()) && (BEGINNINGS.has(entry.name) || entry.name.startsWith(".tmp-"));
  if (!entries.every(isOurs)) return false;
  return !entries.some(({ name }) => name === "log") || (await readdir(join(dir, "log"))).length === 0;
}

function noLog(dir: string): Problem {
  return {
    code: "log-not-empty",
    message: `\`${dir}\` holds other things, and no log`,
    hint: "choose an empty folder, or one that is not there yet",
  };
}

function gone({ dir }: LogPlaces): Problem {
  return {
    code: "log-gone",
    message: `the log in \`${dir}\` lost its certificate`,
    hint: "put it back, or choose another folder",
  };
}

function notOurs(dir: string): Problem {
  return {
    code: "log-not-ours",
    message: `the log in \`${dir}\` is not one of this machine's, or not with the key that it has`,
    hint: "only the machine that began a log goes on with it: choose another folder",
  };
}

function brokenEpoch(dir: string, epoch: number): Problem {
  return {
    code: "log-damaged",
    message: `the log at \`${dir}\` is not what was signed: \`epochs/${epoch}\` does not follow`,
    hint: `ringfence log verify ${dir}`,
  };
}
