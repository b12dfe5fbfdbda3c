// I12: three programs that share nothing with ours read the log and come to the same answer, and each refuses what was changed.
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { machineKey, openOutsideLog, openSessionLog, sha256, verifyLog } from "#audit";
import { leafHash, parseVerifierKey, toHex, type VerifierKey } from "#core/log";
import { readByGo, readByPython, readBySigstore } from "../support/log-readers.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const DAY = 86_400_000;
const SEGMENT = "log/000000000000.jsonl";

interface Recorded {
  readonly stateDir: string;
  readonly dir: string;
  readonly vkey: string;
  readonly machine: VerifierKey;
  /** Every key the log ever had. */
  readonly keys: readonly VerifierKey[];
}

/** A session of a machine that is `age` days old, with an epoch every `every` records. */
async function record(options: { age: number; every: number; count: number; stateDir?: string }): Promise<Recorded> {
  const stateDir = options.stateDir ?? tmp();
  let now = Date.parse("2026-11-20T10:00:00Z");
  const open = async (session: string): ReturnType<typeof openSessionLog> =>
    openSessionLog({
      stateDir,
      session,
      policy: "0",
      workspace: "/w",
      maxBytes: 1e8,
      epochs: { everyMs: Number.POSITIVE_INFINITY, everyRecords: options.every },
      clock: { wall: () => now, mono: () => BigInt(now) * 1_000_000n },
    });
  for (let day = 0; day < options.age; day++, now += DAY) {
    const earlier = await open(`day-${day}`);
    if (!earlier.ok) throw new Error(earlier.error.message);
    await earlier.value.close({});
  }
  const log = await open("one");
  if (!log.ok) throw new Error(log.error.message);
  for (let n = 0; n < options.count; n += 1)
    await log.value.append({
      type: "prompt",
      origin: "claimed",
      data: { n, text: n === 3 ? "long ".repeat(9000) : "é\u0001\ud83d\ude00" },
    });
  await log.value.close({ exit: 0 });
  const machine = await machineKey(stateDir);
  if (machine === undefined) throw new Error("no key");
  const { dir } = log.value;
  return { stateDir, dir, vkey: join(stateDir, "keys/machine.vkey"), machine, keys: keysOf(dir) };
}

/** As a sigstore trusted root would list them. */
function keysOf(dir: string): readonly VerifierKey[] {
  const notes = [
    "certificate",
    ...(existsSync(join(dir, "epochs")) ? readdirSync(join(dir, "epochs")).map((name) => `epochs/${name}`) : []),
  ];
  return notes.flatMap((file) => {
    const vkey = /^key (\S+)$/m.exec(readFileSync(join(dir, file), "utf8"))?.[1] ?? "";
    const key = parseVerifierKey(sha256, vkey);
    return key === undefined ? [] : [key];
  });
}

test.for([
  { age: 0, every: 1e6, count: 20 },
  { age: 0, every: 7, count: 30 },
  { age: 3, every: 100, count: 600 },
])(
  "a log of a machine $age days old, with an epoch every $every records: all come to one answer",
  async (options, ctx) => {
    needs(ctx, "python3", "openssl", "go-sumdb");
    const { dir, vkey, keys, machine, stateDir } = await record(options);
    const report = verifyLog(dir, { keys: [machine] });
    expect(report.verdict).toEqual({ word: "OK" });
    const answer = `OK ${report.records} ${Buffer.from(report.root ?? "", "hex").toString("base64")}`;
    expect(readByPython(dir, vkey)).toEqual({ ok: true, said: `${answer}\n` });
    expect(readByGo("log", dir, vkey)).toEqual({ ok: true, said: `${answer}\n` });
    expect(readBySigstore(dir, keys)).toEqual({ ok: true, said: answer });
    const ledger = join(stateDir, "log/ledger");
    expect(readByPython(ledger, vkey).said).toMatch(/^OK /);
    expect(readByGo("log", ledger, vkey).said).toMatch(/^OK /);
  },
);

