// The gatekeeper, message by message: what passes passes in its own bytes, what does not is refused in the right form, to the right side.
import { describe, expect, test } from "vitest";
import { ExactNumber } from "#core/mcp";
import {
  toolCall as call,
  gateBed,
  holdTool as held,
  META,
  messageIn,
  TOOLS,
  textIn as text,
} from "../support/mcp-gate-bed.ts";

describe("calls", () => {
  test("are judged with the digest and the annotations before they go on, in their own bytes", async () => {
    const bed = gateBed();
    await bed.open();
    const message =
      '{ "jsonrpc":"2.0", "id":5,"x":1e400, "method":"tools/call","params":{"name":"echo","arguments":{"n":12345678901234567890}}}';
    expect(await bed.client(message)).toBe(`forward ${message}`);
    expect(bed.log).toEqual([
      {
        kind: "call",
        what: {
          ...{ server: "tested", method: "tools/call", tool: "echo", id: 5, era: "legacy" },
          arguments: { n: new ExactNumber("12345678901234567890") },
          annotations: { readOnlyHint: true },
          digest: expect.any(String),
        },
      },
    ]);
  });

  test("what is denied or cannot be judged is a result that says so", async () => {
    const bed = gateBed();
    await bed.open();
    bed.verdicts.call = async () => ({ verdict: "deny", text: "no: policy.yaml:3" });
    expect(messageIn(await bed.client(call(1)))).toEqual({
      ...{ jsonrpc: "2.0", id: 1 },
      result: { content: [{ type: "text", text: "no: policy.yaml:3" }], isError: true },
    });
    bed.verdicts.call = () => Promise.reject(new Error("disk full"));
    expect(text(await bed.client(call(2)))).toContain("could not be judged or recorded");
    expect(messageIn(await bed.client({ id: 3, method: "resources/read", params: { uri: "x:" } }))).toMatchObject({
      error: { code: -31403 },
    });
  });

  test("a call that is cancelled while it is judged never happens", async () => {
    const bed = gateBed();
    await bed.open();
    let signal: AbortSignal | undefined;
    bed.verdicts.call = (_, given) =>
      new Promise((done) => {
        signal = given;
        given.addEventListener("abort", () => done({ verdict: "allow" }));
      });
    const asked = bed.client(call(1));
    await new Promise((done) => setTimeout(done, 5));
    const cancel = { method: "notifications/cancelled", params: { requestId: 1 } };
    expect(await bed.client(cancel)).toBe("drop cancelled-in-time");
    expect(await asked).toBe("drop cancelled");
    expect(signal?.aborted).toBe(true);
    bed.verdicts.call = async () => ({ verdict: "allow" });
    await bed.client(call(1));
    expect(await bed.client(cancel)).toMatch(/^forward/);
    expect(await bed.from({ id: 1, result: { content: [] } })).toBe("drop late-answer");
    expect(await bed.client({ method: "notifications/cancelled", params: { requestId: "1" } })).toBe(
      "drop cancels-nothing",
    );
  });

  test("what a client says in one breath with its opening waits for the opening's answer", async () => {
    const bed = gateBed();
    const opening = { id: 0, method: "initialize", params: { protocolVersion: "2025-11-25", capabilities: {} } };
    expect(await bed.client({ id: 9, method: "tools/list" })).toMatch(/^answer .*has not opened/);
    const [opened] = [bed.client(opening), bed.client({ method: "notifications/initialized" })];
    const [listed, called] = [bed.client({ id: 1, method: "tools/list" }), bed.client(call(2))];
    expect(await opened).toMatch(/^forward/);
    const result = {
      protocolVersion: "2025-11-25",
      capabilities: { tools: {} },
      serverInfo: { name: "s", version: "1" },
    };
    await bed.from({ id: 0, result });
    expect(await listed).toMatch(/^answer .*"tools":/);
    expect(await called).toMatch(/^forward/);
    const again = gateBed();
    await again.client(opening);
    const never = again.client(call(3));
    await again.from({ id: 0, error: { code: -32602, message: "no" } });
    expect(text(await never)).toContain("has not opened");
  });

  test("nobody is asked for a client that is gone, and what it said is still judged", async () => {
    const bed = gateBed();
    await bed.open();
    const asked: AbortSignal[] = [];
    bed.verdicts.call = (_, given) => {
      asked.push(given);
      return new Promise((done) => given.addEventListener("abort", () => done({ verdict: "allow" })));
    };
    const called = bed.client(call(1));
    await new Promise((done) => setTimeout(done, 5));
    bed.keeper.abandon();
    expect(await called).toMatch(/^forward/);
    expect(asked.map(({ aborted }) => aborted)).toEqual([true]);
  });

  test("a definition that changes while a person looks at the call is not called", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client({ id: 0, method: "tools/list" });
    bed.verdicts.call = async () => {
      bed.server["tools/list"] = { tools: [{ ...TOOLS[0], description: "sends it away" }] };
      await bed.from({ method: "notifications/tools/list_changed" });
      return { verdict: "allow" };
    };
    expect(text(await bed.client(call(1)))).toContain("has changed while");
  });

  test("a retry says what it answers", async () => {
    const bed = gateBed();
    const more = { _meta: META, inputResponses: { q: { action: "accept" } }, requestState: "s\u0000" };
    expect(await bed.client(call(1, "echo", more))).toMatch(/^forward/);
    expect(bed.log.at(-1)?.["what"]).toMatchObject({
      era: "modern",
      retry: { requestState: "s\u0000", inputResponses: { q: { action: "accept" } } },
    });
  });

  test("a completion is about something that was verified", async () => {
    const bed = gateBed();
    await bed.open();
    const complete = (id: number, ref: object): object => ({ id, method: "completion/complete", params: { ref } });
    expect(await bed.client(complete(1, { type: "ref/prompt", name: "ask" }))).toMatch(/^forward/);
    expect(await bed.client(complete(2, { type: "ref/prompt", name: "none" }))).toMatch(/^answer/);
    expect(await bed.client(complete(3, { type: "ref/resource", uri: "demo:///{id}" }))).toMatch(/^forward/);
    expect(await bed.client(complete(4, { type: "ref/other" }))).toMatch(/^answer/);
  });
});

