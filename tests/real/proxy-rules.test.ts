// Rules on methods and paths, report mode and changed plans through the real proxy and a real server on loopback.
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import type { RecordBody } from "#core/log";
import { type EgressPlan, expandNetwork } from "#core/net";
import type { NetworkRuleText } from "#core/policy";
import { type Egress, openEgress } from "#egress";
import { clientHello, echoServer, get, talk } from "../support/proxy-bed.ts";
import { tmp } from "../support/tmp.ts";

const at = { file: "policy.yaml", line: 7, column: 3 };
type Rule = string | ({ readonly host: string } & Omit<NetworkRuleText, "text" | "at">);

function planOf(allow: readonly Rule[], deny: readonly Rule[] = [], mode: EgressPlan["mode"] = "enforce"): EgressPlan {
  const texts = (rules: readonly Rule[]): NetworkRuleText[] =>
    rules.map((rule) => {
      if (typeof rule === "string") return { text: rule, at };
      const { host, ...limits } = rule;
      return { text: host, at, ...limits };
    });
  const allowPrivate = [{ host: "ok.test", cidr: "127.0.0.1/32", reason: "the test's server", at }];
  const plan = expandNetwork(
    { allow: texts(allow), deny: texts(deny), allowPrivate, mode },
    { registries: {}, files: [], caFile: undefined },
  );
  if (!plan.ok) throw new Error(JSON.stringify(plan.error));
  return { ...plan.value, maxConnections: 50 };
}

async function proxy(
  plan: EgressPlan,
  addresses: readonly string[] = ["127.0.0.1"],
): Promise<{
  readonly socketPath: string;
  readonly egress: Egress;
  readonly records: RecordBody[];
}> {
  const records: RecordBody[] = [];
  const socketPath = join(tmp(), "proxy.sock");
  const egress = await openEgress({
    plan,
    socketPath,
    append: async (body) => records.push(body),
    resolve: async () => addresses,
  });
  if (!egress.ok) throw new Error(egress.error.message);
  onTestFinished(() => egress.value.close());
  return { socketPath, egress: egress.value, records };
}

const status = (answer: string): string => answer.slice(9, 12);

describe("rules on requests", () => {
  it("pass what they name and refuse the rest, with the rule and what to type", async () => {
    const port = await echoServer();
    const host = `ok.test:${port}`;
    const ask = (socketPath: string, method: string, path: string, extra = ""): Promise<string> =>
      talk(
        socketPath,
        `${method} http://${host}${path} HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n${extra}\r\n`,
      );
    const open = await proxy(planOf([host]));
    const { socketPath, records } = await proxy(planOf([{ host, methods: ["GET"], paths: ["/repos/acme/**"] }]));
    for (const [method, path, extra] of [
      ["POST", "/repos/acme/x", ""],
      ["GET", "/repos/other/x", ""],
      ["GET", "/repos/acme/../other/x", ""],
      ["GET", "/repos/acme/%2e%2e/other", ""],
      ["GET", "/repos/acme/x", "X-HTTP-Method-Override: DELETE\r\n"],
      ["GET", "/repos/acme/x", "X-Original-URL: /repos/other\r\n"],
    ] as const) {
      expect(status(await ask(open.socketPath, method, path, extra))).toBe("200"); // the control
      expect(status(await ask(socketPath, method, path, extra))).toBe("403");
    }
    expect(status(await ask(socketPath, "GET", "/repos/acme/x?a=/../b"))).toBe("200");
    const refused = await ask(socketPath, "POST", "/repos/acme/x");
    expect(refused).toContain("method-not-allowed");
    expect(refused).toContain("policy.yaml:7");
    expect(records.filter(({ type }) => type === "net.blocked")).toHaveLength(7);
    expect(records.find(({ type }) => type === "net.blocked")?.data).toMatchObject({
      reason: "method-not-allowed",
      asked: "POST /repos/acme/x",
    });
    // only what passed was dialled
    expect(records.filter(({ type }) => type === "net.connect")).toHaveLength(1);
  });

  it("never let TLS through unread where it has to be read", async () => {
    const port = await echoServer();
    const { socketPath, records } = await proxy(planOf([{ host: `ok.test:${port}`, methods: ["GET"] }]));
    const answer = await talk(
      socketPath,
      `CONNECT ok.test:${port} HTTP/1.1\r\nHost: ok.test:${port}\r\n\r\n`,
      (socket, got) => {
        if (got.endsWith("\r\n\r\n")) socket.write(clientHello("ok.test"));
      },
    );
    expect(answer).not.toContain("HTTP/1.1 400"); // what the plain server would say to a ClientHello
    expect(records.map(({ type, data }) => `${type} ${data["reason"] ?? ""}`)).toEqual(["net.blocked not-inspected"]);
  });
});

describe("report mode", () => {
  it("lets pass and records what rules on requests refuse; addresses hold", async () => {
    const port = await echoServer();
    const host = `ok.test:${port}`;
    const { socketPath, records } = await proxy(planOf([{ host, methods: ["GET"] }], [], "report"));
    const post = `POST http://${host}/x HTTP/1.1\r\nHost: ${host}\r\nContent-Length: 0\r\n\r\n`;
    expect(status(await talk(socketPath, post))).toBe("200");
    expect(records.find(({ type }) => type === "net.blocked")?.data).toMatchObject({
      reported: true,
      reason: "method-not-allowed",
    });
    // a name that no rule allows passes to public addresses only
    expect(status(await talk(socketPath, get("http://private.test/", "private.test")))).toBe("403");
    expect(records.at(-1)?.data).toMatchObject({ reason: "address-loopback" });
  });
});

describe("a changed plan", () => {
  it("holds from the next request on, on the same connection", async () => {
    const port = await echoServer();
    const host = `ok.test:${port}`;
    const { socketPath, egress } = await proxy(planOf([host]));
    const answer = await talk(socketPath, get(`http://${host}/one`, host), (socket, got) => {
      if (!got.includes("/one") || got.includes("/two") || got.includes("403")) return;
      egress.reload(planOf([{ host, methods: ["GET"], paths: ["/one"] }]));
      socket.write(get(`http://${host}/two`, host));
    });
    expect(answer).toContain("/one");
    expect(answer).toContain("path-not-allowed");
  });
});
