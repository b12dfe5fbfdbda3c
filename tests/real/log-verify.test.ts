// Tampering with a real log: each kind is found and named, and the untouched log holds before every one of them.
import { cpSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { type LogReport, machineKey, openSessionLog, type SessionLog, verifyLog, verifyMachine } from "#audit";
import { exitOf, type VerifierKey, verdictText } from "#core/log";
import { tmp } from "../support/tmp.ts";

async function open(stateDir: string, session: string): Promise<SessionLog> {
  const options = { stateDir, session, policy: "sha256:0", workspace: "/w", maxBytes: 100_000_000 };
  const opened = await openSessionLog(options);
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

async function record(stateDir: string, session: string, count: number): Promise<SessionLog> {
  const log = await open(stateDir, session);
  for (let n = 0; n < count; n++)
    await log.append({ type: "net.connect", origin: "observed", data: { host: "a.test", n } });
  return log;
}

interface Machine {
  readonly stateDir: string;
  readonly key: VerifierKey;
  readonly dir: (session: string) => string;
  readonly verify: () => Promise<readonly LogReport[]>;
  readonly words: () => Promise<readonly string[]>;
}

async function machine(sessions: readonly string[], count = 6): Promise<Machine> {
  const stateDir = tmp();
  for (const session of sessions) await (await record(stateDir, session, count)).close({ exit: 0 });
  const key = await machineKey(stateDir);
  if (key === undefined) throw new Error("no key");
  const verify = (): Promise<readonly LogReport[]> => verifyMachine(stateDir, { keys: [key] });
  return {
    stateDir,
    key,
    dir: (session) => join(stateDir, "log/sessions", session),
    verify,
    words: async () => (await verify()).map(({ verdict }) => verdictText(verdict)),
  };
}

const SEGMENT = "log/000000000000.jsonl";

function lines(dir: string): string[] {
  return readFileSync(join(dir, SEGMENT), "utf8").trimEnd().split("\n");
}

function write(dir: string, all: readonly string[]): void {
  writeFileSync(join(dir, SEGMENT), `${all.join("\n")}\n`);
}

test("untouched logs hold, here and copied elsewhere with the key alone", async () => {
  const m = await machine(["one", "two"]);
  expect(await m.words()).toEqual(["OK", "OK", "OK"]);
  const copy = join(tmp(), "copy");
  cpSync(m.dir("one"), copy, { recursive: true });
  expect(verifyLog(copy, { keys: [m.key] })).toMatchObject({
    name: "one",
    verdict: { word: "OK" },
    records: 8,
    closed: true,
  });
});

/** Each changes the lines of a log of 8 records; `want` is the verdict of the copied folder. */
const EDITS: readonly { name: string; change: (all: string[]) => string[]; want: string }[] = [
  { name: "edit", change: (a) => a.with(3, (a[3] ?? "").replace("a.test", "b.test")), want: "TAMPERED(edit, 3)" },
  {
    name: "edit the last",
    change: (a) => a.with(7, (a[7] ?? "").replace('"exit":0', '"exit":1')),
    want: "TAMPERED(edit, 7)",
  },
  { name: "swap", change: (a) => a.with(3, a[4] ?? "").with(4, a[3] ?? ""), want: "TAMPERED(reorder, 3)" },
  { name: "delete", change: (a) => a.toSpliced(3, 1), want: "TAMPERED(delete, 3)" },
  { name: "duplicate", change: (a) => a.toSpliced(4, 0, a[3] ?? ""), want: "TAMPERED(insert, 3)" },
  { name: "drop the last", change: (a) => a.slice(0, -1), want: "TRUNCATED(7, 8, checkpoint)" },
  {
    name: "cut in the middle of the last",
    change: (a) => a.with(7, (a[7] ?? "").slice(0, 150)),
    want: "TAMPERED(framing, 7)",
  },
  { name: "add behind the close", change: (a) => [...a, a[7] ?? ""], want: "TAMPERED(insert, 7)" },
  { name: "garbage line", change: (a) => [...a, "garbage"], want: "TAMPERED(framing, 8)" },
  { name: "empty line", change: (a) => a.toSpliced(3, 0, ""), want: "TAMPERED(framing, 3)" },
  { name: "carriage returns", change: (a) => a.map((line) => `${line}\r`), want: "TAMPERED(framing, 0)" },
  { name: "byte order mark", change: (a) => a.with(0, `\ufeff${a[0]}`), want: "TAMPERED(framing, 0)" },
  { name: "a space", change: (a) => a.with(2, (a[2] ?? "").replace('"n":', '"n": ')), want: "TAMPERED(framing, 2)" },
  {
    name: "a duplicate key",
    change: (a) => a.with(2, (a[2] ?? "").replace('"n":1', '"n":9,"n":1')),
    want: "TAMPERED(dup-json, 2)",
  },
  {
    name: "another escape",
    change: (a) => a.with(2, (a[2] ?? "").replace("a.test", "\\u0061.test")),
    want: "TAMPERED(framing, 2)",
  },
  {
    name: "unknown version",
    change: (a) => a.with(2, (a[2] ?? "").replace('"v":1', '"v":2')),
    want: "TAMPERED(framing, 2)",
  },
  { name: "float", change: (a) => a.with(2, (a[2] ?? "").replace('"n":1', '"n":1.0')), want: "TAMPERED(framing, 2)" },
];

test.each(EDITS)("lines: $name", async ({ change, want }) => {
  const m = await machine(["one"]);
  const copy = join(tmp(), "copy");
  cpSync(m.dir("one"), copy, { recursive: true });
  expect(verdictText(verifyLog(copy, { keys: [m.key] }).verdict)).toBe("OK");
  write(copy, change(lines(copy)));
  expect(verdictText(verifyLog(copy, { keys: [m.key] }).verdict)).toBe(want);
});

test("every bit of three records, the certificate, the checkpoint and each tile", { timeout: 300_000 }, async () => {
  const m = await machine(["one"]);
  const dir = m.dir("one");
  const keys = [m.key];
  expect(verdictText(verifyLog(dir, { keys }).verdict)).toBe("OK");
  const missed: string[] = [];
  const flip = (file: string, from: number, to: number): void => {
    const good = readFileSync(join(dir, file));
    for (let at = from; at < Math.min(to, good.length); at++) {
      // Every byte always, every bit of it in the long run (SLOW=1): a verification of each takes minutes.
      for (const bit of process.env["SLOW"] === "1" ? [0, 1, 2, 3, 4, 5, 6, 7] : [at % 8]) {
        const bad = Buffer.from(good);
        bad[at] = (bad[at] ?? 0) ^ (1 << bit);
        writeFileSync(join(dir, file), bad);
        if (exitOf(verifyLog(dir, { keys }).verdict) === 0) missed.push(`${file}:${at}.${bit}`);
      }
    }
    writeFileSync(join(dir, file), good);
  };
  const bytes = readFileSync(join(dir, SEGMENT));
  const start = bytes.indexOf('{"v":1,"seq":5');
  flip(SEGMENT, start, bytes.length);
  for (const file of ["certificate", "checkpoint", "checkpoints/8", "tile/0/000.p/8"]) flip(file, 0, 10_000);
  expect(missed).toEqual([]);
  expect(verdictText(verifyLog(dir, { keys }).verdict)).toBe("OK");
});

test("what only the ledger and the high-water mark know", async () => {
  const m = await machine(["one", "two"], 5);
  const dir = m.dir("one");
  const older = await record(m.stateDir, "three", 3);
  await new Promise((resolve) => setTimeout(resolve, 900));
  const checkpoint = readFileSync(join(older.dir, "checkpoint"));
  await older.append({ type: "prompt", origin: "claimed", data: { text: "x" } });
  await older.close({});
  expect(await m.words()).toEqual(["OK", "OK", "OK", "OK"]);

  // The last records go together with every checkpoint that covers them.
  write(older.dir, lines(older.dir).slice(0, 4));
  writeFileSync(join(older.dir, "checkpoint"), checkpoint);
  rmSync(join(older.dir, "checkpoints"), { recursive: true });
  rmSync(join(older.dir, "tile"), { recursive: true });
  expect((await m.words())[3]).toBe("TRUNCATED(4, 6, ledger)");

  // Another session's log in its place.
  rmSync(older.dir, { recursive: true });
  cpSync(m.dir("two"), older.dir, { recursive: true });
  expect((await m.words())[3]).toBe("TAMPERED(fork, 0)");

  rmSync(dir, { recursive: true });
  expect((await m.words())[1]).toBe("TRUNCATED(0, 7, ledger)");
});

test("a shortened ledger, a ledger that is gone, a session it does not know", async () => {
  const m = await machine(["one", "two"]);
  const ledger = join(m.stateDir, "log/ledger");
  const saved = join(tmp(), "ledger");
  cpSync(ledger, saved, { recursive: true });
  await (await record(m.stateDir, "three", 1)).close({});
  expect(await m.words()).toEqual(["OK", "OK", "OK", "OK"]);
  rmSync(ledger, { recursive: true });
  cpSync(saved, ledger, { recursive: true });
  expect(await m.words()).toEqual([
    "ROLLBACK(4, 6, high-water mark)",
    "OK",
    "OK",
    "INCOMPLETE(the ledger does not know this session)",
  ]);
  const next = await openSessionLog({
    stateDir: m.stateDir,
    session: "four",
    policy: "",
    workspace: "/",
    maxBytes: 1e8,
  });
  expect(next).toMatchObject({ ok: false, error: { code: "log-damaged" } });
  expect(readdirSync(join(m.stateDir, "log/sessions"))).not.toContain("four");
  rmSync(ledger, { recursive: true });
  expect((await m.words())[0]).toBe("ROLLBACK(0, 6, high-water mark)");
});

test("a foreign key, links, files that do not belong", async () => {
  const m = await machine(["one"]);
  const other = await machine(["one"]);
  const dir = m.dir("one");
  expect(verdictText(verifyLog(other.dir("one"), { keys: [m.key] }).verdict)).toMatch(
    /^UNTRUSTED_KEY\(ringfence-machine-/,
  );
  rmSync(dir, { recursive: true });
  cpSync(other.dir("one"), dir, { recursive: true });
  expect((await m.words())[1]).toMatch(/^UNTRUSTED_KEY/);

  const clean = other.dir("one");
  const aside = join(tmp(), "segment");
  for (const file of [SEGMENT, "checkpoint", "certificate", "tile/0/000.p/8", "log", "tile"]) {
    renameSync(join(clean, file), aside);
    symlinkSync(aside, join(clean, file));
    expect([file, exitOf(verifyLog(clean, { keys: [other.key] }).verdict)]).toEqual([file, 1]);
    rmSync(join(clean, file));
    renameSync(aside, join(clean, file));
  }
  expect(await other.words()).toEqual(["OK", "OK"]);
  for (const file of ["log/000000000008.jsonl", "log/x", "tile/0/000", "tile/9", "tile/0/000.p/3/x"]) {
    mkdirSync(dirname(join(clean, file)), { recursive: true });
    writeFileSync(join(clean, file), "garbage\n");
    expect([file, exitOf(verifyLog(clean, { keys: [other.key] }).verdict)]).toEqual([file, 1]);
    rmSync(join(clean, file));
  }
});

test("an anchor kept elsewhere proves how far a log had come", async () => {
  const m = await machine(["one"]);
  const dir = m.dir("one");
  const anchor = readFileSync(join(dir, "checkpoint"), "utf8");
  expect(verifyLog(dir, { keys: [m.key], remembered: { anchor } })).toMatchObject({
    verdict: { word: "OK" },
    freshness: "anchored",
  });
  const live = await record(m.stateDir, "two", 1);
  await new Promise((resolve) => setTimeout(resolve, 900));
  const early = join(tmp(), "early");
  cpSync(live.dir, early, { recursive: true });
  await live.append({ type: "prompt", origin: "claimed", data: {} });
  await live.close({});
  const late = readFileSync(join(live.dir, "checkpoint"), "utf8");
  expect(verdictText(verifyLog(early, { keys: [m.key] }).verdict)).toBe("OK");
  expect(verdictText(verifyLog(early, { keys: [m.key], remembered: { anchor: late } }).verdict)).toBe(
    "TRUNCATED(2, 4, anchor)",
  );
});
