// What is a message and what is none, whose answer it is, and what becomes of the rest: no side can pass off one thing as another.
import { describe, expect, test } from "vitest";
import { toolCall as call, gateBed, messageIn, textIn as text } from "../support/mcp-gate-bed.ts";

describe("ids", () => {
  test("an answer fits one open request of its type, once", async () => {
    const bed = gateBed();
    await bed.open();
    expect(await bed.client(call(1))).toMatch(/^forward/);
    expect(await bed.from({ id: "1", result: {} })).toBe("drop foreign-id");
    expect(await bed.from({ id: 2, result: {} })).toBe("drop foreign-id");
    expect(await bed.from({ id: 1, result: { content: [] } })).toMatch(/^forward/);
    expect(await bed.from({ id: 1, result: { content: [] } })).toBe("drop late-answer");
    expect(bed.log.filter(({ kind }) => kind === "refused").map((event) => event["why"])).toEqual([
      "foreign-id",
      "foreign-id",
      "late-answer",
    ]);
  });

  test("two answers at once: the second is refused while the first is judged", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1));
    const both = [bed.from({ id: 1, result: { content: [1] } }), bed.from({ id: 1, result: { content: [2] } })];
    expect((await Promise.all(both)).map((one) => one.split(" ")[0])).toEqual(["forward", "drop"]);
  });

  test("an answer before its question was forwarded is a guess", async () => {
    const bed = gateBed();
    await bed.open();
    let release = (): void => undefined;
    bed.verdicts.call = () => new Promise((done) => (release = () => done({ verdict: "allow" })));
    const asked = bed.client(call(1));
    await new Promise((done) => setTimeout(done, 5));
    expect(await bed.from({ id: 1, result: { content: [] } })).toBe("drop foreign-id");
    release();
    expect(await asked).toMatch(/^forward/);
  });

  test("an id that is open is not taken twice; the server's numbers are its own", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1));
    expect(await bed.client(call(1))).toBe("drop reused-id");
    expect(await bed.from({ id: 1, method: "roots/list" })).toMatch(/^forward/);
    expect(await bed.from({ id: 1, method: "roots/list" })).toBe("drop reused-id");
    expect(await bed.client({ id: 1, result: { roots: [] } })).toMatch(/^forward/);
    expect(await bed.client({ id: 1, result: { roots: [] } })).toBe("drop late-answer");
    expect(await bed.client({ id: 9, result: { roots: [] } })).toBe("drop foreign-id");
  });

  test("what waits for answers has a weight", async () => {
    const bed = gateBed();
    await bed.open();
    const large = "x".repeat(12 << 20);
    const kinds: string[] = [];
    for (let n = 0; n < 7; n += 1) kinds.push((await bed.client(call(n, "echo", { large }))).slice(0, 7));
    expect(kinds).toEqual(["forward", "forward", "forward", "forward", "forward", "drop to", "drop to"]);
    await bed.from({ id: 0, result: { content: [] } });
    expect(await bed.client(call(9, "echo", { large }))).toMatch(/^forward/);
  });

  test("a flood of requests ends", async () => {
    const bed = gateBed();
    await bed.open();
    const all = await Promise.all(Array.from({ length: 1100 }, (_, n) => bed.client(call(n))));
    expect(all.filter((one) => one === "drop too-many-open")).toHaveLength(1100 - 1024);
  });
});

