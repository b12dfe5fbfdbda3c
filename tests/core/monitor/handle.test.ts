// One hook event through the monitor: what is on record before an answer, who is asked, and that every failure is a no.
import { describe, expect, it } from "vitest";
import type { HookEvent } from "../../../src/core/index.ts";
import type { RecordBody } from "../../../src/core/log/index.ts";
import { compileRules, type LayerText, loadPolicy, type Policy } from "../../../src/core/policy/index.ts";
import type { Asked, GuardedSession } from "../../../src/monitor/guard/guarded-session.ts";
import { handleHook } from "../../../src/monitor/guard/handle.ts";
import { LegBook } from "../../../src/monitor/guard/leg-book.ts";

const ROOT = "/w";
const HOME = "/home/u";
const NEVER = new AbortController().signal;

const NOBODY: Asked = { verdict: "deny", by: "nobody", scope: "once", reason: "nobody is there" };

interface Scene {
  readonly policy?: string;
  readonly contained?: boolean;
  readonly answer?: Asked;
  readonly fenced?: GuardedSession["fenced"];
  readonly append?: GuardedSession["append"];
}

interface Double extends GuardedSession {
  readonly records: RecordBody[];
  readonly questions: unknown[];
}

/** A session in memory. The record, the fence and the person are doubles; the policy, the rules and the legs are the real ones. */
function session(scene: Scene = {}): Double {
  const records: RecordBody[] = [];
  const questions: unknown[] = [];
  const append: GuardedSession["append"] =
    scene.append ??
    (async (body) => {
      records.push(body);
      return records.length;
    });
  const policy = policyOf(scene.policy ?? "version: 1\n");
  const rules = compileRules(policy.permissions, { root: ROOT, home: HOME });
  if (!rules.ok) throw new Error(JSON.stringify(rules.error));
  const contained = scene.contained ?? false;
  return {
    id: "20261125-000000-abcdef",
    contained,
    records,
    questions,
    append,
    legs: new LegBook(append),
    guard: async () => ({
      ok: true,
      value: {
        policy,
        judge: { rules: rules.value, mode: policy.permissions.mode, facts: { root: ROOT, home: HOME } },
        legs: {
          root: ROOT,
          home: HOME,
          workspace: "own",
          vanishing: [],
          contained,
          serviceHosts: [],
          policy: policy.legs,
        },
      },
    }),
    ask: async (facts) => {
      questions.push(facts);
      return scene.answer ?? NOBODY;
    },
    ...(scene.fenced === undefined ? {} : { fenced: scene.fenced }),
  };
}

function policyOf(text: string): Policy {
  const layer: LayerText = { name: "user", file: "/home/u/p.yaml", text, digest: "0".repeat(64), trusted: true };
  const loaded = loadPolicy([layer]);
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
  return loaded.value.policy;
}

function call(command: string, more: Partial<Extract<HookEvent, { kind: "before-tool" }>> = {}): HookEvent {
  return {
    kind: "before-tool",
    agent: "codex",
    agentSession: "s",
    cwd: ROOT,
    event: "PreToolUse",
    tool: "Bash",
    toolUseId: "t1",
    input: { command },
    actions: [{ kind: "exec", command, cwd: ROOT }],
    rewritable: true,
    ...more,
  };
}

const RULES = `version: 1
permissions: { allow: ["Bash(npm test)"], ask: ["Bash(make *)"], deny: ["Bash(rm *)"] }
`;

