import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json, LogRecord } from "#core/log";
import { expandNetwork } from "#core/net";
import { loadPolicy } from "#core/policy";
import { learnedPolicy, learnFrom } from "#core/policy/learn";

const places = { root: "/work", home: "/home/me" };
let seq = 0;

function record(type: string, data: Readonly<Record<string, Json>>, exe?: string): LogRecord {
  seq += 1;
  const actor = exe === undefined ? {} : { actor: { pid: 7, exe } };
  return {
    v: 1,
    seq,
    prev: "",
    ts: "",
    mono: 0,
    session: "s",
    origin: "observed",
    type,
    data,
    ...actor,
  } as unknown as LogRecord;
}

const blocked = (
  host: string,
  port: number,
  reason: string,
  exe?: string,
  more: Readonly<Record<string, Json>> = {},
): LogRecord => record("net.blocked", { host, port, reason, ...more }, exe);

describe("what a session teaches", () => {
  it("names the least host and port, with who asked and how often", () => {
    const first = blocked("api.example.org", 443, "no-rule", "/usr/bin/curl");
    const learned = learnFrom(
      [first, blocked("api.example.org", 443, "no-rule", "/usr/bin/git", { repeats: 5 })],
      places,
    );
    expect(learned.proposals).toEqual([
      {
        key: "sandbox.network.allow",
        value: "api.example.org:443",
        evidence: {
          records: [first.seq, first.seq + 1],
          count: 6,
          programs: ["/usr/bin/curl", "/usr/bin/git"],
          why: "no-rule",
        },
        risks: [],
      },
    ]);
  });
  it("leaves the port out where both were asked for", () => {
    const records = [80, 443].map((port) => blocked("a.org", port, "no-rule", "/usr/bin/apt"));
    expect(learnFrom(records, places).proposals.map(({ value }) => value)).toEqual(["a.org"]);
  });
  it("says lint's words, and who the program is", () => {
    const [one] = learnFrom([blocked("gist.github.com", 443, "no-rule", "/tmp/x")], places).proposals;
    expect(one?.risks).toEqual([
      expect.stringContaining("keeps what anybody sends there"),
      expect.stringContaining("the agent could have made: /tmp/x"),
    ]);
    const [other] = learnFrom([blocked("b.org", 22, "no-rule")], places).proposals;
    expect(other?.risks).toEqual(["nobody saw which program asked", expect.stringContaining("nobody reads")]);
  });
  it("proposes methods and paths for refused requests", () => {
    const ask = (asked: string): LogRecord => blocked("api.org", 443, "method-not-allowed", "/usr/bin/gh", { asked });
    const { proposals } = learnFrom([ask("POST /repos/acme/issues"), ask("POST /repos/acme/pulls")], places);
    expect(proposals.map(({ value }) => value)).toEqual([
      { host: "api.org:443", methods: ["POST"], paths: ["/repos/acme/issues", "/repos/acme/pulls"] },
    ]);
    const many = Array.from({ length: 9 }, (_, index) => ask(`POST /repos/acme/${"x".repeat(index + 1)}`));
    const [held] = learnFrom(many, places).proposals;
    expect(held?.value).toEqual({ host: "api.org:443", methods: ["POST"], paths: ["/repos/acme/**"] });
    expect(held?.risks).toContain("9 paths were asked for, and /repos/acme/** opens more than those");
    const apart = [...many, ask("POST /repos/evil/x"), ask("POST /login"), ask("POST /login/more")];
    expect(learnFrom(apart, places).proposals[0]?.value).toMatchObject({
      paths: ["/login", "/login/more", "/repos/**"],
    });
  });
  it("proposes nothing for what no rule should open", () => {
    const records = [
      blocked("in.corp", 443, "address-private", "/usr/bin/curl"),
      blocked("10.0.0.1", 443, "no-rule", "/usr/bin/curl"),
      blocked("evil.org", 443, "denied", "/usr/bin/curl"),
      blocked("a.org", 443, "tls-name-differs", "/usr/bin/curl"),
      blocked("a.org", 443, "canary", "/usr/bin/curl"),
      blocked("(other hosts)", 0, "many"),
    ];
    const { proposals, left } = learnFrom(records, places);
    expect(proposals).toEqual([]);
    expect(left.map(({ what, because }) => `${what}: ${because}`)).toEqual([
      "in.corp:443: its address is not public; who knows why names it under `allowPrivate`",
      "10.0.0.1:443: its address is not public; who knows why names it under `allowPrivate`",
      "evil.org:443: a deny rule closes it, and no allow undoes that",
      "a.org:443: no rule was missing",
      "a.org:443: it held something that must not leave",
    ]);
  });
  it("tells rules that were used for less", () => {
    const open = record("session.open", { network: ["*.cdn.org", "a.org", "b.org"] });
    const used = record("net.connect", { host: "x.cdn.org", port: 443, rule: "*.cdn.org (policy.yaml:4)" });
    const plain = record("net.connect", { host: "a.org", port: 443, rule: "a.org (command line:1)" });
    expect(learnFrom([open, used, plain], places).unneeded).toEqual([
      { rule: "*.cdn.org", used: ["x.cdn.org"] },
      { rule: "b.org", used: [] },
    ]);
  });
  it("tells the names that were reached by a rule for every host", () => {
    const open = record("session.open", { network: ["*:443"] });
    const used = ["b.org", "a.org"].map((host) => record("net.connect", { host, port: 443, rule: "*:443 (p.yaml:4)" }));
    expect(learnFrom([open, ...used], places).unneeded).toEqual([{ rule: "*:443", used: ["a.org", "b.org"] }]);
  });
  it("learns from what report mode let pass", () => {
    const passed = record(
      "net.connect",
      { host: "a.org", port: 443, rule: "mode: report (/home/me/.config/ringfence/policy.yaml:7)" },
      "/usr/bin/curl",
    );
    expect(learnFrom([passed], places).proposals.map(({ value }) => value)).toEqual(["a.org:443"]);
  });
  it("proposes paths outside the workspace, and never secrets or settings", () => {
    const file = (type: string, path: string, error: string): LogRecord =>
      record(type, { path, error }, "/usr/bin/make");
    const { proposals, left } = learnFrom(
      [
        file("file.read", "/home/me/data/set.csv", "ENOENT"),
        file("file.write", "/srv/out/x", "EROFS"),
        file("file.read", "/home/me/.ssh/id_ed25519", "ENOENT"),
        file("file.write", "/home/me/.bashrc", "EROFS"),
        file("file.read", "/work/missing", "ENOENT"),
        file("file.read", "/proc/1/mem", "EACCES"),
        record("file.write", { path: ".git/hooks/pre-commit", verdict: "refused", reason: "protected-path" }),
      ],
      places,
    );
    expect(proposals.map(({ key, value }) => [key, value])).toEqual([
      ["sandbox.filesystem.allowRead", "/home/me/data/set.csv"],
      ["sandbox.filesystem.allowWrite", "/srv/out/x"],
    ]);
    expect(left.map(({ what }) => what)).toEqual([
      "/home/me/.ssh/id_ed25519",
      "/home/me/.bashrc",
      "/work/.git/hooks/pre-commit",
    ]);
  });
  it("proposes the rules of questions, unless a person said no", () => {
    const ask = (id: string, rule: string): LogRecord => record("approval.ask", { id, rule });
    const answer = (id: string, verdict: string, by: string): LogRecord =>
      record("approval.answer", { id, verdict, by });
    const { proposals, left } = learnFrom(
      [
        ask("1", "Bash(npm test)"),
        answer("1", "allow", "terminal"),
        ask("2", "Bash(terraform apply)"),
        answer("2", "deny", "terminal"),
        ask("3", "Bash(make *)"),
        answer("3", "deny", "timeout"),
      ],
      places,
    );
    expect(proposals.map(({ value, risks }) => [value, risks.at(-1)])).toEqual([
      ["Bash(npm test)", undefined],
      ["Bash(make *)", "nobody has said yes to it yet"],
    ]);
    expect(left).toMatchObject([{ what: "Bash(terraform apply)", because: "a person said no" }]);
  });
  it("writes a policy that loads, whatever names an attacker chose", () => {
    const text = fc.oneof(fc.domain(), fc.constantFrom("a.org", "x\n- y", "1.2.3.4", "[::1]", "é.org"), fc.string());
    const asked = fc.oneof(fc.constantFrom("POST /a/*", "GET /", "PUT /x/../y"), fc.string());
    const reason = fc.constantFrom("no-rule", "method-not-allowed", "port-not-allowed", "denied");
    fc.assert(
      fc.property(fc.array(fc.tuple(text, fc.nat(70_000), reason, asked, fc.string())), (rows) => {
        const records = rows.map(([host, port, why, what, exe]) => blocked(host, port, why, exe, { asked: what }));
        const yaml = learnedPolicy(learnFrom(records, places).proposals, "s");
        const loaded = loadPolicy([{ name: "user", file: "learned.yaml", text: yaml, digest: "", trusted: true }]);
        expect(loaded.ok ? [] : loaded.error).toEqual([]);
        if (!loaded.ok) return;
        const plan = expandNetwork(loaded.value.policy.sandbox.network, {
          registries: {},
          files: [],
          caFile: undefined,
        });
        expect(plan.ok ? [] : plan.error).toEqual([]);
      }),
    );
  });
});
