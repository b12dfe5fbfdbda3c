// The witness, asked by a client that was written from the specification alone, and by our own; what it has signed it never
// takes back, whoever asks at once and however it ends.
import { execFile, execFileSync } from "node:child_process";
import { generateKeyPairSync, sign } from "node:crypto";
import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, onTestFinished, test } from "vitest";
import {
  machineKey,
  openSessionLog,
  openSigned,
  openWitness,
  parseTrust,
  type SignedLog,
  serveWitness,
  sha256,
  submitToWitness,
  type TrustedLog,
  verifyEd25519,
  verifyLog,
  type Witness,
} from "#audit";
import { ok, type Problem, type Result } from "#core";
import {
  cosignaturesOf,
  formatAddCheckpoint,
  formatCosignerKey,
  leafHash,
  type NoteSigner,
  nodeHash,
  signCheckpoint,
  toHex,
  verifierKey,
} from "#core/log";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const CLIENT = fileURLToPath(new URL("../support/witness_client.py", import.meta.url));

interface Running {
  readonly witness: Witness;
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

async function run(dir: string, trusted: readonly TrustedLog[]): Promise<Running> {
  const opened = await openWitness({ dir, trusted, now: () => Math.floor(Date.now() / 1000) });
  if (!opened.ok) throw new Error(opened.error.message);
  const served = await serveWitness(opened.value, { host: "127.0.0.1", port: 0 });
  if (!served.ok) throw new Error(served.error.message);
  const stop = async (): Promise<void> => {
    await served.value.close();
    await opened.value.close();
  };
  onTestFinished(stop);
  const { port } = served.value;
  return { witness: opened.value, port, url: `http://127.0.0.1:${port}`, stop };
}

test("a client of the specification gets the specification's answers", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const folder = tmp();
  const origin = "log.example/one";
  const vkey = execFileSync("python3", [CLIENT, "key", folder, origin], { encoding: "utf8" });
  const { witness, port } = await run(join(folder, "w"), parseTrust(vkey) ?? []);
  const args = [CLIENT, "run", folder, origin, "127.0.0.1", String(port), formatCosignerKey(witness.key)];
  const { stdout } = await promisify(execFile)("python3", args);
  const steps = stdout
    .trimEnd()
    .split("\n")
    .map(
      (line) => JSON.parse(line) as { step: string; status: number; type?: string; size?: string; cosigned?: boolean },
    );
  const answers = steps.map(({ step, status, size, cosigned }) =>
    [step, status, size ?? cosigned].filter((x) => x !== undefined),
  );
  expect(answers).toEqual([
    ["empty", 200, true],
    ["first", 200, true],
    ["first again, as if unknown", 409, "3\n"],
    ["grows", 200, true],
    ["the same again", 200, true],
    ["smaller old", 409, "1000\n"],
    ["larger old than the checkpoint", 400],
    ["no proof", 422],
    ["a wrong proof", 422],
    ["a proof too much", 422],
    ["another root at the same size", 422],
    ["a wrong signature", 403],
    ["an unknown log", 404],
    ["no signature", 400],
    ["a stranger's signature", 403],
    ["a stranger's signature beside it", 200, true],
    ["extension lines", 200, true],
    ...Array.from({ length: 9 }, () => ["rubbish", 400]),
    ["more proof than a tree has", 400],
    ["a megabyte", 413],
    ["still there", 200, true],
    ["monitor", 200, "5000"],
  ]);
  expect(steps.find(({ status }) => status === 409)?.type).toBe("text/x.tlog.size");
  expect(steps.at(-1)).toMatchObject({ names: [origin, witness.key.name] });
});

