// A connection's calls, results and wishes through the real judgement, questions and record: allowed, asked, refused, held.
import { describe, expect, test } from "vitest";
import type { HookEvent } from "#core";
import { ExactNumber } from "#core/mcp";
import { handleHook } from "../../src/monitor/guard/handle.ts";
import { PassedCalls } from "../../src/monitor/guard/passed-calls.ts";
import { openMcpPorts } from "../../src/monitor/mcp/ports.ts";
import { portsBed, unreadable } from "../support/mcp-ports-bed.ts";

const TEXT = { content: [{ type: "text", text: "hello" }] };
const NEVER = new AbortController().signal;

describe("a call", () => {
  test("that a rule allows passes, and its intent and outcome are on record", async () => {
    const bed = await portsBed({ policy: 'permissions: { allow: ["mcp__things__create(repo=acme/*)"] }' });
    const call = bed.call("create", { repo: "acme/site", n: new ExactNumber("1.0") });
    expect(await bed.judge(call)).toBe("allow");
    expect(await bed.answer(call, TEXT)).toBe("allow");
    const [made, done] = bed.records().filter(({ type }) => type.startsWith("mcp."));
    expect(made).toMatchObject({
      ...{ type: "mcp.call", origin: "observed", actor: { agent: "claude" } },
      data: {
        ...{ server: "things", method: "tools/call", tool: "create", request: "r1", verdict: "allow", era: "legacy" },
        ...{ input: '{"repo":"acme/site","n":1.0}', definition: "d".repeat(64) },
        inputDigest: expect.stringMatching(/^[0-9a-f]{64}$/),
        reasons: [{ code: "rule-matched", rule: "mcp__things__create(repo=acme/*)", at: "policy.yaml:2:24" }],
      },
    });
    expect(done).toMatchObject({
      type: "mcp.result",
      data: {
        ...{ server: "things", tool: "create", request: "r1", failed: false, verdict: "allow", bytes: 10, ms: 2 },
        ...{ output: JSON.stringify(TEXT), resultDigest: expect.stringMatching(/^[0-9a-f]{64}$/) },
      },
    });
  });

  test("that no rule allows passes where its server has no way out or it plainly reads, and is asked about else", async () => {
    const closed = await portsBed({ confined: true });
    expect(
      await closed.judge(closed.call("write_file", { path: "a" }, { annotations: { destructiveHint: true } })),
    ).toBe("allow");
    const open = await portsBed({});
    expect(await open.judge(open.call("get_thing"))).toBe("allow");
    const refused = await open.judge(open.call("create_thing", { name: "x" }));
    expect(refused).toMatch(/^deny: Ringfence refused this: `mcp__things__create_thing`: no rule allows it/);
    expect(refused).toMatch(/ringfence approve [a-z0-9]{6}/);
  });

  test("a rule, a mode and a refusal of the policy's own bind in a closed fence too", async () => {
    const bed = await portsBed({
      confined: true,
      policy: 'permissions: { deny: ["mcp__things__drop*"], ask: ["mcp__things__push(force=true)"] }',
    });
    expect(await bed.judge(bed.call("drop_table"))).toMatch(/deny rule mcp__things__drop\* \(policy\.yaml:2\)/);
    expect(await bed.judge(bed.call("push", { force: 1 }))).toMatch(/^deny: .*mcp__things__push\(force=true\)/);
    expect(await bed.judge(bed.call("push", { force: false }))).toBe("allow");
    const strict = await portsBed({ confined: true, policy: "permissions: { mode: dontAsk }" });
    expect(await strict.judge(strict.call("get_thing"))).toMatch(/^deny/);
    const plan = await portsBed({ confined: true, policy: "permissions: { mode: plan }" });
    expect(await plan.judge(plan.call("get_thing"))).toMatch(/^deny/);
  });

  test("is asked with its exact arguments and the tool's digest; another definition is another question", async () => {
    const bed = await portsBed({ answers: ["allow", "allow"] });
    expect(await bed.judge(bed.call("create_thing", { name: "x" }))).toBe("allow");
    expect(await bed.judge(bed.call("create_thing", { name: "x" }, { digest: "e".repeat(64) }))).toBe("allow");
    const [first, second] = bed.asked;
    expect(first?.act.text).toBe(`things create_thing {"name":"x"}\ndefinition ${"d".repeat(32)}`);
    expect(first?.digest).not.toBe(second?.digest);
    const answers = bed.records().filter(({ type }) => type === "mcp.call");
    expect(answers.map(({ data }) => data["answer"])).toEqual([
      { by: "terminal", scope: "once", question: first?.id },
      { by: "terminal", scope: "once", question: second?.id },
    ]);
  });

  test("what its server says only tightens", async () => {
    const bed = await portsBed({});
    const word = (tool: string, annotations: Record<string, boolean>) => bed.judge(bed.call(tool, {}, { annotations }));
    expect(await word("create_thing", { readOnlyHint: true })).toMatch(/says that it only reads, and its name says/);
    expect(await word("frobnicate", { readOnlyHint: true })).toMatch(/^deny/);
    expect(await word("get_thing", { destructiveHint: true })).toMatch(/says that it destroys something/);
    expect(await word("get_thing", { readOnlyHint: true })).toBe("allow");
    const allowed = await portsBed({ policy: "permissions: { allow: [mcp__things] }" });
    expect(await allowed.judge(allowed.call("get_thing", {}, { annotations: { destructiveHint: true } }))).toBe(
      "allow",
    );
  });

  test("that holds a secret, in any spelling, never reaches the server and is not kept", async () => {
    const secret = "c2VjcmV0LXZhbHVlLWZvci10aGUtYmVk-9f8e7d6c5b4a";
    const bed = await portsBed({ confined: true, secrets: { GITHUB_TOKEN: secret } });
    expect(await bed.judge(bed.call("create_thing", { note: "nothing of the kind" }))).toBe("allow");
    for (const note of [secret, Buffer.from(secret).toString("base64"), Buffer.from(secret).toString("hex")])
      expect(await bed.judge(bed.call("create_thing", { deep: [{ note }] }))).toMatch(/hold a secret.*GITHUB_TOKEN/);
    const retry = { retry: { inputResponses: { a: { content: { key: secret } } } } };
    expect(await bed.judge(bed.call("create_thing", {}, retry))).toMatch(/hold a secret/);
    const kept = JSON.stringify(bed.records());
    expect(kept).not.toContain(secret);
    expect(kept).toContain('"withheld":"GITHUB_TOKEN"');
  });

  test("a prompt and a resource are judged by their method's name", async () => {
    const bed = await portsBed({ policy: 'permissions: { deny: ["mcp__things__resources/read(uri=file:///etc/*)"] }' });
    const { tool: _, ...call } = bed.call("");
    expect(await bed.judge({ ...call, method: "resources/read", uri: "file:///etc/passwd" })).toMatch(/^deny/);
    expect(await bed.judge({ ...call, method: "resources/read", uri: "file:///work/a" })).toBe("allow");
    expect(await bed.judge({ ...call, method: "prompts/get", prompt: "x" })).toBe("allow");
  });

  test("is refused while the policy cannot be read, and while nothing can be recorded", async () => {
    const bed = await portsBed({ confined: true });
    expect(await unreadable(bed).call(bed.call("get_thing"), NEVER)).toMatchObject({ verdict: "deny" });
    const append = () => Promise.reject(new Error("disk full"));
    const broken = openMcpPorts({ ...bed.session, guarded: { ...bed.session.guarded, append } });
    await expect(broken.call(bed.call("get_thing"), NEVER)).rejects.toThrow("disk full");
  });
});

