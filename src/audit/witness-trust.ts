// Which logs a witness serves, and which key may sign which size. Keys that a person named stand for their own name or the
// origin beside them; a machine's key also stands for the logs that it certified, whose notes come with `add-log` and are kept.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import {
  type Epoch,
  openProvenance,
  ownerOf,
  type Provenance,
  parseProvenance,
  parseVerifierKey,
  toHex,
  type VerifierKey,
} from "#core/log";
import { sha256, sha256Hex, verifyEd25519 } from "./crypto.ts";
import { privateFolder, publishFile, readSmall } from "./files.ts";

const CRYPTO = { sha256, verify: verifyEd25519 } as const;

/** A key that a person trusts for an origin. */
export interface TrustedLog {
  readonly origin: string;
  readonly key: VerifierKey;
}

/** Reads `VKEY` or `ORIGIN VKEY` lines; undefined when one is neither, or when there is none. */
export function parseTrust(text: string): readonly TrustedLog[] | undefined {
  const lines = text.split("\n").map((line) => line.trim());
  const logs = lines
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => {
      const [first = "", second] = line.split(/\s+/, 3);
      const key = parseVerifierKey(sha256, second ?? first);
      return key === undefined ? undefined : { origin: second === undefined ? key.name : first, key };
    });
  const known = logs.filter((log) => log !== undefined);
  return known.length === logs.length && known.length > 0 ? known : undefined;
}

/** What is answered to `add-log`. */
export type AddLogAnswer = "added" | "malformed" | "untrusted" | "conflict";

/** The logs a witness knows. */
export interface WitnessTrust {
  /** Keys that may sign a checkpoint of this size; undefined for a log that nobody named. */
  keysFor(origin: string, size: number): readonly VerifierKey[] | undefined;
  /** Takes the notes of a certified log; they are durable when this says `added`. One at a time. */
  addLog(text: string): Promise<AddLogAnswer>;
}

/** Opens the trust of a witness in `dir`. What was learned is checked again, with the keys that are trusted now. */
export async function openTrust(dir: string, trusted: readonly TrustedLog[]): Promise<WitnessTrust> {
  const folder = join(dir, "keys");
  await privateFolder(folder);
  const keys = trusted.map(({ key }) => key);
  const learned = new Map<string, readonly Epoch[]>();
  const learn = (
    provenance: Provenance,
  ): AddLogAnswer | { readonly origin: string; readonly epochs: readonly Epoch[] } => {
    const opened = openProvenance(provenance, keys, CRYPTO);
    if (!opened.ok) return "untrusted";
    const { origin, epochs } = opened.log;
    const before = learned.get(origin) ?? [];
    // Two chains that part are two logs under one name: the first one stays.
    const agrees = before.every((old, n) => epochs[n] === undefined || sameEpoch(old, epochs[n]));
    if (!agrees) return "conflict";
    return { origin, epochs: epochs.length > before.length ? epochs : before };
  };
  for (const name of readdirSync(folder)) {
    const provenance = parseProvenance((await readSmall(join(folder, name))) ?? "");
    const log = provenance === undefined ? "malformed" : learn(provenance);
    if (typeof log === "object") learned.set(log.origin, log.epochs);
  }
  let last: Promise<unknown> = Promise.resolve();
  const addLog = async (text: string): Promise<AddLogAnswer> => {
    const provenance = parseProvenance(text);
    if (provenance === undefined) return "malformed";
    const log = learn(provenance);
    if (typeof log === "string") return log;
    if (log.epochs.length > (learned.get(log.origin)?.length ?? 0))
      await publishFile(join(folder, sha256Hex(Buffer.from(log.origin))), text);
    learned.set(log.origin, log.epochs);
    return "added";
  };
  return {
    keysFor(origin, size) {
      const owner = ownerOf(learned.get(origin) ?? [], size);
      if (owner !== undefined) return [owner.key];
      const named = trusted.filter((log) => log.origin === origin).map(({ key }) => key);
      return named.length > 0 ? named : undefined;
    },
    addLog(text) {
      const mine = last.then(() => addLog(text));
      last = mine.catch(() => undefined);
      return mine;
    },
  };
}

function sameEpoch(a: Epoch, b: Epoch): boolean {
  return a.from === b.from && toHex(a.key.publicKey) === toHex(b.key.publicKey);
}