describe("what cannot be read", () => {
  test.each([
    ['{"jsonrpc":"2.0","id":7,"method":"ping","method":"tools/call"}', "answer", "duplicate-key"],
    ['{"jsonrpc":"2.0","id":null,"method":"ping"}', "drop", "bad-id"],
    ['{"jsonrpc":"2.0","id":1.5,"method":"ping"}', "drop", "bad-id"],
    ['{"jsonrpc":"2.0","id":12345678901234567890,"method":"ping"}', "drop", "bad-id"],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","result":{}}', "answer", "ambiguous"],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","params":[1]}', "answer", "bad-params"],
    ['{"jsonrpc":"1.0","id":7,"method":"ping"}', "answer", "not-2.0"],
    ['{"id":7,"method":"ping"}', "answer", "not-2.0"],
    ['[{"jsonrpc":"2.0","id":7,"method":"ping"}]', "answer", "batch"],
    ['{"jsonrpc":"2.0","method":"tools/call","params":{"name":"wipe"}}', "drop", "bad-method"],
    ['{"jsonrpc":"2.0","id":7,"method":"notifications/cancelled"}', "answer", "bad-method"],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","Method":"tools/call"}', "answer", "ambiguous"],
    ['{"jsonrpc":"2.0","id":7,"method":"ping","PARAMS":{}}', "answer", "ambiguous"],
    ['{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","Name":"wipe"}}', "answer", "ambiguous"],
    ['{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","Arguments":{}}}', "answer", "ambiguous"],
    [
      '{"jsonrpc":"2.0","id":7,"method":"tools/call","params":{"name":"echo","argument\u017f":{}}}',
      "answer",
      "ambiguous",
    ],
    [`{"jsonrpc":"2.0","id":"${"x".repeat(257)}","method":"ping"}`, "drop", "bad-id"],
    ["[]", "drop", "batch"],
    ["hello", "drop", "noise"],
    ["NaN", "drop", "noise"],
    ['"text"', "drop", "not-an-object"],
    ['{"jsonrpc":"2.0","id":7,"method":"ping"', "answer", "not-json"],
    [`{"jsonrpc":"2.0","id":7,"method":"ping","params":{"a":${"[".repeat(200)}`, "answer", "too-deep"],
  ])("of the client: %s", async (message, kind, why) => {
    const bed = gateBed();
    await bed.open();
    const passage = await bed.client(message);
    expect(passage.split(" ")[0]).toBe(kind);
    if (kind === "answer") expect(messageIn(passage)).toMatchObject({ id: 7, error: { code: -32600 } });
    expect(bed.log).toEqual([expect.objectContaining({ kind: "refused", from: "client", why, count: 1 })]);
  });

  test.each([
    ['{"jsonrpc":"2.0","id":1,"result":{"a":1,"a":2}}', "duplicate-key"],
    ['{"result":{"a":"\\ud800"},"jsonrpc":"2.0","id":1}', "lone-surrogate"],
    ['{"jsonrpc":"2.0","id":1,"result":NaN}', "not-json"],
    ['{"jsonrpc":"2.0","id":1,"result":{},"error":{"code":1,"message":"x"}}', "ambiguous"],
  ])("an answer of the server: %s", async (message, why) => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1));
    const passage = await bed.from(message);
    expect(passage).toMatch(/^forward/);
    expect(messageIn(passage)).toMatchObject({ id: 1, result: { isError: true } });
    expect(text(passage)).toContain(why);
    expect(await bed.from({ id: 1, result: { content: [] } })).toBe("drop late-answer");
  });

  test("a flood of it is a few lines with counts", async () => {
    const bed = gateBed();
    for (let n = 0; n < 1000; n += 1) await bed.from("noise");
    expect(bed.log.length).toBeLessThan(40);
    expect(bed.log.reduce((sum, event) => sum + Number(event["count"]), 0)).toBeGreaterThan(500);
  });

  test("blank lines are nothing", async () => {
    const bed = gateBed();
    expect(await bed.client(" \r")).toBe("drop blank");
    expect(bed.log).toEqual([]);
  });
});

describe("batches", () => {
  test("where they are allowed each member is judged, and the whole passes in its own bytes when nothing changed", async () => {
    const bed = gateBed();
    await bed.open({ version: "2025-03-26" });
    const batch = `[ {"jsonrpc":"2.0","id":1,"method":"ping"},{"jsonrpc":"2.0","id":2,"method":"ping"} ]`;
    expect(await bed.client(batch)).toBe(`forward ${batch}`);
    const mixed = JSON.stringify([{ jsonrpc: "2.0", ...call(3) }, { jsonrpc: "2.0", ...call(4, "none") }, 5]);
    const parts = (await bed.client(mixed)).split("; ");
    expect(parts.map((part) => part.split(" ")[0])).toEqual(["forward", "answer", "drop"]);
    expect(await bed.client("[]")).toBe("drop batch");
  });

  test("a batch of the server where none is allowed: nothing of it passes, and whoever asked is told", async () => {
    const bed = gateBed();
    await bed.open();
    for (const id of [1, 2, 3]) await bed.client(call(id));
    const answers = [1, 2].map((id) => ({
      jsonrpc: "2.0",
      id,
      result: { content: [{ type: "text", text: "secret" }] },
    }));
    const told = await bed.from(JSON.stringify([...answers, { jsonrpc: "2.0", id: 9, method: "ping" }, 5]));
    const parts = told.split("; ");
    expect(parts.map((part) => part.split(" ")[0])).toEqual(["forward", "forward", "answer"]);
    expect(parts.slice(0, 2).map((part) => messageIn(part)["id"])).toEqual([1, 2]);
    expect(text(parts[0] ?? "")).toMatch(/refused: the server's answer is malformed \(batch\)/);
    expect(told).not.toContain("secret");
    expect(bed.log.filter(({ kind }) => kind === "refused").map((event) => event["why"])).toEqual(["batch"]);
    expect(await bed.from({ id: 3, result: { content: [] } })).toMatch(/^forward/);
    expect(await bed.from({ id: 1, result: { content: [] } })).toBe("drop late-answer");
  });

  test("one that is longer than may be open still ends what is", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1));
    const told = await bed.from(`[${"5,".repeat(3_000)}{"jsonrpc":"2.0","id":1,"result":{}}]`);
    expect(told).toMatch(/^forward /);
  });
});
