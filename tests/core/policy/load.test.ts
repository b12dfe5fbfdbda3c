import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type LayerText, loadPolicy } from "#core/policy";
import { DEFAULT_LEG_POLICY } from "#core/session";

function layer(name: LayerText["name"], text: string, trusted = true): LayerText {
  return { name, file: `${name}.yaml`, text, digest: "0", trusted };
}

function load(...layers: LayerText[]) {
  const result = loadPolicy(layers);
  if (!result.ok) throw new Error(JSON.stringify(result.error, undefined, 1));
  return result.value;
}

const DESIGN_6 = readFileSync(new URL("../../cases/policy/sample.yaml", import.meta.url), "utf8");

describe("a policy", () => {
  it("is closed when there is none", () => {
    const { policy, notBuilt, dropped } = load();
    expect(notBuilt).toEqual([]);
    expect(dropped).toEqual([]);
    expect(policy.permissions).toEqual({ mode: "default", bypassDisabled: false, allow: [], ask: [], deny: [] });
    expect(policy.approvals).toEqual({ policy: "on-request", timeoutMs: 120_000, channels: [{ kind: "terminal" }] });
    expect(policy.ruleOfTwo).toBe("ask");
    expect(policy.auto).toEqual({});
    const { modeAt, ...network } = policy.sandbox.network;
    expect(modeAt.file).toBe("the default policy");
    expect(network).toEqual({
      ...{ allow: [], deny: [], allowPrivate: [], inspectExcept: [] },
      ...{ mode: "enforce", inspect: "auto", tokens: "block", budget: {} },
    });
    expect(policy.sandbox.limits.timeoutMs).toBe(4 * 3_600_000);
    expect(policy.env).toEqual({ pass: [], set: {} });
  });

  it.each(["network: { mode: report }", 'network: { allow: [{ host: "*", methods: [GET] }] }'])(
    "refuses tier high beside %s",
    (network) => {
      const text = (tier: string): string => `tier: ${tier}\nsandbox: { ${network} }`;
      const codes = (tier: string): readonly string[] => {
        const loaded = loadPolicy([layer("user", text(tier))]);
        return loaded.ok ? [] : loaded.error.map(({ code }) => code);
      };
      expect(codes("medium")).toEqual([]);
      expect(codes("high")).toEqual(["tier-refuses"]);
    },
  );

  it("names what this version cannot enforce, all of DESIGN 6", () => {
    const { notBuilt } = load(layer("user", DESIGN_6));
    expect(notBuilt.map((p) => p.message.split("`")[1])).toEqual([
      "approvals.channels: terminal, console",
      "review.secrets: block",
      "review.deletions: 5",
      "review.workflows: ask",
      "budget.tokens: 2000000",
      "budget.costUsd: 20",
      "budget.toolCalls: 2000",
      "budget.repeats: 8",
    ]);
  });

  it("keeps records at least as long as the strongest layer says", () => {
    const kept = (...layers: Parameters<typeof load>): number | undefined => load(...layers).policy.audit.retentionMs;
    const managed = layer("managed", "audit: { retention: 400d }");
    expect(kept(layer("user", "tier: medium"))).toBeUndefined();
    expect(kept(managed, layer("user", "audit: { retention: 30d }"))).toBe(400 * 86_400_000);
    expect(kept(managed, layer("user", "audit: { retention: 500d }"))).toBe(500 * 86_400_000);
    expect(kept(managed, layer("project", "audit: { retention: 1d }"))).toBe(400 * 86_400_000);
  });

  it("takes the names of Claude Code and srt", () => {
    const { policy } = load(
      layer(
        "user",
        '{"permissions":{"defaultMode":"manual","deny":["Read(.env)"]},"sandbox":{"network":{"allowedDomains":["a.org"],"deniedDomains":["b.org"]}}}',
      ),
    );
    expect(policy.permissions.mode).toBe("default");
    expect(policy.sandbox.network.allow.map((r) => r.text)).toEqual(["a.org"]);
    expect(policy.sandbox.network.deny.map((r) => r.text)).toEqual(["b.org"]);
  });
});

describe("questions and legs", () => {
  it("are data of their own", () => {
    const { policy, notBuilt } = load(
      layer(
        "user",
        `approvals: { policy: untrusted, timeout: 30s, channels: [terminal, { webhook: "https://ask.example/q", secretEnv: ASK_KEY }] }
ruleOfTwo: deny
legs: { A: [web, workspace-file], privatePaths: [./customers/**], trustedHosts: [ci.example], readingTools: [mcp__tickets__get_*] }
auto: { classifier: "http://127.0.0.1:9000/judge", timeout: 500ms }`,
      ),
    );
    expect(notBuilt).toEqual([]);
    expect(policy.approvals).toEqual({
      policy: "untrusted",
      timeoutMs: 30_000,
      channels: [{ kind: "terminal" }, { kind: "webhook", url: "https://ask.example/q", secretEnv: "ASK_KEY" }],
    });
    expect(policy.ruleOfTwo).toBe("deny");
    expect(policy.legs).toEqual({
      ...DEFAULT_LEG_POLICY,
      A: ["web", "workspace-file"],
      privatePaths: ["./customers/**"],
      trustedHosts: ["ci.example"],
      readingTools: ["mcp__tickets__get_*"],
    });
    expect(policy.auto).toEqual({ classifier: { url: "http://127.0.0.1:9000/judge", timeoutMs: 500 } });
  });

  it("may be tightened by a file nobody accepted, which names no place to send them to", () => {
    const { policy, dropped } = load(
      layer(
        "project",
        `approvals: { policy: on-failure, channels: [{ webhook: "https://evil.example", secretEnv: HOME }] }
ruleOfTwo: off
legs: { A: [web], workspace: foreign, privatePaths: [./x], privateHosts: [evil.example], trustedHosts: [evil.example], readingTools: [mcp__evil__*] }
auto: { classifier: "https://evil.example" }`,
        false,
      ),
    );
    expect([policy.approvals, policy.ruleOfTwo, policy.auto]).toEqual([load().policy.approvals, "ask", {}]);
    expect(policy.legs).toEqual({ ...DEFAULT_LEG_POLICY, privatePaths: ["./x"], workspace: "foreign" });
    expect(dropped.map((d) => d.key)).toEqual([
      "approvals.policy",
      "approvals.channels",
      "ruleOfTwo",
      "legs.A",
      "legs.trustedHosts",
      "legs.privateHosts",
      "legs.readingTools",
      "auto.classifier",
    ]);
  });
});

