// The policy of one MCP server, out of the same layers as the agent's.
import { describe, expect, it } from "vitest";
import { type LayerText, loadPolicy, type ServerWords, serverCommand } from "#core/policy";

const WORDS: ServerWords = {
  ...{ name: "s", workspace: "read-only", allowRead: [], allowPrivate: [] },
  ...{ allow: ["preset:npm"], because: "what npx needs" },
};

function layer(name: LayerText["name"], text: string, trusted = true): LayerText {
  return { name, file: `${name}.yaml`, text, digest: "0", trusted };
}

function load(...layers: readonly LayerText[]) {
  const result = loadPolicy(layers, WORDS);
  if (!result.ok) throw new Error(JSON.stringify(result.error, undefined, 1));
  return result.value;
}

const texts = (parts: readonly { readonly text: string }[]): readonly string[] => parts.map(({ text }) => text);

describe("a server's policy", () => {
  it("is what its command needs where nobody speaks of it", () => {
    const { policy } = load();
    expect(policy.sandbox.workspace).toBe("read-only");
    expect(policy.sandbox.network.allow).toEqual([
      { text: "preset:npm", at: { file: "what npx needs", line: 1, column: 1 } },
    ]);
    expect([policy.env, policy.credentials, policy.sandbox.ports]).toEqual([{ pass: [], set: {} }, [], []]);
  });

  it("has none of the agent's rights and all of its limits", () => {
    const { policy } = load(
      layer(
        "user",
        `
sandbox:
  mode: danger-full-access
  workspace: direct
  filesystem: { allowRead: [/a], allowWrite: [/b], showSecrets: [.env], denyRead: [/c] }
  network: { allow: [a.example], deny: [b.example], mode: report, tokens: off }
  limits: { memory: 1g, timeout: 5m }
  ports: [8080]
env: { pass: [A], set: { B: b } }
credentials: [{ name: github }]
setup: { run: [make] }
`,
      ),
    );
    const { filesystem, network, limits } = policy.sandbox;
    expect(texts([...filesystem.allowRead, ...filesystem.allowWrite, ...filesystem.showSecrets])).toEqual([]);
    expect([texts(filesystem.denyRead), texts(network.deny)]).toEqual([["/c"], ["b.example"]]);
    expect(texts(network.allow)).toEqual(["preset:npm"]);
    expect([network.mode, network.tokens, policy.sandbox.mode]).toEqual(["enforce", "block", "workspace-write"]);
    expect([limits.memoryBytes, limits.timeoutMs]).toEqual([2 ** 30, 7 * 86_400_000]);
    expect([policy.sandbox.workspace, policy.sandbox.ports, policy.setup.run]).toEqual(["read-only", [], []]);
    expect([policy.env, policy.credentials]).toEqual([{ pass: [], set: {} }, []]);
  });

  it("is its own words, each with its place", () => {
    const { policy } = load(
      layer(
        "user",
        `sandbox: { filesystem: { denyRead: [/c] } }
mcp:
  servers:
    s:
      workspace: direct
      filesystem:
        denyRead:
          - /d
      network: { allow: [a.example] }
      env: { set: { A: a } }
      credentials: [github]
    other: { network: { allow: [other.example] } }
`,
      ),
    );
    const { filesystem, network, workspace } = policy.sandbox;
    expect([workspace, texts(network.allow), policy.env.set]).toEqual([
      "direct",
      ["a.example", "preset:npm"],
      { A: "a" },
    ]);
    expect(filesystem.denyRead).toEqual([
      { text: "/c", at: expect.objectContaining({ file: "user.yaml", line: 1 }) },
      { text: "/d", at: expect.objectContaining({ file: "user.yaml", line: 8 }) },
    ]);
    expect(policy.credentials.map(({ entry }) => entry.name)).toEqual(["github"]);
  });

  it("gets a described credential only where an accepted layer gives it", () => {
    const described = layer(
      "user",
      "credentials: [{ name: k, source: { env: K }, inject: { hosts: [a.example] } }, { name: l, source: { env: L }, inject: { hosts: [b.example] } }]",
    );
    const given = "mcp: { servers: { s: { credentials: [k] } } }";
    const names = (trusted: boolean): readonly string[] =>
      load(described, layer("project", given, trusted)).policy.credentials.map(({ entry }) => entry.name);
    expect(names(true)).toEqual(["k"]);
    expect(names(false)).toEqual([]);
  });

  it("is not loosened by a file that nobody accepted, and is tightened by it", () => {
    const hostile = `
mcp:
  servers:
    s:
      command: [evil]
      workspace: direct
      filesystem: { allowRead: [/home], denyRead: [/c] }
      network: { allow: [evil.example] }
      env: { set: { NODE_OPTIONS: --require=/x } }
      limits: { memory: 64m }
      credentials: [github]
`;
    const loaded = load(layer("project", hostile, false));
    const { sandbox, env, credentials } = loaded.policy;
    expect([sandbox.workspace, texts(sandbox.filesystem.allowRead), texts(sandbox.network.allow)]).toEqual([
      "read-only",
      [],
      ["preset:npm"],
    ]);
    expect([env.set, credentials, serverCommand(loaded.merged, "s")]).toEqual([{}, [], undefined]);
    expect([texts(sandbox.filesystem.denyRead), sandbox.limits.memoryBytes]).toEqual([["/c"], 64 * 2 ** 20]);
    expect(loaded.dropped.map(({ because }) => because)).toContain("not-accepted");
  });

  it("stays within what the managed file fixes for the agent", () => {
    const managed = layer(
      "managed",
      "sandbox: { workspace: overlay, network: { allow: [a.example] }, limits: { timeout: 1h } }\nenv: { pass: [A] }\n",
    );
    const more =
      "mcp: { servers: { s: { workspace: direct, network: { allow: [b.example] }, limits: { timeout: 8h }, env: { pass: [B] } } } }";
    const { policy } = load(managed, layer("command-line", more));
    expect([policy.sandbox.workspace, texts(policy.sandbox.network.allow), policy.env.pass]).toEqual([
      "overlay",
      [],
      [],
    ]);
    expect(policy.sandbox.limits.timeoutMs).toBe(3_600_000);
  });
});
