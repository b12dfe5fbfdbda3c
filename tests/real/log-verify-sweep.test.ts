// The mutation sweep: every byte of three records and of everything signed, every line taken away, doubled, swapped, put in,
// every place where a file can end. All of it is found, and the first bad record has its right number.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import type { LogVerdict, NoteSigner, RecordBody } from "#core/log";
import { type Forged, forge, newKey, noise } from "../support/log-forge.ts";
import { sweepBytes, sweepContents, type Target, verdictOf, wordOf } from "../support/log-sweep.ts";
import { tmp } from "../support/tmp.ts";

const NAME = "ringfence-machine-0123456789abcdef";
const SEGMENT = "log/000000000000.jsonl";
const CLOSE: RecordBody = { type: "session.close", origin: "observed", data: { exit: 0 } };

let log: Forged;
let target: Target;
let good: Buffer;

/** Where each line begins, and where the file ends. */
function offsets(): number[] {
  const at = [0];
  for (const line of log.lines) at.push((at.at(-1) ?? 0) + Buffer.byteLength(line) + 1);
  return at;
}

beforeEach(() => {
  const machine: NoteSigner[] = [newKey(NAME), newKey(NAME)];
  const keys = [1, 2].map(() => newKey(`${NAME}/one`));
  const records = Array.from({ length: 8 }, (_, n) => noise(n));
  log = forge({ dir: join(tmp(), "one"), session: "one", machine, keys, records, perEpoch: 5, last: CLOSE });
  target = { dir: log.dir, keys: [(machine[0] as NoteSigner).key] };
  good = readFileSync(join(log.dir, SEGMENT));
  expect([wordOf(target), log.lines.length, ...log.starts]).toEqual(["OK", 11, 7]);
});

it("each byte of three records: found, and that record is named", { timeout: 600_000 }, () => {
  const at = offsets();
  const missed = [4, 6, 10].flatMap((seq) => {
    const [from, to] = [at[seq] ?? 0, at[seq + 1] ?? 0];
    // The line feed belongs to both sides: without it two records are one line.
    const right = (verdict: LogVerdict, place: number): boolean =>
      verdict.word === "TAMPERED"
        ? verdict.seq === seq && inside(verdict, at, place)
        : verdict.word === "TRUNCATED" && seq === 10;
    return sweepBytes(target, SEGMENT, { from, to, right });
  });
  expect(missed).toEqual([]);
});

/** The offset, where there is one, is that of the named record. */
function inside(verdict: LogVerdict & { word: "TAMPERED" }, at: number[], place: number): boolean {
  return verdict.offset === undefined || verdict.offset === at.findLast((start) => start <= place);
}

it("each byte of everything that is signed, and of each tile", { timeout: 600_000 }, () => {
  const files = ["checkpoint", "checkpoints/7", "certificate", "authority", "epochs/1", "tile/0/000.p/11"];
  expect(files.flatMap((file) => sweepBytes(target, file))).toEqual([]);
});

it("each line taken away, doubled, swapped, put in, emptied", { timeout: 600_000 }, () => {
  const { lines } = log;
  const text = (all: readonly string[]): string => `${all.join("\n")}\n`;
  const named = (kinds: string, seq: number): RegExp => new RegExp(`^TAMPERED\\((?:${kinds}), ${seq}\\)$`);
  const contents = lines.flatMap((line, seq) => [
    {
      name: `delete ${seq}`,
      bytes: text(lines.toSpliced(seq, 1)),
      want: seq === 10 ? /^TRUNCATED\(10, 11, checkpoint\)$/ : named("delete", seq),
    },
    { name: `double ${seq}`, bytes: text(lines.toSpliced(seq, 0, line)), want: named("insert", seq) },
    { name: `an empty line before ${seq}`, bytes: text(lines.toSpliced(seq, 0, "")), want: named("framing", seq) },
    { name: `rubbish before ${seq}`, bytes: text(lines.toSpliced(seq, 0, "rubbish")), want: named("framing", seq) },
    { name: `emptied ${seq}`, bytes: text(lines.with(seq, "")), want: named("framing", seq) },
    { name: `a blank behind ${seq}`, bytes: text(lines.with(seq, `${line} `)), want: named("framing", seq) },
    { name: `CRLF at ${seq}`, bytes: text(lines.with(seq, `${line}\r`)), want: named("framing", seq) },
    {
      name: `joined with the next ${seq}`,
      bytes: text(lines).replace(`${line}\n`, line),
      want: seq === 10 ? /^TRUNCATED/ : named("framing", seq),
    },
    ...lines.slice(seq + 1).map((other, n) => ({
      name: `swap ${seq} and ${seq + 1 + n}`,
      bytes: text(lines.with(seq, other).with(seq + 1 + n, line)),
      want: named("reorder", seq),
    })),
    ...lines.slice(seq + 2).map((other, n) => ({
      name: `${seq + 2 + n} repeated at ${seq}`,
      bytes: text(lines.toSpliced(seq, 0, other)),
      want: named("reorder|delete", seq),
    })),
  ]);
  expect(sweepContents(target, SEGMENT, contents)).toEqual([]);
});