test("two that ask at once with two continuations: one is signed, the other never", async () => {
  const folder = tmp();
  const log = logKey("log.example/two");
  const { witness } = await run(folder, [{ origin: log.key.name, key: log.key }]);
  const leaf = (text: string): Uint8Array => leafHash(sha256, Buffer.from(text));
  const note = (root: Uint8Array, size: number): string => signCheckpoint({ origin: log.key.name, size, root }, log);
  const first = leaf("0");
  await witness.addCheckpoint(formatAddCheckpoint({ old: 0, proof: [], note: note(first, 1) }));
  const asks = Array.from({ length: 12 }, (_, n) => {
    const second = leaf(`fork ${n}`);
    return witness.addCheckpoint(
      formatAddCheckpoint({ old: 1, proof: [second], note: note(nodeHash(sha256, first, second), 2) }),
    );
  });
  const statuses = (await Promise.all(asks)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual([200, ...Array.from({ length: 11 }, () => 409)]);
  const cosigned = readFileSync(join(folder, "logs", toHex(sha256(Buffer.from(log.key.name)))), "utf8");
  expect(cosignaturesOf(cosigned, [witness.key], verifyEd25519)).toHaveLength(1);
});

function logKey(name: string): NoteSigner {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = new Uint8Array(publicKey.export({ format: "der", type: "spki" }).subarray(-32));
  return { key: verifierKey(sha256, name, raw), sign: (message) => sign(null, message, privateKey) };
}

test("its memory outlives it, is signed, and damage to it is no fresh start", async () => {
  const folder = tmp();
  const log = logKey("log.example/three");
  const trusted = [{ origin: log.key.name, key: log.key }];
  const note = (root: Uint8Array, size: number): string => signCheckpoint({ origin: log.key.name, size, root }, log);
  const leaf = leafHash(sha256, Buffer.from("0"));
  const body = formatAddCheckpoint({ old: 0, proof: [], note: note(leaf, 1) });
  const one = await run(folder, trusted);
  expect((await one.witness.addCheckpoint(body)).status).toBe(200);
  expect(await openWitness({ dir: folder, trusted, now: () => 1 })).toMatchObject({
    ok: false,
    error: { code: "witness-busy" },
  });
  await one.stop();
  const two = await run(folder, trusted);
  expect(formatCosignerKey(two.witness.key)).toBe(formatCosignerKey(one.witness.key));
  expect(await two.witness.addCheckpoint(body)).toMatchObject({ status: 409, body: "1\n" });
  expect(statSync(join(folder, "witness.pem")).mode & 0o777).toBe(0o600);
  const [file = ""] = readdirSync(join(folder, "logs"));
  const kept = readFileSync(join(folder, "logs", file), "utf8");
  for (const damage of ["", kept.replace("\n1\n", "\n0\n"), note(leaf, 1), `${kept}x`]) {
    writeFileSync(join(folder, "logs", file), damage);
    expect((await two.witness.addCheckpoint(body)).status, JSON.stringify(damage.slice(0, 40))).toBe(500);
  }
});

test("a checkpoint that others scribbled under does not fill the memory", async () => {
  const folder = tmp();
  const log = logKey("log.example/four");
  const { witness } = await run(folder, [{ origin: log.key.name, key: log.key }]);
  const leaf = leafHash(sha256, Buffer.from("0"));
  const note = signCheckpoint({ origin: log.key.name, size: 1, root: leaf }, log);
  const scribbled = note + `\u2014 stranger.example ${Buffer.alloc(68).toString("base64")}\n`.repeat(99);
  expect((await witness.addCheckpoint(formatAddCheckpoint({ old: 0, proof: [], note: scribbled }))).status).toBe(200);
  expect((await witness.addCheckpoint(formatAddCheckpoint({ old: 1, proof: [], note }))).status).toBe(200);
});

test("slow and half clients hold nobody up", async () => {
  const log = logKey("log.example/five");
  const { port, witness } = await run(tmp(), [{ origin: log.key.name, key: log.key }]);
  const half = Array.from({ length: 40 }, () => {
    const open = request({
      port,
      host: "127.0.0.1",
      path: "/add-checkpoint",
      method: "POST",
      headers: { "content-length": "5000" },
    });
    open.on("error", () => undefined);
    open.write("old 0\n");
    return open;
  });
  onTestFinished(() => {
    for (const open of half) open.destroy();
  });
  const note = signCheckpoint({ origin: log.key.name, size: 1, root: leafHash(sha256, Buffer.from("0")) }, log);
  const answer = await fetch(`http://127.0.0.1:${port}/add-checkpoint`, {
    method: "POST",
    body: formatAddCheckpoint({ old: 0, proof: [], note }),
  });
  expect(answer.status).toBe(200);
  expect((await fetch(`http://127.0.0.1:${port}/add-checkpoint`)).status).toBe(405);
  expect((await fetch(`http://127.0.0.1:${port}/../witness.pem`)).status).toBe(404);
  expect(witness.key.id).toMatch(/^[0-9a-f]{8}$/);
});

async function session(
  stateDir: string,
  name: string,
): Promise<{ grow: (count: number) => Promise<SignedLog>; close: () => Promise<SignedLog> }> {
  const epochs = { everyMs: Number.POSITIVE_INFINITY, everyRecords: 50 };
  const log = await openSessionLog({ stateDir, session: name, policy: "0", workspace: "/w", maxBytes: 1e8, epochs });
  if (!log.ok) throw new Error(log.error.message);
  const key = await machineKey(stateDir);
  const signed = (): SignedLog => {
    const opened = openSigned(log.value.dir, key === undefined ? [] : [key]);
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  };
  return {
    async grow(count) {
      let last = 0;
      for (let n = 0; n < count; n++)
        last = await log.value.append({ type: "limit.hit", origin: "observed", data: { n } });
      await expect.poll(() => signed().size).toBeGreaterThan(last);
      return signed();
    },
    async close() {
      await log.value.close({});
      return signed();
    },
  };
}

function opens(signed: SignedLog): () => Result<SignedLog, Problem> {
  return () => ok(signed);
}

test("a session is cosigned over several epochs with the machine's key alone, and a fork of it is not", async () => {
  const stateDir = tmp();
  const log = await session(stateDir, "one");
  const key = await machineKey(stateDir);
  if (key === undefined) throw new Error("no key");
  const { url, witness } = await run(tmp(), [{ origin: key.name, key }]);
  const place = { url, key: witness.key };
  for (const count of [5, 120, 10])
    expect(await submitToWitness(opens(await log.grow(count)), place)).toMatchObject({ ok: true });
  const closed = await log.close();
  const done = await submitToWitness(opens(closed), place);
  if (!done.ok) throw new Error(done.error.message);
  expect(done.value.size).toBe(closed.size);
  // What the witness signed is an anchor, and the log with it beside still holds.
  expect(verifyLog(closed.dir, { keys: [key], remembered: { anchor: done.value.note } })).toMatchObject({
    verdict: { word: "OK" },
    freshness: "anchored",
  });
  const judged = (note: string): ReturnType<typeof verifyLog> =>
    verifyLog(closed.dir, { keys: [key], witnesses: [witness.key], remembered: { anchor: note } });
  expect(judged(done.value.note)).toMatchObject({ verdict: { word: "OK" }, freshness: "witnessed" });
  expect(judged(done.value.note).notes.at(-1)).toMatch(
    new RegExp(`^the witness ringfence-witness-\\w+ had seen ${closed.size} records`),
  );
  expect(judged(closed.checkpoint)).toMatchObject({ verdict: { word: "OK" }, freshness: "anchored" });
  const later = done.value.note.replace(
    /(\u2014 ringfence-witness\S+ \S{9})(\S)/,
    (_, head, c) => `${head}${c === "B" ? "C" : "B"}`,
  );
  expect(later).not.toBe(done.value.note);
  expect(judged(later).verdict).toMatchObject({ word: "TAMPERED", kind: "sig" });
  // The ledger, too.
  const ledger = openSigned(join(stateDir, "log/ledger"), [key]);
  expect(ledger.ok && (await submitToWitness(opens(ledger.value), place)).ok).toBe(true);
  // A copy of the machine from before, which went another way under the same name.
  const forked = { ...closed, size: 1, checkpoint: closed.checkpoint };
  expect(await submitToWitness(opens(forked), place)).toMatchObject({ ok: false, error: { code: "witness-fork" } });
});

test("a stranger's log, a stranger's witness and a witness that is not there are told apart", async () => {
  const stateDir = tmp();
  const signed = await (await session(stateDir, "one")).close();
  const stranger = logKey("log.example/six");
  const { url } = await run(tmp(), [{ origin: stranger.key.name, key: stranger.key }]);
  const place = { url, key: stranger.key };
  expect(await submitToWitness(opens(signed), place)).toMatchObject({ ok: false, error: { code: "witness-refused" } });
  const key = await machineKey(stateDir);
  const honest = await run(tmp(), key === undefined ? [] : [{ origin: key.name, key }]);
  expect(await submitToWitness(opens(signed), { url: honest.url, key: stranger.key })).toMatchObject({
    ok: false,
    error: { code: "witness-refused" },
  });
  await honest.stop();
  expect(await submitToWitness(opens(signed), { url: honest.url, key: honest.witness.key })).toMatchObject({
    ok: false,
    error: { code: "witness-refused" },
  });
});
