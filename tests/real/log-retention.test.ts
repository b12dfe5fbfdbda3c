// Old records: compressed they are the same log, removed they are removed in public. What goes without the ledger's word is found.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";
import { beforeEach, describe, expect, it } from "vitest";
import {
  compressLog,
  findPrunable,
  type LogClock,
  type LogReport,
  machineKey,
  openSessionLog,
  pruneSession,
  readLog,
  searchLogBackwards,
  verifyLedger,
  verifyMachine,
  verifySession,
} from "#audit";
import { exitOf, type VerifierKey, verdictText } from "#core/log";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const DAY = 86_400_000;
const NOW = Date.UTC(2026, 10, 26);

const at = (wall: number): LogClock => ({ wall: () => wall, mono: () => 1n });

let state: string;
let key: VerifierKey;
beforeEach(async () => {
  state = join(tmp(), "ringfence");
});

const dirOf = (session: string): string => join(state, "log/sessions", session);

/** A session of so many records that began some days ago. */
async function session(
  name: string,
  daysAgo: number,
  options: { records?: number; open?: true } = {},
): Promise<() => Promise<unknown>> {
  const clock = at(NOW - daysAgo * DAY);
  const opened = await openSessionLog({
    stateDir: state,
    session: name,
    policy: "p",
    workspace: "/w",
    maxBytes: 2 ** 30,
    clock,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  const { append, close } = opened.value;
  const text = (n: number): string => (n % 7 === 0 ? "x".repeat(80_000) : `${n} ${Math.sin(n)}`.repeat(n % 50));
  for (let n = 0; n < (options.records ?? 300); n++)
    await append({ type: "prompt", origin: "observed", data: { n, text: text(n) } });
  if (options.open !== true) await close({ exit: 0 });
  key = (await machineKey(state)) as VerifierKey;
  return () => close({ exit: 0 });
}

const pruning = (): Parameters<typeof pruneSession>[0] => ({
  ...{ stateDir: state, keys: [key], before: NOW - 400 * DAY, reason: "older than 400d", clock: at(NOW) },
});

async function prunable(): Promise<readonly string[]> {
  const found = await findPrunable(state, { keys: [key], before: NOW - 400 * DAY });
  if (!found.ok) throw new Error(found.error.message);
  return found.value.map((each) => each.session);
}

async function verified(name: string): Promise<LogReport> {
  const { entries, machine } = await verifyLedger(state, { keys: [key] });
  const entry = entries.find((each) => each.session === name);
  if (entry === undefined) throw new Error(`no ${name}`);
  return await verifySession(state, entry, { keys: [key], ...(machine === undefined ? {} : { machine }) });
}

const words = async (): Promise<readonly string[]> =>
  (await verifyMachine(state, { keys: [key] })).map(({ verdict }) => verdictText(verdict));

function unpacksTo(packed: Buffer, content: Buffer): boolean {
  try {
    return gunzipSync(packed).equals(content);
  } catch {
    return false;
  }
}

describe("a compressed log", () => {
  it("is the same log to every reader, takes less room, and other programs unpack it", async (context) => {
    await session("old", 500);
    const dir = dirOf("old");
    const before = [...readLog(dir)].map(({ text }) => text);
    const plain = readFileSync(join(dir, "log/000000000000.jsonl"));
    const { segments, before: was, after } = compressLog(dir, { ended: true });
    expect([segments, was, after < was / 2]).toEqual([1, plain.length, true]);
    expect(readdirSync(join(dir, "log"))).toEqual(["000000000000.jsonl.gz"]);
    expect([...readLog(dir)].map(({ text }) => text)).toEqual(before);
    expect([...searchLogBackwards(dir)].map(({ text }) => text).toReversed()).toEqual(before);
    expect(await words()).toEqual(["OK", "OK"]);
    expect(gunzipSync(readFileSync(join(dir, "log/000000000000.jsonl.gz")))).toEqual(plain);
    expect(compressLog(dir, { ended: true }).segments).toBe(0);
    needs(context, "python3", "openssl");
    const python = ["-I", "scripts/verify_log.py", dir, join(state, "keys/machine.vkey")];
    expect(spawnSync("python3", python, { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });

  it("is damaged by whatever changes its bytes, and says where", async () => {
    await session("old", 500, { records: 20 });
    const dir = dirOf("old");
    compressLog(dir, { ended: true });
    const file = join(dir, "log/000000000000.jsonl.gz");
    const good = readFileSync(file);
    const missed: string[] = [];
    const step = process.env["SLOW"] === "1" ? 1 : 97;
    for (let byte = 0; byte < good.length; byte += byte < 24 || byte > good.length - 40 ? 1 : step) {
      const bad = Buffer.from(good);
      bad[byte] = (bad[byte] as number) ^ 0x10;
      writeFileSync(file, bad);
      const { verdict } = await verified("old");
      // the bits that fill up the last byte of a packed block say nothing: then it is the same log
      if (exitOf(verdict) === 0 && !unpacksTo(bad, gunzipSync(good)))
        missed.push(`byte ${byte}: ${verdictText(verdict)}`);
    }
    for (const [what, bytes] of [
      ["cut", good.subarray(0, -1)],
      ["without its end", good.subarray(0, -28)],
      ["longer", Buffer.concat([good, Buffer.from([0])])],
      ["twice", Buffer.concat([good, good])],
      ["empty", Buffer.alloc(0)],
      ["a bomb", gzipSync(Buffer.alloc(450_000_000))],
      ["lines behind its name", gunzipSync(good)],
    ] as const) {
      writeFileSync(file, bytes);
      const { verdict } = await verified("old");
      if (exitOf(verdict) === 0) missed.push(`${what}: ${verdictText(verdict)}`);
    }
    // What another gzip made of the same lines is the same log.
    writeFileSync(file, gzipSync(gunzipSync(good)));
    expect(verdictText((await verified("old")).verdict)).toBe("OK");
    expect(missed).toEqual([]);
  });

  it("may be cut off while it is made: both forms stand there, and only a false one is tampering", async () => {
    await session("old", 500, { records: 50 });
    const dir = dirOf("old");
    const lines = join(dir, "log/000000000000.jsonl");
    const plain = readFileSync(lines);
    compressLog(dir, { ended: true });
    writeFileSync(lines, plain);
    writeFileSync(join(dir, ".tmp-segment"), "half");
    expect(verdictText((await verified("old")).verdict)).toBe("OK");
    const packed = readFileSync(`${lines}.gz`);
    writeFileSync(`${lines}.gz`, gzipSync("something else\n"));
    expect(verdictText((await verified("old")).verdict)).toBe("TAMPERED(framing, 0)");
    writeFileSync(`${lines}.gz`, packed);
    expect(compressLog(dir, { ended: true }).segments).toBe(1);
    expect(await words()).toEqual(["OK", "OK"]);
  });
});

describe("pruning", () => {
  it("takes what is old, closed and whole, after the ledger said so; the notes stay and verify", async () => {
    await session("old", 500);
    await session("killed", 450, { open: true, records: 10 }).then((close) => close());
    await session("young", 3);
    expect(await prunable()).toEqual(["old", "killed"]);
    const { root } = await verified("old");
    expect(await pruneSession(pruning(), "old")).toEqual({ ok: true, value: undefined });
    expect(readdirSync(dirOf("old")).sort()).toEqual(["certificate", "checkpoint", "checkpoints"]);
    const ledger = [...readLog(join(state, "log/ledger"))].map(({ record }) => record);
    expect(ledger.find((record) => record?.type === "prune")).toMatchObject({
      session: "old",
      origin: "observed",
      data: { from: 0, to: 302, root, reason: "older than 400d" },
    });
    const report = await verified("old");
    expect([verdictText(report.verdict), report.notes]).toEqual([
      "OK",
      [expect.stringMatching(/^pruned: its 302 records/)],
    ]);
    expect(await words()).toEqual(["OK", "OK", "OK", "OK"]);
    expect(await prunable()).toEqual(["killed"]);
  });

  it("leaves a session that runs, one that was changed, and one that is younger", async () => {
    const close = await session("runs", 500, { open: true, records: 3 });
    await session("changed", 500, { records: 3 });
    await session("young", 3, { records: 3 });
    const file = join(dirOf("changed"), "log/000000000000.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace('"n":1', '"n":7'));
    expect(await pruneSession(pruning(), "runs")).toMatchObject({ value: { why: "it runs" } });
    expect(await pruneSession(pruning(), "changed")).toMatchObject({
      value: { why: expect.stringMatching(/evidence: TAMPERED/) },
    });
    expect(await pruneSession(pruning(), "young")).toMatchObject({ value: { why: "it is younger" } });
    expect(await pruneSession(pruning(), "nobody")).toMatchObject({ ok: false });
    for (const name of ["runs", "changed", "young"]) expect(existsSync(join(dirOf(name), "log"))).toBe(true);
    await close();
  });

  it("happens nowhere while the ledger does not hold", async () => {
    await session("old", 500, { records: 3 });
    const file = join(state, "log/ledger/log/000000000000.jsonl");
    writeFileSync(file, readFileSync(file, "utf8").replace('"workspace":"/w"', '"workspace":"/x"'));
    expect(await findPrunable(state, { keys: [key], before: NOW })).toMatchObject({
      ok: false,
      error: { code: "log-damaged" },
    });
    expect(await pruneSession(pruning(), "old")).toMatchObject({ ok: false });
    expect(existsSync(join(dirOf("old"), "log"))).toBe(true);
  });

  it("that was cut off is finished by the next one, and verifies at every step", async () => {
    await session("old", 500, { records: 30 });
    const before = join(tmp(), "before");
    cpSync(dirOf("old"), before, { recursive: true });
    await pruneSession(pruning(), "old");
    // The ledger has said so, and nothing has gone yet; then part after part.
    rmSync(dirOf("old"), { recursive: true });
    cpSync(before, dirOf("old"), { recursive: true });
    expect(verdictText((await verified("old")).verdict)).toBe("OK");
    for (const part of ["log", "tile", "blobs"]) {
      renameSync(join(dirOf("old"), part), join(dirOf("old"), `.tmp-pruned-${part}`));
      expect(verdictText((await verified("old")).verdict)).toBe("OK");
    }
    expect(await prunable()).toEqual(["old"]);
    expect(await pruneSession(pruning(), "old")).toEqual({ ok: true, value: undefined });
    expect(await prunable()).toEqual([]);
    const pruned = [...readLog(join(state, "log/ledger"))].filter(({ record }) => record?.type === "prune");
    expect(pruned).toHaveLength(1);
  });

  it("without the ledger's word is found, and so is what contradicts it", async () => {
    await session("old", 500, { records: 300 });
    await session("other", 500, { records: 30 });
    const pruned = async (change: () => void): Promise<string> => {
      const kept = join(tmp(), "kept");
      cpSync(state, kept, { recursive: true });
      change();
      const word = verdictText((await verified("old")).verdict);
      rmSync(state, { recursive: true });
      cpSync(kept, state, { recursive: true });
      return word;
    };
    const without = (part: string): Promise<string> =>
      pruned(() => rmSync(join(dirOf("old"), part), { recursive: true }));
    expect(await without("log")).toBe("INCOMPLETE(log)");
    expect(await without("blobs")).toMatch(/^INCOMPLETE\(blobs/);
    expect(await without(".")).toMatch(/^TRUNCATED\(0, 302, ledger\)/);
    await pruneSession(pruning(), "old");
    expect(await without("checkpoint")).toBe("INCOMPLETE(checkpoint)");
    expect(await without(".")).toMatch(/^INCOMPLETE/);
    expect(await without("certificate")).not.toBe("OK");
    const swap = (part: string) => (): void => {
      rmSync(join(dirOf("old"), part), { recursive: true, force: true });
      cpSync(join(dirOf("other"), part), join(dirOf("old"), part), { recursive: true });
    };
    expect(await pruned(swap("."))).toMatch(/^TAMPERED/);
    expect(await pruned(swap("checkpoint"))).toMatch(/^(UNTRUSTED_KEY|TAMPERED)/);
    expect(await pruned(swap("log"))).toMatch(/^(TAMPERED|TRUNCATED)/);
  });
});

describe("the command", () => {
  it("keeps what the policy keeps, says what would go, and says what went", async (context) => {
    needs(context, "helper");
    await session("old", 500, { records: 5 });
    const folder = join(state, "..");
    const work = join(folder, "work");
    mkdirSync(work);
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, XDG_STATE_HOME: folder };
    const log = (...args: readonly string[]): { status: number | null; text: string } => {
      const { status, stdout, stderr } = spawnSync(launcher, ["log", ...args], { cwd: work, env, encoding: "utf8" });
      return { status, text: stdout + stderr };
    };
    expect(log("prune")).toMatchObject({
      status: 64,
      text: expect.stringMatching(/how long records are kept\nhint: /),
    });
    expect(log("prune", "--older-than", "soon").status).toBe(64);
    const policy = ["--policy", join(folder, "policy.yaml")];
    writeFileSync(join(folder, "policy.yaml"), "audit: { retention: 400d }\n");
    expect(log("prune", "--older-than", "30d", ...policy)).toMatchObject({
      status: 126,
      text: expect.stringMatching(/keeps records for 400d/),
    });
    expect(log("prune", "--dry-run", ...policy)).toMatchObject({
      status: 0,
      text: expect.stringMatching(/^would prune {2}old/),
    });
    expect(log("du", ...policy)).toMatchObject({ status: 0, text: expect.stringMatching(/would free [1-9]/) });
    expect(log("compress")).toMatchObject({ status: 0, text: expect.stringMatching(/1 segment,/) });
    expect(log("show", "old").text).toContain("session.open");
    expect(log("verify")).toMatchObject({ status: 0 });
    expect(log("prune", ...policy)).toMatchObject({ status: 0, text: expect.stringMatching(/^pruned {2}old/) });
    expect(log("verify")).toMatchObject({ status: 0, text: expect.stringMatching(/note: pruned: its 7 records/) });
    expect(log("show", "old")).toMatchObject({ status: 2, text: expect.stringMatching(/were removed on/) });
    expect(log("show", "--all").status).toBe(0);
    expect(statSync(join(state, "keys/machine.pem")).mode & 0o777).toBe(0o600);
  });
});
