// The machine's key: Ed25519, made at first use, 0600, never leaves `stateDir/keys`. It signs the ledger and certifies each
// session's key, which exists in memory only. Its public half (`machine.vkey`) is what an auditor keeps.
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
} from "node:crypto";
import { link, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { formatVerifierKey, type NoteSigner, parseVerifierKey, type VerifierKey } from "#core/log";
import { sha256, signerFor } from "./crypto.ts";
import { privateFolder, readSmall, syncFolder, writeDurably } from "./files.ts";
import { systemCode, systemProblem } from "./problem.ts";

/** The machine's signer; makes the key at first use. Two processes that start together end up with the same key. */
export async function machineSigner(stateDir: string): Promise<Result<NoteSigner, Problem>> {
  const folder = join(stateDir, "keys");
  const path = join(folder, "machine.pem");
  try {
    await privateFolder(folder);
    let pem = await readSmall(path);
    if (pem === undefined) {
      await makeKey(folder, path);
      pem = await readSmall(path);
    }
    const loose = await looseMode(path);
    if (loose !== undefined) return err(loose);
    const signer = signerOf(createPrivateKey(pem ?? ""));
    await publishVkey(join(folder, "machine.vkey"), signer.key);
    return ok(signer);
  } catch (error) {
    return err(systemProblem("log-key-unreadable", error, path));
  }
}

/** The machine's public key, or undefined when this machine has never written a log. Makes nothing. */
export async function machineKey(stateDir: string): Promise<VerifierKey | undefined> {
  const pem = await readSmall(join(stateDir, "keys", "machine.pem"));
  if (pem !== undefined) return signerOf(createPrivateKey(pem)).key;
  const line = await readSmall(join(stateDir, "keys", "machine.vkey"));
  return line === undefined ? undefined : parseVerifierKey(sha256, line.trim());
}

/** The name carries the key's own fingerprint, so that two machines never share one. */
function signerOf(privateKey: KeyObject): NoteSigner {
  const spki = createPublicKey(privateKey).export({ format: "der", type: "spki" });
  const mark = createHash("sha256").update(spki).digest("hex").slice(0, 16);
  return signerFor(`ringfence-machine-${mark}`, privateKey);
}

async function makeKey(folder: string, path: string): Promise<void> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  const aside = join(folder, `.tmp-machine-${randomBytes(6).toString("hex")}`);
  await writeDurably(aside, pem);
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

async function publishVkey(path: string, key: VerifierKey): Promise<void> {
  const line = `${formatVerifierKey(key)}\n`;
  if ((await readSmall(path)) === line) return;
  // Two first runs at once write the same line: each aside under a name of its own.
  const aside = `${path}.${randomBytes(6).toString("hex")}`;
  await writeDurably(aside, line);
  await rename(aside, path);
}
