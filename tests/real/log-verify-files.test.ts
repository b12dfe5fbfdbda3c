// What may stand in a log's folder that is not a log's: missing, added, linked, of another kind, too large; and what a crash or
// a power cut leaves, which is nobody's doing.
import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { machineKey, openSessionLog, type SessionLog, verifyLog } from "#audit";
import { exitOf, type NoteSigner, type RecordBody } from "#core/log";
import { type Forged, type Forgery, forge, newKey, noise } from "../support/log-forge.ts";
import { type Target, verdictOf, wordOf } from "../support/log-sweep.ts";
import { tmp } from "../support/tmp.ts";

const NAME = "ringfence-machine-0123456789abcdef";
const SEGMENT = "log/000000000000.jsonl";
const CLOSE: RecordBody = { type: "session.close", origin: "observed", data: { exit: 0 } };

let options: Forgery;
let log: Forged;
let target: Target;

/** Eleven records, two epochs, closed. */
beforeEach(() => {
  const machine: NoteSigner[] = [newKey(NAME), newKey(NAME)];
  const keys = [1, 2].map(() => newKey(`${NAME}/one`));
  const records = Array.from({ length: 8 }, (_, n) => noise(n));
  options = { dir: join(tmp(), "one"), session: "one", machine, keys, records, perEpoch: 5, last: CLOSE };
  log = forge(options);
  target = { dir: log.dir, keys: [(machine[0] as NoteSigner).key] };
  expect(wordOf(target)).toBe("OK");
});

const at = (file: string): string => join(log.dir, file);

/** Everything that is signed or holds records, and the folders that hold it. */
const PARTS = [SEGMENT, "log", "checkpoint", "checkpoints/7", "certificate", "authority", "epochs/1", "epochs"];

it("a part that is missing is named as missing, or is no part of the proof", () => {
  const want: { readonly [part: string]: string | RegExp } = {
    [SEGMENT]: "INCOMPLETE(log)",
    log: "INCOMPLETE(log)",
    checkpoint: "INCOMPLETE(checkpoint)",
    "checkpoints/7": "OK",
    certificate: "INCOMPLETE(certificate)",
    authority: /^UNTRUSTED_KEY/,
    "epochs/1": "INCOMPLETE(epochs/1)",
    epochs: "INCOMPLETE(epochs/1)",
  };
  const said: string[][] = [];
  for (const part of PARTS) {
    const aside = join(tmp(), "aside");
    renameSync(at(part), aside);
    said.push([part, wordOf(target)]);
    renameSync(aside, at(part));
  }
  for (const [part = "", word = ""] of said) {
    const wanted = want[part] as string | RegExp;
    expect([part, word]).toEqual([part, wanted instanceof RegExp ? expect.stringMatching(wanted) : wanted]);
  }
  expect(wordOf(target)).toBe("OK");
});

it("a link, a pipe, a socket's name, a folder or a device in a file's place is never read", () => {
  const kinds: readonly [string, (path: string, aside: string) => void][] = [
    ["link", (path, aside) => symlinkSync(aside, path)],
    ["dangling link", (path) => symlinkSync("/nonexistent", path)],
    ["link to a device", (path) => symlinkSync("/dev/zero", path)],
    ["pipe", (path) => expect(spawnSync("mkfifo", [path]).status).toBe(0)],
    ["folder", (path) => mkdirSync(path)],
  ];
  for (const part of PARTS.filter((name) => name.includes("/") || !["log", "epochs"].includes(name)))
    for (const [kind, put] of kinds) {
      const aside = join(tmp(), "aside");
      renameSync(at(part), aside);
      put(at(part), aside);
      expect([part, kind, exitOf(verdictOf(target))]).toEqual([part, kind, 1]);
      rmSync(at(part), { recursive: true });
      renameSync(aside, at(part));
    }
  for (const folder of ["log", "epochs", "checkpoints", "tile", "tile/0"]) {
    const aside = join(tmp(), "aside");
    renameSync(at(folder), aside);
    symlinkSync(aside, at(folder));
    expect([folder, "link", exitOf(verdictOf(target))]).toEqual([folder, "link", 1]);
    rmSync(at(folder));
    writeFileSync(at(folder), "file");
    expect([folder, "file", exitOf(verdictOf(target))]).toEqual([folder, "file", 1]);
    rmSync(at(folder));
    renameSync(aside, at(folder));
  }
  expect(wordOf(target)).toBe("OK");
});

