import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import {
  decideAddresses,
  decideHost,
  decideRequest,
  type EgressPlan,
  expandNetwork,
  needsReading,
  normalPath,
  onlyTightens,
  readsByRule,
} from "#core/net";
import type { NetworkRuleText } from "#core/policy";

const at = { file: "policy.yaml", line: 1, column: 1 };
type Written = string | ({ readonly host: string } & Omit<NetworkRuleText, "text" | "at">);
const cases = <T>(name: string): readonly T[] =>
  readFileSync(fileURLToPath(new URL(`../../cases/net/${name}.jsonl`, import.meta.url)), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);

function textOf(rule: Written): NetworkRuleText {
  if (typeof rule === "string") return { text: rule, at };
  const { host, ...limits } = rule;
  return { text: host, at, ...limits };
}

function expanded(
  allow: readonly Written[],
  deny: readonly Written[] = [],
  more: { readonly inspectExcept?: readonly string[]; readonly mode?: EgressPlan["mode"] } = {},
): ReturnType<typeof expandNetwork> {
  return expandNetwork(
    {
      ...{ allow: allow.map(textOf), deny: deny.map(textOf), allowPrivate: [] },
      inspectExcept: (more.inspectExcept ?? []).map(textOf),
      mode: more.mode ?? "enforce",
    },
    { registries: { npm: [{ host: "registry.test", port: 443 }] }, files: [], caFile: undefined },
  );
}

function planOf(...rules: Parameters<typeof expanded>): EgressPlan {
  const plan = expanded(...rules);
  if (!plan.ok) throw new Error(plan.error.map(({ message }) => message).join());
  return { ...plan.value, maxConnections: 10 };
}

describe("the path of a request", () => {
  it.each(cases<{ target: string; want: string | null; why: string }>("paths"))(
    "$target is $want ($why)",
    ({ target, want }) => {
      expect(normalPath(target) ?? null).toBe(want);
    },
  );
});

interface RequestCase {
  readonly name: string;
  readonly allow: readonly Written[];
  readonly deny?: readonly Written[];
  readonly ask: string;
  readonly fields?: Readonly<Record<string, string>>;
  readonly upgrade?: "websocket";
  readonly exe?: string;
  readonly sha256?: string;
  readonly want: string;
}

describe("one request", () => {
  it.each(cases<RequestCase>("requests"))("$name", (row) => {
    const plan = expanded(row.allow, row.deny);
    if (!plan.ok) return expect("policy").toBe(row.want);
    const [method = "", scheme = "", target = ""] = row.ask.split(" ");
    const verdict = decideRequest(
      { ...plan.value, maxConnections: 1 },
      {
        ...{ scheme: scheme as "http" | "https", host: "x.org", port: scheme === "http" ? 80 : 443, method, target },
        fields: Object.entries(row.fields ?? {}).map(([name, value]) => ({ name, value })),
        ...(row.upgrade === undefined ? {} : { upgrade: row.upgrade }),
      },
      {
        ...(row.exe === undefined ? {} : { exe: row.exe }),
        ...(row.sha256 === undefined ? {} : { sha256: row.sha256 }),
      },
    );
    expect(verdict.allowed ? "allowed" : verdict.reason).toBe(row.want);
  });
});

describe("what has to be read", () => {
  it.each([
    ["a plain rule", ["x.org"], [], false],
    ["methods", [{ host: "x.org", methods: ["GET"] }], [], true],
    ["paths", [{ host: "x.org", paths: ["/a"] }], [], true],
    ["only https", [{ host: "x.org", protocols: ["https"] }], [], true],
    ["TLS that nobody reads", [{ host: "x.org", protocols: ["tls"] }], [], false],
    ["programs", [{ host: "x.org", programs: ["/bin/git"] }], [], false],
    ["a plain rule beside methods", ["x.org", { host: "x.org", methods: ["GET"] }], [], false],
    [
      "a rule for one program beside methods",
      [
        { host: "x.org", programs: ["/bin/git"] },
        { host: "x.org", methods: ["GET"] },
      ],
      [],
      true,
    ],
    ["a deny of methods", ["x.org"], [{ host: "x.org", methods: ["POST"] }], true],
    ["a deny of paths above it", ["x.org"], [{ host: "*.org", paths: ["/a"] }], true],
    ["another host's", ["x.org", { host: "y.org", methods: ["GET"] }], [], false],
  ] as const)("%s", (_, allow, deny, want) => {
    expect(needsReading(planOf(allow, deny), "x.org", 443)).toBe(want);
  });

  it("opens no tunnel for other bytes where it has to be read", () => {
    const opaque = (allow: readonly Written[], deny: readonly Written[] = []): boolean => {
      const verdict = decideHost(planOf(allow, deny), "x.org", 8443);
      return verdict.allowed && verdict.rule.portNamed;
    };
    expect(opaque(["x.org:8443"])).toBe(true);
    expect(opaque([{ host: "x.org:8443", methods: ["GET"] }])).toBe(false);
    expect(opaque([{ host: "x.org:8443", protocols: ["https"] }])).toBe(false);
    expect(opaque([{ host: "x.org:8443", protocols: ["tcp"] }])).toBe(true);
    expect(opaque(["x.org:8443"], [{ host: "x.org", methods: ["POST"] }])).toBe(false);
  });

  it("is a policy error on a host that may not be read", () => {
    const codes = (...rules: Parameters<typeof expanded>): readonly string[] => {
      const plan = expanded(...rules);
      return plan.ok ? [] : plan.error.map(({ code }) => code);
    };
    const inspectExcept = ["x.org"];
    expect(codes([{ host: "x.org", methods: ["GET"] }], [], { inspectExcept })).toEqual(["network-unreadable"]);
    expect(codes(["x.org"], [{ host: "x.org", paths: ["/a"] }], { inspectExcept })).toEqual(["network-unreadable"]);
    expect(codes([{ host: "*.x.org", methods: ["GET"] }], [], { inspectExcept: ["a.x.org"] })).toEqual([
      "network-unreadable",
    ]);
    expect(codes(["x.org"], [], { inspectExcept })).toEqual([]);
    expect(codes([{ host: "y.org", methods: ["GET"] }], [], { inspectExcept })).toEqual([]);
    expect(codes([{ host: "x.org:80", methods: ["GET"] }], [], { inspectExcept })).toEqual([]);
  });
});

