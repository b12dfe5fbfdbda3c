// Whom a login trusts with a code, a secret and a token: the issuer that the server names, whatever that one names in turn, and the person's own word.
import type { ServerResponse } from "node:http";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { err, ok } from "#core";
import { login, openExchanger, openLoginCredential, openTokenStore, openUpstream, readTarget } from "#mcp";
import { LOOPBACK_WAY } from "../support/mcp-http-bed.ts";
import { type LoginFaults, type StubLogin, stubLogin } from "../support/mcp-stub-login.ts";
import { tmp } from "../support/tmp.ts";

const never = new AbortController().signal;

type Words = Partial<Pick<Parameters<typeof login>[0], "issuer" | "scope" | "client">>;

interface Scene {
  readonly stub: StubLogin;
  readonly shown: string[];
  readonly store: ReturnType<typeof openTokenStore>;
  logIn(words?: Words): ReturnType<typeof login>;
}

async function scene(faults: LoginFaults = {}): Promise<Scene> {
  const stub = await stubLogin(faults);
  const store = openTokenStore(join(tmp(), "oauth"));
  const exchanger = openExchanger(LOOPBACK_WAY);
  onTestFinished(() => exchanger.close());
  const target = readTarget(stub.url);
  if (!target.ok) throw new Error(target.error.message);
  const shown: string[] = [];
  const show = (lines: readonly string[]): void => {
    shown.push(...lines);
    void follow(lines[1] ?? "");
  };
  return {
    ...{ stub, shown, store },
    logIn: (words = {}) =>
      login({ exchanger, server: target.value, store, show, signal: never, now: Date.now, waitMs: 800, ...words }),
  };
}

/** A browser that says yes to everything. */
async function follow(url: string): Promise<void> {
  const back = (await fetch(url, { redirect: "manual" })).headers.get("location");
  if (back !== null) await fetch(back);
}

function said(done: Awaited<ReturnType<typeof login>>): string {
  return done.ok ? "logged in" : `${done.error.message}; ${done.error.hint}`;
}

test("an issuer that sends a code elsewhere and does not promise to name itself wants the person's word", async () => {
  const faults = { saysIss: false, iss: undefined, tokenEndpoint: "http://localhost:PORT/token" };
  const { stub, logIn, shown } = await scene(faults);
  const elsewhere = `http://localhost:${new URL(stub.origin).port}/token`;
  const refused = said(await logIn());
  // Every address whole, and what to type.
  expect(refused).toContain(`${stub.origin} sends a login elsewhere: the token endpoint ${elsewhere}`);
  expect(refused).toContain(`--oauth-issuer ${stub.origin}`);
  expect([stub.asked, shown]).toEqual([[], []]);
  expect(said(await logIn({ issuer: "https://honest.example" }))).toContain(`but ${stub.origin}`);
  expect(said(await logIn({ issuer: stub.origin }))).toBe("logged in");
  expect(shown.at(-1)).toContain(`is elsewhere: ${elsewhere}`);
});

test("where the issuer promises to name itself its answer settles it", async () => {
  const faults = { tokenEndpoint: "http://localhost:PORT/token" };
  expect(said(await (await scene(faults)).logIn())).toBe("logged in");
  const mixed = await scene({ ...faults, iss: "https://honest.example" });
  expect(said(await mixed.logIn())).toContain("another authorization server");
  expect(mixed.stub.asked.map(({ at }) => at)).toEqual(["register", "authorize"]);
});

test("an issuer that does not name itself has an address of its own to answer at", async () => {
  const [one, other, naming] = await Promise.all([
    scene({ saysIss: false, iss: undefined }),
    scene({ saysIss: false, iss: undefined }),
    scene(),
  ]);
  const paths: (string | undefined)[] = [];
  for (const { logIn, stub } of [one, other, naming]) {
    expect(said(await logIn())).toBe("logged in");
    paths.push(new URL(String(stub.asked[1]?.["redirect_uri"])).pathname);
  }
  expect(paths[0]).toMatch(/^\/callback\/[0-9a-f]{16}$/);
  expect(paths[1]).not.toBe(paths[0]);
  expect(paths[2]).toBe("/callback");
  expect(said(await one.logIn())).toBe("logged in");
  expect(new URL(String(one.stub.asked[4]?.["redirect_uri"])).pathname).toBe(paths[0]);
});

