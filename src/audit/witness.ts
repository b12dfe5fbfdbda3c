// A witness's memory on disk: one cosigned checkpoint a log, in a folder of its own, replaced atomically and durably before
// any signature leaves. The file is both what is remembered and what monitors are served. One witness a folder.
import { createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { chmod, rename } from "node:fs/promises";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Cosigner,
  cosign,
  cosignaturesOf,
  cosignerKey,
  formatCosignerKey,
  judgeCheckpoint,
  parseCosignerKey,
  treeOfNote,
  type VerifierKey,
  type WitnessAnswer,
  type WitnessedTree,
} from "#core/log";
import { sha256, sha256Hex, signerFor, verifyEd25519 } from "./crypto.ts";
import { privateFolder, publishFile, readSmall, syncFolder, writeDurably } from "./files.ts";
import { type Lock, tryLock } from "./lock.ts";
import { systemProblem } from "./problem.ts";
import { type AddLogAnswer, openTrust, type TrustedLog, type WitnessTrust } from "./witness-trust.ts";

/** What a witness is opened with. */
export interface WitnessOptions {
  readonly dir: string;
  /** Name of a new witness's key; a folder that has a key keeps its name. */
  readonly name?: string;
  /** The logs that a person named. */
  readonly trusted: readonly TrustedLog[];
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** What is answered to `add-checkpoint`. */
export interface WitnessReply {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422 | 500;
  readonly type: string;
  readonly body: string;
}

/** An open witness; its owner must `close` it. */
export interface Witness {
  readonly key: VerifierKey;
  /** Answers one request; requests for one log wait for each other. Never rejects. */
  addCheckpoint(body: string): Promise<WitnessReply>;
  /** Takes the notes that lead from a trusted machine key to a log's own (`formatProvenance`). Never rejects. */
  addLog(body: string): Promise<WitnessReply>;
  /** The last cosigned checkpoint of the log whose origin has this SHA-256. */
  checkpointOf(originHash: string): Promise<string | undefined>;
  close(): Promise<void>;
}

/** Opens the witness in `dir`; makes its key the first time. */
export async function openWitness(options: WitnessOptions): Promise<Result<Witness, Problem>> {
  const { dir } = options;
  let lock: Lock | undefined;
  try {
    await privateFolder(join(dir, "logs"));
    lock = await tryLock(dir);
    if (lock === undefined)
      return err({
        code: "witness-busy",
        message: `another witness works in \`${dir}\``,
        hint: "name another `--dir`",
      });
    const cosigner = await cosignerIn(dir, options.name);
    const trust = await openTrust(dir, options.trusted);
    if (cosigner.ok) return ok(witnessOn(options, { cosigner: cosigner.value, trust, lock }));
    await lock.release();
    return cosigner;
  } catch (error) {
    await lock?.release();
    return err(systemProblem("witness-failed", error, dir));
  }
}

async function cosignerIn(dir: string, wanted: string | undefined): Promise<Result<Cosigner, Problem>> {
  const path = join(dir, "witness.pem");
  const shown = join(dir, "witness.vkey");
  const pem = (await readSmall(path)) ?? (await makeKey(dir, path));
  const named = parseCosignerKey(sha256, ((await readSmall(shown)) ?? "").trim())?.name;
  if (named !== undefined && wanted !== undefined && named !== wanted)
    return err({ code: "witness-name", message: `the witness in \`${dir}\` is called \`${named}\` already` });
  const privateKey = createPrivateKey(pem);
  const { publicKey } = signerFor("x", privateKey).key;
  const name = named ?? wanted ?? `ringfence-witness-${sha256Hex(publicKey).slice(0, 16)}`;
  const key = cosignerKey(sha256, name, publicKey);
  const line = `${formatCosignerKey(key)}\n`;
  if ((await readSmall(shown)) !== line) await publishFile(shown, line);
  return ok({ key, sign: (message) => sign(null, message, privateKey) });
}

async function makeKey(dir: string, path: string): Promise<string> {
  const pem = generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" }) as string;
  await writeDurably(`${path}.new`, pem);
  await chmod(`${path}.new`, 0o600);
  await rename(`${path}.new`, path);
  await syncFolder(dir);
  return pem;
}

function witnessOn(options: WitnessOptions, own: { cosigner: Cosigner; trust: WitnessTrust; lock: Lock }): Witness {
  const { dir, now } = options;
  const { cosigner, trust } = own;
  const turns = new Map<string, Promise<unknown>>();
  const fileOf = (originHash: string): string => join(dir, "logs", originHash);
  const serve = async (body: string, origin: string): Promise<WitnessReply> => {
    const last = await lastTree(fileOf(originHashOf(origin)), origin, cosigner.key);
    const memory = { keysFor: trust.keysFor, lastOf: () => last };
    const answer = judgeCheckpoint(body, memory, { sha256, verify: verifyEd25519 });
    if (answer.status !== 200) return replyOf(answer);
    const line = cosign(answer.text, now(), cosigner);
    await publishFile(fileOf(originHashOf(origin)), `${answer.note}${line}`);
    return { status: 200, type: "text/plain; charset=utf-8", body: line };
  };
  return {
    key: cosigner.key,
    addCheckpoint(body: string): Promise<WitnessReply> {
      const cut = body.indexOf("\n\n");
      // Whatever cannot be read has no log, so it may wait behind nobody.
      const origin = treeOfNote(cut < 0 ? "" : body.slice(cut + 2))?.origin ?? "";
      const mine = (turns.get(origin) ?? Promise.resolve()).then(() => serve(body, origin)).catch(failed);
      turns.set(origin, mine);
      void mine.then(() => {
        if (turns.get(origin) === mine) turns.delete(origin);
      });
      return mine;
    },
    addLog: (body) => trust.addLog(body).then(addLogReply, failed),
    checkpointOf: (originHash) =>
      /^[0-9a-f]{64}$/.test(originHash) ? readSmall(fileOf(originHash)) : Promise.resolve(undefined),
    async close(): Promise<void> {
      await Promise.all(turns.values());
      await own.lock.release();
    },
  };
}

/** SHA-256 of a log's origin: the name of its file and of its place for monitors. */
export function originHashOf(origin: string): string {
  return sha256Hex(Buffer.from(origin, "utf8"));
}

/** What was cosigned last; a file that this witness did not sign is damage, never a fresh start. */
async function lastTree(path: string, origin: string, key: VerifierKey): Promise<WitnessedTree | undefined> {
  const note = await readSmall(path);
  if (note === undefined) return undefined;
  const tree = treeOfNote(note);
  const own = cosignaturesOf(note, [key], verifyEd25519);
  if (tree?.origin !== origin || own === undefined || own.length === 0) throw new Error(`damaged: ${path}`);
  return tree;
}

function replyOf(answer: Exclude<WitnessAnswer, { status: 200 }>): WitnessReply {
  if (answer.status === 409) return { status: 409, type: "text/x.tlog.size", body: `${answer.size}\n` };
  return { status: answer.status, type: "text/plain; charset=utf-8", body: `${answer.why}\n` };
}

function addLogReply(answer: AddLogAnswer): WitnessReply {
  const type = "text/plain; charset=utf-8";
  switch (answer) {
    case "added":
      return { status: 200, type, body: "" };
    case "malformed":
      return { status: 400, type, body: "not the notes of a log\n" };
    case "untrusted":
      return { status: 403, type, body: "not certified by a trusted key\n" };
    case "conflict":
      return { status: 422, type, body: "another log stands under this name\n" };
    default:
      return answer satisfies never;
  }
}

function failed(): WitnessReply {
  return {
    status: 500,
    type: "text/plain; charset=utf-8",
    body: "the witness cannot keep its memory; nothing was signed\n",
  };
}
