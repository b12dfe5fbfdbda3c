import { readFileSync } from "node:fs";
import { BlockList } from "node:net";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  classifyAddress,
  decideAddresses,
  decideHost,
  type EgressPlan,
  expandNetwork,
  isOwnAddress,
  parseEgressRule,
  parseHost,
  type ToolConfig,
} from "#core/net";

const at = { file: "policy.yaml", line: 3, column: 5 };
const cases = <T>(name: string): readonly T[] =>
  readFileSync(fileURLToPath(new URL(`../../cases/net/${name}.jsonl`, import.meta.url)), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as T);

describe("the ladder of addresses", () => {
  it.each(cases<{ address: string; want: string; why: string }>("addresses"))("$address is $want ($why)", (row) => {
    expect(classifyAddress(row.address)).toBe(row.want);
  });

  it("is somebody's own, so that whoever writes it means it, plain or carried in another", () => {
    const plain = ["127.0.0.1", "::1", "10.1.2.3", "192.168.1.5", "100.64.0.9", "0.0.0.0", "fd12::1"];
    expect([...plain, "::ffff:127.0.0.1", "::ffff:10.1.2.3"].filter((address) => !isOwnAddress(address))).toEqual([]);
    const others = ["169.254.169.254", "169.254.1.1", "fe80::1", "8.8.8.8", "2606:4700::1", "224.0.0.1", "name", ""];
    const carried = ["::ffff:169.254.169.254", "::ffff:169.254.1.1", "64:ff9b::a9fe:a9fe", "2002:a9fe:101::"];
    expect([...others, ...carried].filter((address) => isOwnAddress(address))).toEqual([]);
  });

  // Node's own BlockList is the second implementation: where it says private, so must we.
  it("calls nothing public that a second implementation finds in a special block", () => {
    const special = new BlockList();
    for (const block of [
      "0.0.0.0/8",
      "10.0.0.0/8",
      "100.64.0.0/10",
      "127.0.0.0/8",
      "169.254.0.0/16",
      "172.16.0.0/12",
      "192.168.0.0/16",
      "198.18.0.0/15",
      "224.0.0.0/4",
      "240.0.0.0/4",
    ]) {
      const [network = "", bits = ""] = block.split("/");
      special.addSubnet(network, Number(bits), "ipv4");
    }
    fc.assert(
      fc.property(fc.ipV4(), (address) => {
        if (special.check(address, "ipv4")) expect(classifyAddress(address)).not.toBe("public");
      }),
      { numRuns: 2000 },
    );
  });

  it("never throws", () => {
    fc.assert(fc.property(fc.string(), (text) => void classifyAddress(text)));
  });
});

describe("host names", () => {
  it.each(cases<{ text: string; want: string | null }>("hosts"))("$text → $want", ({ text, want }) => {
    expect(parseHost(text) ?? null).toBe(want);
  });
  it("parsing twice is parsing once", () => {
    fc.assert(
      fc.property(fc.oneof(fc.domain(), fc.ipV4(), fc.ipV6(), fc.string()), (text) => {
        const once = parseHost(text);
        if (once !== undefined) expect(parseHost(once)).toBe(once);
      }),
    );
  });
});

function planOf(
  allow: readonly string[],
  deny: readonly string[] = [],
  allowPrivate: EgressPlan["allowPrivate"] = [],
): EgressPlan {
  const network = {
    allow: allow.map((text) => ({ text, at })),
    deny: deny.map((text) => ({ text, at })),
    allowPrivate: allowPrivate.map((entry) => ({ ...entry, at })),
  };
  const expanded = expandNetwork(network, NO_TOOLS);
  if (!expanded.ok) throw new Error(expanded.error.map(({ message }) => message).join());
  return { ...expanded.value, maxConnections: 10 };
}

const NO_TOOLS: ToolConfig = { registries: { npm: [], debian: [] }, files: [], caFile: undefined };

