// The machine's key: Ed25519, made at first use, 0600, never leaves `stateDir/keys`. It signs the ledger and certifies each
// session's key, which exists in memory only. It moves forward with the ledger's epochs (machine-epoch.ts); `machine.vkey`, its
// public half in epoch 0, is what an auditor keeps.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import { link, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { formatVerifierKey, parseVerifierKey, type VerifierKey } from "#core/log";
import { type KeptSigner, sha256, signerFor } from "./crypto.ts";
import { privateFolder, readSmall, syncFolder, writeDurably } from "./files.ts";
import { LogError, systemCode, systemProblem } from "./problem.ts";

/** The key of the machine's current epoch. */
export interface MachineKey {
  readonly signer: KeptSigner;
  readonly epoch: number;
  /** Public key of epoch 0: what `machine.vkey` says. */
  readonly genesis: VerifierKey;
  /** Public key of the epoch before; absent in epoch 0. */
  readonly before?: VerifierKey;
}

/** Where the machine's keys are. */
export interface KeyPlaces {
  readonly folder: string;
  readonly pem: string;
  readonly vkey: string;
}

/** Paths below a state folder. */
export function keyPlaces(stateDir: string): KeyPlaces {
  const folder = join(stateDir, "keys");
  return { folder, pem: join(folder, "machine.pem"), vkey: join(folder, "machine.vkey") };
}

/** The machine's key as it is now; makes it at first use. Two processes that start together end up with the same key. */
export async function machineSigner(stateDir: string): Promise<Result<MachineKey, Problem>> {
  const { folder, pem: path, vkey } = keyPlaces(stateDir);
  try {
    await privateFolder(folder);
    let key = await keyIn(path);
    if (key === undefined) {
      await makeKey(folder, path);
      key = await keyIn(path);
    }
    const loose = await looseMode(path);
    if (loose !== undefined) return err(loose);
    key ??= readMachineKey("");
    if (!(await publishVkey(vkey, key.genesis))) return err(changedKey(folder));
    return ok(key);
  } catch (error) {
    return err(systemProblem("log-key-unreadable", error, path));
  }
}

/**
 * The machine's public key (of epoch 0), or undefined when this machine has never written a log. Makes nothing. Throws a `LogError` when the key that
 * was published is another one: who exchanges a machine's key and record would else be believed on that machine.
 */
export async function machineKey(stateDir: string): Promise<VerifierKey | undefined> {
  const { folder, pem: path, vkey } = keyPlaces(stateDir);
  const key = await keyIn(path);
  const line = await readSmall(vkey);
  if (key !== undefined) {
    if (line !== undefined && line.trim() !== formatVerifierKey(key.genesis)) throw new LogError(changedKey(folder));
    return key.genesis;
  }
  return line === undefined ? undefined : parseVerifierKey(sha256, line.trim());
}

/** The key in a file; undefined when there is none. Who moves the key forward overwrites the old file, perhaps while it is being read here. */
async function keyIn(path: string): Promise<MachineKey | undefined> {
  const text = await readSmall(path);
  if (text === undefined) return undefined;
  try {
    return readMachineKey(text);
  } catch (error) {
    const again = await readSmall(path);
    if (again === undefined || again === text) throw error;
    return readMachineKey(again);
  }
}

const HEAD = /^ringfence machine key\nepoch ([1-9][0-9]{0,9})\ngenesis (\S+)\nbefore (\S+)\n$/;
const PEM = "-----BEGIN PRIVATE KEY-----";

/** Reads a key file: lines that say which epoch it is for, then PEM; without lines, epoch 0. Throws when it is neither. */
export function readMachineKey(text: string): MachineKey {
  const cut = text.indexOf(PEM);
  const privateKey = createPrivateKey(text.slice(Math.max(0, cut)));
  if (cut <= 0) {
    const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
    // The name carries the first key's fingerprint, so that two machines never share one.
    const signer = signerFor(`ringfence-machine-${fingerprint(spki)}`, privateKey);
    return { signer, epoch: 0, genesis: signer.key };
  }
  const match = HEAD.exec(text.slice(0, cut));
  const genesis = parseVerifierKey(sha256, match?.[2] ?? "");
  const before = parseVerifierKey(sha256, match?.[3] ?? "");
  if (genesis === undefined || before?.name !== genesis.name) throw new Error("its first lines are not a key's");
  return { signer: signerFor(genesis.name, privateKey), epoch: Number(match?.[1]), genesis, before };
}

/** The file of the key that follows `key`. */
export function nextMachineKey(key: MachineKey): string {
  const lines = [`epoch ${key.epoch + 1}`, `genesis ${formatVerifierKey(key.genesis)}`];
  return `ringfence machine key\n${lines.join("\n")}\nbefore ${formatVerifierKey(key.signer.key)}\n${freshPem()}`;
}

function fingerprint(spki: Uint8Array): string {
  return createHash("sha256").update(spki).digest("hex").slice(0, 16);
}

function freshPem(): string {
  return generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }) as string;
}

async function makeKey(folder: string, path: string): Promise<void> {
  const aside = join(folder, `.tmp-machine-${randomBytes(6).toString("hex")}`);
  await writeDurably(aside, freshPem());
  try {
    // link, not rename: the first of two processes wins and the second uses its key.
    await link(aside, path);
    await syncFolder(folder);
  } catch (error) {
    if (systemCode(error) !== "EEXIST") throw error;
  } finally {
    await rm(aside, { force: true });
  }
}

async function looseMode(path: string): Promise<Problem | undefined> {
  const { mode } = await stat(path);
  if ((mode & 0o077) === 0) return undefined;
  return {
    code: "log-key-loose",
    message: `the machine's log key \`${path}\` can be read by others`,
    hint: `chmod 600 ${path}`,
  };
}

/** False when another machine's key is published already: what an auditor was given must not change under him. */
async function publishVkey(path: string, key: VerifierKey): Promise<boolean> {
  const line = `${formatVerifierKey(key)}\n`;
  const found = await readSmall(path);
  if (found !== undefined) return found.trim() === line.trim();
  // Two first runs at once write the same line: each aside under a name of its own.
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeDurably(aside, line);
  await rename(aside, path);
  return true;
}

function changedKey(folder: string): Problem {
  return {
    code: "log-key-changed",
    message: `\`machine.pem\` and \`machine.vkey\` in \`${folder}\` are not of one key`,
    hint: "put the right ones back; to begin anew as another machine, move `keys` and `log` away together",
  };
}
