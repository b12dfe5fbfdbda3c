// Receipts and consistency proofs: made from tiles or, where there are none, from lines; checked with a public key and nothing else.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  machineKey,
  makeExtension,
  makeReceipt,
  openSessionLog,
  openSigned,
  type SessionLog,
  type SignedLog,
  sha256,
  verifyEd25519,
  verifyLog,
} from "#audit";
import { checkExtension, checkReceipt, type VerifierKey, verdictText } from "#core/log";
import { readByPython } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const crypto = { sha256, verify: verifyEd25519 };

interface Made {
  readonly log: SessionLog;
  readonly key: VerifierKey;
  readonly dir: string;
}

async function record(count: number, end: "closed" | "open" = "closed"): Promise<Made> {
  const stateDir = tmp();
  const opened = await openSessionLog({ stateDir, session: "one", policy: "0", workspace: "/w", maxBytes: 1e9 });
  if (!opened.ok) throw new Error(opened.error.message);
  const log = opened.value;
  const text = "é\u0001\ud83d\ude00".repeat(20);
  for (let at = 0; at < count; at += 4000)
    await Promise.all(
      Array.from({ length: Math.min(4000, count - at) }, (_, n) =>
        log.append({ type: "prompt", origin: "claimed", data: { n: at + n, text } }),
      ),
    );
  const key = await machineKey(stateDir);
  if (key === undefined) throw new Error("no key");
  if (end === "closed") await log.close({ exit: 0 });
  return { log, key, dir: log.dir };
}

