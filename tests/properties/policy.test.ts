// I3: a lower layer only tightens what the managed file fixed, and a file nobody accepted never loosens anything.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type LayerText, loadPolicy, mcpServer, POLICY_KEYS, type Policy, serverKeys } from "#core/policy";
import { DEFAULT_LEG_POLICY } from "#core/session";
import { policyJsonSchema } from "../../src/core/policy/schema.ts";

const file = fc.record(
  {
    tier: fc.constantFrom("low", "medium"),
    permissions: fc.record(
      {
        mode: fc.constantFrom("default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"),
        allow: fc.subarray(["Bash(a)", "Bash(b *)", "Read(//x)"]),
        ask: fc.subarray(["Bash(c)", "Bash(d)"]),
        deny: fc.subarray(["Bash(e)", "Read(.env)"]),
      },
      { requiredKeys: [] },
    ),
    sandbox: fc.record(
      {
        mode: fc.constantFrom("read-only", "workspace-write"),
        workspace: fc.constantFrom("overlay", "direct"),
        filesystem: fc.record(
          { allowRead: fc.subarray(["//a", "//b"]), denyRead: fc.subarray(["c"]), allowWrite: fc.subarray(["//d"]) },
          { requiredKeys: [] },
        ),
        network: fc.record(
          { allow: fc.subarray(["a.org", "b.org:443"]), deny: fc.subarray(["c.org"]) },
          { requiredKeys: [] },
        ),
        limits: fc.record(
          {
            timeout: fc.constantFrom("1m", "1h", "9h"),
            memory: fc.constantFrom("1g", "8g"),
            pids: fc.integer({ min: 1, max: 9999 }),
          },
          { requiredKeys: [] },
        ),
        ports: fc.subarray([3000, 8080]),
        caches: fc.constantFrom("private", "none"),
      },
      { requiredKeys: [] },
    ),
    approvals: fc.record(
      {
        policy: fc.constantFrom("untrusted", "on-request", "on-failure", "never"),
        timeout: fc.constantFrom("10s", "5m"),
        channels: fc.subarray(["terminal", { webhook: "https://a.org/", secretEnv: "A" }]),
      },
      { requiredKeys: [] },
    ),
    ruleOfTwo: fc.constantFrom("ask", "deny", "off"),
    legs: fc.record(
      {
        A: fc.subarray(["web", "issue", "push"]),
        C: fc.subarray([...DEFAULT_LEG_POLICY.C, "credential"]),
        trustedHosts: fc.subarray(["a.org"]),
        privatePaths: fc.subarray(["./p"]),
        readingTools: fc.subarray(["mcp__s__get"]),
        workspace: fc.constantFrom("auto", "own", "foreign"),
      },
      { requiredKeys: [] },
    ),
    mcp: fc.record(
      {
        ...{ lock: fc.constantFrom("a.json", "b.json"), mode: fc.constantFrom("frozen", "ask", "off") },
        ...{ sampling: fc.constantFrom("deny", "ask", "allow"), elicitation: fc.constantFrom("deny", "ask") },
        results: fc.constantFrom("hold", "mark"),
        servers: fc.dictionary(
          fc.constantFrom("x", "y"),
          fc.record(
            {
              sampling: fc.constantFrom("deny", "ask", "allow"),
              elicitation: fc.constantFrom("deny", "ask"),
              sources: fc.subarray(["untrusted", "private", "outside"]),
            },
            { requiredKeys: [] },
          ),
        ),
      },
      { requiredKeys: [] },
    ),
    auto: fc.record({ classifier: fc.constantFrom("https://a.org/", "https://b.org/") }, { requiredKeys: [] }),
    credentials: fc.constant([{ name: "x", source: { command: "id" }, inject: { hosts: ["a.org"] } }]),
    setup: fc.record({ run: fc.constant(["id"]), credentials: fc.constant(["x"]) }, { requiredKeys: [] }),
    env: fc.record(
      { pass: fc.subarray(["A", "B"]), set: fc.dictionary(fc.constantFrom("X", "Y"), fc.constantFrom("1", "2")) },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
);

function layer(name: LayerText["name"], value: unknown, trusted = true): LayerText {
  return { name, file: `/${name}.yaml`, text: JSON.stringify(value), digest: "0", trusted };
}

function load(...layers: readonly LayerText[]): Policy {
  const result = loadPolicy(layers);
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.policy;
}

const TIGHT: Readonly<Record<string, readonly string[]>> = {
  default: ["plan", "dontAsk"],
  acceptEdits: ["default", "plan", "dontAsk"],
  auto: ["default", "plan", "dontAsk"],
  bypassPermissions: ["acceptEdits", "auto", "default", "plan", "dontAsk"],
};
const TIGHT_APPROVAL: Readonly<Record<string, readonly string[]>> = {
  "on-request": ["untrusted", "never"],
  "on-failure": ["on-request", "untrusted", "never"],
};
const same = (value: unknown): string => JSON.stringify(value);
const texts = (list: readonly { readonly text: string }[]): readonly string[] => list.map((e) => e.text);

/** Throws where `after` allows anything that `before` does not. `only` limits the comparison to keys the managed file set. */
function expectNotLooser(before: Policy, after: Policy, set: (...path: string[]) => boolean): void {
  const subset = (a: readonly unknown[], b: readonly unknown[]): void =>
    expect(a.filter((x) => !b.includes(x))).toEqual([]);
  const [p, q] = [before.permissions, after.permissions];
  if (set("permissions", "allow")) subset(texts(q.allow), texts(p.allow));
  subset(texts(p.ask), texts(q.ask));
  subset(texts(p.deny), texts(q.deny));
  if (set("permissions", "mode") && p.mode !== q.mode) expect(TIGHT[p.mode] ?? []).toContain(q.mode);
  const [s, t] = [before.sandbox, after.sandbox];
  if (set("sandbox", "filesystem", "allowRead")) subset(texts(t.filesystem.allowRead), texts(s.filesystem.allowRead));
  if (set("sandbox", "filesystem", "allowWrite"))
    subset(texts(t.filesystem.allowWrite), texts(s.filesystem.allowWrite));
  subset(texts(s.filesystem.denyRead), texts(t.filesystem.denyRead));
  if (set("sandbox", "network", "allow")) subset(texts(t.network.allow), texts(s.network.allow));
  subset(texts(s.network.deny), texts(t.network.deny));
  if (set("sandbox", "limits", "timeout")) expect(t.limits.timeoutMs).toBeLessThanOrEqual(s.limits.timeoutMs);
  if (set("sandbox", "limits", "memory")) expect(t.limits.memoryBytes).toBeLessThanOrEqual(s.limits.memoryBytes);
  if (set("sandbox", "limits", "pids")) expect(t.limits.pids).toBeLessThanOrEqual(s.limits.pids);
  if (set("sandbox", "ports")) subset(t.ports, s.ports);
  if (set("sandbox", "caches") && s.caches === "none") expect(t.caches).toBe("none");
  if (set("sandbox", "mode") && s.mode === "read-only") expect(t.mode).toBe("read-only");
  if (set("sandbox", "workspace") && s.workspace === "overlay") expect(t.workspace).toBe("overlay");
  if (set("tier") && before.tier === "medium") expect(after.tier).toBe("medium");
  const [a, b] = [before.approvals, after.approvals];
  if (set("approvals", "policy") && a.policy !== b.policy) expect(TIGHT_APPROVAL[a.policy] ?? []).toContain(b.policy);
  if (set("approvals", "timeout")) expect(b.timeoutMs).toBeLessThanOrEqual(a.timeoutMs);
  if (set("approvals", "channels")) subset(b.channels.map(same), a.channels.map(same));
  const twos = ["deny", "ask", "off"];
  if (set("ruleOfTwo")) expect(twos.indexOf(after.ruleOfTwo)).toBeLessThanOrEqual(twos.indexOf(before.ruleOfTwo));
  const [m, n] = [before.legs, after.legs];
  for (const leg of ["A", "B", "C"] as const) if (set("legs", leg)) subset(m[leg], n[leg]);
  if (set("legs", "trustedHosts")) subset(n.trustedHosts, m.trustedHosts);
  if (set("legs", "readingTools")) subset(n.readingTools, m.readingTools);
  subset(m.privatePaths, n.privatePaths);
  const owners = ["foreign", "auto", "own"];
  if (set("legs", "workspace")) expect(owners.indexOf(n.workspace)).toBeLessThanOrEqual(owners.indexOf(m.workspace));
  if (set("auto", "classifier")) expect(after.auto).toEqual(before.auto);
  const [w, x] = [before.mcp, after.mcp];
  if (set("mcp", "lock")) expect(x.lock.text).toBe(w.lock.text);
  expectTighter(["frozen", "ask", "off"], w.mode, x.mode, set("mcp", "mode"));
  expectTighter(["hold", "mark"], w.results, x.results, set("mcp", "results"));
  for (const name of ["x", "y", "z"]) {
    const [k, l] = [mcpServer(w, name), mcpServer(x, name)];
    for (const key of ["sampling", "elicitation"] as const)
      expectTighter(["deny", "ask", "allow"], k[key], l[key], set("mcp", key) || set("mcp", "servers", name, key));
    if (set("mcp", "servers", name, "sources")) subset(m.servers[name] ?? [], n.servers[name] ?? []);
  }
  if (set("env", "pass")) subset(after.env.pass, before.env.pass);
  if (set("env", "set")) expect(after.env.set).toEqual(before.env.set);
}

function expectTighter(words: readonly string[], before: string, after: string, isCompared: boolean): void {
  if (isCompared) expect(words.indexOf(after)).toBeLessThanOrEqual(words.indexOf(before));
}

function isSet(value: unknown): (...path: string[]) => boolean {
  return (...path) =>
    path.reduce<unknown>((node, key) => (node as Record<string, unknown> | undefined)?.[key], value) !== undefined;
}

describe("layers", () => {
  it("only tighten what the managed file fixed", () => {
    fc.assert(
      fc.property(
        file,
        file,
        file,
        fc.constantFrom("command-line" as const, "project" as const, "user" as const),
        (managed, other, lower, name) => {
          const base = [layer("managed", managed), layer("local", other)];
          const fixed = isSet(managed);
          if (name !== "command-line") expectNotLooser(load(...base), load(...base, layer(name, lower)), fixed);
          expectNotLooser(load(layer("managed", managed)), load(...base, layer(name, lower)), fixed);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("a file nobody accepted never loosens anything", () => {
    fc.assert(
      fc.property(file, file, file, (managed, user, hostile) => {
        const base = [layer("managed", managed), layer("user", user)];
        for (const name of ["project", "local"] as const)
          expectNotLooser(load(...base), load(...base, layer(name, hostile, false)), () => true);
      }),
      { numRuns: 300 },
    );
  });

  it("take no source of a credential, no command and no place to send things to from a file nobody accepted", () => {
    const keys = ["credentials", "setup.run", "setup.credentials", "auto.classifier", "env.set"];
    fc.assert(
      fc.property(file, file, (user, hostile) => {
        const loaded = loadPolicy([layer("user", user), layer("project", hostile, false)]);
        if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
        for (const key of keys) {
          const parts = loaded.value.merged.parts.get(key) ?? [];
          expect(parts.filter((part) => part.layer === "project").map(() => key)).toEqual([]);
        }
        // of channels it may only take some away
        expect(load(layer("user", user)).approvals.channels).toEqual(
          expect.arrayContaining([...loaded.value.policy.approvals.channels]),
        );
      }),
      { numRuns: 300 },
    );
  });

  it("merge the same in any order they are given", () => {
    fc.assert(
      fc.property(file, file, file, (a, b, c) => {
        const layers = [layer("managed", a), layer("project", b, false), layer("user", c)];
        expect(load(...[...layers].reverse())).toEqual(load(...layers));
      }),
    );
  });
});

it("every key of the schema stands in the table of what tightens", () => {
  const leaves = (node: unknown, path: readonly string[]): readonly string[] => {
    const { properties, additionalProperties: each } = node as {
      properties?: Record<string, unknown>;
      additionalProperties?: { properties?: unknown };
    };
    if (each?.properties !== undefined) return leaves(each, [...path, "*"]);
    return properties === undefined
      ? [path.join(".")]
      : Object.entries(properties).flatMap(([key, value]) => leaves(value, [...path, key]));
  };
  const known = new Set(
    [...POLICY_KEYS, ...serverKeys(["*"])].flatMap((key) => key.paths.map((path) => path.join("."))),
  );
  // or is part of one that comes whole, from one layer: a secret belongs to its address
  const isKnown = (key: string): boolean => known.has(key) || known.has(key.slice(0, key.lastIndexOf(".")));
  expect(leaves(policyJsonSchema(), []).filter((key) => !isKnown(key))).toEqual([]);
});