describe("a retry", () => {
  const ASK = { resultType: "input_required", requestState: "opaque" };
  const retry = (requestState: string) => ({ retry: { requestState, inputResponses: {} } });

  test("with the server's own state is not asked about again; with another, or other arguments, it is", async () => {
    const bed = await portsBed({ answers: ["allow", "deny", "deny", "deny"] });
    const call = bed.call("create_thing", { name: "x" });
    expect(await bed.judge(call)).toBe("allow");
    expect(await bed.answer(call, ASK)).toBe("allow");
    expect(await bed.judge(bed.call("create_thing", { name: "y" }, retry("opaque")))).toMatch(/^deny/);
    expect(await bed.judge(bed.call("create_thing", { name: "x" }, retry("forged")))).toMatch(/^deny/);
    expect(await bed.judge(bed.call("create_thing", { name: "x" }, retry("opaque")))).toBe("allow");
    expect(bed.asked.length).toBe(3);
    expect(await bed.judge(bed.call("create_thing", { name: "x" }, retry("opaque")))).toMatch(/^deny/);
    const kept = bed.records().filter(({ data }) => data["resumes"] === true);
    expect(kept.map(({ data }) => data["verdict"])).toEqual(["allow"]);
  });

  test("a deny binds in it all the same", async () => {
    const bed = await portsBed({ policy: "permissions: { deny: [mcp__things__x] }" });
    const call = bed.call("x");
    await bed.answer(call, ASK);
    expect(await bed.judge(bed.call("x", {}, retry("opaque")))).toMatch(/^deny/);
  });
});

