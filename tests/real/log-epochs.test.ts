// Keys that move forward, on a real disk: a session's by time and by records, the machine's by days and by entries, and the
// machine's at every step at which a crash may stop it.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, describe, expect, it, vi } from "vitest";
import {
  appendToLedger,
  type LogClock,
  machineKey,
  openSessionLog,
  type SessionLog,
  type SessionLogOptions,
  verifyLog,
  verifyMachine,
} from "#audit";
import { type RecordBody, splitEpochNotes, verdictText } from "#core/log";
import { tmp } from "../support/tmp.ts";

/** Steps on disk that still succeed; then the machine is as good as off: nothing gets through any more. */
const disk = vi.hoisted(() => ({ steps: Number.POSITIVE_INFINITY }));
vi.mock("node:fs/promises", async (original) => {
  const real = await original<typeof import("node:fs/promises")>();
  const step = <A extends unknown[], R>(act: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      disk.steps -= 1;
      if (disk.steps < 0) throw Object.assign(new Error("off"), { code: "EIO" });
      return await act(...args);
    };
  };
  const { open, rename, link, rm, truncate, mkdir } = real;
  return {
    ...real,
    open: step(open),
    rename: step(rename),
    link: step(link),
    rm: step(rm),
    truncate: step(truncate),
    mkdir: step(mkdir),
  };
});

const DAY = 86_400_000;

/** A clock at some days from now. */
function at(days: number): LogClock {
  return { wall: () => Date.now() + days * DAY, mono: () => process.hrtime.bigint() + BigInt(days * DAY) * 1_000_000n };
}

const entry = (n: number): RecordBody => ({ type: "review.note", origin: "observed", data: { n } });

async function append(stateDir: string, clock: LogClock, ...bodies: RecordBody[]): Promise<void> {
  const appended = await appendToLedger({ stateDir, clock }, "one", bodies);
  if (!appended.ok) throw new Error(appended.error.message);
}

