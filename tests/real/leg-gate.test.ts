// The Rule of Two at the proxy: the gate with a real policy, and the real proxy with a gate that says no (TRI-1, TRI-2).
import { describe, expect, test } from "vitest";
import type { RecordBody } from "#core/log";
import { loadPolicy } from "#core/policy";
import type { Consult } from "#egress";
import { compileGuard } from "../../src/monitor/guard/guard.ts";
import type { GuardedSession } from "../../src/monitor/guard/guarded-session.ts";
import { LegBook } from "../../src/monitor/guard/leg-book.ts";
import { legGate } from "../../src/monitor/guard/leg-gate.ts";
import { bed, echoServer, get, talk } from "../support/proxy-bed.ts";

interface Gate {
  readonly consult: Consult;
  readonly legs: LegBook;
  readonly records: readonly RecordBody[];
  readonly questions: { readonly legs: readonly { readonly leg: string }[] }[];
}

function gate(options: { readonly policy?: string; readonly answer?: "allow" | "deny" }): Gate {
  const loaded = loadPolicy([
    { name: "user", file: "policy.yaml", text: `version: 1\n${options.policy ?? ""}`, trusted: true, digest: "00" },
  ]);
  if (!loaded.ok) throw new Error(loaded.error.map(({ message }) => message).join());
  const places = { root: "/w", home: "/home/me", contained: true, reachable: [] };
  const guard = compileGuard(loaded.value.policy, places);
  if (!guard.ok) throw new Error("guard");
  const records: RecordBody[] = [];
  const questions: Gate["questions"] = [];
  const legs = new LegBook(async (body) => records.push(body));
  const ask: GuardedSession["ask"] = async (facts) => {
    questions.push(facts);
    return { verdict: options.answer ?? "deny", by: "terminal", scope: "once", reason: "said" };
  };
  const consult = legGate({
    ...{ legs, guard: guard.value, cwd: "/w" },
    ask: () => (options.answer === undefined ? undefined : ask),
  });
  return { consult, legs, records, questions };
}

const to = (host: string, address: string): Parameters<Consult>[0] => ({ host, port: 443, address, rule: "r" });
const WEB = to("outside.example", "93.184.216.34");
const INSIDE = to("wiki.example", "10.0.0.7");

describe("the gate", () => {
  test("two legs are silent and on record as observed, once", async () => {
    const { consult, records } = gate({});
    expect(await consult(WEB)).toBeUndefined();
    expect(await consult(WEB)).toBeUndefined();
    expect(records).toEqual(
      ["A", "C"].map((leg) => ({
        type: "leg.set",
        origin: "observed",
        data: { leg, cause: "connected to outside.example:443", source: "web" },
      })),
    );
  });

  test("the third is refused with nobody there, and sets nothing", async () => {
    const { consult, legs } = gate({});
    await consult(WEB);
    expect(await consult(INSIDE)).toMatchObject({ reason: "third-leg", hint: expect.stringContaining("wiki.example") });
    expect(legs.state.B).toBeUndefined();
    expect(await consult(WEB)).toBeUndefined();
  });

  test("asks once with the three causes; a yes is remembered, a no is asked again", async () => {
    const yes = gate({ answer: "allow" });
    await yes.consult(WEB);
    expect(await yes.consult(INSIDE)).toBeUndefined();
    expect(await yes.consult(to("other.example", "10.0.0.9"))).toBeUndefined();
    expect(yes.questions.map(({ legs }) => legs.map(({ leg }) => leg))).toEqual([["A", "B", "C"]]);
    const no = gate({ answer: "deny" });
    await no.consult(WEB);
    expect(await no.consult(INSIDE)).toMatchObject({ reason: "third-leg" });
    expect(await no.consult(INSIDE)).toMatchObject({ reason: "third-leg" });
    expect(no.questions).toHaveLength(2);
  });

  test("`ruleOfTwo: deny` and `approvals.policy: never` ask nobody; `off` lets pass", async () => {
    for (const policy of ["ruleOfTwo: deny\n", "approvals: { policy: never }\n"]) {
      const { consult, questions } = gate({ policy, answer: "allow" });
      await consult(WEB);
      expect(await consult(INSIDE)).toMatchObject({ reason: "third-leg" });
      expect(questions).toEqual([]);
    }
    const { consult } = gate({ policy: "ruleOfTwo: off\n" });
    await consult(WEB);
    expect(await consult(INSIDE)).toBeUndefined();
  });
});

describe("the proxy", () => {
  test("asks for each allowed destination, with the address that it would dial", async () => {
    const port = await echoServer();
    const seen: unknown[] = [];
    const proxy = await bed({
      allow: [`ok.test:${port}`],
      consult: async (asked) => void seen.push(asked),
    });
    const answer = await talk(proxy.socketPath, get(`http://ok.test:${port}/x`, `ok.test:${port}`));
    expect(answer).toMatch(/^HTTP\/1.1 200 /);
    expect(seen).toEqual([{ host: "ok.test", port, address: "127.0.0.1", rule: expect.stringContaining("ok.test") }]);
  });

  test.each<[string, Consult, string]>([
    ["a no", async () => ({ reason: "third-leg", hint: "ask a person" }), "third-leg"],
    ["a rejection", async () => Promise.reject(new Error("disk full")), "not-recorded"],
  ])("%s refuses, on record, and nothing is dialled", async (_, consult, reason) => {
    const port = await echoServer();
    const proxy = await bed({ allow: [`ok.test:${port}`], consult });
    const answer = await talk(proxy.socketPath, get(`http://ok.test:${port}/x`, `ok.test:${port}`));
    expect(answer).toMatch(/^HTTP\/1.1 403 /);
    expect(answer).toContain(`x-ringfence-reason: ${reason}\r\n`);
    expect(proxy.records.map(({ type }) => type)).toEqual(["net.blocked"]);
  });
});