describe("rules that contradict themselves", () => {
  it.each([
    [{ host: "x.org", paths: ["/a/../b"] }],
    [{ host: "x.org", paths: ["/a?b"] }],
    [{ host: "x.org", paths: ["/a/b**"] }],
    [{ host: "x.org", protocols: ["tls"], methods: ["GET"] }],
    [{ host: "x.org", protocols: ["tcp"] }],
    [{ host: "x.org:443", protocols: ["tcp"] }],
    [{ host: "preset:npm/write" }],
    [{ host: "preset:anthropic/read" }],
    [{ host: "preset:npm/read", paths: ["/a"] }],
  ])("%j", (rule) => {
    expect(expanded([rule as Written]).ok).toBe(false);
  });
});

describe("a preset for reading", () => {
  const plan = planOf(["preset:npm/read", "preset:github/read"]);
  const ask = (host: string, method: string, target: string): string => {
    const verdict = decideRequest(plan, { scheme: "https", host, port: 443, method, target, fields: [] });
    return verdict.allowed ? "allowed" : verdict.reason;
  };
  it("installs and audits, and does not publish", () => {
    expect(ask("registry.test", "GET", "/@types/node/-/node-20.0.0.tgz")).toBe("allowed");
    expect(ask("registry.test", "GET", "/@types%2fnode")).toBe("allowed");
    expect(ask("registry.test", "POST", "/-/npm/v1/security/advisories/bulk")).toBe("allowed");
    expect(ask("registry.test", "POST", "/mirror/npm/-/npm/v1/security/audits/quick")).toBe("allowed");
    expect(ask("registry.test", "PUT", "/package")).toBe("method-not-allowed");
    expect(ask("registry.test", "POST", "/-/v1/login")).toBe("path-not-allowed");
  });
  it("fetches, and does not push", () => {
    expect(ask("github.com", "GET", "/acme/repo.git/info/refs?service=git-upload-pack")).toBe("allowed");
    expect(ask("github.com", "POST", "/acme/repo.git/git-upload-pack")).toBe("allowed");
    expect(ask("github.com", "POST", "/acme/repo.git/git-receive-pack")).toBe("path-not-allowed");
    expect(ask("api.github.com", "POST", "/gists")).toBe("path-not-allowed");
    expect(ask("api.github.com", "DELETE", "/repos/acme/x")).toBe("method-not-allowed");
  });
  it("is read", () => {
    expect(needsReading(plan, "registry.test", 443)).toBe(true);
    expect(needsReading(planOf(["preset:npm"]), "registry.test", 443)).toBe(false);
  });
});

describe("report mode", () => {
  const plan = planOf([{ host: "x.org", programs: ["/bin/git"] }], ["evil.org"], { mode: "report" });
  it("lets public names pass, says what the rules say, and opens nothing but HTTP and TLS", () => {
    expect(decideHost(plan, "y.org", 8443)).toMatchObject({
      allowed: true,
      rule: { portNamed: false },
      reported: { reason: "no-rule" },
    });
    // names below one domain are as bounded as below a wildcard
    const below = decideHost(plan, "data.in.names.evil.co.uk", 443);
    expect(below).toMatchObject({ allowed: true, rule: { host: "evil.co.uk", wildcard: true } });
  });
  it("keeps denies, addresses and names that the policy places on an address of its own", () => {
    const own = { ...plan, allowPrivate: [{ host: "mirror.corp", cidr: "10.0.0.1/32", reason: "x" }] };
    for (const host of ["evil.org", "8.8.8.8", "127.0.0.1", "2606:4700::1"])
      expect(decideHost(plan, host, 443).allowed).toBe(false);
    expect(decideHost(own, "mirror.corp", 443).allowed).toBe(false);
  });
  it("is not what a closed network becomes", () => {
    expect(planOf([], ["*"], { mode: "report" }).mode).toBe("enforce");
  });
});

