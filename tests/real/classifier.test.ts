// The classifier of mode `auto` against a real server on loopback that says yes, no, nonsense, or nothing (PERM-9).
import { createServer, type RequestListener, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, test } from "vitest";
import type { Action } from "#core";
import { compileRules, decide, type Judgement } from "#core/policy";
import { classified } from "../../src/monitor/guard/classifier.ts";

const servers: Server[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
});

async function serve(listener: RequestListener): Promise<{ url: string; timeoutMs: number }> {
  const server = createServer(listener);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/classify`, timeoutMs: 400 };
}

const action: Action = { kind: "exec", command: "npm test", cwd: "/w" };

function judged(lists: { allow?: string; deny?: string } = {}): Judgement {
  const at = { file: "policy.yaml", line: 1, column: 1 };
  const list = (text: string | undefined): readonly { text: string; at: typeof at; layer: "project" }[] =>
    text === undefined ? [] : [{ text, at, layer: "project" }];
  const rules = compileRules(
    { allow: list(lists.allow), ask: [], deny: list(lists.deny) },
    { root: "/w", home: "/home/me" },
  );
  if (!rules.ok) throw new Error("rules");
  return decide({ rules: rules.value, mode: "auto", facts: { root: "/w", home: "/home/me" } }, action);
}

const never = new AbortController().signal;
const say =
  (body: string, status = 200): RequestListener =>
  (request, response) => {
    request.resume().on("end", () => response.writeHead(status, { "content-type": "application/json" }).end(body));
  };

describe("the classifier", () => {
  test("control: without one, mode auto lets the act pass", async () => {
    expect(judged().verdict).toBe("allow");
    expect(await classified(judged(), [action], undefined, never)).toEqual(judged());
  });

  test("is told the act and the facts", async () => {
    let heard = "";
    const place = await serve((request, response) => {
      request.on("data", (part: Buffer) => (heard += part.toString()));
      request.on("end", () => response.end('{"verdict":"allow"}'));
    });
    expect((await classified(judged(), [action], place, never)).verdict).toBe("allow");
    expect(JSON.parse(heard)).toMatchObject({
      v: 1,
      actions: [action],
      facts: { commands: [{ command: "npm test", reasons: ["auto"], inner: [] }] },
    });
  });

  test.each(["ask", "deny"] as const)("%s tightens", async (verdict) => {
    const after = await classified(judged(), [action], await serve(say(JSON.stringify({ verdict }))), never);
    expect(after.verdict).toBe(verdict);
    expect(after.reasons.at(-1)).toEqual({ code: "classifier", verdict, subject: "npm test" });
  });

  test("allow loosens nothing, and is not asked about what rules decided", async () => {
    let asked = 0;
    const place = await serve((request, response) => {
      asked += 1;
      say('{"verdict":"allow"}')(request, response);
    });
    expect((await classified(judged({ deny: "Bash(npm *)" }), [action], place, never)).verdict).toBe("deny");
    expect((await classified(judged({ allow: "Bash(npm *)" }), [action], place, never)).verdict).toBe("allow");
    expect(asked).toBe(0);
  });

  test.each([
    ["another word", say('{"verdict":"yes"}')],
    ["no verdict", say('{"ok":true}')],
    ["a verdict by inheritance", say('{"__proto__":{"verdict":"allow"}}')],
    ["a list", say('["allow"]')],
    ["two documents", say('{"verdict":"allow"}{"verdict":"allow"}')],
    ["no JSON", say("allow")],
    ["nothing", say("")],
    ["another status", say('{"verdict":"allow"}', 201)],
    ["an error", say('{"verdict":"allow"}', 500)],
    ["too much", say(`{"verdict":"allow","x":"${"x".repeat(70_000)}"}`)],
    ["a redirect", (_, response) => void response.writeHead(307, { location: "/else" }).end()],
    ["silence", () => undefined],
    ["half an answer", (_, response) => void response.writeHead(200).write('{"verdict":')],
    ["a hang-up", (request) => void request.socket.destroy()],
  ] as readonly (readonly [string, RequestListener])[])("%s is a question", async (_, listener) => {
    const after = await classified(judged(), [action], await serve(listener), never);
    expect(after.verdict).toBe("ask");
    expect(after.reasons.at(-1)?.code).toBe("classifier-silent");
  });

  test("nobody there is a question", async () => {
    const after = await classified(judged(), [action], { url: "http://127.0.0.1:9/", timeoutMs: 400 }, never);
    expect(after.verdict).toBe("ask");
  });
});
