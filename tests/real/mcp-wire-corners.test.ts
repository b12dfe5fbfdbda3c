// The corners of a message that nobody looks into: members without a place, requests that nobody knows, outcomes told aside. A secret leaves through
// none of them, and no text of a server comes in unread.
import { expect, test } from "vitest";
import { toolCall as call, gateBed, messageIn } from "../support/mcp-gate-bed.ts";

const SECRET = "hunter2";

test("no part of a client's message carries a secret to the server", async () => {
  const bed = gateBed();
  await bed.open();
  const read = { uri: "demo:///1", arguments: { a: SECRET } };
  for (const message of [
    { ...call(1), vendor: SECRET },
    call(SECRET),
    { id: 3, method: `vendor/${SECRET}` },
    { id: 4, method: "resources/read", params: read },
    { id: 5, method: "initialize", params: { clientInfo: { name: SECRET } } },
  ])
    expect(await bed.client(message)).toMatch(/^answer .*a secret of this session/);
  const params = { _meta: { a: SECRET } };
  expect(await bed.client({ method: "notifications/initialized", params })).toBe("drop secret");
  expect(await bed.client({ id: 6, method: "ping" })).toMatch(/^forward/);
  const cancel = { method: "notifications/cancelled", params: { requestId: 6, reason: SECRET } };
  expect(messageIn(await bed.client(cancel))["params"]).toEqual({ requestId: 6 });
});

test("nor do our own requests, in which a modern client says who it is", async () => {
  const bed = gateBed();
  const _meta = {
    "io.modelcontextprotocol/protocolVersion": "2026-07-28",
    "io.modelcontextprotocol/clientInfo": { name: SECRET },
  };
  expect(await bed.client(call(1, "echo", { _meta }))).toMatch(/^answer .*a secret of this session/);
  expect(bed.asked).toEqual([]);
});

test("what a server writes beside its message, and asks without being known, is read like the rest", async () => {
  const bed = gateBed();
  await bed.open();
  bed.screen = (value) =>
    JSON.stringify(value).includes("POISON") ? [{ severity: "hard", kind: "concealment", at: "", excerpt: "" }] : [];
  bed.clean = (value) => {
    const text = JSON.stringify(value);
    return { value: JSON.parse(text.replaceAll("HIDDEN", "")), changed: text.includes("HIDDEN") };
  };
  await bed.client({ id: 1, method: "ping" });
  expect(messageIn(await bed.from({ id: 1, result: {}, more: "POISON" }))).toEqual({
    ...{ jsonrpc: "2.0", id: 1, result: {} },
  });
  await bed.client({ id: 2, method: "ping" });
  expect(await bed.from({ id: 2, result: {}, more: "HIDDEN" })).not.toContain("HIDDEN");
  await bed.client({ id: 3, method: "ping" });
  expect(await bed.from({ id: 3, result: {}, more: "plain" })).toContain("plain");
  expect(bed.log.filter(({ kind }) => kind === "refused").map(({ why }) => why)).toEqual([
    "unknown-member",
    "unknown-member",
  ]);
  expect(messageIn(await bed.from({ id: 1, method: "vendor/ask", params: { text: "POISON" } }))).toMatchObject({
    error: { code: -1 },
  });
  expect(await bed.from({ id: 2, method: "vendor/ask", params: { text: "aHIDDENb" } })).toMatch(/^forward .*"ab"/);
});

test("what a task yields or wants passes where the client asks for it, judged", async () => {
  const bed = gateBed();
  await bed.open();
  const inputRequests = { q: { method: "sampling/createMessage", params: {} } };
  const told = (more: object): Promise<string> =>
    bed.from({ method: "notifications/tasks", params: { taskId: "t", status: "working", ...more } });
  expect(await told({})).toMatch(/^forward/);
  for (const more of [{ inputRequests }, { result: { content: [] } }, { error: { code: 1, message: "x" } }])
    expect(await told(more)).toBe("drop outcome-in-notice");
  for (const [id, result] of [{ task: { inputRequests } }, { result: { inputRequests } }].entries()) {
    await bed.client({ id, method: "tasks/get", params: { taskId: "t" } });
    expect(messageIn(await bed.from({ id, result }))).toMatchObject({ error: { code: -31403 } });
  }
});

test("a batch has no more members than may be open at once", async () => {
  const bed = gateBed();
  await bed.open({ version: "2025-03-26" });
  expect(await bed.from(`[${"1,".repeat(100_000)}1]`)).toBe("drop batch");
  expect(bed.log.length).toBe(1);
});

test("a flood of changes waits for nothing: one word is looked into, and our own question is answered behind it", async () => {
  const bed = gateBed();
  await bed.open();
  await bed.client({ id: 1, method: "tools/list" });
  let answer = (): void => undefined;
  bed.verify = async (description) => {
    await new Promise<void>((done) => {
      answer = done;
    });
    return { description: { ...description, tools: [] }, held: [] };
  };
  let dropped = 0;
  const flood = Array.from({ length: 6000 }, async () => {
    const done = await bed.from({ method: "notifications/tools/list_changed" });
    if (done === "drop nothing-served-changed") dropped += 1;
    return done;
  });
  await new Promise((done) => setTimeout(done, 200));
  expect(dropped).toBe(5999);
  answer();
  expect((await Promise.all(flood)).filter((done) => done.startsWith("forward")).length).toBe(1);
});