describe("every host", () => {
  const plan = planOf([{ host: "*", methods: ["GET"] }], ["evil.org"]);
  const verdict = (host: string, with_: EgressPlan = plan): unknown => decideHost(with_, host, 443);
  it("is names that are read, as bounded below one domain as below a wildcard, and no address", () => {
    expect(verdict("a.b.example.org")).toMatchObject({ allowed: true, rule: { host: "example.org", wildcard: true } });
    expect(needsReading(plan, "example.org", 443)).toBe(true);
    expect(readsByRule(plan)).toBe(true);
    for (const host of ["evil.org", "8.8.8.8", "2606:4700::1", "127.0.0.1"])
      expect(verdict(host)).toMatchObject({ allowed: false });
    expect(decideAddresses(plan, "x.org", ["10.0.0.1"])).toMatchObject({ reason: "address-private" });
  });
  it("leaves a host that is opened by name as it is", () => {
    const beside = planOf(["x.org", { host: "*", methods: ["GET"] }]);
    expect(needsReading(beside, "x.org", 443)).toBe(false);
    expect(verdict("x.org", beside)).toMatchObject({ rule: { host: "x.org", wildcard: false } });
    const narrow = planOf([
      { host: "*", methods: ["GET"] },
      { host: "y.org", methods: ["POST"] },
    ]);
    expect(verdict("y.org", narrow)).toMatchObject({ rule: { host: "y.org", wildcard: false } });
  });
  it("does not go with hosts that nobody may read, unless those are open by name", () => {
    const limits = [{ host: "*", methods: ["GET"] }];
    expect(expanded(limits, [], { inspectExcept: ["x.org"] }).ok).toBe(false);
    expect(expanded([...limits, "x.org"], [], { inspectExcept: ["x.org"] }).ok).toBe(true);
    expect(expanded(["x.org"], [], { inspectExcept: ["*"] }).ok).toBe(false);
  });
  it("is, as a deny, every address too", () => {
    const closed = planOf(["8.8.8.8", "x.org"], [{ host: "*", programs: ["/bin/nc"] }]);
    expect(decideHost(closed, "8.8.8.8", 443, { exe: "/bin/nc" }).allowed).toBe(false);
    expect(decideHost(closed, "8.8.8.8", 443, { exe: "/bin/curl" }).allowed).toBe(true);
    expect(decideHost(closed, "x.org", 443).allowed).toBe(false);
  });
  it("is wider than a host, and a deny of it closes more than one of a host", () => {
    const one = planOf([{ host: "x.org", methods: ["GET"] }], ["evil.org"]);
    expect(onlyTightens(one, plan)).toBe(false);
    const all = planOf(["x.org"], [{ host: "*", methods: ["POST"] }]);
    const some = planOf(["x.org"], [{ host: "y.org", methods: ["POST"] }]);
    expect(onlyTightens(some, all)).toBe(true);
    expect(onlyTightens(all, some)).toBe(false);
  });
});

describe("what a person is told to type", () => {
  const closed = planOf([]);
  it("is the setup's option in a setup", () => {
    expect(decideHost(closed, "x.org", 443)).toMatchObject({
      hint: expect.stringContaining("run --allow-domain x.org --"),
    });
    const setup = { ...closed, phase: "setup" } as const;
    const hints = [decideHost(setup, "x.org", 8443), decideAddresses(setup, "x.org", ["10.0.0.1"])].map((it) =>
      it.allowed ? "" : it.hint,
    );
    expect(hints[0]).toContain("ringfence run --setup-allow-domain x.org:8443 --");
    expect(hints[1]).toContain("ringfence run --setup-allow-domain x.org=10.0.0.1/32 --");
  });
  it("names where report mode is written", () => {
    const modeAt = { file: "policy.yaml", line: 9, column: 5 };
    const report = { ...closed, mode: "report", modeAt } as const;
    expect(decideHost(report, "x.org", 443)).toMatchObject({ rule: { text: "mode: report", at: modeAt } });
  });
});

describe("a rule's path", () => {
  it("may hold spaces and letters of every script", () => {
    const plan = planOf([{ host: "x.org", paths: ["/Öffentlich/mein ordner/**"] }]);
    const ask = (target: string): boolean =>
      decideRequest(plan, { scheme: "https", host: "x.org", port: 443, method: "GET", target, fields: [] }).allowed;
    expect(ask("/%C3%96ffentlich/mein%20ordner/a")).toBe(true);
    expect(ask("/%c3%96ffentlich/mein%20ordner/a")).toBe(true);
    expect(ask("/Offentlich/mein%20ordner/a")).toBe(false);
  });
});