describe("an agent whose hook tells of the same call", () => {
  const told = (input: object): HookEvent => ({
    ...{
      kind: "before-tool",
      agent: "claude-code",
      agentSession: "s",
      cwd: "/work",
      event: "PreToolUse",
      rewritable: false,
    },
    ...{ tool: "mcp__things__create_thing", toolUseId: "t1", input },
    actions: [{ kind: "mcp", server: "things", tool: "create_thing", input }],
  });

  test("is asked about it once; another call, or more reasons, are asked about as ever", async () => {
    const bed = await portsBed({ answers: ["allow", "deny", "allow", "deny"] });
    const guarded = { ...bed.session.guarded, passed: new PassedCalls() };
    const ports = openMcpPorts({ ...bed.session, guarded });
    expect(await handleHook(told({ b: 1, a: 2 }), guarded, NEVER)).toMatchObject({ verdict: "allow" });
    expect(await ports.call(bed.call("create_thing", { a: 2, b: 1 }), NEVER)).toEqual({ verdict: "allow" });
    expect(bed.asked.length).toBe(1);
    expect(await ports.call(bed.call("create_thing", { a: 2, b: 2 }), NEVER)).toMatchObject({ verdict: "deny" });
    expect(await handleHook(told({ c: 1 }), guarded, NEVER)).toMatchObject({ verdict: "allow" });
    const worse = bed.call("create_thing", { c: 1 }, { annotations: { destructiveHint: true } });
    expect(await ports.call(worse, NEVER)).toMatchObject({ verdict: "deny" });
    expect(bed.asked.length).toBe(4);
  });
});

describe("legs", () => {
  const legs = (bed: Awaited<ReturnType<typeof portsBed>>): readonly unknown[] =>
    bed
      .records()
      .flatMap(({ type, data, origin }) => (type === "leg.set" ? [[data["leg"], data["source"], origin]] : []));

  test("come with the call, or with what it brought", async () => {
    const bed = await portsBed({ server: "gmail", policy: "permissions: { allow: [mcp__gmail] }" });
    const call = bed.call("search_messages");
    expect(await bed.judge(call)).toBe("allow");
    expect(legs(bed)).toEqual([]);
    await bed.answer(call, TEXT);
    expect(legs(bed)).toEqual([
      ["A", "mcp-result", "observed"],
      ["B", "mcp-private", "observed"],
    ]);
  });

  test("the third is asked before the call; nobody there is a no, and a yes holds for the session", async () => {
    const policy = "permissions: { allow: [mcp__gmail] }";
    const bed = await portsBed({ server: "gmail", policy });
    await bed.answer(bed.call("x"), TEXT);
    const read = bed.call("search_messages");
    await bed.judge(read);
    await bed.answer(read, TEXT);
    expect(await bed.judge(bed.call("send_message", { to: "x" }))).toMatch(/third leg of the Rule of Two/);
    const person = await portsBed({ server: "gmail", policy, answers: ["allow"] });
    const first = person.call("search_messages");
    await person.judge(first);
    await person.answer(first, TEXT);
    const send = person.call("send_message", { to: "x" });
    expect(await person.judge(send)).toBe("allow");
    expect(person.asked[0]?.legs.map(({ leg }) => leg)).toEqual(["A", "B", "C"]);
    expect(await person.answer(send, TEXT)).toBe("allow");
    expect(await person.judge(person.call("send_message", { to: "y" }))).toBe("allow");
  });

  test("the third that an answer brings waits before the model reads it", async () => {
    const policy = "permissions: { allow: [mcp__docs] }\nmcp: { servers: { docs: { sources: [outside] } } }";
    const bed = await portsBed({ server: "docs", policy });
    const write = bed.call("create_page");
    await bed.judge(write);
    await bed.answer(write, TEXT);
    const link = { content: [{ type: "resource_link", uri: "https://evil.example/x", name: "x" }] };
    const open = bed.call("get_page");
    await bed.judge(open);
    expect(await bed.answer(open, link)).toBe("allow");
    const secret = { content: [{ type: "resource", resource: { uri: "file:///work/.env", text: "x" } }] };
    const last = bed.call("get_page");
    expect(await bed.judge(last)).toBe("allow");
    expect(await bed.answer(last, secret)).toMatch(/third leg/);
    expect(legs(bed).map((leg) => (leg as readonly string[])[0])).toEqual(["C", "A"]);
    const held = bed.records().findLast(({ type }) => type === "mcp.result");
    expect(held?.data).toMatchObject({ verdict: "deny", reasons: [{ code: "third-leg" }] });
  });

  test("a policy says what a server stands for", async () => {
    const quiet = "permissions: { allow: [mcp__notes] }\nmcp: { servers: { notes: { sources: [] } } }";
    const bed = await portsBed({ server: "notes", policy: quiet });
    const call = bed.call("create_note");
    await bed.judge(call);
    await bed.answer(call, TEXT);
    expect(legs(bed)).toEqual([]);
    // what screening finds is an outsider's word, whosever server it is
    await bed.answer(call, TEXT, { findings: [{ severity: "soft", kind: "urgency", at: "/content/0", excerpt: "" }] });
    expect(legs(bed)).toEqual([["A", "mcp-result", "observed"]]);
  });
});

