// The gateway as an OAuth client, against servers that speak the real protocol and check it; and against servers that would take a login astray.
import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { ok, type Problem, type Result } from "#core";
import { login, openExchanger, openLoginCredential, openTokenStore, openUpstream, readTarget } from "#mcp";
import { LOOPBACK_WAY } from "../support/mcp-http-bed.ts";
import { type LoginFaults, type StubLogin, stubLogin } from "../support/mcp-stub-login.ts";
import { tmp } from "../support/tmp.ts";

const PING = Buffer.from('{"jsonrpc":"2.0","id":1,"method":"ping"}');
const never = new AbortController().signal;

interface Scene {
  readonly stub: StubLogin;
  readonly folder: string;
  readonly shown: string[];
  logIn(browser?: (url: string) => Promise<void>): Promise<Result<string, Problem>>;
  ask(now?: number): Promise<number | string>;
}

async function scene(faults: LoginFaults = {}): Promise<Scene> {
  const stub = await stubLogin(faults);
  const folder = join(tmp(), "oauth");
  const store = openTokenStore(folder);
  const exchanger = openExchanger(LOOPBACK_WAY);
  onTestFinished(() => exchanger.close());
  const target = readTarget(stub.url);
  if (!target.ok) throw new Error(target.error.message);
  const shown: string[] = [];
  return {
    ...{ stub, folder, shown },
    logIn: async (browser = follow) => {
      const show = (lines: readonly string[]): void => {
        shown.push(...lines);
        void browser(lines[1] ?? "");
      };
      const done = await login({
        exchanger,
        server: target.value,
        store,
        show,
        signal: never,
        now: Date.now,
        waitMs: 800,
      });
      return done.ok ? ok(done.value.issuer) : done;
    },
    ask: async (now = Date.now()) => {
      const credential = openLoginCredential({
        ...{ exchanger, store, server: target.value, signal: never, now: () => now },
        own: async () => ok({}),
        recorded: async () => undefined,
      });
      const answered = await openUpstream({ exchanger, target: target.value, credential }).post(PING, {
        fields: {},
        signal: never,
      });
      return answered.ok ? answered.value.status : answered.error.message;
    },
  };
}

/** A browser that says yes to everything. */
async function follow(url: string): Promise<void> {
  const answer = await fetch(url, { redirect: "manual" });
  const back = answer.headers.get("location");
  if (back !== null) await fetch(back);
}

test("a login from the server's challenge to a call, and its renewal", async () => {
  const { stub, folder, shown, logIn, ask } = await scene();
  expect(await ask()).toContain("wants a login");
  expect(await logIn()).toEqual({ ok: true, value: stub.origin });
  expect(shown[1]).toContain(`${stub.origin}/authorize?`);
  expect(stub.asked.map(({ at }) => at)).toEqual(["register", "authorize", "token"]);
  expect(stub.asked[0]).toMatchObject({ application_type: "native", token_endpoint_auth_method: "none" });
  expect(stub.asked[1]).toMatchObject({
    code_challenge_method: "S256",
    resource: stub.url,
    scope: "read",
    response_type: "code",
  });
  expect(stub.asked[2]).toMatchObject({ resource: stub.url, client_id: "registered" });
  expect(await ask()).toBe(200);
  stub.expire();
  expect(await ask()).toBe(200); // refused, renewed, sent again
  expect(await ask(Date.now() + 3_590_000)).toBe(200); // renewed before it ends
  expect(stub.asked.filter(({ grant_type }) => grant_type === "refresh_token")).toMatchObject([
    { resource: stub.url },
    { resource: stub.url },
  ]);
  const files = readdirSync(folder).map((name) => join(folder, name));
  expect([folder, ...files].map((path) => statSync(path).mode & 0o777)).toEqual([0o700, 0o600, 0o600]);
  // What is told a person holds no token.
  const kept = files.map((file) => readFileSync(file, "utf8")).join("");
  const [, access = "none"] = /"access":"(\w+)"/.exec(kept) ?? [];
  expect(kept).toContain(access);
  expect(shown.join("")).not.toContain(access);
});

