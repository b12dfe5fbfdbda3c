// Where real values come from. Vault, AWS STS and GitHub are stubs on loopback that speak the real protocols (tests/support/credential-servers.ts).
import { generateKeyPairSync } from "node:crypto";
import { chmodSync, mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type CredentialEntry, resolveCredentials } from "#core/credentials";
import { parseDuration } from "#core/policy";
import { type Broker, openBroker, secretsOf } from "#credentials";
import { reachOutside, readOutsideProxy } from "#egress";
import { openKeyring } from "../../src/credentials/sources/keyring.ts";
import { githubAppServer, stsServer, vaultServer } from "../support/credential-servers.ts";
import { plainServer, tlsServer, worldAuthority } from "../support/tls-world.ts";
import { tmp } from "../support/tmp.ts";

const REAL = "real-Value.0123456789abcdef";

interface Scene {
  readonly env?: Readonly<Record<string, string>>;
  readonly home?: string;
  readonly workspace?: string;
  readonly now?: () => number;
}

async function open(entry: Omit<CredentialEntry, "name" | "inject">, scene: Scene = {}): ReturnType<typeof openBroker> {
  const { env = {}, home = tmp(), workspace = "/nowhere", now = Date.now } = scene;
  const resolved = resolveCredentials(
    [
      {
        entry: { name: "one", inject: { hosts: ["api.example.org"] }, ...entry },
        at: { file: "policy.yaml", line: 3, column: 1 },
      },
    ],
    { agent: [], has: (name) => env[name] !== undefined, handedIn: [], milliseconds: parseDuration },
  );
  if (!resolved.ok) throw new Error(JSON.stringify(resolved.error));
  const outside = readOutsideProxy(env);
  if (!outside.ok) return { ok: false, error: [outside.error] };
  const reach = reachOutside(outside.value);
  return openBroker({
    credentials: resolved.value,
    env,
    home,
    workspace,
    session: "20260101-000000-abcdef",
    now,
    reach,
  });
}

async function opened(entry: Omit<CredentialEntry, "name" | "inject">, scene: Scene = {}): Promise<Broker> {
  const broker = await open(entry, scene);
  if (!broker.ok) throw new Error(JSON.stringify(broker.error));
  onTestFinished(async () => void (await broker.value.close()));
  return broker.value;
}

const values = (broker: Broker): readonly string[] => secretsOf(broker).map(({ value }) => value.toString());