test("all but sigstore, which knows no notes, read a log that its writers left and went on with", async (ctx) => {
  needs(ctx, "python3", "openssl", "go-sumdb");
  const stateDir = tmp();
  const dir = join(tmp(), "tool");
  for (let writer = 0; writer < 3; writer++) {
    const log = await openOutsideLog({ stateDir, dir, epochs: { everyRecords: 4 } });
    if (!log.ok) throw new Error(log.error.message);
    for (let n = 0; n < 6; n++) await log.value.append({ type: "prompt", origin: "claimed", data: { n } });
    await log.value.end();
  }
  const machine = await machineKey(stateDir);
  if (machine === undefined) throw new Error("no key");
  const report = verifyLog(dir, { keys: [machine] });
  expect(report.verdict).toEqual({ word: "OK" });
  expect(report.notes.filter((note) => note.includes("its writer had gone"))).toHaveLength(2);
  const answer = `OK ${report.records} ${Buffer.from(report.root ?? "", "hex").toString("base64")}\n`;
  const vkey = join(stateDir, "keys/machine.vkey");
  const begun = (epoch: number, record: number): string =>
    `epoch ${epoch} was begun by the machine's key at record ${record}\n`;
  expect(readByPython(dir, vkey)).toEqual({ ok: true, said: `${answer}${begun(2, 9)}${begun(4, 18)}` });
  expect(readByGo("log", dir, vkey)).toEqual({ ok: true, said: answer });
  for (const change of [
    (): void => rmSync(join(dir, "epochs/2")),
    (): void => edit(dir, SEGMENT, (text) => text.replace("epoch.open", "epoch.opem")),
  ]) {
    const kept = join(tmp(), "kept");
    cpSync(dir, kept, { recursive: true });
    change();
    expect(readByPython(dir, vkey).ok || readByGo("log", dir, vkey).ok).toBe(false);
    rmSync(dir, { recursive: true });
    cpSync(kept, dir, { recursive: true });
  }
});

/** Each changes the lines of a log of 23 records. */
const LINES: Record<string, (all: string[]) => string[]> = {
  "a letter": (all) => all.with(5, (all[5] ?? "").replace('"prompt"', '"promqt"')),
  "a space": (all) => all.with(5, (all[5] ?? "").replace('"origin":', '"origin": ')),
  "the last record": (all) => all.with(-1, (all.at(-1) ?? "").replace('"exit":0', '"exit":1')),
  "a carriage return": (all) => all.with(7, `${all[7]}\r`),
  "two records swapped": (all) => all.with(5, all[6] ?? "").with(6, all[5] ?? ""),
  "a record less": (all) => all.toSpliced(9, 1),
  "the first record less": (all) => all.slice(1),
  "the last record less": (all) => all.slice(0, -1),
  "half of them": (all) => all.slice(0, 11),
  "a record twice": (all) => all.toSpliced(9, 0, all[9] ?? ""),
  "a key twice": (all) => all.with(5, (all[5] ?? "").replace('{"v":1,', '{"v":1,"seq":9,')),
  "keys in another order": (all) => all.with(5, (all[5] ?? "").replace(/"v":1,("seq":5),/, '$1,"v":1,')),
  "another spelling of a letter": (all) => all.with(5, (all[5] ?? "").replace("prompt", "\\u0070rompt")),
  "a record at the end": (all) =>
    rechained([...all, (all.at(-1) ?? "").replace(/"seq":\d+/, `"seq":${all.length}`)], all.length),
  "everything behind a record anew": (all) => rechained(all.with(5, (all[5] ?? "").replace('"n":4', '"n":5')), 6),
  "everything anew": (all) => rechained(all.with(0, (all[0] ?? "").replace('"policy":"0"', '"policy":"1"')), 1),
};

/** The chain made whole again from a record on, as somebody without a key can. */
function rechained(lines: readonly string[], from: number): string[] {
  const all = [...lines];
  for (let n = from; n < all.length; n++) {
    const prev = toHex(leafHash(sha256, Buffer.from(all[n - 1] ?? "")));
    all[n] = (all[n] ?? "").replace(/"prev":"[0-9a-f]{64}"/, `"prev":"${prev}"`);
  }
  return all;
}

/** Each changes another file of the log; `other` is another log of the same machine, `foreign` one of another. */
const FILES: Record<string, (dir: string, others: { other: string; foreign: string }) => void> = {
  "another size": (dir) => edit(dir, "checkpoint", (text) => text.replace(/\n\d+\n/, "\n19\n")),
  "another root": (dir) =>
    edit(dir, "checkpoint", (text) => text.replace(/\n[A-Za-z0-9+/=]{44}\n/, `\n${"A".repeat(43)}=\n`)),
  "another origin": (dir) => edit(dir, "checkpoint", (text) => text.replace("/one\n", "/two\n")),
  "a flipped bit in the signature": (dir) => edit(dir, "checkpoint", flipSignature),
  "no signature": (dir) => edit(dir, "checkpoint", (text) => text.replace(/\n\n.*/s, "\n\n")),
  "another session's checkpoint": (dir, { other }) => cpSync(join(other, "checkpoint"), join(dir, "checkpoint")),
  "another machine's checkpoint": (dir, { foreign }) => cpSync(join(foreign, "checkpoint"), join(dir, "checkpoint")),
  "another session's records": (dir, { other }) => cpSync(join(other, SEGMENT), join(dir, SEGMENT)),
  "no records": (dir) => writeFileSync(join(dir, SEGMENT), ""),
};