const UNFIT: readonly (readonly [string, LoginFaults, string])[] = [
  ["a login page within the network", { authorizationEndpoint: "https://192.168.1.1/cgi" }, "within your own network"],
  ["a token endpoint at the cloud's metadata", { tokenEndpoint: "https://169.254.169.254/x" }, "within your own"],
  ["a token endpoint in plain http", { tokenEndpoint: "http://token.example/" }, "not reached over https"],
  [
    "a login page with an address to come back to",
    { authorizationEndpoint: "http://127.0.0.1:PORT/authorize?a=b&redirect_uri=https%3A%2F%2Fevil.example" },
    "already says `redirect_uri`",
  ],
  [
    "a client that comes back elsewhere",
    { registered: { redirect_uris: ["https://evil.example/"] } },
    "another address",
  ],
  [
    "a client with a key that it has not",
    { registered: { token_endpoint_auth_method: "private_key_jwt" } },
    "in a way that this one has not",
  ],
  ["an issuer with a query", { authorizationServer: "https://auth.example/?a" }, "holds a query"],
];

test.each(UNFIT)("%s ends the login", async (_, faults, why) => {
  const { logIn, stub } = await scene(faults);
  expect(said(await logIn())).toContain(why);
  expect(stub.asked.filter(({ at }) => at !== "register")).toEqual([]);
});

test("a secret goes to whom the person names, in the way that is asked for", async () => {
  const client = { id: "by:hand", secret: "s%c ret" };
  const { stub, logIn } = await scene({ tokenEndpoint: "http://localhost:PORT/token", auths: ["client_secret_basic"] });
  expect(said(await logIn({ client }))).toContain(`the client's secret would go to http://localhost:`);
  expect(stub.asked).toEqual([]);
  expect(said(await logIn({ client, issuer: stub.origin }))).toBe("logged in");
  const [, basic = ""] = /^Basic (.+)$/.exec(String(stub.asked.at(-1)?.["authorization"])) ?? [];
  expect(Buffer.from(basic, "base64").toString()).toBe("by%3Ahand:s%25c+ret");
  expect(stub.asked.at(-1)).not.toHaveProperty("client_secret");
});

test.each([
  [["client_secret_post"], { client_id: "registered", client_secret: "given" }],
  [["none"], { client_id: "registered" }],
] as const)("a registered client proves itself by %s", async (auths, want) => {
  const { stub, logIn, store } = await scene({ auths, registered: { client_secret: "given" } });
  expect(said(await logIn())).toBe("logged in");
  const { client_id, client_secret } = { client_secret: undefined, ...stub.asked.at(-1) } as Record<string, unknown>;
  expect({ client_id, client_secret }).toEqual({ client_secret: undefined, ...want });
  expect(store.find(stub.url)?.client.auth).toBe(auths[0]);
});

test("a server without any metadata is its own authorization server, and no other's", async () => {
  const { stub, logIn } = await scene({ isMute: true });
  expect(said(await logIn())).toBe("logged in");
  expect(stub.asked[1]).toMatchObject({ resource: stub.url, scope: "read" });
  expect(said(await (await scene({ isMute: true, methods: [] })).logIn())).toContain("PKCE");
});

test("a server that lets in whoever asks is logged in to where its metadata say how", async () => {
  expect(said(await (await scene({ isOpen: true })).logIn())).toBe("logged in");
  expect(said(await (await scene({ isOpen: true, isMute: true })).logIn())).toContain("asks for no login (HTTP 200)");
});

test("a login for more asks for what was granted before, too, and tells the person", async () => {
  const { stub, logIn, shown, store } = await scene();
  await logIn();
  expect(store.find(stub.url)?.tokens.scope).toBe("read");
  await logIn({ scope: "write admin" });
  expect(stub.asked.filter(({ at }) => at === "authorize").at(-1)).toMatchObject({ scope: "read write admin" });
  expect(shown).toContain("what it asks you to allow: read write admin");
});