it("a line that follows but was never signed, put in anywhere", () => {
  const { lines } = log;
  const contents = lines.slice(1).map((line, n) => {
    const seq = n + 1;
    const forged = line.replace(/"data":\{.*\}\}$/, '"data":{"planted":1}}');
    return {
      name: `planted at ${seq}`,
      bytes: `${lines.toSpliced(seq, 0, forged).join("\n")}\n`,
      want: new RegExp(`^TAMPERED\\(insert, ${seq}\\)$`),
    };
  });
  expect(sweepContents(target, SEGMENT, contents)).toEqual([]);
});

it("a log that ends anywhere in its last records is never taken for whole", { timeout: 600_000 }, () => {
  const at = offsets();
  const from = at[8] ?? 0;
  const contents = Array.from({ length: good.length - from }, (_, n) => {
    const end = from + n;
    const whole = at.filter((start) => start > 0 && start <= end).length;
    return {
      name: `cut at ${end}`,
      bytes: good.subarray(0, end),
      want: new RegExp(`^TRUNCATED\\(${whole}, 11, checkpoint\\)$`),
    };
  });
  contents.push({ name: "empty", bytes: Buffer.alloc(0), want: /^TRUNCATED\(0, 11, checkpoint\)$/ });
  for (const [whole, end] of at.slice(1, 8).entries())
    contents.push({
      name: `cut behind ${whole}`,
      bytes: good.subarray(0, end),
      want: new RegExp(`^TRUNCATED\\(${whole + 1}, 11, (?:checkpoint|epoch)\\)$`),
    });
  expect(sweepContents(target, SEGMENT, contents)).toEqual([]);
});

it("every other file cut at every byte, emptied, doubled, or in another's place", { timeout: 600_000 }, () => {
  const files = ["checkpoint", "checkpoints/7", "certificate", "authority", "epochs/1", "tile/0/000.p/11"];
  const bytesOf = (file: string): Buffer => readFileSync(join(log.dir, file));
  const missed = files.flatMap((file) => {
    const bytes = bytesOf(file);
    const cuts = Array.from({ length: bytes.length }, (_, end) => ({
      name: `cut at ${end}`,
      bytes: bytes.subarray(0, end),
    }));
    const more = [" ", "\n", "x", "\0", "\u2014 x AAAAAAAA\n\n"].map((tail) => ({
      name: `with ${JSON.stringify(tail)} behind`,
      bytes: Buffer.concat([bytes, Buffer.from(tail)]),
    }));
    const others = files
      .filter((other) => other !== file && !(file === "checkpoint" && other === "checkpoints/7"))
      .map((other) => ({ name: `replaced by ${other}`, bytes: bytesOf(other) }));
    const twice = { name: "doubled", bytes: Buffer.concat([bytes, bytes]) };
    const marked = { name: "with a byte order mark", bytes: Buffer.concat([Buffer.from("\ufeff"), bytes]) };
    const crlf = { name: "with CRLF", bytes: bytes.toString("latin1").replaceAll("\n", "\r\n") };
    return sweepContents(target, file, [
      ...cuts,
      ...more,
      ...others,
      twice,
      marked,
      ...(file.startsWith("tile") ? [] : [crlf]),
    ]);
  });
  // A signature by somebody unknown is passed over in a note (C2SP), so a whole line of one may stand there.
  expect(missed).toEqual([]);
});

it("spellings that mean the same are not the same", () => {
  const line = log.lines[4] ?? "";
  const other: readonly [string, string, string][] = [
    ["a key twice", '"n":3', '"n":9,"n":3'],
    ["a key twice with an escape", '"n":3', '"\\u006e":9,"n":3'],
    ["keys in another order", '"host":"a.test","n":3', '"n":3,"host":"a.test"'],
    ["a float", '"n":3', '"n":3.0'],
    ["an exponent", '"n":3', '"n":3e0'],
    ["a plus", '"n":3', '"n":+3'],
    ["a leading zero", '"n":3', '"n":03'],
    ["minus zero", '"n":3', '"n":-0'],
    ["a big integer", '"n":3', '"n":9007199254740993'],
    ["an escape", "a.test", "\\u0061.test"],
    ["an escaped slash", "a.test", "a\\/test"],
    ["a raw control character", "a.test", "a\ttest"],
    ["a wrong UTF-8 byte", "a.test", "a\ufffdtest"],
    ["a blank", '"n":3', '"n": 3'],
    ["a capital in prev", '"prev":"', '"prev":"A'],
    ["a time zone", 'Z","mono"', '+00:00","mono"'],
    ["another version", '"v":1', '"v":2'],
    ["one more key in the envelope", '"v":1,', '"v":1,"x":1,'],
    ["an envelope key away", '"mono":4000,', ""],
    ["a negative mono", '"mono":4000', '"mono":-4000'],
    ["a null in data's place", '"data":{', '"data":null,"x":{'],
    ["data in a list", '"data":{"host":"a.test","n":3}', '"data":["a.test",3]'],
    ["a BOM in front", '{"v"', '\ufeff{"v"'],
  ];
  const contents = other.map(([name, from, to]) => {
    const changed = line.replace(from, to);
    expect([name, changed]).not.toEqual([name, line]);
    const want = /^TAMPERED\((?:framing|dup-json|edit), 4\)$/;
    return { name, bytes: `${log.lines.with(4, changed).join("\n")}\n`, want };
  });
  expect(sweepContents(target, SEGMENT, contents)).toEqual([]);
  writeFileSync(join(log.dir, SEGMENT), good);
  expect(verdictOf(target)).toEqual({ word: "OK" });
});