function signed(dir: string, key: VerifierKey): SignedLog {
  const opened = openSigned(dir, [key]);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

function receipt(log: SignedLog, seq: number): string {
  const made = makeReceipt(log, seq);
  if (!made.ok) throw new Error(made.error.message);
  return made.value;
}

test.each([1, 2, 253, 254, 255, 256, 600])("every record of a log of %d and two more has a receipt", async (count) => {
  const { dir, key } = await record(count);
  const log = signed(dir, key);
  expect(log.size).toBe(count + 2);
  const step = count > 300 ? 7 : 1;
  for (let seq = 0; seq < log.size; seq += step) {
    const report = checkReceipt(receipt(log, seq), [key], crypto);
    expect(report).toMatchObject({ verdict: { word: "OK" }, record: { seq }, size: log.size });
  }
});

test("a log without tiles gives the same receipts as one with them", async () => {
  const { dir, key } = await record(700);
  const log = signed(dir, key);
  const seqs = [0, 1, 255, 256, 511, 512, 700, 701];
  const before = seqs.map((seq) => receipt(log, seq));
  rmSync(join(dir, "tile"), { recursive: true });
  expect(seqs.map((seq) => receipt(log, seq))).toEqual(before);
});

test("an open log proves what is signed and says what is not", async () => {
  const { log, dir, key } = await record(900, "open");
  await log.append({ type: "limit.hit", origin: "observed", data: {} });
  await expect.poll(() => signed(dir, key).size).toBe(902);
  const state = signed(dir, key);
  expect(checkReceipt(receipt(state, 901), [key], crypto).verdict).toEqual({ word: "OK" });
  expect(makeReceipt(state, 902)).toMatchObject({ ok: false, error: { code: "log-unsigned" } });
  await log.close({});
});

test("a long log that is still open has the upper tiles that a proof needs, and they are the lines' own", async () => {
  const { log, dir, key } = await record(5000, "open");
  await log.append({ type: "limit.hit", origin: "observed", data: {} });
  await expect.poll(() => signed(dir, key).size).toBe(5002);
  const [width = "0"] = readdirSync(join(dir, "tile/1/000.p"));
  expect(Number(width)).toBeGreaterThanOrEqual(16);
  const state = signed(dir, key);
  for (const seq of [0, 4095, 4096, 4863, 4864, 5001])
    expect(checkReceipt(receipt(state, seq), [key], crypto).verdict).toEqual({ word: "OK" });
  expect(verifyLog(dir, { keys: [key] }).verdict).toEqual({ word: "OK" });
  const tile = join(dir, "tile/1/000.p", width);
  const hashes = readFileSync(tile);
  writeFileSync(tile, hashes.with(40, (hashes[40] ?? 0) ^ 1));
  expect(makeReceipt(state, 4900)).toMatchObject({ ok: false, error: { code: "log-damaged" } });
  expect(verifyLog(dir, { keys: [key] }).verdict).toMatchObject({ word: "TAMPERED", kind: "root", seq: 256 });
  await log.close({});
});

test("no byte of a receipt can be another one", async (ctx) => {
  needs(ctx, "python3", "openssl");
  const { dir, key } = await record(30);
  const text = receipt(signed(dir, key), 17);
  const bytes = Buffer.from(text, "utf8");
  expect(checkReceipt(text, [key], crypto).verdict.word).toBe("OK");
  for (let at = 0; at < bytes.length; at++)
    for (const flip of [1, 0x20, 0x80]) {
      const copy = Buffer.from(bytes);
      copy[at] = (copy[at] ?? 0) ^ flip;
      const { verdict } = checkReceipt(copy.toString("utf8"), [key], crypto);
      expect(verdict.word, `byte ${at} ^ ${flip}`).not.toBe("OK");
    }
  // Python's reading is as strict: a bit in the padding of a hash is no hiding place.
  const hashLine = /^[A-Za-z0-9+/]{43}=$/m.exec(text)?.[0] ?? "";
  const spelt = `${hashLine.slice(0, 42)}${String.fromCharCode(hashLine.charCodeAt(42) + 1)}=`;
  expect(checkReceipt(text.replace(hashLine, spelt), [key], crypto).verdict.word).not.toBe("OK");
  const file = join(tmp(), "r.tlog-proof");
  const vkey = join(dir, "../../../keys/machine.vkey");
  writeFileSync(file, text);
  expect(readByPython(file, vkey).ok).toBe(true);
  writeFileSync(file, text.replace(hashLine, spelt));
  expect(readByPython(file, vkey).ok).toBe(false);
  for (let end = 0; end < text.length; end += 13)
    expect(checkReceipt(text.slice(0, end), [key], crypto).verdict.word).not.toBe("OK");
  expect(checkReceipt(`${text}\n`, [key], crypto).verdict.word).not.toBe("OK");
});

test("a receipt of another machine, of another place and over a changed line are told apart", async () => {
  const one = await record(20);
  const two = await record(20);
  const text = receipt(signed(one.dir, one.key), 5);
  expect(verdictText(checkReceipt(text, [two.key], crypto).verdict)).toMatch(/^UNTRUSTED_KEY/);
  expect(verdictText(checkReceipt(text.replace("\nindex 5\n", "\nindex 4\n"), [one.key], crypto).verdict)).toBe(
    "TAMPERED(root, 4)",
  );
  const extra = /extra (\S+)/.exec(text)?.[1] ?? "";
  const forged = Buffer.from(Buffer.from(extra, "base64").toString("utf8").replace('\\"n\\":4', '\\"n\\":9')).toString(
    "base64",
  );
  expect(forged).not.toBe(extra);
  expect(verdictText(checkReceipt(text.replace(extra, forged), [one.key], crypto).verdict)).toBe("TAMPERED(root, 5)");
});

test("nothing is proved from a changed line or tile", async () => {
  const { dir, key } = await record(300);
  const log = signed(dir, key);
  const tile = join(dir, "tile/0/000");
  const hashes = readFileSync(tile);
  writeFileSync(tile, hashes.with(40, (hashes[40] ?? 0) ^ 1));
  expect(makeReceipt(log, 9)).toMatchObject({ ok: false, error: { code: "log-damaged" } });
  writeFileSync(tile, hashes);
  const segment = join(dir, "log", readdirSync(join(dir, "log"))[0] ?? "");
  writeFileSync(segment, readFileSync(segment, "utf8").replace('"n":8,', '"n":7,'));
  expect(makeReceipt(log, 9)).toMatchObject({ ok: false, error: { code: "log-damaged" } });
  expect(makeReceipt(log, 10).ok).toBe(true);
});

test("a log proves that it still holds what a kept checkpoint spoke of, and a fork cannot", async () => {
  const { log, dir, key } = await record(300, "open");
  await log.append({ type: "limit.hit", origin: "observed", data: {} });
  await expect.poll(() => signed(dir, key).size).toBe(302);
  const kept = signed(dir, key).checkpoint;
  for (let n = 0; n < 400; n++) await log.append({ type: "prompt", origin: "claimed", data: { n } });
  await log.close({});
  const made = makeExtension(signed(dir, key), kept);
  if (!made.ok) throw new Error(made.error.message);
  expect(checkExtension(made.value, { keys: [key], anchor: kept, crypto })).toMatchObject({
    verdict: { word: "OK" },
    from: 302,
    to: 703,
  });
  const bytes = Buffer.from(made.value, "utf8");
  for (let at = 0; at < bytes.length; at++) {
    const copy = Buffer.from(bytes);
    copy[at] = (copy[at] ?? 0) ^ 1;
    expect(checkExtension(copy.toString("utf8"), { keys: [key], crypto }).verdict.word, `byte ${at}`).not.toBe("OK");
  }
  const other = await record(300);
  expect(makeExtension(signed(dir, key), signed(other.dir, other.key).checkpoint)).toMatchObject({
    ok: false,
    error: { code: "log-anchor" },
  });
});