describe("a source", () => {
  it("is a variable of the caller, of which the fence sees a placeholder under the same name", async () => {
    const broker = await opened({ source: { env: "API_TOKEN" } }, { env: { API_TOKEN: REAL } });
    expect(values(broker)).toEqual([REAL]);
    expect(broker.env["API_TOKEN"]).toHaveLength(REAL.length);
    expect(broker.env["API_TOKEN"]).not.toBe(REAL);
    expect(JSON.stringify(broker)).not.toContain(REAL);
    await broker.close();
    expect(values(broker)).toEqual([]);
  });

  it("that ends within its answer, sends garbage or never stops has given none", async () => {
    const answers = [
      "Content-Length: 100\r\n\r\nshort",
      "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
      `\r\n${"x".repeat(2_000_000)}`,
    ];
    for (const answer of answers) {
      const port = await plainServer((socket) => {
        socket.on("error", () => undefined);
        socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${answer}`));
      });
      const vault = {
        address: `http://127.0.0.1:${port}`,
        path: "secret/data/ci",
        field: "token",
        auth: { token: { env: "T" } },
      };
      expect(await open({ source: { vault } }, { env: { T: REAL } })).toMatchObject({ ok: false });
    }
  });

  it("is a file, whole, by a JSON path or by a name, and never one of the workspace", async () => {
    const home = tmp();
    mkdirSync(join(home, "work"));
    writeFileSync(join(home, "token"), `${REAL}\n`);
    writeFileSync(join(home, "auth.json"), JSON.stringify({ hosts: { one: { token: REAL } } }));
    writeFileSync(join(home, ".env"), `A=1\nexport TOKEN="${REAL}"\n`);
    writeFileSync(join(home, "work/token"), REAL);
    const scene = { home, workspace: join(home, "work") };
    expect(values(await opened({ source: { file: "~/token" } }, scene))).toEqual([REAL]);
    expect(values(await opened({ source: { file: "~/auth.json", field: "hosts.one.token" } }, scene))).toEqual([REAL]);
    expect(values(await opened({ source: { file: "~/.env", field: "TOKEN" } }, scene))).toEqual([REAL]);
    for (const [source, words] of [
      [{ file: "~/work/token" }, "stands in the workspace"],
      [{ file: "~/none" }, "cannot be read (ENOENT)"],
      [{ file: "~/.env", field: "NONE" }, "has no `NONE`"],
      [{ file: "~/.env" }, "cannot stand in a header"],
      [{ file: "/dev/zero" }, "is not a plain file"],
    ] as const) {
      const refused = await open({ source }, scene);
      expect(refused.ok ? "" : refused.error[0]?.message).toContain(words);
    }
  });

  it("is a command outside, without a shell, without the caller's environment, bounded in time", async () => {
    const home = tmp();
    const script = join(home, "print");
    writeFileSync(script, `#!/bin/sh\n[ -z "$HIDDEN" ] && [ "$PWD" = "${home}" ] && printf '%s\\n' "$1"\n`);
    chmodSync(script, 0o755);
    const scene = { home, env: { HIDDEN: "x" } };
    expect(values(await opened({ source: { command: [script, REAL] } }, scene))).toEqual([REAL]);
    expect(values(await opened({ source: { command: ["printf", `${REAL};id`] } }, scene))).toEqual([`${REAL};id`]);
    for (const [source, words] of [
      [{ command: ["false"] }, "ended with exit code 1"],
      [{ command: ["./print", REAL] }, "is not a program outside"],
      [{ command: ["sleep", "20"], timeout: "1s" }, "printed nothing within 1 s"],
      [{ command: ["yes"] }, "printed too much"],
      [{ command: [script, REAL], pass: ["HIDDEN"] }, "ended with exit code 1"],
    ] as const) {
      const refused = await open({ source }, scene);
      expect(refused.ok ? "" : refused.error[0]?.message).toContain(words);
    }
  });

  it("is the keyring, by the attributes of an item; a stub stands for `secret-tool` here", async () => {
    const home = tmp();
    const tool = join(home, "secret-tool");
    writeFileSync(tool, `#!/bin/sh\n[ "$*" = "lookup service ci account me" ] && printf '${REAL}'\n`);
    chmodSync(tool, 0o755);
    const deps = { env: {}, home, workspace: "/nowhere", session: "s", now: Date.now };
    const found = await openKeyring({ attributes: { service: "ci", account: "me" } }, deps, tool).fetch();
    expect(found.ok && found.value.reveal()).toBe(REAL);
    const none = await openKeyring({ attributes: { service: "other" } }, deps, tool).fetch();
    expect(none.ok ? "" : none.error.hint).toBe("try it: secret-tool lookup service …");
    const missing = await openKeyring({ attributes: { service: "ci" } }, deps, join(home, "none")).fetch();
    expect(missing.ok ? "" : missing.error.hint).toContain("apt-get install libsecret-tools");
  });

  it("that has nothing, or something too short, opens no broker", async () => {
    for (const env of [{}, { T: "" }, { T: "short" }, { T: "with a space in it" }] as const) {
      const refused = await open({ source: { env: "T" } }, { env });
      expect(refused.ok).toBe(false);
    }
  });
});

describe("Vault, by a stub that speaks its protocol", () => {
  const login = { roleId: "role-1", secretId: "secret-id-1", token: "hvs.the-persons-own", value: REAL };

  it("is read with a login of the session's own, which is revoked at its end", async () => {
    const vault = await vaultServer(login);
    const auth = { appRole: { roleId: "role-1", secretId: { env: "SECRET_ID" } } };
    const source = { vault: { address: vault.url, path: "secret/data/ci", field: "token", auth } };
    const broker = await opened({ source }, { env: { SECRET_ID: "secret-id-1" } });
    expect(values(broker)).toEqual([REAL]);
    expect(await broker.close()).toEqual({ revoked: ["one"], left: [] });
    expect(vault.revoked).toEqual(["self"]);
    const refused = await open({ source }, { env: { SECRET_ID: "wrong-secret" } });
    expect(refused.ok ? "" : refused.error[0]?.message).toContain("answers 400");
  });

  it("is read with the person's token, which is theirs to keep; what was made for the session is revoked", async () => {
    const vault = await vaultServer(login);
    const source = {
      vault: {
        address: vault.url,
        path: "database/creds/ci",
        field: "password",
        auth: { token: { env: "VAULT_TOKEN" } },
      },
    };
    const broker = await opened({ source }, { env: { VAULT_TOKEN: login.token } });
    expect(values(broker)[0]).toContain(REAL);
    expect(await broker.close()).toEqual({ revoked: ["one"], left: [] });
    expect(vault.revoked).toHaveLength(1);
    expect(vault.revoked[0]).toContain("database/creds/ci/");
  });

  it("is asked again before a lease ends", async () => {
    const vault = await vaultServer({ ...login, leaseSeconds: 120 });
    let now = Date.now();
    const source = {
      vault: {
        address: vault.url,
        path: "database/creds/ci",
        field: "password",
        auth: { token: { env: "VAULT_TOKEN" } },
      },
    };
    const broker = await opened({ source }, { env: { VAULT_TOKEN: login.token }, now: () => now });
    const first = await broker.current("one");
    now += 90_000;
    const second = await broker.current("one");
    expect(first.ok && second.ok).toBe(true);
    expect(vault.asked.at(-1)).toBe("PUT /v1/sys/leases/renew");
    expect(values(broker)[0]).toBe(second.ok ? second.value.reveal() : "");
  });
});

describe("the proxy of the person's own network", () => {
  /** A vault behind TLS under a name that only such a proxy can reach. */
  async function scene(): Promise<{
    readonly proxy: string;
    readonly asked: string[];
    readonly roots: string;
    readonly address: string;
  }> {
    const vault = await vaultServer({ roleId: "r", secretId: "s", token: "hvs.the-persons-own", value: REAL });
    const authority = worldAuthority();
    const roots = join(tmp(), "roots.pem");
    writeFileSync(roots, authority.certificate);
    const behind = await tlsServer(authority.server("vault.test"), (socket) => {
      const plain = net.connect(Number(new URL(vault.url).port), "127.0.0.1");
      plain.on("error", () => socket.destroy());
      socket.pipe(plain).pipe(socket);
    });
    const asked: string[] = [];
    const port = await plainServer((socket) => {
      socket.once("data", (head: Buffer) => {
        asked.push(head.toString());
        if (!head.toString().includes(`Basic ${Buffer.from("me:pass word").toString("base64")}`))
          return void socket.end("HTTP/1.1 407 Proxy Authentication Required\r\n\r\n");
        const on = net.connect(behind, "127.0.0.1", () => socket.write("HTTP/1.1 200 OK\r\n\r\n"));
        on.on("error", () => socket.destroy());
        socket.pipe(on).pipe(socket);
      });
    });
    return { proxy: `me:pass%20word@127.0.0.1:${port}`, asked, roots, address: "https://vault.test" };
  }
  const source = (address: string): NonNullable<CredentialEntry["source"]> => ({
    vault: { address, path: "secret/data/ci", field: "token", auth: { token: { env: "VAULT_TOKEN" } } },
  });
  const env = { VAULT_TOKEN: "hvs.the-persons-own" };

  it("is asked for the way to a source, by name, and sees nothing of the question", async () => {
    const { address, asked, proxy, roots } = await scene();
    const caller = { ...env, NODE_EXTRA_CA_CERTS: roots };
    expect((await open({ source: source(address) }, { env: caller })).ok).toBe(false);
    const broker = await opened({ source: source(address) }, { env: { ...caller, HTTPS_PROXY: `http://${proxy}` } });
    expect(values(broker)).toEqual([REAL]);
    expect(asked[0]).toMatch(/^CONNECT vault\.test:443 HTTP\/1\.1\r\n/);
    expect(asked.join()).not.toContain("hvs.");
    const excepted = { ...caller, HTTPS_PROXY: `http://${proxy}`, NO_PROXY: "vault.test" };
    expect((await open({ source: source(address) }, { env: excepted })).ok).toBe(false);
    expect(asked).toHaveLength(1);
  });

  it("is named where it refuses, and the server's certificate is verified behind it", async () => {
    const { address, proxy, roots } = await scene();
    const wrong = { ...env, NODE_EXTRA_CA_CERTS: roots, HTTPS_PROXY: `http://${proxy.replace("me:", "you:")}` };
    const refused = await open({ source: source(address) }, { env: wrong });
    expect(refused.ok ? "" : refused.error[0]?.message).toContain(
      "not reached through the proxy of your own network (proxy-407)",
    );
    const unknown = await open({ source: source(address) }, { env: { ...env, HTTPS_PROXY: `http://${proxy}` } });
    expect(unknown.ok ? "" : unknown.error[0]?.message).toContain("does not answer");
    const other = await open(
      { source: source("https://other.test") },
      { env: { ...wrong, HTTPS_PROXY: `http://${proxy}` } },
    );
    expect(other.ok ? "" : other.error[0]?.message).toContain("ERR_TLS_CERT_ALTNAME_INVALID");
  });
});

describe("AWS STS, by a stub that verifies signatures", () => {
  const caller = { id: "AKIACALLER0000000001", secret: "caller/secret+key0123456789012345678901" };
  const env = { AWS_ACCESS_KEY_ID: caller.id, AWS_SECRET_ACCESS_KEY: caller.secret };
  const keys = (nth: number): { id: string; secret: string; token: string; seconds: number } => ({
    ...{ id: `ASIAGIVEN00000000${String(nth).padStart(3, "0")}`, secret: `given/secret+${nth}`.padEnd(40, "0") },
    ...{ token: `given-token-${nth}`.padEnd(300, "t"), seconds: 900 },
  });

  it("gives short keys for a role, of which the fence sees two placeholders and no token", async () => {
    const sts = await stsServer(caller, keys);
    const aws = {
      region: "eu-central-1",
      role: "arn:aws:iam::123456789012:role/ci",
      duration: "15m",
      endpoint: sts.url,
      sessionPolicy: "{}",
    };
    const broker = await opened({ source: { aws } }, { env });
    expect(Object.fromEntries(sts.forms[0] ?? [])).toMatchObject({
      Action: "AssumeRole",
      DurationSeconds: "900",
      RoleArn: aws.role,
      RoleSessionName: "ringfence-20260101-000000-abcdef",
      Policy: "{}",
    });
    expect(Object.keys(broker.env)).toEqual(["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"]);
    expect(broker.env["AWS_ACCESS_KEY_ID"]).toMatch(/^ASIA[A-Za-z0-9]{16}$/);
    expect(values(broker)).toHaveLength(3);
  });

  it("gives a session token without a role, from a profile of the person's file, and new keys before they end", async () => {
    const sts = await stsServer(caller, keys);
    const home = tmp();
    mkdirSync(join(home, ".aws"));
    writeFileSync(
      join(home, ".aws/credentials"),
      `[other]\naws_access_key_id = x\n[ci]\naws_access_key_id = ${caller.id}\naws_secret_access_key = ${caller.secret}\n`,
    );
    let now = Date.now();
    const broker = await opened(
      { source: { aws: { region: "us-east-1", profile: "ci", endpoint: sts.url } } },
      { home, now: () => now },
    );
    expect(sts.forms[0]?.get("Action")).toBe("GetSessionToken");
    now += 850_000;
    const [one, two] = await Promise.all([broker.current("one"), broker.current("one")]);
    expect(one.ok && two.ok && one.value === two.value && one.value.reveal("accessKeyId")).toBe("ASIAGIVEN00000000001");
    expect(sts.forms).toHaveLength(2);
    expect(values(broker)).toHaveLength(6);
  });

  it("says what STS says against keys that are wrong", async () => {
    const sts = await stsServer({ ...caller, secret: "another" }, keys);
    const refused = await open({ source: { aws: { region: "us-east-1", endpoint: sts.url } } }, { env });
    expect(refused.ok ? "" : refused.error[0]?.message).toContain("SignatureDoesNotMatch");
  });
});

describe("a GitHub App, by a stub that verifies its JWT", () => {
  it("gets a token for named repositories and permissions, and gives it back", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const token = `ghs_${"A".repeat(36)}`;
    const github = await githubAppServer(publicKey, token);
    const home = tmp();
    writeFileSync(join(home, "app.pem"), privateKey.export({ type: "pkcs8", format: "pem" }));
    const githubApp = {
      appId: 4242,
      installationId: 77,
      key: { file: "~/app.pem" },
      repositories: ["site"],
      permissions: { contents: "write" },
      api: github.url,
    };
    const broker = await opened({ source: { githubApp }, env: "GITHUB_TOKEN" }, { home });
    expect(github.wishes).toEqual([{ repositories: ["site"], permissions: { contents: "write" } }]);
    expect(values(broker)).toEqual([token]);
    expect(broker.env["GITHUB_TOKEN"]).toMatch(/^ghs_[A-Za-z0-9]{36}$/);
    expect(await broker.close()).toEqual({ revoked: ["one"], left: [] });
    expect(github.revoked).toEqual([token]);
    writeFileSync(join(home, "app.pem"), "no key");
    const refused = await open({ source: { githubApp }, env: "GITHUB_TOKEN" }, { home });
    expect(refused.ok ? "" : refused.error[0]?.message).toContain("no RSA key");
  });
});
