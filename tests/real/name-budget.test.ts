// Names below a wildcard are no way out (NET-2): what is looked up outside is bounded in length, in how it looks and in how fast it comes.
import { expect, test } from "vitest";
import { looksEncoded, NameBudget } from "../../src/egress/name-budget.ts";
import { bed, echoServer, get, talk } from "../support/proxy-bed.ts";

const wild = { host: "example.com", wildcard: true };

test.each([
  "www",
  "registry-1",
  "d111111abcdef8",
  "internal-k8s-default-ingress-0a1b2c3d4e-1234567890",
  "productionloadbalancerfrontend",
  "ec2-203-0-113-25",
  "fpdownload-akamai-edge",
  "my-app-git-feature-branch-team",
])("%s is a name", (label) => {
  expect(looksEncoded(label)).toBe(false);
});

test.each([
  "nbswy3dpeb3w64tmmqqhg33nmu",
  "0a377d828adb573f014811933ef41787",
  "4b7de5c3cf96d8e4fe356c3e",
  "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
  "x-nbswy3dpeb3w64tmmqqhg33nmu",
])("%s is a message", (label) => {
  expect(looksEncoded(label)).toBe(true);
});

test("letters of new names are bounded at once and over time; known names are free; names written in full have no bound", () => {
  let now = 0;
  const budget = new NameBudget(() => now);
  const spend = (host: string): string | undefined => budget.spend(host, wild, {})?.reason;
  const asked = Array.from({ length: 500 }, (_, n) => spend(`word${n}.example.com`));
  const passed = asked.filter((reason) => reason === undefined).length;
  expect(passed).toBeGreaterThan(150);
  expect(passed).toBeLessThan(300);
  expect(asked.at(-1)).toBe("name-budget");
  expect(spend("word0.example.com")).toBeUndefined();
  now += 60_000;
  expect(
    Array.from({ length: 100 }, (_, n) => spend(`more${n}.example.com`)).filter((it) => it === undefined).length,
  ).toBeLessThan(60);
  expect(spend(`${"a.".repeat(60)}example.com`)).toBe("name-too-long");
  expect(
    budget.spend(
      "nbswy3dpeb3w64tmmqqhg33nmu.other.example",
      { host: "nbswy3dpeb3w64tmmqqhg33nmu.other.example", wildcard: false },
      {},
    ),
  ).toBeUndefined();
});

test("a name over its bound is refused before anything is looked up", async () => {
  const port = await echoServer();
  const { socketPath, asked, records } = await bed({ allow: [`*.ok.test:${port}`], privateHosts: ["a.ok.test"] });
  expect(await talk(socketPath, get(`http://a.ok.test:${port}/`, `a.ok.test:${port}`))).toContain("200 OK");
  const long = "nbswy3dpeb3w64tmmqqhg33nmu.ok.test";
  expect(await talk(socketPath, get(`http://${long}:${port}/`, `${long}:${port}`))).toContain("name-looks-encoded");
  expect(asked).toEqual(["a.ok.test"]);
  expect(records.filter(({ type }) => type === "net.blocked").map(({ data }) => data["reason"])).toEqual([
    "name-looks-encoded",
  ]);
});