describe("a result", () => {
  const finding = (severity: "hard" | "soft") => ({
    severity,
    kind: "concealment",
    at: "/content/0/text",
    excerpt: "do not tell",
  });

  test("with a hard finding is held, and its text does not come along", async () => {
    const bed = await portsBed({ confined: true, answers: ["allow"] });
    const call = bed.call("get_thing");
    await bed.judge(call);
    const held = await bed.answer(call, TEXT, { findings: [finding("hard")] });
    expect(held).toMatch(
      /^deny: .*tries to steer the agent.*\(concealment: it says to keep something from the user, in its text\)/,
    );
    expect(held).not.toContain("do not tell");
    await bed.answer(call, TEXT, { findings: [finding("hard")] });
    expect(bed.told).toEqual([
      expect.stringMatching(/^held an answer of mcp__things__get_thing: .*\(concealment: .*\)$/),
    ]);
    expect(bed.asked).toEqual([]);
  });

  test("with a soft one passes, or is asked about where the policy holds it", async () => {
    const mark = await portsBed({ confined: true });
    expect(await mark.answer(mark.call("get_thing"), TEXT, { findings: [finding("soft")] })).toBe("allow");
    const hold = await portsBed({ confined: true, policy: "mcp: { results: hold }" });
    expect(await hold.answer(hold.call("get_thing"), TEXT, { findings: [finding("soft")] })).toMatch(/^deny/);
    const person = await portsBed({ confined: true, policy: "mcp: { results: hold }", answers: ["allow"] });
    expect(await person.answer(person.call("get_thing"), TEXT, { findings: [finding("soft")] })).toBe("allow");
  });
});

describe("an error that sends the person to an address", () => {
  const error = (elicitations: unknown) => ({
    error: { code: -32_042, message: "log in", data: { elicitations } as never },
  });
  const wish = (url: string) => ({ mode: "url", elicitationId: "1", url, message: "log in" });

  test("is a wish like any other", async () => {
    const bed = await portsBed({ confined: true, answers: ["allow", "deny"] });
    const call = bed.call("get_thing");
    expect(await bed.answer(call, undefined, error([wish("https://login.example/a")]))).toBe("allow");
    expect(await bed.answer(call, undefined, error([wish("https://login.example/b")]))).toMatch(/^deny/);
    expect(await bed.answer(call, undefined, error([wish("http://login.example/")]))).toMatch(/no plain web address/);
    for (const odd of [undefined, "x", [5], Array.from({ length: 17 }, () => wish("https://login.example/"))])
      expect(await bed.answer(call, undefined, error(odd))).toMatch(/no form that can be judged/);
    expect(bed.asked.map(({ act }) => act.text.includes("https://login.example/"))).toEqual([true, true]);
  });
});