describe("full bypass", () => {
  it.each(["managed", "local", "project", "user"] as const)(
    "is switched off by the %s layer, accepted or not",
    (name) => {
      const { policy, dropped } = load(
        layer("command-line", "permissions: { mode: bypassPermissions }"),
        layer(name, "permissions: { disableBypassPermissionsMode: disable }", false),
      );
      expect([policy.permissions.mode, policy.permissions.bypassDisabled]).toEqual(["default", true]);
      expect(dropped.map((d) => [d.key, d.value, d.because])).toEqual([
        ["permissions.mode", "bypassPermissions", "disabled"],
      ]);
    },
  );
});

describe("layers", () => {
  it("add up denies from everywhere and take allows from accepted files only", () => {
    const { policy, dropped } = load(
      layer("project", 'permissions: { allow: ["Bash(evil)"], deny: ["Bash(rm *)"] }', false),
      layer("user", 'permissions: { allow: ["Bash(make)"] }'),
    );
    expect(policy.permissions.allow.map((r) => r.text)).toEqual(["Bash(make)"]);
    expect(policy.permissions.deny.map((r) => [r.text, r.layer, r.at.line])).toEqual([["Bash(rm *)", "project", 1]]);
    expect(dropped.map((d) => [d.key, d.value, d.because])).toEqual([
      ["permissions.allow", "Bash(evil)", "not-accepted"],
    ]);
  });

  it.each([
    ["container", "container"],
    ["gvisor", "auto"],
    ["process", "auto"],
  ])("let a file nobody accepted choose %s only where it holds all that the choice before it held", (word, chosen) => {
    expect(load(layer("project", `sandbox: { runtime: ${word} }`, false)).policy.sandbox.runtime).toBe(chosen);
  });

  it("take a bound from a file nobody accepted where there is none, and no wider one where there is", () => {
    const file = (up: string) => layer("project", `sandbox: { network: { budget: { up: ${up} } } }`, false);
    const own = layer("user", "sandbox: { network: { budget: { up: 5m } } }");
    const of = ({ policy }: ReturnType<typeof load>) => policy.sandbox.network.budget.upBytes;
    expect([of(load(file("10m"))), of(load(file("10m"), own)), of(load(file("1m"), own))]).toEqual(
      [10, 5, 1].map((megabytes) => megabytes * 2 ** 20),
    );
  });

  it("take one value from the strongest layer", () => {
    const { policy } = load(
      layer("user", "sandbox: { limits: { memory: 2g, timeout: 1h } }"),
      layer("project", "sandbox: { limits: { memory: 8g } }"),
    );
    expect(policy.sandbox.limits.memoryBytes).toBe(8 * 2 ** 30);
    expect(policy.sandbox.limits.timeoutMs).toBe(3_600_000);
  });

  it("only tighten what the managed file fixed", () => {
    const { policy, dropped } = load(
      layer(
        "managed",
        'tier: medium\npermissions: { mode: default, allow: [] }\nsandbox: { network: { allow: ["a.org"] }, limits: { timeout: 1h } }',
      ),
      layer(
        "command-line",
        'permissions: { mode: acceptEdits }\nsandbox: { network: { allow: ["b.org"] }, limits: { timeout: 2h } }',
      ),
      layer(
        "user",
        'permissions: { mode: plan, allow: ["Bash(x)"], deny: ["Bash(y)"] }\nsandbox: { limits: { timeout: 5m } }',
      ),
    );
    expect(policy.permissions.mode).toBe("plan");
    expect(policy.permissions.allow).toEqual([]);
    expect(policy.permissions.deny.map((r) => r.text)).toEqual(["Bash(y)"]);
    expect(policy.sandbox.network.allow.map((r) => r.text)).toEqual(["a.org"]);
    expect(policy.sandbox.limits.timeoutMs).toBe(300_000);
    expect(dropped.map((d) => [d.key, d.because])).toEqual([
      ["permissions.mode", "managed"],
      ["permissions.allow", "managed"],
      ["sandbox.network.allow", "managed"],
      ["sandbox.limits.timeout", "managed"],
    ]);
  });

  it("let a file nobody accepted tighten and never loosen", () => {
    const { policy, dropped } = load(
      layer(
        "project",
        "permissions: { mode: bypassPermissions }\nsandbox: { workspace: direct, limits: { memory: 1g, pids: 9000 } }",
        false,
      ),
    );
    expect(policy.permissions.mode).toBe("default");
    expect(policy.sandbox.workspace).toBe("overlay");
    expect(policy.sandbox.limits).toMatchObject({ memoryBytes: 2 ** 30, pids: 4096 });
    expect(dropped.map((d) => d.key)).toEqual(["permissions.mode", "sandbox.workspace", "sandbox.limits.pids"]);
  });
});
