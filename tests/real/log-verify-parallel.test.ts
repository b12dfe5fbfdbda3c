// Threads that read a log's segments come to the very answer that one reader in order comes to, whatever was done to the log.
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { expect, it } from "vitest";
import { verifyLog, verifyLogInParallel } from "#audit";
import { type NoteSigner, verdictText } from "#core/log";
import { forge, newKey, noise } from "../support/log-forge.ts";
import { tmp } from "../support/tmp.ts";

const NAME = "ringfence-machine-0123456789abcdef";
const PROGRAM = fileURLToPath(new URL("../../src/audit/verify/reader-main.ts", import.meta.url));

/** The program of a thread, as the build makes it. */
async function program(): Promise<string> {
  const outfile = join(tmp(), "log-reader.mjs");
  await build({
    entryPoints: [PROGRAM],
    outfile,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["source"],
  });
  return outfile;
}

it("reads whole and changed logs as one reader does", async () => {
  const machine: NoteSigner[] = [newKey(NAME)];
  const keys = [1, 2].map(() => newKey(`${NAME}/one`));
  const records = Array.from({ length: 60 }, (_, n) => noise(n));
  const last = { type: "session.close", origin: "observed", data: { exit: 0 } } as const;
  const log = forge({ dir: join(tmp(), "one"), session: "one", machine, keys, records, perEpoch: 40, last });
  const parts = [0, 10, 25, 40, 63].map((from, n, all) => ({ from, lines: log.lines.slice(from, all[n + 1]) }));
  const name = (from: number): string => join(log.dir, "log", `${String(from).padStart(12, "0")}.jsonl`);
  const put = (from: number, text: string | Uint8Array): void => writeFileSync(name(from), text);
  const putAll = (): void => {
    for (const { from, lines } of parts) put(from, lines.map((line) => `${line}\n`).join(""));
  };
  const readers = { program: await program(), threads: 3 };
  const trust = { keys: [(machine[0] as NoteSigner).key] };
  const both = async (): Promise<string> => {
    const [seen, alone] = [[], []] as [number[], number[]];
    const threads = await verifyLogInParallel(log.dir, { ...trust, readers, onRecord: ({ seq }) => seen.push(seq) });
    const one = verifyLog(log.dir, { ...trust, onRecord: ({ seq }) => alone.push(seq) });
    expect(threads).toEqual(one);
    expect(seen).toEqual(alone);
    return verdictText(threads.verdict);
  };
  putAll();
  expect(await both()).toBe("OK");
  const changes: readonly [string, () => void, string][] = [
    ["a byte in the third segment", () => swap(25, '"n":30', '"n":31'), "TAMPERED(edit, 31)"],
    ["a byte in the last line of a segment", () => swap(10, '"n":23', '"n":99'), "TAMPERED(edit, 24)"],
    ["a segment's first prev", () => swap(25, /"prev":"./, '"prev":"x'), "TAMPERED(framing, 25)"],
    ["a line taken from a segment's end", () => put(10, cut(10)), "TAMPERED(delete, 24)"],
    ["a segment missing", () => rmSync(name(25)), "TAMPERED(delete, 25)"],
    ["a segment empty", () => put(25, ""), "TAMPERED(delete, 25)"],
    ["a torn end in the middle", () => put(10, read(10).slice(0, -5)), "TAMPERED(trailing, 24)"],
    ["rubbish in the last segment", () => put(63, "rubbish\n"), "TAMPERED(framing, 63)"],
    ["zeros behind the close", () => put(63, Buffer.alloc(512)), "TAMPERED(trailing, 63)"],
    ["a folder in a segment's place", () => rmSync(name(40)), "TAMPERED(delete, 40)"],
  ];
  for (const [what, change, want] of changes) {
    change();
    expect([what, await both()]).toEqual([what, want]);
    putAll();
  }
  expect(await both()).toBe("OK");
  // A program that dies, or is not there, only costs time.
  for (const text of ["process.exit(3)", "throw new Error('x')", "syntax error("]) {
    const broken = join(tmp(), "broken.mjs");
    writeFileSync(broken, text);
    expect(await verifyLogInParallel(log.dir, { ...trust, readers: { ...readers, program: broken } })).toMatchObject({
      verdict: { word: "OK" },
    });
  }

  function read(from: number): string {
    return readFileSync(name(from), "utf8");
  }
  function swap(from: number, text: string | RegExp, other: string): void {
    const changed = read(from).replace(text, other);
    expect(changed).not.toBe(read(from));
    put(from, changed);
  }
  function cut(from: number): string {
    return read(from).replace(/[^\n]*\n$/, "");
  }
});
