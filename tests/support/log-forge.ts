// A log's folder made by somebody who holds whichever keys a test gives him: an honest writer when he is given the right ones,
// and every forger there is otherwise. Built on the formats alone (core), not on the writer it is to be compared with.
import { createHash, createPublicKey, generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  encodeBody,
  encodeLine,
  epochClose,
  formatVerifierKey,
  leafHash,
  type NoteSigner,
  openTree,
  type RecordBody,
  signCertificate,
  signCheckpoint,
  signEpoch,
  toHex,
  verifierKey,
} from "#core/log";

/** SHA-256, for core's functions. */
export const sha256 = (bytes: Uint8Array): Uint8Array => createHash("sha256").update(bytes).digest();

/** A fresh key under a name. */
export function newKey(name: string): NoteSigner {
  const { privateKey } = generateKeyPairSync("ed25519");
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const key = verifierKey(sha256, name, new Uint8Array(spki.subarray(-32)));
  return { key, sign: (message) => sign(null, message, privateKey) };
}

/** A record of no importance. */
export function noise(n: number): RecordBody {
  return { type: "net.connect", origin: "observed", data: { host: "a.test", n } };
}

/** What a forged log is made of; everything but the keys has an honest default. */
export interface Forgery {
  readonly dir: string;
  readonly session: string;
  /** The machine's keys, epoch by epoch. */
  readonly machine: readonly NoteSigner[];
  /** The log's keys, epoch by epoch. */
  readonly keys: readonly NoteSigner[];
  /** Records between the opening and the end; `epoch.close` comes by itself. */
  readonly records: readonly RecordBody[];
  /** How many of `records` each epoch but the last holds, its `epoch.close` apart. */
  readonly perEpoch?: number;
  /** First record of the log; a session's opening by default. */
  readonly first?: (key: NoteSigner) => RecordBody;
  /** Last record; none by default. */
  readonly last?: RecordBody;
  /** Which machine epoch certifies (the last by default). */
  readonly certifiedBy?: number;
  /** Keeps a checkpoint of every so many records. */
  readonly keepEvery?: number;
  /** Who signs a checkpoint of this size, where it is not its owner. */
  readonly checkpointBy?: (size: number, owner: NoteSigner) => NoteSigner;
  /** Who signs the note of this epoch, where it is not the one before. */
  readonly noteBy?: (epoch: number, before: NoteSigner) => NoteSigner;
  /** The writer leaves after so many of `records`; somebody begins the next epoch, with this record. */
  readonly reopen?: { readonly after: number; readonly opens: RecordBody };
  /** Size of the last checkpoint, where it is not the log's. */
  readonly sealedAt?: number;
}

/** What was written. */
export interface Forged {
  readonly dir: string;
  readonly lines: readonly string[];
  /** Root over the first `size` records, raw. */
  readonly root: (size: number) => Uint8Array;
  /** Sizes at which epochs 1, 2, … begin. */
  readonly starts: readonly number[];
  /** A signed checkpoint of this size, by whichever key. */
  readonly checkpoint: (size: number, by: NoteSigner) => string;
  /** Number of the epoch that owns a size. */
  readonly owner: (size: number) => number;
}

const START = "2026-11-26T02:00:00.000Z";