test("a login that others could have written is none", async () => {
  const { folder, logIn, ask } = await scene();
  await logIn();
  const file = readdirSync(folder).find((name) => name.startsWith("login-")) ?? "";
  chmodSync(join(folder, file), 0o644);
  expect(await ask()).toContain("wants a login");
  chmodSync(join(folder, file), 0o600);
  writeFileSync(join(folder, file), "{}");
  expect(await ask()).toContain("wants a login");
});

const ASTRAY: readonly (readonly [string, LoginFaults, string])[] = [
  ["metadata about another resource", { resource: "https://bank.example/mcp" }, "another resource"],
  ["metadata about a sibling path", { resource: "http://127.0.0.1:1/mcp" }, "another resource"],
  ["metadata on another origin", { resourceMetadata: "https://evil.example/prm" }, "another origin"],
  [
    "metadata at the machine's metadata service",
    { resourceMetadata: "http://169.254.169.254/latest" },
    "not reached over https",
  ],
  ["an issuer that is a file", { authorizationServer: "file:///etc/passwd" }, "not reached over http"],
  ["an issuer in plain http", { authorizationServer: "http://auth.example" }, "not reached over https"],
  ["an issuer with a login in it", { authorizationServer: "https://a:b@auth.example" }, "holds a login"],
  ["metadata of another issuer", { issuerInMetadata: "https://honest.example" }, "another's"],
  ["metadata that lead elsewhere", { metadataStatus: 302 }, "not followed"],
  ["no PKCE", { methods: ["plain"] }, "PKCE"],
  ["a login page that is a script", { authorizationEndpoint: "javascript:alert(1)" }, "not reached over http"],
  ["a login page that starts a program", { authorizationEndpoint: "vscode://x" }, "not reached over http"],
  ["an answer from another issuer", { iss: "https://evil.example" }, "another authorization server"],
  ["an answer without the promised issuer", { iss: undefined }, "another authorization server"],
  ["no registration", { registers: false }, "registers no clients"],
  ["a token for somebody else", { token: jwt({ aud: "https://bank.example/" }) }, "meant for another resource"],
];

function jwt(claims: object): string {
  return ["{}", JSON.stringify(claims), "sig"].map((part) => Buffer.from(part).toString("base64url")).join(".");
}

test.each(ASTRAY)("%s ends the login", async (_, faults, why) => {
  const { logIn, folder } = await scene(faults);
  const done = await logIn();
  expect(done.ok ? "logged in" : done.error.message).toContain(why);
  expect(() => readdirSync(folder)).toThrow();
});

test("whoever does not know the state neither ends the login nor gives a code", async () => {
  const { logIn } = await scene();
  const done = await logIn(async (url) => {
    const redirect = new URL(url).searchParams.get("redirect_uri") ?? "";
    const statuses = [
      (await fetch(`${redirect}?code=stolen&state=guess`)).status,
      (await fetch(`${redirect}?code=stolen`)).status,
      (await fetch(`${redirect}?error=access_denied&state=guess`)).status,
      (await fetch(redirect, { method: "POST" })).status,
    ];
    expect(statuses).toEqual([404, 404, 404, 404]);
    await follow(url);
  });
  expect(done.ok).toBe(true);
});

test("a login that nobody makes is given up", async () => {
  const late = await scene();
  const done = await late.logIn(async () => undefined);
  expect(done.ok ? "" : done.error.message).toContain("in time");
});

test("a login that is stopped ends at once, and its address with it", async () => {
  const { stub, folder } = await scene();
  const target = readTarget(stub.url);
  if (!target.ok) throw new Error(target.error.message);
  const exchanger = openExchanger(LOOPBACK_WAY);
  onTestFinished(() => exchanger.close());
  const stop = new AbortController();
  let redirect = "";
  const done = await login({
    ...{ exchanger, server: target.value, store: openTokenStore(folder), now: Date.now, signal: stop.signal },
    show: ([, page = ""]) => {
      redirect = new URL(page).searchParams.get("redirect_uri") ?? "";
      stop.abort();
    },
  });
  expect(done.ok ? "" : done.error.message).toContain("given up");
  await expect(fetch(redirect)).rejects.toThrow();
});