describe("answers", () => {
  test("pass in their own bytes, on record first", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1));
    const answer =
      '{"result":{"content":[],"structuredContent":{"__proto__":{"a":1.0},"n":1e400},"new":1},"jsonrpc":"2.0","id":1,"extra":-0}';
    expect(await bed.from(answer)).toBe(`forward ${answer}`);
    expect(bed.log.at(-1)).toMatchObject({ kind: "result", what: { method: "tools/call", call: { tool: "echo" } } });
  });

  test("what was cleaned is written anew, with every other member, and the server's own state untouched", async () => {
    const bed = gateBed();
    bed.clean = (value) => {
      const after = JSON.parse(JSON.stringify(value).replaceAll("BAD", "")) as typeof value;
      return { value: after, changed: JSON.stringify(after) !== JSON.stringify(value) };
    };
    await bed.open();
    await bed.client(call(1));
    const result = { content: [{ type: "text", text: "aBADb" }], requestState: "BAD", nextCursor: "BAD" };
    expect(messageIn(await bed.from({ id: 1, result, other: true }))).toEqual({
      ...{ jsonrpc: "2.0", id: 1, other: true },
      result: { content: [{ type: "text", text: "ab" }], requestState: "BAD", nextCursor: "BAD" },
    });
    await bed.client(call(2, "echo", { _meta: { progressToken: "BAD" } }));
    const progress = (progressToken: string): object => ({
      method: "notifications/progress",
      params: { progressToken, message: "BADly" },
    });
    expect(messageIn(await bed.from(progress("BAD")))["params"]).toEqual({ progressToken: "BAD", message: "ly" });
    expect(messageIn(await bed.from(progress("BADx")))["params"]).toEqual({ progressToken: "x", message: "ly" });
  });

  test("what is held is a result that says so, in the form of its request", async () => {
    const bed = gateBed();
    await bed.open();
    bed.verdicts.result = async () => ({ verdict: "deny", text: "third leg" });
    await bed.client(call(1));
    expect(messageIn(await bed.from({ id: 1, error: { code: -5, message: "evil" } }))).toMatchObject({
      result: { isError: true, content: [{ text: "third leg" }] },
    });
    await bed.client({ id: 2, method: "resources/read", params: { uri: "x:" } });
    expect(messageIn(await bed.from({ id: 2, result: { contents: [] } }))).toMatchObject({ error: { code: -31403 } });
  });

  test("an empty answer to a call is on record too", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1));
    await bed.from({ id: 1, result: {} });
    await bed.client({ id: 2, method: "ping" });
    await bed.from({ id: 2, result: {} });
    expect(bed.log.map(({ kind }) => kind)).toEqual(["call", "result"]);
  });

  test("a flood of held calls compares once, one of changes rests in between", async () => {
    const bed = gateBed();
    held(bed, "wipe");
    await bed.open();
    let compared = 0;
    const verify = bed.verify;
    bed.verify = async (found, part) => {
      compared += 1;
      await new Promise((done) => setTimeout(done, 20));
      return verify(found, part);
    };
    for (let n = 0; n < 50; n += 1) await bed.client(call(n, "wipe"));
    expect(compared).toBeLessThan(3);
    const began = performance.now();
    await Promise.all(Array.from({ length: 50 }, () => bed.from({ method: "notifications/tools/list_changed" })));
    expect(compared).toBeLessThan(6);
    await Promise.all(Array.from({ length: 50 }, () => bed.from({ method: "notifications/tools/list_changed" })));
    expect(performance.now() - began).toBeGreaterThan(60);
  });

  test("a task's result belongs to the call that began it", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client(call(1, "wipe", { task: { ttl: 1 } }));
    await bed.from({ id: 1, result: { task: { taskId: "t1", status: "working" } } });
    await bed.client({ id: 2, method: "tasks/result", params: { taskId: "t1" } });
    await bed.from({ id: 2, result: { content: [{ type: "text", text: "done" }] } });
    expect(bed.log.at(-1)).toMatchObject({
      kind: "result",
      what: { method: "tasks/result", call: { tool: "wipe", task: true } },
    });
  });
});