function edit(dir: string, file: string, change: (text: string) => string): void {
  const text = readFileSync(join(dir, file), "utf8");
  const changed = change(text);
  expect(changed).not.toBe(text);
  writeFileSync(join(dir, file), changed);
}

function flipSignature(text: string): string {
  const at = text.length - 20;
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

/** What only readers of notes and tiles can see: sigstore's reads neither. */
const NOTES: Record<string, (dir: string, others: { other: string; foreign: string }) => void> = {
  "another machine's certificate": (dir, { foreign }) => cpSync(join(foreign, "certificate"), join(dir, "certificate")),
  "another session's certificate": (dir, { other }) => cpSync(join(other, "certificate"), join(dir, "certificate")),
  "a flipped bit in the certificate": (dir) => edit(dir, "certificate", flipSignature),
  "a flipped bit in an epoch's note": (dir) => edit(dir, "epochs/2", flipSignature),
  "an epoch's note less": (dir) => rmSync(join(dir, "epochs/2")),
  "epochs swapped": (dir) => {
    renameSync(join(dir, "epochs/1"), join(dir, "epochs/x"));
    renameSync(join(dir, "epochs/2"), join(dir, "epochs/1"));
    renameSync(join(dir, "epochs/x"), join(dir, "epochs/2"));
  },
  "an epoch that begins elsewhere": (dir) =>
    edit(dir, "epochs/2", (text) => text.replace(/\nfrom \d+\n/, "\nfrom 17\n")),
  "a flipped bit in a tile": (dir) => {
    const tile = join(dir, "tile/0/000.p", readdirSync(join(dir, "tile/0/000.p"))[0] ?? "");
    const bytes = readFileSync(tile);
    writeFileSync(tile, bytes.with(70, (bytes[70] ?? 0) ^ 1));
  },
};

const folder = mkdtempSync(join(tmpdir(), "ringfence-interop-"));
afterAll(() => rmSync(folder, { recursive: true }));
let whole: Recorded;
let others: { other: string; foreign: string };
beforeAll(async () => {
  for (const name of ["whole", "foreign"]) mkdirSync(join(folder, name), { mode: 0o700 });
  whole = await record({ age: 0, every: 7, count: 18, stateDir: join(folder, "whole") });
  const foreign = await record({ age: 1, every: 7, count: 18, stateDir: join(folder, "foreign") });
  others = { other: join(foreign.stateDir, "log/sessions/day-0"), foreign: foreign.dir };
});

function copy(): string {
  const dir = join(tmp(), "copy");
  cpSync(whole.dir, dir, { recursive: true });
  return dir;
}

test.for(Object.entries(LINES))("changed lines are refused by all: %s", ([, change], ctx) => {
  needs(ctx, "python3", "openssl", "go-sumdb");
  const dir = copy();
  edit(dir, SEGMENT, (text) =>
    change(text.trimEnd().split("\n"))
      .map((line) => `${line}\n`)
      .join(""),
  );
  expectRefused(dir, true);
});

test.for(Object.entries(FILES))("changed files are refused by all: %s", ([, change], ctx) => {
  needs(ctx, "python3", "openssl", "go-sumdb");
  const dir = copy();
  change(dir, others);
  expectRefused(dir, true);
});

test.for(Object.entries(NOTES))("changed notes and tiles are refused by all that read them: %s", ([, change], ctx) => {
  needs(ctx, "python3", "openssl", "go-sumdb");
  const dir = copy();
  change(dir, others);
  expectRefused(dir, false);
});

function expectRefused(dir: string, alsoBySigstore: boolean): void {
  expect(verifyLog(dir, { keys: [whole.machine] }).verdict.word).not.toMatch(/^(?:OK|RECOVERED)/);
  expect(readByPython(dir, whole.vkey)).toMatchObject({ ok: false, said: expect.not.stringMatching(/Traceback/) });
  expect(readByGo("log", dir, whole.vkey)).toMatchObject({ ok: false, said: expect.not.stringMatching(/panic/) });
  if (alsoBySigstore) expect(readBySigstore(dir, whole.keys)).toMatchObject({ ok: false });
}

test("without a change nobody refuses anything", (ctx) => {
  needs(ctx, "python3", "openssl", "go-sumdb");
  const dir = copy();
  expect(
    readByPython(dir, whole.vkey).ok && readByGo("log", dir, whole.vkey).ok && readBySigstore(dir, whole.keys).ok,
  ).toBe(true);
});