async function open(stateDir: string, session: string, more: Partial<SessionLogOptions> = {}): Promise<SessionLog> {
  const opened = await openSessionLog({ stateDir, session, policy: "0", workspace: "/w", maxBytes: 1e8, ...more });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

async function verdicts(stateDir: string): Promise<string[]> {
  const key = await machineKey(stateDir);
  if (key === undefined) throw new Error("no key");
  return (await verifyMachine(stateDir, { keys: [key] })).map(({ verdict }) => verdictText(verdict));
}

const epochsIn = (dir: string): number =>
  existsSync(join(dir, "epochs")) ? readdirSync(join(dir, "epochs")).length : 0;

function recordsIn(dir: string): { type: string; data: { [key: string]: unknown } }[] {
  return readFileSync(join(dir, "log/000000000000.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
}

let stateDir: string;
beforeEach(() => {
  disk.steps = Number.POSITIVE_INFINITY;
  stateDir = tmp();
});

describe("a session's key", () => {
  it("ends with its records, each end signed by the key that ends", async () => {
    const log = await open(stateDir, "one", { epochs: { everyMs: 1e9, everyRecords: 50 } });
    const say = (n: number): Promise<number> => log.append({ type: "prompt", origin: "claimed", data: { n } });
    const seqs = await Promise.all(Array.from({ length: 500 }, (_, n) => say(n)));
    const { size } = await log.close({ exit: 0 });
    const closes = recordsIn(log.dir).flatMap(({ type, data }, seq) => (type === "epoch.close" ? [{ seq, data }] : []));
    expect(closes.map(({ seq }) => seq)).toEqual(Array.from({ length: 10 }, (_, n) => 51 * n + 50));
    expect(closes.map(({ data }) => [data["epoch"], data["reason"]])).toEqual(closes.map((_, n) => [n, "records"]));
    expect(new Set([...seqs, ...closes.map(({ seq }) => seq)]).size).toBe(size - 2);
    expect(epochsIn(log.dir)).toBe(10);
    for (const { seq } of closes) expect(existsSync(join(log.dir, "checkpoints", String(seq + 1)))).toBe(true);
    expect(await verdicts(stateDir)).toEqual(["OK", "OK"]);
  });

  it("ends with its time while nothing happens, and nobody has to wait for it", async () => {
    const log = await open(stateDir, "one", { epochs: { everyMs: 60, everyRecords: 1e9 } });
    await log.append({ type: "prompt", origin: "claimed", data: {} });
    await vi.waitFor(() => expect(epochsIn(log.dir)).toBeGreaterThan(3), { timeout: 10_000 });
    const reasons = recordsIn(log.dir).flatMap(({ data }) => (data["reason"] === undefined ? [] : [data["reason"]]));
    // On a busy machine the record may fall into the second epoch; from then on nothing happens.
    const idleFrom = reasons.indexOf("idle");
    expect(new Set(reasons.slice(0, idleFrom))).toEqual(new Set(["time"]));
    expect(new Set(reasons.slice(idleFrom))).toEqual(new Set(["idle"]));
    await log.close({});
    const after = epochsIn(log.dir);
    await sleep(150);
    expect(epochsIn(log.dir)).toBe(after);
    expect(await verdicts(stateDir)).toEqual(["OK", "OK"]);
  });

  it.each([
    ["the wall clock", { wall: 600_001, mono: 0 }],
    ["the monotonic clock", { wall: -1e9, mono: 600_001 }],
  ])("ends when %s says that ten minutes are over", async (_name, ahead) => {
    const now = { wall: Date.now(), mono: 0 };
    const clock = { wall: () => now.wall, mono: () => BigInt(now.mono) * 1_000_000n };
    const log = await open(stateDir, "one", { clock });
    await log.append({ type: "prompt", origin: "claimed", data: { n: 1 } });
    expect(epochsIn(log.dir)).toBe(0);
    now.wall += ahead.wall;
    now.mono += ahead.mono;
    await log.append({ type: "prompt", origin: "claimed", data: { n: 2 } });
    await log.close({});
    expect(recordsIn(log.dir).map(({ type }) => type)).toEqual([
      "session.open",
      "prompt",
      "epoch.close",
      "prompt",
      "session.close",
    ]);
    expect(await verdicts(stateDir)).toEqual(["OK", "OK"]);
  });

  it("does not end a session whose disk is full a second time: the close still fits", async () => {
    let full = false;
    const { write, fdatasync } = await import("node:fs");
    const { promisify } = await import("node:util");
    const io = {
      write: async (fd: number, bytes: Uint8Array, offset: number): Promise<number> => {
        if (full) throw Object.assign(new Error("full"), { code: "ENOSPC" });
        return (await promisify(write)(fd, bytes, 0, bytes.length, offset)).bytesWritten;
      },
      datasync: promisify(fdatasync),
    };
    const log = await open(stateDir, "one", { io, epochs: { everyMs: 40, everyRecords: 1e9 } });
    full = true;
    await vi.waitFor(() => expect(log.failed.aborted).toBe(true), { timeout: 5000 });
    expect(log.failed.reason).toMatchObject({ code: "log-full" });
    full = false;
    await log.close({});
    expect(recordsIn(log.dir).at(-1)?.type).toBe("session.close");
    expect(await verdicts(stateDir)).toEqual(["OK", "OK"]);
  });
});

describe("the machine's key", () => {
  const keyFile = (): string => readFileSync(join(stateDir, "keys/machine.pem"), "utf8");

  it("moves forward on a new day, and what it certified verifies with the first key alone", async () => {
    await (await open(stateDir, "first", { clock: at(0) })).close({});
    const [vkey, pem] = [readFileSync(join(stateDir, "keys/machine.vkey"), "utf8"), keyFile()];
    await append(stateDir, at(0), entry(1));
    expect(keyFile()).toBe(pem);
    for (const day of [1, 1, 2, 5])
      await (await open(stateDir, `day${day}-${Math.random()}`, { clock: at(day) })).close({});
    expect(epochsIn(join(stateDir, "log/ledger"))).toBe(3);
    expect(readFileSync(join(stateDir, "keys/machine.vkey"), "utf8")).toBe(vkey);
    expect(await verdicts(stateDir)).toEqual(Array.from({ length: 6 }, () => "OK"));

    // Nothing on disk signs for the first day any more.
    const secret = pem.split("\n")[1] ?? "";
    const left = readdirSync(join(stateDir, "keys"));
    expect(left.sort()).toEqual(["authority", "machine.pem", "machine.vkey"]);
    for (const name of left) expect(readFileSync(join(stateDir, "keys", name), "utf8")).not.toContain(secret);

    // One file for all sessions of a day; a copy of a folder needs nothing else.
    const sessions = join(stateDir, "log/sessions");
    const last = readdirSync(sessions).find((name) => name.startsWith("day5")) ?? "";
    const authority = readFileSync(join(sessions, last, "authority"), "utf8");
    expect(splitEpochNotes(authority)).toHaveLength(3);
    expect(existsSync(join(sessions, "first/authority"))).toBe(false);
    const [one, two] = readdirSync(sessions).filter((name) => name.startsWith("day1"));
    expect(statSync(join(sessions, one ?? "", "authority")).ino).toBe(
      statSync(join(sessions, two ?? "", "authority")).ino,
    );
    const copy = join(tmp(), "copy");
    cpSync(join(sessions, last), copy, { recursive: true });
    const key = await machineKey(stateDir);
    expect(key === undefined ? "none" : verdictText(verifyLog(copy, { keys: [key] }).verdict)).toBe("OK");
    writeFileSync(join(copy, "authority"), (splitEpochNotes(authority) ?? []).slice(1).join(""));
    expect(key === undefined ? "none" : verifyLog(copy, { keys: [key] }).verdict.word).toBe("TAMPERED");
  });

  it("moves forward after 1,024 entries", async () => {
    await append(stateDir, at(0), ...Array.from({ length: 1023 }, (_, n) => entry(n)));
    expect(epochsIn(join(stateDir, "log/ledger"))).toBe(0);
    await append(stateDir, at(0), entry(1023));
    expect(epochsIn(join(stateDir, "log/ledger"))).toBe(1);
    await append(stateDir, at(0), entry(1024));
    expect(epochsIn(join(stateDir, "log/ledger"))).toBe(1);
    expect(await verdicts(stateDir)).toEqual(["OK"]);
  });

  it("of an older state folder is the first one's, however old", async () => {
    await append(stateDir, at(0), entry(0));
    const pem = join(stateDir, "keys/machine.pem");
    utimesSync(pem, new Date(0), new Date(0));
    const before = keyFile();
    await append(stateDir, at(0), entry(1));
    expect(keyFile()).not.toBe(before);
    expect(epochsIn(join(stateDir, "log/ledger"))).toBe(1);
    expect(await verdicts(stateDir)).toEqual(["OK"]);
  });

  it("moves once when many notice the new day together", async () => {
    await append(stateDir, at(0), entry(0));
    await Promise.all(
      Array.from({ length: 6 }, async (_, n) => (await open(stateDir, `s${n}`, { clock: at(1) })).close({})),
    );
    expect(epochsIn(join(stateDir, "log/ledger"))).toBe(1);
    expect(await verdicts(stateDir)).toEqual(Array.from({ length: 7 }, () => "OK"));
  });

  it.each([
    ["another key under the published one", "machine.pem", "log-key-changed"],
    ["no ledger for the epoch that the key is of", "../log/ledger/epochs", "log-damaged"],
  ])("refuses %s", async (_name, path, code) => {
    await append(stateDir, at(0), entry(0));
    await append(stateDir, at(1), entry(1));
    rmSync(join(stateDir, "keys", path), { recursive: true });
    expect(await appendToLedger({ stateDir, clock: at(1) }, "one", [entry(2)])).toMatchObject({
      ok: false,
      error: { code },
    });
  });

  it("is refused in words to a session where the note of its epoch cannot be read", async () => {
    await append(stateDir, at(0), entry(0));
    await append(stateDir, at(1), entry(1));
    const note = join(stateDir, "log/ledger/epochs/1");
    rmSync(note);
    mkdirSync(note);
    const session = { stateDir, session: "one", policy: "0", workspace: "/w", maxBytes: 1e8, clock: at(1) };
    expect(await openSessionLog(session)).toMatchObject({ ok: false, error: { code: "log-failed" } });
  });

  it("survives a crash at every step of moving forward", async () => {
    await append(stateDir, at(0), entry(0), entry(1));
    const base = stateDir;
    const outcomes = new Set<string>();
    for (let steps = 0; ; steps += 1) {
      const dir = join(tmp(), "state");
      cpSync(base, dir, { recursive: true });
      disk.steps = steps;
      const crashed = await appendToLedger({ stateDir: dir, clock: at(1) }, "one", [entry(2)]).catch(
        (error: unknown) => error,
      );
      const acknowledged = (crashed as { ok?: boolean }).ok === true;
      disk.steps = Number.POSITIVE_INFINITY;
      const half = readdirSync(join(dir, "keys")).sort().join(" ");
      outcomes.add(half);
      await append(dir, at(1), entry(3));
      // What was written and not yet signed is cut off, and that is on record.
      expect((await verdicts(dir)).join(), `after ${steps} steps (${half})`).toMatch(/^(?:OK|RECOVERED\(\d+\))$/);
      const keys = readdirSync(join(dir, "keys")).filter((name) => !name.startsWith(".tmp-"));
      expect(keys.sort(), `after ${steps} steps`).toEqual(["authority", "machine.pem", "machine.vkey"]);
      const said = recordsIn(join(dir, "log/ledger")).flatMap(({ type, data }) =>
        type === "review.note" ? [data["n"]] : [],
      );
      expect(said).toEqual(acknowledged ? [0, 1, 2, 3] : said.includes(2) ? [0, 1, 2, 3] : [0, 1, 3]);
      expect(epochsIn(join(dir, "log/ledger"))).toBe(1);
      if (acknowledged) break;
    }
    // The sweep met a next key, an old key, and neither.
    expect([...outcomes].some((half) => half.includes("machine.next.pem"))).toBe(true);
    expect([...outcomes].some((half) => half.includes("machine.old.pem"))).toBe(true);
    expect(outcomes.size).toBeGreaterThan(3);
  });
});
