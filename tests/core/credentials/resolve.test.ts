// The policy's entries as complete credentials: what is filled in, and what is wrong.
import { describe, expect, it } from "vitest";
import { type CredentialEntry, resolveCredentials, type Surroundings } from "#core/credentials";
import { loadPolicy, parseDuration } from "#core/policy";

const at = { file: "policy.yaml", line: 4, column: 1 };

function resolved(
  entries: readonly CredentialEntry[],
  around: Partial<Surroundings> = {},
): ReturnType<typeof resolveCredentials> {
  const base: Surroundings = { agent: [], has: () => false, handedIn: [], milliseconds: parseDuration };
  return resolveCredentials(
    entries.map((entry) => ({ entry, at })),
    { ...base, ...around },
  );
}
const names = (answer: ReturnType<typeof resolveCredentials>): readonly string[] =>
  answer.ok ? answer.value.map(({ name }) => name) : answer.error.map(({ code, message }) => `${code}: ${message}`);

describe("an entry", () => {
  it("needs no description for a known one: hosts, headers, and the variable that is set", () => {
    const answer = resolved([{ name: "github" }], { has: (name) => name === "GH_TOKEN" });
    expect(answer.ok && answer.value[0]).toMatchObject({
      source: { kind: "env", env: "GH_TOKEN" },
      env: ["GH_TOKEN"],
      inject: {
        hosts: [{ host: "github.com", ports: [443] }, { host: "api.github.com" }, { host: "uploads.github.com" }],
        headers: ["authorization"],
        always: false,
        body: false,
      },
    });
  });

  it("takes the known headers and its own hosts", () => {
    const answer = resolved([{ name: "anthropic", source: { env: "K" }, inject: { hosts: ["models.corp.example"] } }]);
    expect(answer.ok && answer.value[0]?.inject).toMatchObject({
      headers: ["x-api-key", "authorization"],
      hosts: [{ host: "models.corp.example", ports: [] }],
    });
  });

  it("is the description's where another layer names it only", () => {
    const answer = resolved([{ name: "x" }, { name: "x", source: { env: "X" }, inject: { hosts: ["a.example.org"] } }]);
    expect(names(answer)).toEqual(["x"]);
  });

  it.each([
    [{ name: "x" }, "credential-incomplete"],
    [{ name: "x", source: { env: "X" } }, "credential-incomplete"],
    [{ name: "x", source: { env: "X" }, inject: { hosts: ["preset:github"] } }, "credential-host"],
    [{ name: "x", source: { env: "X" }, inject: { hosts: ["*.github.io"] } }, "network-bad-rule"],
    [{ name: "x", source: { env: "X" }, inject: { hosts: ["*"] } }, "network-bad-rule"],
    [{ name: "x", source: { env: "X" }, inject: { hosts: ["a.example.org"], sign: {} } }, "credential-incomplete"],
    [
      { name: "x", source: { env: "X" }, inject: { hosts: ["a.example.org"], paths: ["/a/../b"] } },
      "credential-incomplete",
    ],
  ] as const)("%j is refused at its place", (entry, code) => {
    const answer = resolved([entry as unknown as CredentialEntry]);
    expect(answer.ok ? [] : answer.error).toMatchObject([{ code, at }]);
  });

  it("is asked for by the name that was meant", () => {
    expect(resolved([{ name: "gihub" }])).toMatchObject({ ok: false, error: [{ hint: "did you mean `github`?" }] });
    expect(resolved([{ name: "x" }])).toMatchObject({
      error: [{ hint: expect.stringMatching(/^known: .*\bgithub\b/) }],
    });
  });

  it("shares no variable with another, nor with what the policy hands in itself", () => {
    const inject = { hosts: ["a.example.org"] };
    expect(
      names(
        resolved([
          { name: "a", source: { env: "K" }, inject },
          { name: "b", source: { env: "L" }, env: "K", inject },
        ]),
      ),
    ).toEqual([expect.stringContaining("credential-variable")]);
    expect(names(resolved([{ name: "a", source: { env: "K" }, inject }], { handedIn: ["K"] }))).toEqual([
      expect.stringContaining("credential-variable"),
    ]);
  });
});

describe("an agent's own keys", () => {
  const agent = ["anthropic", "anthropic-token", "claude-login"];
  it("are those that the caller has, unless the policy says something else of them", () => {
    const has = (name: string): boolean => name === "ANTHROPIC_API_KEY";
    expect(names(resolved([], { agent, has }))).toEqual(["anthropic"]);
    expect(names(resolved([], { agent }))).toEqual([]);
    expect(names(resolved([], { agent, has, handedIn: ["ANTHROPIC_API_KEY"] }))).toEqual([]);
    const own = { name: "mine", source: { env: "ANTHROPIC_API_KEY" }, inject: { hosts: ["models.corp.example"] } };
    expect(names(resolved([own], { agent, has }))).toEqual(["mine"]);
  });

  it("are not added where the managed file lists all credentials, even none", () => {
    const fixed = (text: string): boolean => {
      const loaded = loadPolicy([
        { name: "managed", file: "/etc/ringfence/policy.yaml", text, digest: "", trusted: true },
      ]);
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
      return loaded.value.policy.credentialsFixed;
    };
    expect(fixed("credentials: []")).toBe(true);
    expect(fixed("tier: medium")).toBe(false);
  });
});
