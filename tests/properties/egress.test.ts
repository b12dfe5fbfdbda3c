import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  decideHost,
  decideRequest,
  type EgressPeer,
  type EgressPlan,
  type EgressRequest,
  expandNetwork,
  isSamePlan,
  needsReading,
  normalPath,
  onlyTightens,
  pathMatches,
  tightest,
} from "#core/net";
import type { NetworkRuleText } from "#core/policy";

const at = { file: "policy.yaml", line: 1, column: 1 };
const NO_TOOLS = { registries: {}, files: [], caFile: undefined };

const methods = fc.subarray(["GET", "HEAD", "POST", "DELETE"], { minLength: 1 });
const paths = fc.subarray(["/a/**", "/a/b", "/**/c", "/a/*/c", "/b"], { minLength: 1 });
const programs = fc.subarray(["/bin/git", "/bin/curl"], { minLength: 1 });
const protocols = fc.subarray(["http", "https", "websocket", "tls"], { minLength: 1 });
const rule: fc.Arbitrary<NetworkRuleText> = fc.record(
  {
    text: fc.constantFrom("x.org", "*.org", "*.x.org", "y.x.org:8443", "x.org:80", "x.org:8443"),
    at: fc.constant(at),
    methods,
    paths,
    programs,
    protocols,
  },
  { requiredKeys: ["text", "at"] },
);
/** `tls` beside methods or paths is a policy error. */
const sound = rule.filter(
  ({ methods: m, paths: p, protocols: t }) => !(t?.includes("tls") === true && (m !== undefined || p !== undefined)),
);
const allowed = sound.filter(({ text }) => text !== "*.org");
const request: fc.Arbitrary<EgressRequest> = fc.record(
  {
    scheme: fc.constantFrom("http" as const, "https" as const),
    host: fc.constantFrom("x.org", "y.x.org", "z.org"),
    port: fc.constantFrom(80, 443, 8443),
    method: fc.constantFrom("GET", "HEAD", "POST", "DELETE", "delete"),
    target: fc.constantFrom("/a", "/a/b", "/a/b/c", "/A/b", "/b", "/b/", "/a/../b", "/a%2fb", "/c?_method=DELETE", "*"),
    fields: fc.constantFrom([], [{ name: "X-HTTP-Method-Override", value: "DELETE" }]),
    upgrade: fc.constant("websocket" as const),
  },
  { requiredKeys: ["scheme", "host", "port", "method", "target", "fields"] },
);
const peer: fc.Arbitrary<EgressPeer | undefined> = fc.option(
  fc.record({ exe: fc.constantFrom("/bin/git", "/bin/curl", "/bin/sh") }),
  { nil: undefined },
);

function planOf(allow: readonly NetworkRuleText[], deny: readonly NetworkRuleText[]): EgressPlan {
  const plan = expandNetwork({ allow, deny, allowPrivate: [] }, NO_TOOLS);
  if (!plan.ok) throw new Error(JSON.stringify(plan.error));
  return { ...plan.value, maxConnections: 1 };
}

const lists = { allow: fc.array(allowed, { maxLength: 5 }), deny: fc.array(sound, { maxLength: 3 }) };
const asked = fc.record({ ...lists, request, peer });

/** What the proxy does with a request: the connection is judged, then what is read. */
function passes(plan: EgressPlan, one: EgressRequest, who: EgressPeer | undefined): boolean {
  return decideHost(plan, one.host, one.port, who).allowed && decideRequest(plan, one, who).allowed;
}

describe("rules on what leaves", () => {
  it("a further deny opens nothing", () => {
    fc.assert(
      fc.property(asked, sound, ({ allow, deny, request: one, peer: who }, further) => {
        if (!passes(planOf(allow, deny), one, who))
          expect(passes(planOf(allow, [...deny, further]), one, who)).toBe(false);
      }),
    );
  });

  it("no further allow opens what a deny closes", () => {
    fc.assert(
      fc.property(asked, allowed, ({ allow, deny, request: one, peer: who }, further) => {
        const denied = (list: readonly NetworkRuleText[]): boolean => {
          const host = decideHost(planOf(list, deny), one.host, one.port, who);
          const verdict = decideRequest(planOf(list, deny), one, who);
          return (!host.allowed && host.reason === "denied") || (!verdict.allowed && verdict.reason === "denied");
        };
        if (denied(allow)) expect(denied([...allow, further])).toBe(true);
      }),
    );
  });

  it("the order of rules never matters", () => {
    fc.assert(
      fc.property(asked, ({ allow, deny, request: one, peer: who }) => {
        const turned = planOf(allow.toReversed(), deny.toReversed());
        const plan = planOf(allow, deny);
        expect(passes(turned, one, who)).toBe(passes(plan, one, who));
        expect(needsReading(turned, one.host, one.port)).toBe(needsReading(plan, one.host, one.port));
      }),
    );
  });

  it("narrowing an allow never widens it, and unsaying a deny's limits never opens", () => {
    fc.assert(
      fc.property(asked, ({ allow, deny, request: one, peer: who }) => {
        const bare = ({ text }: NetworkRuleText): NetworkRuleText => ({ text, at });
        if (passes(planOf(allow, deny), one, who)) expect(passes(planOf(allow.map(bare), deny), one, who)).toBe(true);
        if (passes(planOf(allow, deny.map(bare)), one, who)) expect(passes(planOf(allow, deny), one, who)).toBe(true);
      }),
    );
  });

  it("knowing less of the program never opens", () => {
    fc.assert(
      fc.property(asked, ({ allow, deny, request: one, peer: who }) => {
        if (passes(planOf(allow, deny), one, undefined)) expect(passes(planOf(allow, deny), one, who)).toBe(true);
      }),
    );
  });

  it("what passes unread may pass whatever it says", () => {
    fc.assert(
      fc.property(asked, ({ allow, deny, request: one, peer: who }) => {
        const plan = planOf(allow, deny);
        const open = decideHost(plan, one.host, one.port, who).allowed && !needsReading(plan, one.host, one.port);
        if (open) expect(decideRequest(plan, { ...one, scheme: "https" }, who).allowed).toBe(true);
      }),
    );
  });
});