it("a file that does not belong is found in every folder that records, proofs or blobs come from", () => {
  const odd = [
    "log/000000000011.jsonl",
    "log/000000000005.jsonl",
    "log/000000000000.jsonl.bak",
    "log/0.jsonl",
    "log/x/y",
    "checkpoints/12",
    "checkpoints/07",
    "checkpoints/x",
    "epochs/2",
    "epochs/0",
    "epochs/01",
    "epochs/1.bak",
    "epochs/x/1",
    "tile/0/000",
    "tile/0/001",
    "tile/0/000.p/12",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/1/000.p/1",
    "tile/x",
    "tile/0/0",
    `blobs/ab/${"c".repeat(62)}`,
    "blobs/x",
  ];
  for (const file of odd) {
    const made = [dirname(at(file)), dirname(dirname(at(file)))].filter((folder) => !existsSync(folder));
    mkdirSync(dirname(at(file)), { recursive: true });
    writeFileSync(at(file), "garbage\n");
    expect([file, exitOf(verdictOf(target))]).toEqual([file, 1]);
    rmSync(at(file));
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  }
  mkdirSync(at(`tile/${"x/".repeat(40)}`), { recursive: true });
  expect(exitOf(verdictOf(target))).toBe(1);
  rmSync(at("tile/x"), { recursive: true });
  expect(wordOf(target)).toBe("OK");
});

it("a name beside the log's own is said, and nothing is read from it", () => {
  for (const name of ["notes.txt", "a", "b", "certificate.bak"]) writeFileSync(at(name), "x");
  symlinkSync("/dev/zero", at("z"));
  const { verdict, notes } = verifyLog(log.dir, { keys: target.keys });
  expect(verdict).toEqual({ word: "OK" });
  expect(notes).toEqual(["not part of a log, and not read: a, b, certificate.bak and 2 more"]);
});

it("an empty next segment is what a crash at its birth leaves; one that is skipped or comes early is not", () => {
  writeFileSync(at("log/000000000011.jsonl"), "");
  expect(wordOf(target)).toBe("OK");
  renameSync(at("log/000000000011.jsonl"), at("log/000000000012.jsonl"));
  expect(wordOf(target)).toBe("TAMPERED(delete, 11)");
  renameSync(at("log/000000000012.jsonl"), at("log/000000000003.jsonl"));
  expect(wordOf(target)).toBe("TAMPERED(insert, 11)");
});

it("a log in several segments: one missing, two swapped, one renamed", () => {
  const parts = [log.lines.slice(0, 4), log.lines.slice(4, 8), log.lines.slice(8)];
  const name = (first: number): string => at(`log/${String(first).padStart(12, "0")}.jsonl`);
  for (const [n, lines] of parts.entries()) writeFileSync(name(4 * n), `${lines.join("\n")}\n`);
  expect(wordOf(target)).toBe("OK");
  renameSync(name(4), at("aside"));
  expect(wordOf(target)).toBe("TAMPERED(delete, 4)");
  renameSync(name(8), name(4));
  expect(wordOf(target)).toBe("TAMPERED(delete, 4)");
  renameSync(at("aside"), name(8));
  expect(wordOf(target)).toMatch(/^TAMPERED\((?:reorder|delete), 4\)$/);
  rmSync(name(0));
  expect(wordOf(target)).toBe("TAMPERED(delete, 0)");
});

it("files of a size that nobody wrote cost neither time nor memory", () => {
  const before = process.memoryUsage().rss;
  for (const file of [
    SEGMENT,
    "checkpoint",
    "checkpoints/7",
    "certificate",
    "authority",
    "epochs/1",
    "tile/0/000.p/11",
  ]) {
    const kept = readFileSync(at(file));
    truncateSync(at(file), 2 ** 40);
    const start = Date.now();
    expect([file, exitOf(verdictOf(target))]).toEqual([file, 1]);
    expect([file, Date.now() - start < 20_000]).toEqual([file, true]);
    writeFileSync(at(file), kept);
  }
  expect(process.memoryUsage().rss - before).toBeLessThan(200_000_000);
  expect(wordOf(target)).toBe("OK");
});

it("hard links and copies of the folder are the same log; another name of a file changes nothing", () => {
  const copy = join(tmp(), "copy");
  cpSync(log.dir, copy, { recursive: true });
  rmSync(join(copy, SEGMENT));
  linkSync(at(SEGMENT), join(copy, SEGMENT));
  expect(wordOf({ ...target, dir: copy })).toBe("OK");
  symlinkSync(log.dir, join(dirname(copy), "link"));
  expect(wordOf({ ...target, dir: join(dirname(copy), "link") })).toBe("OK");
});

/** A log that was not closed: ten records, the last three unsigned. */
function cutOff(): Buffer {
  const { last: _, ...open } = options;
  log = forge({ ...open, sealedAt: 7 });
  rmSync(at("tile"), { recursive: true });
  return readFileSync(at(SEGMENT));
}