describe("a wish", () => {
  test("sampling is off; where it is asked about, other servers' context is no part of it", async () => {
    const off = await portsBed({ confined: true });
    const params = {
      messages: [{ role: "user", content: { type: "text", text: "hi" } }],
      includeContext: "allServers",
    };
    expect(await off.wish("sampling/createMessage", params)).toMatchObject({
      verdict: "deny",
      text: /mcp\.servers\.things\.sampling/,
    });
    const on = await portsBed({ policy: "mcp: { sampling: ask }", answers: ["allow"] });
    expect(await on.wish("sampling/createMessage", params)).toEqual({
      verdict: "allow",
      params: { messages: params.messages },
    });
    expect(on.asked[0]?.act.text).toContain('"text":"hi"');
    const free = await portsBed({ policy: "mcp: { servers: { things: { sampling: allow } } }" });
    expect(await free.wish("sampling/createMessage", { messages: [] })).toEqual({ verdict: "allow" });
    const nobody = await portsBed({
      policy: "mcp: { sampling: ask }\npermissions: { mode: dontAsk }",
      answers: ["allow"],
    });
    expect(await nobody.wish("sampling/createMessage", { messages: [] })).toMatchObject({ verdict: "deny" });
    expect(await nobody.wish("roots/list")).toEqual({ verdict: "allow" });
    expect(nobody.asked).toEqual([]);
    const asked = await portsBed({
      policy: 'mcp: { sampling: allow }\npermissions: { ask: ["mcp__things__sampling/createMessage"] }',
    });
    expect(await asked.wish("sampling/createMessage", { messages: [] })).toMatchObject({ verdict: "deny" });
    const spared = await portsBed({
      policy: 'mcp: { sampling: ask }\npermissions: { allow: ["mcp__things__sampling/createMessage"] }',
    });
    expect(await spared.wish("sampling/createMessage", { messages: [] })).toEqual({ verdict: "allow" });
    const denied = await portsBed({ policy: "mcp: { sampling: allow }\npermissions: { deny: [mcp__things] }" });
    expect(await denied.wish("sampling/createMessage", { messages: [] })).toMatchObject({ verdict: "deny" });
  });

  const form = (properties: Record<string, object>) =>
    ({ message: "please", requestedSchema: { type: "object", properties } }) as never;

  test.each([
    [{ name: { type: "string" } }, "allow"],
    [{ city: { type: "string" }, tokens_per_page: { type: "number" } }, "allow"],
    [{ password: { type: "string" } }, "deny"],
    [{ apiKey: { type: "string" } }, "deny"],
    [{ x: { type: "string", title: "Your GitHub token" } }, "deny"],
    [{ x: { type: "string", format: "password" } }, "deny"],
    [{ shipping: { type: "string" }, spinner: { type: "boolean" } }, "allow"],
  ])("a form for %j: %s", async (properties, want) => {
    const bed = await portsBed({});
    expect(await bed.wish("elicitation/create", form(properties))).toMatchObject({ verdict: want });
  });

  test("an address is shown whole, as it is dialled, and only a plain one", async () => {
    const bed = await portsBed({ answers: ["allow"] });
    const url = "https://bücher.example/login?a=b";
    expect(await bed.wish("elicitation/create", { mode: "url", url, message: "log in" })).toEqual({ verdict: "allow" });
    expect(bed.asked[0]?.act.text).toContain("https://xn--bcher-kva.example/login?a=b");
    expect(bed.asked[0]?.act.text).toContain("letters may look like those of another one");
    for (const bad of [
      "http://a.test/",
      "https://user@a.test/",
      "javascript:alert(1)",
      "file:///etc/passwd",
      "nonsense",
      5,
    ])
      expect(await bed.wish("elicitation/create", { mode: "url", url: bad, message: "x" })).toMatchObject({
        verdict: "deny",
      });
    const off = await portsBed({ policy: "mcp: { elicitation: deny }" });
    expect(await off.wish("elicitation/create", form({ name: { type: "string" } }))).toMatchObject({ verdict: "deny" });
    expect(await off.wish("roots/list")).toEqual({ verdict: "allow" });
    const [asked] = off.records().filter(({ type }) => type === "mcp.request");
    expect(asked?.data).toMatchObject({
      method: "elicitation/create",
      verdict: "deny",
      reasons: [{ code: "elicitation-off" }],
    });
  });
});

test("everything else is a line of the record", async () => {
  const bed = await portsBed({});
  const held = [
    { kind: "tool" as const, name: "evil", why: "changed" as never, fields: ["description"], findings: [] },
  ];
  await bed.ports.note({ kind: "open", era: "legacy", protocolVersion: "2025-11-25", held });
  await bed.ports.note({ kind: "list", tools: 3, prompts: 0, resourceTemplates: 0, held });
  await bed.ports.note({ kind: "notice", from: "server", method: "notifications/x", verdict: "allow" });
  await bed.ports.note({ kind: "refused", from: "server", why: "duplicate-key", count: 2, excerpt: "\u001b[31m" });
  await bed.ports.note({ kind: "close" });
  const lines = bed.records().filter(({ type }) => type.startsWith("mcp."));
  expect(lines.map(({ type }) => type)).toEqual(["mcp.open", "mcp.list", "mcp.notice", "mcp.refused", "mcp.close"]);
  expect(lines[1]?.data).toMatchObject({
    server: "things",
    tools: 3,
    held: [{ kind: "tool", name: "evil", why: "changed" }],
  });
});
