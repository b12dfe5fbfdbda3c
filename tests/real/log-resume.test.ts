// A log of `log append` that is longer than a segment is gone on with from its open segment: what is before it is known by the tiles, which
// the signed root proves. Tiles that lie or are gone cost a whole reading and nothing else; what was changed in the open segment is refused.
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { AppendBed, claim } from "../support/append-bed.ts";
import { needs } from "../support/needs.ts";

it("a long log is gone on with from its open segment", { timeout: 180_000 }, (context) => {
  needs(context, "helper");
  const bed = new AppendBed();
  const text = "x".repeat(16_000);
  const long = (n: number): string =>
    `${JSON.stringify({ type: "tool.call", data: { n, a: text, b: text, c: text } })}\n`;
  // A segment of 64 MiB and the beginning of the next one. What waits at once goes into one segment, however long it is: hence twice.
  const many = (from: number, to: number): string =>
    Array.from({ length: to - from }, (_, n) => long(from + n)).join("");
  bed.append(many(0, 1400), "--epoch-every", "600");
  bed.append(many(1400, 1420), "--epoch-every", "600");
  const segments = readdirSync(join(bed.dir, "log")).sort();
  expect(segments).toHaveLength(2);
  const changed = (file: string, change: (text: string) => string): (() => void) => {
    const path = join(bed.dir, file);
    const before = readFileSync(path, "latin1");
    writeFileSync(path, change(before), "latin1");
    return () => writeFileSync(path, before, "latin1");
  };

  expect(bed.append(claim(-1)).answers).toEqual([{ seq: expect.any(Number) }]);
  expect(bed.verify().text).toMatch(/^\S+ +OK /);

  const restoreLine = changed(`log/${segments[1]}`, (lines) => lines.replace('"n":1419,', '"n":1418,'));
  const refused = { status: 1, answers: [], stderr: expect.stringContaining("not what was signed") };
  expect(bed.append(claim(-2))).toMatchObject(refused);
  restoreLine();

  rmSync(join(bed.dir, "tile"), { recursive: true });
  expect(bed.append(claim(-3)).status).toBe(0);
  expect(bed.verify().text).toMatch(/^\S+ +OK /);

  const restoreTile = changed("tile/0/001", (tile) => `${tile[0] === "x" ? "y" : "x"}${tile.slice(1)}`);
  expect(bed.append(claim(-4)).status).toBe(0);
  restoreTile();
  expect(bed.verify().text).toMatch(/^\S+ +OK /);

  for (const harm of [
    (lines: string) => lines.slice(0, lines.lastIndexOf("\n", lines.length - 2) + 1),
    (lines: string) => lines.slice(lines.indexOf("\n") + 1),
    (lines: string) => "\0".repeat(lines.length),
    () => "",
  ]) {
    const restore = changed(`log/${segments[0]}`, harm);
    expect(bed.append(claim(-5))).toMatchObject(refused);
    restore();
  }

  // What is between the ends of a segment before the open one is not read again; who asks is told.
  changed(`log/${segments[0]}`, (lines) => lines.replace('"n":7,', '"n":8,'));
  expect(bed.append(claim(-5)).status).toBe(0);
  expect(bed.verify().text).toMatch(/TAMPERED\(edit, 8\)/);
});
