// Long work in turns: what is short is done at once, what is long lets everything else pass, and what costs too much is given up.
import { describe, expect, it } from "vitest";
import type { Work } from "#core/mcp/screen";
import { openTurns } from "../../../src/mcp/turns.ts";

/** So many pieces, each of so many milliseconds. */
function* busy(pieces: number, ms: number, done: () => void = () => undefined): Work<string> {
  for (let piece = 0; piece < pieces; piece += 1) {
    for (const end = performance.now() + ms; performance.now() < end; );
    yield;
  }
  done();
  return "done";
}

describe("turns", () => {
  it("do what is short before anything else happens", () => {
    let isDone = false;
    void openTurns().do(busy(2, 0, () => (isDone = true)));
    expect(isDone).toBe(true);
  });

  it("let others pass between two pieces", async () => {
    let passed = 0;
    const beat = setInterval(() => (passed += 1), 1);
    const turns = openTurns({ turnMs: 2, mostMs: 10_000 });
    await Promise.all([turns.do(busy(60, 1)), turns.do(busy(60, 1))]);
    clearInterval(beat);
    // 120 ms of work in turns of two
    expect(passed).toBeGreaterThan(20);
  });

  it("share one turn, however much is begun in it", () => {
    let done = 0;
    const turns = openTurns({ turnMs: 5, mostMs: 10_000 });
    for (let job = 0; job < 20; job += 1) void turns.do(busy(1, 3, () => (done += 1)));
    expect(done).toBeLessThan(4);
  });

  it("do not make what is short wait for what is long", async () => {
    const order: string[] = [];
    const turns = openTurns({ turnMs: 2, mostMs: 10_000 });
    const long = turns.do(busy(50, 1)).then(() => order.push("long"));
    await turns.do(busy(1, 1)).then(() => order.push("short"));
    await long;
    expect(order).toEqual(["short", "long"]);
  });

  it("give up what costs too much, and what nobody wants any more", async () => {
    const turns = openTurns({ turnMs: 2, mostMs: 20 });
    expect(await turns.do(busy(1_000, 1))).toBeUndefined();
    const gone = new AbortController();
    const abandoned = turns.do(busy(1_000, 1), gone.signal);
    gone.abort();
    expect(await abandoned).toBeUndefined();
  });

  it("hand on what the work throws, at once and later", async () => {
    function* broken(pieces: number): Work<string> {
      yield* busy(pieces, 1);
      throw new Error("a bug");
    }
    const turns = openTurns({ turnMs: 2, mostMs: 10_000 });
    await expect(turns.do(broken(0))).rejects.toThrow("a bug");
    await expect(turns.do(broken(20))).rejects.toThrow("a bug");
  });
});
