// What `policy lint` says of a policy: tests/cases/policy/lint.jsonl.
import { describe, expect, it } from "vitest";
import { compileRules, lintPolicy, loadPolicy } from "#core/policy";
import { readCases } from "../../support/cases.ts";

interface Line {
  readonly allow?: readonly string[];
  readonly ask?: readonly string[];
  readonly deny?: readonly string[];
  readonly mode?: string;
  readonly ruleOfTwo?: string;
  readonly network?: readonly (string | object)[];
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  readonly env?: object;
  readonly credentials?: readonly object[];
  readonly setup?: object;
  readonly want: readonly (readonly [string, string])[];
}

const places = { root: "/work", home: "/home/me" };
const [, ...lines] = readCases<unknown, Line>("policy/lint.jsonl");

describe("lint", () => {
  it.each(lines)(
    "%j",
    ({ want, mode, ruleOfTwo, network, allowRead, allowWrite, env, credentials, setup, ...permissions }) => {
      const text = JSON.stringify({
        permissions: { mode, ...permissions },
        ruleOfTwo,
        env,
        credentials,
        setup,
        sandbox: { network: { allow: network }, filesystem: { allowRead, allowWrite } },
      });
      const loaded = loadPolicy([{ name: "user", file: "/home/me/policy.yaml", text, digest: "", trusted: true }]);
      if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
      const rules = compileRules(loaded.value.policy.permissions, places);
      if (!rules.ok) throw new Error(JSON.stringify(rules.error));
      const findings = lintPolicy(loaded.value, rules.value, places);
      expect(findings.map(({ code, message }) => [code, message.split("`")[1]])).toEqual(want);
      for (const { hint } of findings) expect(hint).toBeTruthy();
    },
  );
});
