// The laws of finding records by their bytes: nothing that is wanted is missed, damage is always given out, and the end is found from behind.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readLog, searchLog, searchLogBackwards } from "#audit";
import { encodeBody, encodeLine, type Json, type RecordFilter, type RecordType, recordSelect } from "#core/log";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "ringfence-search-"));
  mkdirSync(join(dir, "log"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const HOSTS = ["a.example", "b.a.example", "x.test", '"odd\\name'];
const PATHS = ["/w/src/a.ts", "/w/src/b/c.pem", "/etc/passwd", "/w/ü \n.txt"];
const TYPES: readonly RecordType[] = ["net.connect", "net.blocked", "file.write", "exec.start"];

interface Made {
  readonly type: RecordType;
  readonly host: string | undefined;
  readonly path: string | undefined;
  readonly exe: string | undefined;
  readonly pad: number;
  readonly minute: number;
}

const made: fc.Arbitrary<Made> = fc.record({
  type: fc.constantFrom(...TYPES),
  host: fc.option(fc.constantFrom(...HOSTS), { nil: undefined }),
  path: fc.option(fc.constantFrom(...PATHS), { nil: undefined }),
  exe: fc.option(fc.constantFrom("/usr/bin/node", "/bin/sh"), { nil: undefined }),
  pad: fc.constantFrom(0, 10, 15_000),
  minute: fc.nat(59),
});

const filters: fc.Arbitrary<RecordFilter> = fc.record(
  {
    types: fc.constantFrom(["net.*"], ["file.write"], ["net.blocked", "exec.start"]),
    host: fc.constantFrom(...HOSTS, "*.a.example", "A.EXAMPLE"),
    path: fc.constantFrom("src/**", "*.pem", "//etc/passwd", "ü*", "{src,x}/**"),
    program: fc.constantFrom("node", "/bin/sh"),
    verdict: fc.constantFrom("deny", "allow"),
    since: fc.constant("2026-11-26T10:20:00.000Z"),
    until: fc.constant("2026-11-26T10:40:00.000Z"),
    text: fc.constantFrom("passwd", "example", '"odd'),
  },
  { requiredKeys: [] },
);

function lineOf(seq: number, { type, host, path, exe, pad, minute }: Made): string {
  const data: Record<string, Json> = { n: seq, pad: "p".repeat(pad) };
  if (host !== undefined) data["host"] = host;
  if (path !== undefined) data["path"] = path;
  const actor = exe === undefined ? {} : { actor: { pid: 7, exe } };
  const body = encodeBody({ type, origin: "observed", ...actor, data }, () => "0".repeat(64));
  if (!body.ok) throw new Error(body.error.message);
  const ts = `2026-11-26T10:${String(minute).padStart(2, "0")}:00.000Z`;
  return encodeLine({ seq, prev: "0".repeat(64), ts, mono: seq, session: "s" }, body.value);
}

/** Repeats the drawn records so that the log is longer than several chunks of a search. */
function write(records: readonly Made[], damage: number, times: number): void {
  const lines = Array.from({ length: records.length * times }, (_, n) =>
    lineOf(n, records[n % records.length] as Made),
  );
  lines.splice(damage % lines.length, 0, "half a li");
  writeFileSync(join(dir, "log/000000000000.jsonl"), `${lines.join("\n")}\n{"v":1,"torn`);
}

describe("a search of a log", () => {
  it("finds what reading every line finds, and from the end the same backwards", () => {
    fc.assert(
      fc.property(
        fc.array(made, { minLength: 1, maxLength: 12 }),
        filters,
        fc.nat(100),
        fc.constantFrom(1, 30),
        (records, filter, damage, times) => {
          write(records, damage, times);
          const select = recordSelect(filter, "/w");
          const wanted = (text: string, record?: Parameters<typeof select.wants>[0]): boolean =>
            record === undefined || select.wants(record, text);
          const slow = [...readLog(dir)].filter(({ text, record }) => wanted(text, record));
          const fast = [...searchLog(dir, select)].filter(({ text, record }) => wanted(text, record));
          expect(fast).toEqual(slow);
          expect(
            [...searchLogBackwards(dir, select)].filter(({ text, record }) => wanted(text, record)).reverse(),
          ).toEqual(slow);
          expect(slow.some(({ text }) => text === "half a li")).toBe(true);
        },
      ),
      { numRuns: 150 },
    );
  });

  it("goes on behind any place", () => {
    fc.assert(
      fc.property(fc.array(made, { minLength: 2, maxLength: 12 }), fc.nat(100), (records, at) => {
        write(records, 0, 1);
        const all = [...readLog(dir)];
        const place = all[at % all.length]?.place;
        expect([...readLog(dir, place)]).toEqual(all.slice((at % all.length) + 1));
      }),
      { numRuns: 50 },
    );
  });

  it("gives out a line that never ends in pieces, in both directions", () => {
    const long = "z".repeat(2_000_000);
    writeFileSync(join(dir, "log/000000000000.jsonl"), `${lineOf(0, PLAIN)}\n${long}\n${lineOf(1, PLAIN)}\n`);
    const seqs = (lines: ReturnType<typeof readLog>): readonly number[] =>
      [...lines].flatMap(({ record }) => (record === undefined ? [] : [record.seq]));
    expect(seqs(searchLog(dir))).toEqual([0, 1]);
    expect(seqs(searchLogBackwards(dir))).toEqual([1, 0]);
    expect([...searchLog(dir, { needles: ["nowhere"] })].some(({ text }) => text.startsWith("zzz"))).toBe(true);
  });
});

const PLAIN: Made = { type: "net.connect", host: "a.example", path: undefined, exe: undefined, pad: 0, minute: 1 };