/** Writes the whole folder anew. */
export function forge(options: Forgery): Forged {
  const { dir, session, machine, keys } = options;
  const origin = keys[0]?.key.name ?? "";
  const { bodies, starts } = layout(options);
  const { lines, leaves } = frame(session, bodies);
  const root = (size: number): Uint8Array => {
    const tree = openTree(sha256);
    for (const leaf of leaves.slice(0, size)) tree.append(leaf);
    return tree.root();
  };
  const owner = (size: number): number => starts.filter((from) => from < size).length;
  const checkpoint = (size: number, by: NoteSigner): string => signCheckpoint({ origin, size, root: root(size) }, by);
  const signed = (size: number): string => {
    const own = keys[owner(size)] as NoteSigner;
    return checkpoint(size, options.checkpointBy?.(size, own) ?? own);
  };
  rmSync(dir, { recursive: true, force: true });
  const put = (file: string, text: string | Uint8Array): void => {
    mkdirSync(dirname(join(dir, file)), { recursive: true });
    writeFileSync(join(dir, file), text);
  };
  put("log/000000000000.jsonl", `${lines.join("\n")}\n`);
  const certifiedBy = options.certifiedBy ?? machine.length - 1;
  const certificate = { session, key: (keys[0] as NoteSigner).key, start: START };
  put("certificate", signCertificate(certificate, machine[certifiedBy] as NoteSigner));
  if (certifiedBy > 0) put("authority", authority(machine.slice(0, certifiedBy + 1)));
  for (const [index, from] of starts.entries()) {
    const [before, next] = [keys[index] as NoteSigner, keys[index + 1] as NoteSigner];
    const note = { origin, epoch: index + 1, from, root: root(from), key: next.key, start: START };
    put(`epochs/${index + 1}`, signEpoch(note, options.noteBy?.(index + 1, before) ?? before));
    put(`checkpoints/${from}`, signed(from));
  }
  for (let size = options.keepEvery ?? lines.length + 1; size < lines.length; size += options.keepEvery ?? 1)
    put(`checkpoints/${size}`, signed(size));
  const size = options.sealedAt ?? lines.length;
  put("checkpoint", signed(size));
  if (lines.length < 256) put(`tile/0/000.p/${lines.length}`, Buffer.concat(leaves));
  return { dir, lines, root, starts, checkpoint, owner };
}

/** The notes that lead from the machine's first key to its last, as a session's folder carries them. */
export function authority(machine: readonly NoteSigner[], start: string = START): string {
  return machine
    .slice(1)
    .map(({ key }, index) => {
      const note = {
        origin: key.name,
        epoch: index + 1,
        from: 10 * (index + 1),
        root: new Uint8Array(32),
        key,
        start,
      };
      return signEpoch(note, machine[index] as NoteSigner);
    })
    .join("");
}

function layout(options: Forgery): { bodies: RecordBody[]; starts: number[] } {
  const { keys, records } = options;
  const opening = (key: NoteSigner): RecordBody => ({
    type: "session.open",
    origin: "observed",
    data: { policy: "0", workspace: "/w", key: formatVerifierKey(key.key) },
  });
  const bodies = [(options.first ?? opening)(keys[0] as NoteSigner)];
  const starts: number[] = [];
  for (const [n, body] of records.entries()) {
    const next = keys[starts.length + 1];
    if (options.perEpoch !== undefined && n > 0 && n % options.perEpoch === 0 && next !== undefined) {
      bodies.push(epochClose(starts.length, next.key, "records"));
      starts.push(bodies.length);
    }
    if (options.reopen?.after === n) {
      starts.push(bodies.length);
      bodies.push(options.reopen.opens);
    }
    bodies.push(body);
  }
  if (options.last !== undefined) bodies.push(options.last);
  return { bodies, starts };
}

function frame(session: string, bodies: readonly RecordBody[]): { lines: string[]; leaves: Uint8Array[] } {
  const lines: string[] = [];
  const leaves: Uint8Array[] = [];
  for (const [seq, body] of bodies.entries()) {
    const encoded = encodeBody(body, (bytes) => toHex(sha256(bytes)));
    if (!encoded.ok) throw new Error(encoded.error.message);
    const prev = seq === 0 ? "0".repeat(64) : toHex(leaves[seq - 1] as Uint8Array);
    const line = encodeLine({ seq, prev, ts: START, mono: 1000 * seq, session }, encoded.value);
    lines.push(line);
    leaves.push(leafHash(sha256, Buffer.from(line)));
  }
  return { lines, leaves };
}