it("a power cut leaves zeros and holes behind what is signed: an unsealed tail, never tampering", () => {
  const good = cutOff();
  expect(wordOf(target)).toBe("OK_UNSEALED_TAIL(3)");
  const lineEnds = [...good].flatMap((byte, n) => (byte === 0x0a ? [n + 1] : []));
  const sealedEnd = lineEnds[6] ?? 0;
  // The file ends anywhere behind the signed records, then zeros up to any length.
  for (let end = sealedEnd; end <= good.length; end += 29)
    for (const zeros of [0, 1, 511, 4096]) {
      writeFileSync(at(SEGMENT), Buffer.concat([good.subarray(0, end), Buffer.alloc(zeros)]));
      const whole = lineEnds.filter((place) => place <= end).length;
      const untouched = end === sealedEnd && zeros === 0;
      const want = untouched ? "OK" : `OK_UNSEALED_TAIL(${whole - 7})`;
      expect([end, zeros, wordOf(target)]).toEqual([end, zeros, want]);
    }
  // A sector in the middle of the last write never reached the disk, a later one did.
  const last = Buffer.concat([good, Buffer.from(good.subarray(lineEnds[8]))]);
  const hole = 512 * Math.ceil((lineEnds[7] ?? 0) / 512);
  if (hole + 512 < last.length) {
    last.fill(0, hole, hole + 512);
    writeFileSync(at(SEGMENT), last);
    expect(wordOf(target)).toMatch(/^OK_UNSEALED_TAIL/);
  }
});

it("what no crash leaves is tampering also in an unsigned tail", () => {
  const good = cutOff();
  const put = (bytes: Buffer | string): string => {
    writeFileSync(at(SEGMENT), bytes);
    return wordOf(target);
  };
  const text = good.toString();
  expect(put(`${text}rubbish`)).toBe("TAMPERED(trailing, 10)");
  expect(put(`${text}{"v":1,"seq":11`)).toBe("TAMPERED(trailing, 10)");
  expect(put(`${text}rubbish\n`)).toBe("TAMPERED(framing, 10)");
  expect(put(`${text}\0\n`)).toMatch(/^TAMPERED\((?:framing|trailing), 10\)$/);
  expect(put(`${text}{"v":1,\0\0\0"seq":10`)).toBe("TAMPERED(trailing, 10)");
  // One zero in the middle of an unsigned record is no sector.
  const hole = Buffer.from(good);
  hole[good.length - 40] = 0;
  expect(put(hole)).toBe("TAMPERED(framing, 9)");
  // Zeros where the signature says that there are records.
  const blank = Buffer.from(good);
  blank.fill(0, 512);
  expect(put(blank)).toMatch(/^TRUNCATED\(\d, 7, checkpoint\)$/);
});

it("zeros behind a closed log are tampering: nobody wrote there any more", () => {
  writeFileSync(at(SEGMENT), Buffer.concat([readFileSync(at(SEGMENT)), Buffer.alloc(4096)]));
  expect(wordOf(target)).toBe("TAMPERED(trailing, 11)");
});

async function open(stateDir: string): Promise<SessionLog> {
  const opened = await openSessionLog({ stateDir, session: "big", policy: "0", workspace: "/w", maxBytes: 1e8 });
  if (!opened.ok) throw new Error(opened.error.message);
  return opened.value;
}

it("blobs: changed, cut, missing, swapped, another's, one that nobody names", async () => {
  const stateDir = tmp();
  const real = await open(stateDir);
  for (const letter of ["a", "b"])
    await real.append({ type: "tool.result", origin: "observed", data: { output: letter.repeat(40_000) } });
  await real.append({ type: "tool.result", origin: "claimed", data: { $blob: "0".repeat(64), bytes: 1 } });
  await real.close({ exit: 0 });
  const trusted = await machineKey(stateDir);
  if (trusted === undefined) throw new Error("no key");
  const own: Target = { dir: real.dir, keys: [trusted] };
  expect(wordOf(own)).toBe("OK");
  const files = readdirSync(join(real.dir, "blobs"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length).toBe(2);
  const [first = "", second = ""] = files;
  const [a, b] = [readFileSync(first), readFileSync(second)];
  const seq = a.includes("aaaa") ? [1, 2] : [2, 1];
  const changed = Buffer.from(a);
  changed[20_000] = 0x7a;
  for (const [bytes, want] of [
    [changed, `TAMPERED(blob, ${seq[0]})`],
    [a.subarray(0, -1), `TAMPERED(blob, ${seq[0]})`],
    [Buffer.alloc(0), `TAMPERED(blob, ${seq[0]})`],
    [b, `TAMPERED(blob, ${seq[0]})`],
  ] as const) {
    writeFileSync(first, bytes);
    expect(wordOf(own)).toBe(want);
  }
  rmSync(first);
  expect(wordOf(own)).toMatch(/^INCOMPLETE\(blobs\//);
  symlinkSync(second, first);
  expect(exitOf(verdictOf(own))).toBe(1);
  rmSync(first);
  writeFileSync(first, a);
  writeFileSync(second, "");
  truncateSync(second, 2 ** 40);
  expect(wordOf(own)).toBe(`TAMPERED(blob, ${seq[1]})`);
  writeFileSync(second, b);
  // What a crash left: a whole blob whose line was never written.
  const orphan = join(real.dir, "blobs/2c/f24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824");
  mkdirSync(dirname(orphan), { recursive: true });
  writeFileSync(orphan, "hello");
  expect(wordOf(own)).toBe("OK");
  writeFileSync(orphan, "hellO");
  expect(wordOf(own)).toBe("TAMPERED(blob, 0)");
});