describe("the opening", () => {
  test("whose further words try something is refused whole, in both eras", async () => {
    const bed = gateBed();
    bed.screen = (value) =>
      JSON.stringify(value).includes("obey") ? [{ severity: "hard", kind: "model-address", at: "", excerpt: "x" }] : [];
    const words = { capabilities: {}, serverInfo: { name: "s", version: "obey" }, instructions: "obey" };
    const meta = { "io.modelcontextprotocol/serverInfo": words.serverInfo };
    const cases = [
      ["initialize", { protocolVersion: "2025-11-25", ...words }, "pinned words are compared, not read"],
      ["initialize", { protocolVersion: "obey", capabilities: {} }, ""],
      ["initialize", { protocolVersion: "2025-11-25", capabilities: {}, _meta: { n: "obey" } }, ""],
      ["server/discover", { resultType: "complete", capabilities: {}, instructions: "obey", _meta: meta }, "as well"],
      ["server/discover", { resultType: "complete", capabilities: {}, supportedVersions: ["obey"] }, ""],
      ["server/discover", { resultType: "complete", capabilities: {}, _meta: { ...meta, n: "obey" } }, ""],
    ] as const;
    for (const [at, [method, result, passes]] of cases.entries()) {
      const params = method === "initialize" ? { protocolVersion: "2025-11-25", capabilities: {} } : { _meta: META };
      await bed.client({ id: at, method, params });
      const got = messageIn(await bed.from({ id: at, result }));
      expect([method, result, "error" in got]).toEqual([method, result, passes === ""]);
      expect("error" in got && JSON.stringify(got).includes("obey")).toBe(false);
    }
  });

  test("instructions and capabilities are what was verified; an unchanged one keeps its bytes", async () => {
    const bed = gateBed();
    await bed.client({ id: 1, method: "initialize", params: { clientInfo: { name: "c" } } });
    const opening =
      '{"jsonrpc":"2.0","id":1,"result":{"protocolVersion":"2025-11-25","instructions":"do","capabilities":{ "tools":{}},"serverInfo":{"name":"s"},"z":1}}';
    expect(await bed.from(opening)).toBe(`forward ${opening}`);
    expect(bed.log).toEqual([
      expect.objectContaining({ kind: "open", clientInfo: { name: "c" }, serverInfo: { name: "s" } }),
    ]);
    bed.verify = ({ instructions: _, ...found }) => ({
      description: { ...found, capabilities: { prompts: {} } },
      held: [],
    });
    await bed.client({ id: 2, method: "initialize" });
    expect(messageIn(await bed.from(opening.replace('"id":1', '"id":2')))["result"]).toEqual({
      ...{ protocolVersion: "2025-11-25", capabilities: { prompts: {} }, serverInfo: { name: "s" }, z: 1 },
    });
    bed.verify = () => Promise.reject(new Error("no lock"));
    await bed.client({ id: 3, method: "initialize" });
    expect(messageIn(await bed.from(opening.replace('"id":1', '"id":3')))).toMatchObject({ error: { code: -31403 } });
  });
});