describe("a tool call that has not happened", () => {
  it("is allowed by a rule, after it is on record", async () => {
    const scene = session({ policy: RULES });
    const answer = await handleHook(call("npm test"), scene, NEVER);
    expect(answer.verdict).toBe("allow");
    expect(scene.records).toEqual([
      {
        type: "tool.call",
        origin: "claimed",
        actor: { agent: "codex", tool_use_id: "t1" },
        data: {
          tool: "Bash",
          input: '{"command":"npm test"}',
          cwd: ROOT,
          verdict: "allow",
          reasons: [
            expect.objectContaining({ code: "rule-matched", rule: "Bash(npm test)", at: "/home/u/p.yaml:2:24" }),
          ],
        },
      },
    ]);
  });

  it("is denied by a rule, with the rule and its place, and that is on record too", async () => {
    const scene = session({ policy: RULES });
    const answer = await handleHook(call("rm -rf x"), scene, NEVER);
    expect(answer.verdict).toBe("deny");
    expect(answer.reason).toContain("Bash(rm *)");
    expect(answer.reason).toContain("/home/u/p.yaml:2");
    expect(scene.records.map(({ data }) => data["verdict"])).toEqual(["deny"]);
    expect(scene.questions).toEqual([]);
  });

  it("does not happen when it cannot be recorded", async () => {
    const append = async (): Promise<number> => {
      throw new Error("disk full");
    };
    await expect(handleHook(call("npm test"), session({ policy: RULES, append }), NEVER)).rejects.toThrow("disk full");
  });

  it("is denied while the policy cannot be read", async () => {
    const scene = session();
    const broken = {
      ...scene,
      guard: async () => ({ ok: false as const, error: [{ code: "policy-key", message: "unknown key `alow`" }] }),
    };
    const answer = await handleHook(call("ls"), broken, NEVER);
    expect(answer).toMatchObject({ verdict: "deny", reason: expect.stringContaining("alow") });
    expect(scene.records).toHaveLength(1);
  });

  it("asks a person, whose yes is on record with it", async () => {
    const answer: Asked = { verdict: "allow", by: "terminal", scope: "once", reason: "approved" };
    const scene = session({ policy: RULES, answer });
    expect(await handleHook(call("make all"), scene, NEVER)).toMatchObject({ verdict: "allow", reason: "approved" });
    expect(scene.records[0]?.data).toMatchObject({ verdict: "allow", answer: { by: "terminal", scope: "once" } });
  });

  it("is denied when nobody answers, with the rule that asked and what the person can type", async () => {
    const answer = await handleHook(call("make all"), session({ policy: RULES }), NEVER);
    expect(answer).toEqual({
      verdict: "deny",
      reason: "Ringfence refused this: `make all`: ask rule Bash(make *) (/home/u/p.yaml:2).\nnobody is there",
    });
  });

  it("is left to the agent's own prompt only where that asks, only outside a fence", async () => {
    const asks = call("make all", { asks: true });
    expect((await handleHook(asks, session({ policy: RULES }), NEVER)).verdict).toBe("ask");
    expect((await handleHook(asks, session({ policy: RULES, contained: true }), NEVER)).verdict).toBe("deny");
    // a person who said no is not asked again by somebody else
    const no: Asked = { verdict: "deny", by: "command", scope: "once", reason: "refused by you" };
    expect((await handleHook(asks, session({ policy: RULES, answer: no }), NEVER)).verdict).toBe("deny");
  });

  it("asks nobody under approval policy never", async () => {
    const scene = session({ policy: `${RULES}approvals: { policy: never }\n` });
    expect((await handleHook(call("make all"), scene, NEVER)).verdict).toBe("deny");
    expect(scene.questions).toEqual([]);
  });

  it("says that nobody is asked where that is why, and not to answer a question", async () => {
    const scene = session({ policy: `${RULES}approvals: { policy: never }\n` });
    const { reason } = await handleHook(call("git push --force"), scene, NEVER);
    expect(reason).toMatch(/approvals\.policy: on-request`$/);
    expect(reason).not.toContain("answer the agent's question");
  });

  it("says what to type when no rule allows it", async () => {
    const scene = session({ policy: "version: 1\npermissions: { mode: dontAsk }\n" });
    const { reason } = await handleHook(call("frobnicate --fast"), scene, NEVER);
    expect(reason).toContain("Bash(frobnicate --fast)");
  });

  it("shows no control character, whatever the command holds", async () => {
    const { reason } = await handleHook(call("rm \u001b[2J\u202e x"), session({ policy: RULES }), NEVER);
    expect(reason.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });
});

describe("a question that was never put to anybody", () => {
  it("is refused with what would change it: it has no number to be approved by", async () => {
    const answer: Asked = { verdict: "deny", by: "flood", scope: "once", reason: "too many questions" };
    const refused = await handleHook(call("npm run build"), session({ policy: RULES, answer }), NEVER);
    expect(refused.reason.split("\n")).toEqual([
      expect.stringContaining("`npm run build`: no rule allows it"),
      "too many questions",
      expect.stringContaining("~/.config/ringfence/policy.yaml"),
      expect.stringContaining('- "Bash(npm run build)"'),
    ]);
  });
});

describe("a shell command of an agent outside a fence", () => {
  const fenced: GuardedSession["fenced"] = async (command) => ({
    ok: true,
    value: `ringfence exec S -- bash -c '${command}'`,
  });

  it("runs in the session's fence, which answers what no rule speaks of", async () => {
    const scene = session({ fenced });
    const answer = await handleHook(call("frobnicate"), scene, NEVER);
    expect(answer).toMatchObject({ verdict: "allow", rewrite: "ringfence exec S -- bash -c 'frobnicate'" });
    expect(scene.records[0]?.data).toMatchObject({ verdict: "allow", fenced: true });
  });

  it("stays in the agent's shell when it only changes that shell", async () => {
    for (const command of ["cd src", "A=1", "true"])
      expect(await handleHook(call(command), session({ fenced }), NEVER)).toEqual({
        verdict: "allow",
        reason: expect.any(String),
      });
    expect((await handleHook(call("cd src && ls"), session({ fenced }), NEVER)).rewrite).toBeDefined();
    expect((await handleHook(call("cd /etc"), session({ fenced }), NEVER)).rewrite).toBeDefined();
  });

  it("is denied when that fence cannot be made", async () => {
    const broken: GuardedSession["fenced"] = async () => ({
      ok: false,
      error: { code: "namespaces", message: "no user namespaces", hint: "ringfence doctor" },
    });
    const answer = await handleHook(call("npm test"), session({ policy: RULES, fenced: broken }), NEVER);
    expect(answer).toMatchObject({ verdict: "deny", reason: expect.stringContaining("ringfence doctor") });
    expect(answer.rewrite).toBeUndefined();
  });

  it("is judged without walls where the agent takes no other command", async () => {
    const answer = await handleHook(call("frobnicate", { rewritable: false }), session({ fenced }), NEVER);
    expect(answer.verdict).toBe("deny");
  });

  it("is denied by its rules all the same", async () => {
    expect((await handleHook(call("rm x"), session({ policy: RULES, fenced }), NEVER)).verdict).toBe("deny");
    // what a deny rule might mean is not answered by walls
    expect((await handleHook(call('sh -c "$X"'), session({ policy: RULES, fenced }), NEVER)).verdict).toBe("deny");
  });
});

describe("a page that is fetched", () => {
  it.each([
    ["claude-code", "allow"],
    ["opencode", "allow"],
    ["gemini", "deny"],
    ["cursor", "deny"],
  ] as const)("by %s in a fence: the walls answer only what happens inside (%s)", async (agent, want) => {
    const fetch = call("", {
      agent,
      tool: "WebFetch",
      input: {},
      actions: [{ kind: "fetch", host: "a.example", port: 443 }],
      rewritable: false,
    });
    expect((await handleHook(fetch, session({ contained: true }), NEVER)).verdict).toBe(want);
  });
});

describe("the Rule of Two", () => {
  const read = (path: string): HookEvent =>
    call("", { tool: "Read", input: { path }, actions: [{ kind: "read", path }], rewritable: false });
  const fetch = (host: string): HookEvent =>
    call("", { tool: "WebFetch", input: { host }, actions: [{ kind: "fetch", host, port: 443 }], rewritable: false });
  const ALL = `version: 1
permissions: { allow: ["Read(//home/u/**)", "WebFetch(domain:*)", "Bash(git push *)"] }
legs: { A: [web], B: [secret-file, outside-file, credential], C: [push] }
`;

  it("is silent for two legs, asks for the third with all three causes, and asks once", async () => {
    const answer: Asked = { verdict: "allow", by: "terminal", scope: "once", reason: "approved" };
    const scene = session({ policy: ALL, answer });
    expect((await handleHook(fetch("evil.example"), scene, NEVER)).verdict).toBe("allow");
    expect((await handleHook(read("/home/u/.aws/credentials"), scene, NEVER)).verdict).toBe("allow");
    expect(scene.questions).toEqual([]);
    expect((await handleHook(call("git push origin topic"), scene, NEVER)).verdict).toBe("allow");
    expect(scene.questions).toEqual([
      expect.objectContaining({ legs: ["A", "B", "C"].map((leg) => expect.objectContaining({ leg })) }),
    ]);
    expect((await handleHook(call("git push origin topic"), scene, NEVER)).verdict).toBe("allow");
    expect(scene.questions).toHaveLength(1);
    expect(scene.records.filter(({ type }) => type === "leg.set").map(({ data }) => data["leg"])).toEqual([
      "A",
      "B",
      "C",
    ]);
  });

  it("denies the third leg when nobody answers, and sets no leg by a call that did not happen", async () => {
    const scene = session({ policy: ALL });
    await handleHook(fetch("evil.example"), scene, NEVER);
    await handleHook(read("/home/u/.aws/credentials"), scene, NEVER);
    expect((await handleHook(call("git push origin topic"), scene, NEVER)).verdict).toBe("deny");
    expect(scene.legs.state.C).toBeUndefined();
  });
});

describe("what is over, and what was said", () => {
  it("is on record, and an agent's own question is spared where the rules know the answer", async () => {
    const scene = session({ policy: RULES });
    const context = { agent: "codex", agentSession: "s", cwd: ROOT } as const;
    const tool = { tool: "Bash", input: {}, actions: [{ kind: "exec", command: "npm test", cwd: ROOT }] } as const;
    const ask = { ...context, ...tool, event: "PermissionRequest", kind: "permission" } as const;
    expect((await handleHook(ask, scene, NEVER)).verdict).toBe("allow");
    const rm = { ...ask, actions: [{ kind: "exec", command: "rm x", cwd: ROOT }] } as const;
    expect((await handleHook(rm, scene, NEVER)).verdict).toBe("deny");
    const make = { ...ask, actions: [{ kind: "exec", command: "make x", cwd: ROOT }] } as const;
    expect((await handleHook(make, scene, NEVER)).verdict).toBe("pass");
    await handleHook({ ...context, kind: "prompt", event: "UserPromptSubmit", text: "do it" }, scene, NEVER);
    await handleHook({ ...context, kind: "output", event: "Stop", text: "done" }, scene, NEVER);
    await handleHook(
      { ...context, ...tool, kind: "after-tool", event: "PostToolUse", output: "ok", failed: false },
      scene,
      NEVER,
    );
    expect(scene.records.map(({ type }) => type)).toEqual(["prompt", "model.output", "tool.result"]);
  });
});

describe("two calls at once", () => {
  const POLICY = `version: 1
permissions: { allow: ["Read(//home/u/**)", "WebFetch(domain:*)", "Bash(git push *)"] }
legs: { A: [web], B: [secret-file, outside-file, credential], C: [push] }
`;
  it("never set three legs between them without a question", async () => {
    const fenced: GuardedSession["fenced"] = async (command) => ({ ok: true, value: command });
    const scene = session({ policy: POLICY, fenced });
    const fetch = call("", {
      tool: "WebFetch",
      actions: [{ kind: "fetch", host: "evil.example", port: 443 }],
      rewritable: false,
    });
    const read = call("", {
      tool: "Read",
      actions: [{ kind: "read", path: "/home/u/.aws/credentials" }],
      rewritable: false,
    });
    const push = call("git push origin topic");
    const answers = await Promise.all([fetch, read, push].map((event) => handleHook(event, scene, NEVER)));
    expect(answers.filter(({ verdict }) => verdict === "allow")).toHaveLength(2);
    expect(scene.questions).toHaveLength(1);
  });
});
