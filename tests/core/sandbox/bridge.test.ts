// What the helper is told of the bridge (core/sandbox/bridge.ts).
import { expect, test } from "vitest";
import type { EgressPlan, EgressRule } from "#core/net";
import { proxyPort, turnedPlan } from "../../../src/core/sandbox/bridge.ts";
import { bridgeRecords } from "../../../src/core/sandbox/program.ts";

const at = { file: "policy.yaml", line: 1, column: 1 };
const rule = (host: string, ...ports: number[]): EgressRule => ({
  ...{ host, ports, wildcard: false, portNamed: false, text: host, at },
});
const plan = (...allow: EgressRule[]): EgressPlan => ({
  ...{ allow, deny: [], allowPrivate: [], mode: "enforce", inspect: "auto", inspectExcept: [], maxConnections: 9 },
});

test("the web's ports and those of rules, each once; addresses that rules write out", () => {
  expect(turnedPlan(plan(rule("a.test", 80, 443), rule("9.9.9.9", 853), rule("2620:fe::fe", 853, 22)))).toEqual({
    way: "auto",
    ports: [80, 443, 853, 22],
    addresses: ["9.9.9.9", "2620:fe::fe"],
  });
});

test("more addresses than rules of a kernel are for: all are left to the proxy", () => {
  const many = Array.from({ length: 65 }, (_, n) => rule(`9.9.9.${n}`, 443));
  expect(turnedPlan(plan(...many)).addresses).toBe("any");
});

test("no published port leads to the proxy", () => {
  expect(proxyPort([8080])).toBe(3128);
  expect(proxyPort([3129, 3128, 3131])).toBe(3130);
});

test("records", () => {
  expect(bridgeRecords(undefined)).toEqual([]);
  expect(bridgeRecords({ port: 3128, socketPath: "/s" })).toEqual([["bridge", 3128]]);
  const turned = { way: "anyip", ports: [80], addresses: ["9.9.9.9"] } as const;
  expect(bridgeRecords({ port: 3128, socketPath: "/s", turned })).toEqual([
    ["bridge", 3128],
    ["preface", 2],
    ["turn", "anyip"],
    ["turned", 80],
    ["turned-address", "9.9.9.9"],
  ]);
});