describe("what a server wants of the client", () => {
  const wish = (id: number, method: string): object => ({ id, method, params: { message: "?" } });

  test("a denied wish is answered as a person's no", async () => {
    const bed = gateBed();
    await bed.open();
    bed.verdicts.ask = async () => ({ verdict: "deny", text: "off" });
    expect(messageIn(await bed.from(wish(1, "elicitation/create")))).toMatchObject({
      id: 1,
      result: { action: "decline" },
    });
    expect(messageIn(await bed.from(wish(1, "sampling/createMessage")))).toMatchObject({ id: 1, error: { code: -1 } });
    bed.verdicts.ask = async () => ({ verdict: "allow", params: { message: "less" } });
    expect(messageIn(await bed.from(wish(1, "sampling/createMessage")))).toMatchObject({ params: { message: "less" } });
    bed.verdicts.ask = () => Promise.reject(new Error("gone"));
    expect(await bed.from(wish(2, "roots/list"))).toMatch(/^answer/);
  });

  test("inside of a result: all or none", async () => {
    const bed = gateBed();
    const ask = (id: number): Promise<string> => bed.client(call(id, "echo", { _meta: META }));
    const result = {
      ...{ resultType: "input_required", requestState: "opaque \u200b" },
      inputRequests: {
        a: { method: "elicitation/create", params: { message: "?" }, x: 1 },
        b: { method: "roots/list" },
      },
    };
    await ask(1);
    const same = JSON.stringify({ jsonrpc: "2.0", id: 1, result });
    expect(await bed.from(same)).toBe(`forward ${same}`);
    expect(bed.log.filter(({ kind }) => kind === "ask").map((entry) => entry["what"])).toMatchObject([
      { method: "elicitation/create", era: "modern", call: { tool: "echo" } },
      { method: "roots/list" },
    ]);
    bed.verdicts.ask = async ({ method }) =>
      method === "roots/list" ? { verdict: "deny", text: "no roots" } : { verdict: "allow" };
    await ask(2);
    const refused = await bed.from({ id: 2, result });
    expect(messageIn(refused)).toMatchObject({ result: { isError: true, resultType: "complete" } });
    expect(text(refused)).toBe("no roots");
    bed.verdicts.ask = async () => ({ verdict: "allow", params: { message: "." } });
    await ask(3);
    expect(messageIn(await bed.from({ id: 3, result }))["result"]).toEqual({
      ...result,
      inputRequests: {
        a: { method: "elicitation/create", params: { message: "." }, x: 1 },
        b: { method: "roots/list", params: { message: "." } },
      },
    });
    await ask(4);
    expect(
      text(await bed.from({ id: 4, result: { ...result, inputRequests: { a: { method: "shell/run" } } } })),
    ).toContain("cannot be judged");
    await ask(5);
    const asked = bed.log.length;
    const many = Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`k${at}`, { method: "roots/list" }]));
    expect(text(await bed.from({ id: 5, result: { ...result, inputRequests: many } }))).toContain("more at once");
    expect(bed.log.slice(asked).filter(({ kind }) => kind === "ask")).toEqual([]);
  });

  test("a server that takes its wish back ends the question", async () => {
    const bed = gateBed();
    await bed.open();
    bed.verdicts.ask = (_, signal) =>
      new Promise((done) => signal.addEventListener("abort", () => done({ verdict: "allow" })));
    const asked = bed.from(wish(1, "elicitation/create"));
    await new Promise((done) => setTimeout(done, 5));
    expect(await bed.from({ method: "notifications/cancelled", params: { requestId: 1 } })).toBe(
      "drop cancels-nothing",
    );
    expect(await asked).toBe("drop cancelled");
  });
});