describe("rules", () => {
  it.each([
    "*",
    "*.com",
    "*.co.uk",
    "*.github.io",
    "*.pages.dev",
    "*.vercel.app",
    "*.netlify.app",
    "*.web.app",
    "*.s3.amazonaws.com",
    "*.blob.core.windows.net",
    "",
    "a b",
    "x:0",
    "x:70000",
    "x:http",
    "http://x/",
    "*.127.0.0.1",
    "x/y",
    "a*.b.org",
  ])("refuses `%s`", (text) => {
    expect(parseEgressRule(text, at).ok).toBe(false);
  });
  it("takes a wildcard below a name that somebody owns", () => {
    for (const text of ["*.example.org", "*.example.co.uk", "*.me.github.io", "*.github.com", "*.corp.internal"])
      expect(parseEgressRule(text, at).ok).toBe(true);
  });
  it("covers 80 and 443 unless a port is named, any depth below a wildcard and never itself", () => {
    const plan = planOf(["example.org", "*.wild.org:8443"]);
    const allowed = (host: string, port: number): boolean => decideHost(plan, host, port).allowed;
    expect([allowed("example.org", 80), allowed("example.org", 443), allowed("example.org", 22)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([
      allowed("a.b.wild.org", 8443),
      allowed("wild.org", 8443),
      allowed("xwild.org", 8443),
      allowed("a.wild.org", 443),
    ]).toEqual([true, false, false, false]);
    expect([allowed("sub.example.org", 443), allowed("example.org.evil.net", 443)]).toEqual([false, false]);
  });
  it("lets deny win in any order, and on every port when it names none", () => {
    const plan = planOf(["*.example.org:8080", "*.example.org"], ["bad.example.org"]);
    for (const port of [80, 443, 8080])
      expect(decideHost(plan, "bad.example.org", port)).toMatchObject({ allowed: false, reason: "denied" });
    expect(decideHost(plan, "good.example.org", 8080).allowed).toBe(true);
  });
  it("lets a deny close what no allow may open", () => {
    const plan = planOf(["me.github.io", "example.org"], ["*.github.io"]);
    expect(decideHost(plan, "me.github.io", 443)).toMatchObject({ reason: "denied" });
    expect(decideHost(plan, "example.org", 443).allowed).toBe(true);
  });
  it("closes everything under a deny of `*`", () => {
    expect(planOf(["example.org"], ["*"]).allow).toEqual([]);
  });
  it("names rule and place in a refusal", () => {
    expect(decideHost(planOf(["example.org"]), "example.org", 8080)).toMatchObject({
      reason: "port-not-allowed",
      rule: { text: "example.org", at },
    });
  });
  it("takes a registry preset from the tools and nowhere else", () => {
    const network = {
      allow: [{ text: "preset:npm", at }],
      deny: [],
      allowPrivate: [{ host: "preset:npm", cidr: "10.0.0.0/8", reason: "mirror", at }],
    };
    expect(expandNetwork(network, NO_TOOLS)).toMatchObject({ ok: false });
    const tools = { ...NO_TOOLS, registries: { npm: [{ host: "mirror.corp", port: 4873 }], debian: [] } };
    const expanded = expandNetwork(network, tools);
    expect(expanded).toMatchObject({
      ok: true,
      value: {
        allow: [{ host: "mirror.corp", ports: [4873], text: "preset:npm" }],
        allowPrivate: [{ host: "mirror.corp", cidr: "10.0.0.0/8" }],
      },
    });
  });
  it.each([
    ["preset:nmp", "did you mean `npm`?"],
    ["preset:npm/raed", "did you mean `npm/read`?"],
    ["preset:nothing-like-it", expect.stringMatching(/^presets: .*\bnpm\b/)],
  ])("says what %s may have meant", (text, hint) => {
    const answer = expandNetwork({ allow: [{ text, at }], deny: [], allowPrivate: [] }, NO_TOOLS);
    expect(answer).toMatchObject({ ok: false, error: [{ code: "network-unknown-preset", at, hint }] });
  });
  it("adding a deny never opens anything", () => {
    const name = fc.constantFrom("a.org", "b.a.org", "*.a.org", "c.org", "*.b.a.org");
    fc.assert(
      fc.property(
        fc.array(name),
        fc.array(name),
        name,
        fc.constantFrom("a.org", "b.a.org", "x.b.a.org", "c.org"),
        (allow, deny, more, host) => {
          if (decideHost(planOf(allow, [...deny, more]), host, 443).allowed)
            expect(decideHost(planOf(allow, deny), host, 443).allowed).toBe(true);
        },
      ),
    );
  });
});

describe("addresses of an allowed name", () => {
  it("are said as what to type, with the port and the block that it takes", () => {
    const typed = (hint: string): string | undefined => /--allow-domain (\S+) --/.exec(hint)?.[1];
    const refused = (host: string, port: number): string | undefined => {
      const verdict = decideHost(planOf([]), host, port);
      return verdict.allowed ? undefined : typed(verdict.hint);
    };
    expect(refused("example.org", 8443)).toBe("example.org:8443");
    expect(refused("10.1.2.3", 8080)).toBe("10.1.2.3:8080=10.1.2.3/32");
    expect(refused("::1", 8080)).toBe("[::1]:8080=::1/128");
    const inside = decideAddresses(planOf(["git.corp"]), "git.corp", ["10.1.2.3"], 8080);
    expect(inside.allowed ? "" : typed(inside.hint)).toBe("git.corp:8080=10.1.2.3/32");
  });

  it("are said as what to write below an MCP server's name, where it is one's session", () => {
    const refused = (server: string, host: string, port: number): string | undefined => {
      const verdict = decideHost({ ...planOf([]), server }, host, port);
      return verdict.allowed ? undefined : verdict.hint;
    };
    expect(refused("weather", "example.org", 8443)).toBe(
      'a person can allow it: mcp.servers.weather.network: { allow: ["example.org:8443"] } in the policy',
    );
    expect(refused("my server", "::1", 8080)).toBe(
      'a person can allow it: mcp.servers."my server".network: { allow: ["[::1]:8080"], allowPrivate: [{ host: "::1", cidr: "::1/128", reason: "..." }] } in the policy',
    );
  });

  const mirror = [{ host: "mirror.corp", cidr: "10.1.0.0/16", reason: "the mirror" }];
  it("refuses all when one is not public", () => {
    expect(decideAddresses(planOf(["x.org"]), "x.org", ["93.184.215.14", "127.0.0.1"])).toMatchObject({
      allowed: false,
      reason: "address-loopback",
    });
  });
  it("lets a named host live in its block, and no other host, and no other block", () => {
    const plan = planOf(["mirror.corp", "x.org"], [], mirror);
    expect(decideAddresses(plan, "mirror.corp", ["10.1.2.3"])).toEqual({ allowed: true, addresses: ["10.1.2.3"] });
    expect(decideAddresses(plan, "mirror.corp", ["10.2.2.3"]).allowed).toBe(false);
    expect(decideAddresses(plan, "x.org", ["10.1.2.3"]).allowed).toBe(false);
  });
  it("answers for a name that does not resolve only by a single address", () => {
    expect(
      decideAddresses(planOf(["m.test"], [], [{ host: "m.test", cidr: "127.0.0.1/32", reason: "test" }]), "m.test", []),
    ).toEqual({ allowed: true, addresses: ["127.0.0.1"] });
    expect(
      decideAddresses(planOf(["m.test"], [], [{ host: "m.test", cidr: "127.0.0.0/8", reason: "test" }]), "m.test", [])
        .allowed,
    ).toBe(false);
  });
});

describe("walls behind names", () => {
  it("a wide private block never opens a metadata address", () => {
    const wide = planOf(["x.corp"], [], [{ host: "x.corp", cidr: "169.254.0.0/16", reason: "wide" }]);
    expect(decideAddresses(wide, "x.corp", ["169.254.1.1"]).allowed).toBe(true);
    expect(decideAddresses(wide, "x.corp", ["169.254.169.254"])).toMatchObject({ reason: "address-metadata" });
  });
  it("a denied address with a port closes that port, in whatever form a resolver writes the address", () => {
    const plan = planOf(["x.org", "x.org:8080"], ["93.184.215.14:8080", "2606:2800::1"]);
    expect(decideAddresses(plan, "x.org", ["93.184.215.14"], 443).allowed).toBe(true);
    expect(decideAddresses(plan, "x.org", ["93.184.215.14"], 8080)).toMatchObject({ reason: "denied" });
    expect(decideAddresses(plan, "x.org", ["2606:2800:0:0::1"], 443)).toMatchObject({ reason: "denied" });
  });
  it("a denied address is denied under every name", () => {
    expect(decideAddresses(planOf(["x.org"], ["93.184.215.14"]), "x.org", ["93.184.215.14"])).toMatchObject({
      reason: "denied",
    });
  });
});