describe("a changed plan", () => {
  const two = fc.record({ before: fc.record(lists), after: fc.record(lists), request, peer });

  it("that only tightens lets nothing pass that did not", () => {
    let seen = 0;
    fc.assert(
      fc.property(two, ({ before, after, request: one, peer: who }) => {
        const [was, is] = [planOf(before.allow, before.deny), planOf(after.allow, after.deny)];
        if (!onlyTightens(was, is)) return;
        seen += 1;
        if (passes(is, one, who)) expect(passes(was, one, who)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
    expect(seen).toBeGreaterThan(10);
  });

  it("is met halfway by what both allow", () => {
    fc.assert(
      fc.property(two, ({ before, after, request: one, peer: who }) => {
        const [was, is] = [planOf(before.allow, before.deny), planOf(after.allow, after.deny)];
        const both = tightest(was, is);
        expect(onlyTightens(was, both)).toBe(true);
        if (passes(both, one, who)) expect([passes(was, one, who), passes(is, one, who)]).toEqual([true, true]);
      }),
      { numRuns: 2_000 },
    );
  });

  it("by rules taken away, narrowed or denied only tightens", () => {
    fc.assert(
      fc.property(fc.record(lists), sound, ({ allow, deny }, further) => {
        const was = planOf(allow, deny);
        expect(onlyTightens(was, planOf(allow.slice(1), deny))).toBe(true);
        expect(onlyTightens(was, planOf(allow, [...deny, further]))).toBe(true);
        const narrowed = allow.map((one) => ({ ...one, methods: one.methods?.slice(0, 1) ?? ["GET"] }));
        const without = narrowed.map(({ protocols, ...one }) =>
          protocols?.includes("websocket") ? { ...one, protocols } : one,
        );
        if (allow.every(({ protocols }) => protocols === undefined))
          expect(onlyTightens(was, planOf(without, deny))).toBe(true);
        expect(isSamePlan(was, planOf(allow.toReversed(), deny.toReversed()))).toBe(true);
      }),
    );
  });
});

const piece = fc.oneof(
  fc.constantFrom(
    "a",
    "B",
    "..",
    ".",
    "",
    "%2e",
    "%2E%2e",
    "%2f",
    "%5c",
    ";",
    "%3b",
    "%25",
    "%",
    "%c3%a9",
    "%C3%A9",
    "~",
    "%7e",
    "*",
    "%2a",
    "\\",
    "%00",
    "%61",
    "-",
    " ",
    "?",
    "#",
    "é",
  ),
  fc.string({ maxLength: 3 }),
);
const target = fc
  .array(
    fc.array(piece, { maxLength: 4 }).map((parts) => parts.join("")),
    { maxLength: 5 },
  )
  .map((parts) => `/${parts.join("/")}`);

describe("the path of a request", () => {
  it("in normal form is its own normal form", () => {
    fc.assert(
      fc.property(target, (text) => {
        const once = normalPath(text);
        if (once !== undefined) expect(normalPath(once)).toBe(once);
      }),
      { numRuns: 5_000 },
    );
  });

  // Three servers: one that follows the URL standard, one that decodes and then splits, one that splits and then decodes. They all have to be at
  // the same place, or there is no normal form.
  it("is where every kind of server would look", () => {
    fc.assert(
      fc.property(target, (text) => {
        const normal = normalPath(text);
        if (normal === undefined) return;
        const raw = text.split("?", 1)[0] ?? "";
        const standard = new URL(`http://h${raw}`).pathname;
        const wanted = decodeURIComponent(normal).split("/");
        expect(decodeURIComponent(standard).split("/")).toEqual(wanted);
        expect(decodeURIComponent(raw).split("/")).toEqual(wanted);
        expect(raw.split("/").map(decodeURIComponent)).toEqual(wanted);
        // and decoding once more, joining slashes or cutting parameters changes nothing
        expect(decodeURIComponent(decodeURIComponent(raw)).split("/")).toEqual(wanted);
        expect(raw.replace(/\/{2,}/g, "/").replace(/;[^/]*/g, "")).toBe(raw);
      }),
      { numRuns: 5_000 },
    );
  });

  it("a deny covers at least what an allow covers", () => {
    const pattern = fc.constantFrom("/**", "/a/**", "/a", "/*", "/a/*", "/**/a", "/a/**/B", "/*a*", "/a/");
    fc.assert(
      fc.property(pattern, target, (one, text) => {
        const path = normalPath(text);
        if (path !== undefined && pathMatches(one, path, "allow")) expect(pathMatches(one, path, "deny")).toBe(true);
      }),
      { numRuns: 3_000 },
    );
  });
});
