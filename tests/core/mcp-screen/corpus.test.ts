// Screening on tables: attacks in many spellings, honest texts that look like them, and tools of published servers.
import { describe, expect, it } from "vitest";
import { readCases } from "../../support/cases.ts";
import { type ScreenLine, screened } from "../../support/screen-examples.ts";

type Line = ScreenLine & { readonly missed?: true };

const lines = (name: string): readonly Line[] => readCases<object, Line>(`mcp-screen/${name}.jsonl`).slice(1) as Line[];

describe("MCP-3: poisoned, hidden and shadowing text is found offline", () => {
  it("attacks are flagged, but for those that are known to be missed", () => {
    const missed = lines("attacks").filter((line) => line.missed !== true && screened(line).length === 0);
    expect(missed.map(({ id }) => id)).toEqual([]);
  });

  it("known misses are few, and say so when they are found one day", () => {
    const all = lines("attacks");
    const known = all.filter(({ missed }) => missed === true);
    expect(known.length / all.length).toBeLessThan(0.05);
    expect(known.filter((line) => screened(line).length > 0).map(({ id }) => id)).toEqual([]);
  });

  it("honest texts that look like attacks are not", () => {
    const flagged = lines("benign").flatMap((line) => screened(line).map(({ kind }) => `${line.id} ${kind}`));
    expect(flagged).toEqual([]);
  });

  it("tools of published servers are not, alone and beside each other", () => {
    const live = lines("live");
    const peers = live.flatMap(({ server, tool }) => (tool === undefined ? [] : [{ server, tool }]));
    const flagged = live.flatMap((line) => [
      ...screened(line).map(({ kind }) => `${line.id} ${kind}`),
      ...screened({ ...line, peers })
        .filter(({ severity }) => severity === "hard")
        .map(({ kind }) => `${line.id} hard ${kind}`),
    ]);
    expect(flagged).toEqual([]);
  });

  it("pages of manuals and of source code are not", () => {
    const flagged = lines("manuals").flatMap((line) => screened(line).map(({ kind }) => `${line.id} ${kind}`));
    expect(flagged).toEqual([]);
  });

  it("an excerpt moves no terminal", () => {
    for (const line of lines("attacks"))
      for (const { excerpt } of screened(line)) expect(excerpt).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});