test("an argument that a server takes for another one is refused, and a secret goes nowhere", async () => {
  const bed = gateBed();
  bed.server["tools/list"] = { tools: [{ name: "read", inputSchema: { properties: { path: {} } } }] };
  await bed.open();
  const read = (id: number, given: object): Promise<string> =>
    bed.client({ id, method: "tools/call", params: { name: "read", arguments: given } });
  for (const [id, given] of [{ Path: "/etc" }, { path: "a", PATH: "/etc" }, { x: 1, X: 2 }].entries())
    expect(text(await read(id, given))).toContain("differs only by case");
  expect(await read(9, { path: "a", other: "b" })).toMatch(/^forward/);
  bed.log.length = 0;
  expect(await bed.client({ id: 10, method: "vendor/x", params: { a: "hunter2" } })).toMatch(/^answer/);
  expect(await bed.client({ method: "notifications/progress", params: { message: "hunter2" } })).toBe("drop secret");
  await bed.from({ id: 1, method: "elicitation/create", params: {} });
  expect(messageIn(await bed.client({ id: 1, result: { action: "accept", content: { p: "hunter2" } } }))).toMatchObject(
    {
      id: 1,
      error: { code: -1 },
    },
  );
  const answered = { name: "read", arguments: { path: "a" }, inputResponses: { q: { content: "hunter2" } } };
  expect(text(await bed.client({ id: 11, method: "tools/call", params: answered }))).toContain(
    "a secret of this session",
  );
  await bed.client("noise hunter2");
  expect(JSON.stringify(bed.log)).not.toContain("hunter2");
});

test("what nobody knows passes with a line; a text that is held does not", async () => {
  const bed = gateBed();
  await bed.open();
  expect(await bed.client({ id: 1, method: "vendor/thing", params: { a: 1 } })).toMatch(/^forward/);
  expect(await bed.from({ id: 1, result: { z: "z" } })).toMatch(/^forward/);
  expect(await bed.from({ method: "notifications/vendor" })).toMatch(/^forward/);
  bed.screen = () => [{ severity: "hard", kind: "concealment", at: "/message", excerpt: "…" }];
  expect(await bed.from({ method: "notifications/message", params: { data: "x" } })).toBe("drop hard-finding");
  expect(bed.log.map((event) => [event.kind, event["verdict"]])).toEqual([
    ["notice", "allow"],
    ["result", undefined],
    ["notice", "allow"],
    ["notice", "deny"],
  ]);
});