test("the server alone gets no scope: what to type is said, and a shell reads nothing else in it", async () => {
  const { stub, logIn, store } = await scene();
  await logIn();
  const target = readTarget(stub.url);
  if (!target.ok) throw new Error(target.error.message);
  const credential = openLoginCredential({
    exchanger: { ask: async () => err({ code: "unasked", message: "nothing is asked" }), close: () => undefined },
    ...{ store, server: target.value, signal: never, now: Date.now },
    own: async () => ok({}),
    recorded: async () => undefined,
  });
  const hint = async (scope: string): Promise<string | undefined> =>
    (await credential.refused(403, { scope }))?.hint?.replace(/.*--url URL/, "");
  expect(await hint("repo:write x/y")).toBe(' --scope "repo:write x/y"');
  expect(await hint("a$(id)")).toBe("");
  expect(await hint("a`id`")).toBe("");
});

test("a credential of the policy's or the entry's that is not taken is theirs to mend, whatever login there is", async () => {
  const { stub, logIn, store } = await scene();
  await logIn();
  const target = readTarget(stub.url);
  if (!target.ok) throw new Error(target.error.message);
  const exchanger = openExchanger(LOOPBACK_WAY);
  onTestFinished(() => exchanger.close());
  const credential = openLoginCredential({
    ...{ exchanger, store, server: target.value, signal: never, now: Date.now },
    own: async () => ok({ authorization: "Bearer of the entry" }),
    recorded: async () => undefined,
  });
  const sent = await openUpstream({ exchanger, target: target.value, credential }).post(
    Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}'),
    { fields: {}, signal: never },
  );
  expect(sent.ok ? "" : sent.error.message).toContain("does not take the credential that it was given (HTTP 401)");
  expect(new Set(stub.shown)).toEqual(new Set(["Bearer of the entry"]));
  expect(stub.asked.filter(({ grant_type }) => grant_type === "refresh_token")).toEqual([]);
});

const ANSWERS: readonly (readonly [string, (response: ServerResponse) => void])[] = [
  ["leads elsewhere", (response) => response.writeHead(307, { location: "https://evil.example/" }).end()],
  ["is packed", (response) => response.writeHead(200, { "content-encoding": "gzip", ...JSON_TYPE }).end("{}")],
  ["is huge", (response) => response.writeHead(200, JSON_TYPE).end(`{"access_token":"${"a".repeat(300_000)}"}`)],
  ["says a token twice", (response) => response.writeHead(200, JSON_TYPE).end(TWICE)],
  ["is a page", (response) => response.writeHead(200, { "content-type": "text/html" }).end(TOKEN)],
  ["is a mac token", (response) => response.writeHead(200, JSON_TYPE).end(TOKEN.replace("Bearer", "mac"))],
  ["holds a line break", (response) => response.writeHead(200, JSON_TYPE).end(TOKEN.replace("12", "\\r\\nx: y"))],
];
const JSON_TYPE = { "content-type": "application/json" };
const TOKEN = '{"access_token":"token-12345","token_type":"Bearer"}';
const TWICE = '{"access_token":"token-12345","token_type":"Bearer","access_token":"token-67890"}';

test.each(ANSWERS)("a token endpoint whose answer %s gives none", async (_, tokenAnswer) => {
  const { logIn, stub, store } = await scene({ tokenAnswer });
  expect(said(await logIn())).not.toBe("logged in");
  expect(store.find(stub.url)).toBeUndefined();
});

test("two gateways renew one login once", async () => {
  const { stub, logIn, store } = await scene();
  await logIn();
  const target = readTarget(stub.url);
  if (!target.ok) throw new Error(target.error.message);
  const gateways = [0, 1, 2].map(() => {
    const exchanger = openExchanger(LOOPBACK_WAY);
    onTestFinished(() => exchanger.close());
    return openLoginCredential({
      ...{ exchanger, store, server: target.value, signal: never, now: () => Date.now() + 3_590_000 },
      own: async () => ok({}),
      recorded: async () => undefined,
    });
  });
  const fields = await Promise.all(gateways.map((one) => one.fields(target.value, "POST")));
  expect(fields.map(({ ok: isOk }) => isOk)).toEqual([true, true, true]);
  expect(new Set(fields.map((one) => (one.ok ? one.value["authorization"] : ""))).size).toBe(1);
  expect(stub.asked.filter(({ grant_type }) => grant_type === "refresh_token")).toHaveLength(1);
});
