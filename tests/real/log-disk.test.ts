// Disks and clocks that misbehave under a log of `log append`: ends torn at every byte, holes of zeros, writes that come in pieces, a
// full disk and the same disk with room again, one that may only be read, a folder or a file that somebody takes away, a clock that
// jumps. What was acknowledged is there, verify says no false OK, and the next writer goes on or says why not.
import { spawnSync } from "node:child_process";
import { appendFileSync, cpSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import {
  type LogClock,
  type LogIo,
  machineKey,
  type OutsideLog,
  type OutsideLogOptions,
  openOutsideLog,
  outsideMark,
  readLog,
  verifyLog,
} from "#audit";
import { verdictText } from "#core/log";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

let folder: string;
beforeEach(() => {
  folder = tmp();
});

const dir = (): string => join(folder, "log");
const stateDir = (): string => join(folder, "state/ringfence");
const segment = (): string => join(dir(), "log/000000000000.jsonl");

async function open(options: Partial<OutsideLogOptions> = {}): Promise<OutsideLog> {
  const opened = await openOutsideLog({ stateDir: stateDir(), dir: dir(), ...options });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

const say = (log: OutsideLog, n: number): Promise<number> =>
  log.append({ type: "tool.call", origin: "claimed", data: { n } });

async function verdict(): Promise<string> {
  const key = await machineKey(stateDir());
  const mark = await outsideMark(stateDir(), dir());
  const keys = key === undefined ? [] : [key];
  return verdictText(verifyLog(dir(), { keys, ...(mark === undefined ? {} : { remembered: { mark } }) }).verdict);
}

const values = (): readonly unknown[] =>
  [...readLog(dir())].flatMap(({ record }) => (record?.type === "tool.call" ? [record.data["n"]] : []));

/** A log of two records whose writer is gone without a word, the bytes that a third would have added, and how to put it back. */
async function interrupted(): Promise<{ readonly next: Buffer; readonly back: () => void }> {
  const log = await open({ sealEvery: 1 });
  await say(log, 1);
  await say(log, 2);
  const kept = join(tmp(), "kept");
  await expect.poll(() => readFileSync(join(dir(), "checkpoint"), "utf8")).toMatch(/^\S+\n3\n/);
  cpSync(folder, kept, { recursive: true });
  const size = readFileSync(segment()).length;
  await say(log, 3);
  await log.end();
  const next = readFileSync(segment()).subarray(size);
  const back = (): void => {
    for (const name of ["log", "state"]) rmSync(join(folder, name), { recursive: true });
    cpSync(kept, folder, { recursive: true });
  };
  back();
  return { next: next.subarray(0, next.indexOf("\n") + 1), back };
}

describe("an end that was torn", { timeout: 600_000 }, () => {
  it("at any byte is cut off, put on record, and gone on behind", async () => {
    const { next, back } = await interrupted();
    const step = process.env["SLOW"] === "1" ? 1 : 29;
    for (let length = 1; length < next.length; length += length < 4 || length > next.length - 4 ? 1 : step) {
      appendFileSync(segment(), next.subarray(0, length));
      expect(await verdict(), `${length}`).toBe("OK_UNSEALED_TAIL(0)");
      const log = await open();
      await say(log, 4);
      await log.end();
      expect(await verdict(), `${length}`).toBe(`RECOVERED(${length})`);
      expect(values()).toEqual([1, 2, 4]);
      back();
    }
  });

  it("into zeros is cut off, too", async () => {
    const { next, back } = await interrupted();
    const size = readFileSync(segment()).length;
    const toSector = (length: number): number => 512 - ((size + length) % 512);
    const torn = [1, 511, 512, 4096, 100_000].map((zeros) => Buffer.alloc(zeros));
    for (const begun of [1, 40, next.length - 1])
      torn.push(Buffer.concat([next.subarray(0, begun), Buffer.alloc(toSector(begun))]));
    for (const bytes of torn) {
      appendFileSync(segment(), bytes);
      expect(await verdict()).toBe("OK_UNSEALED_TAIL(0)");
      const log = await open();
      await log.end();
      expect(await verdict()).toBe(`RECOVERED(${bytes.length})`);
      expect(values()).toEqual([1, 2]);
      back();
    }
  });
});

describe("writes", () => {
  const systemWrite = async (fd: number, bytes: Uint8Array, offset: number): Promise<number> => {
    const { writeSync } = await import("node:fs");
    return writeSync(fd, bytes, 0, bytes.length, offset);
  };
  const sync = async (fd: number): Promise<void> => (await import("node:fs")).fdatasyncSync(fd);

  it("that come in pieces of any size are whole lines", async () => {
    let piece = 0;
    const write: LogIo["write"] = (fd, bytes, offset) => {
      piece = (piece % 17) + 1;
      return systemWrite(fd, bytes.subarray(0, piece), offset);
    };
    const log = await open({ io: { write, datasync: sync } });
    await Promise.all(Array.from({ length: 40 }, (_, n) => say(log, n)));
    await log.end();
    expect(values()).toEqual(Array.from({ length: 40 }, (_, n) => n));
    expect(await verdict()).toBe("OK");
  });

  it.each(["ENOSPC", "EDQUOT", "EIO", "none taken"])(
    "that fail half-way (%s) acknowledge nothing and leave no half",
    async (code) => {
      let left = Number.POSITIVE_INFINITY;
      const write: LogIo["write"] = async (fd, bytes, offset) => {
        left -= 1;
        if (left > 0) return systemWrite(fd, bytes, offset);
        if (left === 0) return systemWrite(fd, bytes.subarray(0, 20), offset);
        if (code === "none taken") return 0;
        throw Object.assign(new Error(code), { code });
      };
      const log = await open({ io: { write, datasync: sync } });
      await say(log, 1);
      left = 1;
      await expect(say(log, 2)).rejects.toMatchObject({ code: code === "EIO" ? "log-failed" : "log-full" });
      await expect(say(log, 3)).rejects.toThrow();
      await log.end().catch(() => undefined);
      expect(values()).toEqual([1]);
      expect(await verdict()).toMatch(/^OK/);
      const next = await open();
      await say(next, 4);
      await next.end();
      expect(values()).toEqual([1, 4]);
      expect(await verdict()).toBe("OK");
    },
  );

  it("to a file that was replaced, or whose folder went, are not acknowledged", async () => {
    for (const take of [
      (): void => {
        renameSync(segment(), `${segment()}.old`);
        writeFileSync(segment(), readFileSync(`${segment()}.old`));
        rmSync(`${segment()}.old`);
      },
      (): void => renameSync(dir(), `${dir()}.away`),
    ]) {
      const log = await open();
      await say(log, 1);
      take();
      await expect(say(log, 2)).rejects.toMatchObject({ code: "log-failed" });
      expect(log.failed.aborted).toBe(true);
      await log.end().catch(() => undefined);
    }
    const again = await openOutsideLog({ stateDir: stateDir(), dir: dir() });
    // A folder that is gone begins anew, and the ledger says what it replaces.
    expect(again).toMatchObject({ ok: true, value: { replaced: expect.any(Number) } });
    if (again.ok) await again.value.end();
    const told = [...readLog(join(stateDir(), "log/ledger"))].at(-1)?.record;
    expect(told).toMatchObject({ type: "lifecycle.log", data: { replaces: expect.any(Number) } });
  });
});

it("a clock that jumps changes times and nothing else", async () => {
  const jumps = [0, 3_600_000, -86_400_000, 366 * 86_400_000, -10 * 366 * 86_400_000, 5];
  let wall = Date.UTC(2026, 5, 1);
  let n = 0;
  const clock: LogClock = {
    wall: () => {
      wall += jumps[n++ % jumps.length] as number;
      return wall;
    },
    mono: () => process.hrtime.bigint(),
  };
  for (let round = 0; round < 8; round += 1) {
    n = round; // so that each of the first calls meets each jump
    const log = await open({ clock });
    for (let each = 0; each < 20; each += 1) await say(log, each);
    await log.end();
    expect(await verdict()).toBe("OK");
  }
  expect(values()).toHaveLength(160);
});

describe("a disk", { timeout: 120_000 }, () => {
  /** Runs a script where `$disk` is a tmpfs that nobody else sees, with 1 MiB left beside a file that may go. */
  const onDisk = (script: string): { readonly out: string; readonly said: string } => {
    const disk = join(folder, "disk");
    const all = `set -eu; disk=${disk}; mkdir -p "$disk"; mount -t tmpfs -o size=8m none "$disk"; head -c 7M /dev/zero > "$disk/other"
      append() { "${launcher}" log append --dir "$disk/log" "$@"; }
      verify() { "${launcher}" log verify "$disk/log" > "$disk/../verdict" 2>&1 && c=0 || c=$?; head -n1 "$disk/../verdict"; return $c; }
      lines() { i=0; while [ $i -lt "$1" ]; do echo '{"type":"tool.call","data":{"n":'$i',"text":"${"x".repeat(4000)}"}}'; i=$((i+1)); done; }
      ${script}`;
    const env = { PATH: process.env["PATH"] ?? "", HOME: folder, XDG_STATE_HOME: join(folder, "state") };
    const { stdout, stderr } = spawnSync("unshare", ["-Urm", "sh", "-c", all], { env, encoding: "utf8" });
    return { out: stdout, said: stderr };
  };

  it("that fills up loses nothing that was said, and is gone on with when there is room again", (context) => {
    needs(context, "helper", "userns");
    const { out, said: complaints } = onDisk(`
      lines 600 | append > "$disk/../answers" || echo "ended $?"
      echo "said $(grep -c seq "$disk/../answers")" "not $(grep -c error "$disk/../answers")"
      verify
      lines 1 | append || echo "full: $?"
      rm "$disk/other"
      lines 3 | append | grep -c seq
      verify
      last=$(grep seq "$disk/../answers" | tail -n1 | tr -dc 0-9)
      grep -c "^{\\"v\\":1,\\"seq\\":$last," "$disk"/log/log/*.jsonl`);
    const [ended, said, first, ...rest] = out.split("\n");
    expect(complaints).not.toMatch(/^ringfence: ENOSPC/m);
    expect(ended, out).toBe("ended 1");
    expect(out).toMatch(/said [1-9]\d+ not [1-9]\d*/);
    expect(out).not.toMatch(/TAMPERED|TRUNCATED|ROLLBACK|INCOMPLETE/);
    expect(out.match(/^log {2}(?:OK|RECOVERED)/gm), `${said} ${first} ${rest}`).toHaveLength(2);
    expect(rest.filter(Boolean).at(-1), out).toBe("1");
  });

  it("that may only be read is refused with words, and the log on it verifies", (context) => {
    needs(context, "helper", "userns");
    const { out, said } = onDisk(`
      lines 2 | append > /dev/null
      mount --bind "$disk" "$disk"; mount -o remount,bind,ro "$disk"
      lines 1 | append || echo "ended $?"
      verify; echo "verify $?"
      umount "$disk"
      lines 1 | append
      verify`);
    expect(said).toMatch(/^ringfence: .*EROFS.*\nhint: /m);
    expect(out).toMatch(/^ended 1$/m);
    expect(out).toMatch(/^verify 0$/m);
    expect(out.match(/^log {2}OK/gm), out).toHaveLength(2);
    expect(existsSync(join(folder, "disk/log"))).toBe(false);
  });
});
