// Logins that programs look for in files and ask git for (CRED-4), and credentials that serve the setup alone (CRED-5): against a real git server that
// wants Basic, with nothing but placeholders inside.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formsOf, searchFiles } from "#sandbox";
import { type Caller, callersIn } from "../support/caller.ts";
import { type GitServer, gitServer } from "../support/git-server.ts";
import { helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";

const HOST = "git.test";
const TOKEN = "ghp_RealTokenOfThePerson9876543210abcdefghi";
const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-git-credential-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
let server: GitServer;
beforeAll(async () => {
  server = await gitServer(folder, HOST, { token: TOKEN, repositories: ["acme/site.git", "acme/other.git"] });
});
afterAll(() => {
  server.close();
  execFileSync(helperPath, ["remove", folder]);
});
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "git"));

/** A policy file with this credential, and what else is said. */
function policy(name: string, credential: string, more = ""): string {
  const file = join(folder, `${name}.yaml`);
  const host = `${HOST}:${server.port}`;
  const lines = [
    "sandbox: { network: {",
    `  allow: ["${host}", "other.test:${server.port}"],`,
    `  allowPrivate: [{ host: ${HOST}, cidr: 127.0.0.1/32, reason: "the test's own server" }] } }`,
    "credentials:",
    `  - { name: git, source: { env: GIT_TOKEN }, env: [], inject: { hosts: ["${host}"], paths: ["/acme/site.git/**"], user: x-access-token }, ${credential} }`,
    more,
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  return file;
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(caller: Caller, cwd: string, file: string, script: string): Promise<Ended> {
  const [program = "", ...args] = caller.as([launcher, "run", "--policy", file, "--", "bash", "-c", script]);
  const env = { ...caller.env, GIT_TOKEN: TOKEN, NODE_EXTRA_CA_CERTS: server.caFile };
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const said = { out: "", err: "" };
  child.stdout.on("data", (piece: Buffer) => (said.out += piece.toString()));
  child.stderr.on("data", (piece: Buffer) => (said.err += piece.toString()));
  return new Promise((done) => child.once("close", (code) => done({ code, ...said })));
}

const url = (repository: string): string => `https://${HOST}:${server.port}/acme/${repository}.git`;
const commit = "git init -q . && git -c user.name=a -c user.email=a@b.test commit -q --allow-empty -m inside";

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (name, caller) => {
  test("git is answered for the host of a credential, and for no other", async () => {
    const cwd = caller.folder("answered");
    const { out, err } = await run(
      caller,
      cwd,
      policy(`answered-${name}`, "git: true"),
      `export GIT_TERMINAL_PROMPT=0; ${commit}
       git push -q ${url("site")} HEAD:${name} && echo pushed
       git push -q ${url("other")} HEAD:${name} || echo refused
       printf 'protocol=https\\nhost=${HOST}:${server.port}\\n\\n' | git credential fill
       printf 'protocol=https\\nhost=other.test\\n\\n' | git credential fill || echo unanswered
       env | grep -c '^GIT_TOKEN=' ; cat .git/config`,
    );
    expect(out).toMatch(/^pushed\nrefused\n/);
    expect(out).toMatch(/\nusername=x-access-token\npassword=ghp_[A-Za-z0-9]{39}\nunanswered\n0\n/);
    expect(server.head("acme/site.git", name)).toBe("inside");
    expect(server.head("acme/other.git", name)).toBe("");
    expect(err).toContain("credential-path");
    const forms = formsOf([{ name: "the token", value: TOKEN }]);
    expect(`${out}${err}`).not.toContain(TOKEN);
    expect((await searchFiles([caller.state, cwd], forms)).found).toEqual([]);
  });

  test("tools find it in the files that they look into", async () => {
    const cwd = caller.folder("files");
    const files =
      "files: [{shape: npm}, {shape: netrc}, {shape: docker}, {path: ~/.config/x.toml, template: 'at={host} as={user} token={placeholder}'}]";
    const { out } = await run(
      caller,
      cwd,
      policy(`files-${name}`, files),
      `tail -1 ~/.npmrc; cat ~/.netrc ~/.docker/config.json ~/.config/x.toml; echo
       curl -s -n -o /dev/null -w '%{http_code}\\n' '${url("site")}/info/refs?service=git-upload-pack'
       curl -s -o /dev/null -w '%{http_code}\\n' '${url("site")}/info/refs?service=git-upload-pack'`,
    );
    const [, token = ""] = /:_authToken=(ghp_\w+)$/m.exec(out) ?? [];
    expect(token).toMatch(/^ghp_[A-Za-z0-9]{39}$/);
    const auth = Buffer.from(`x-access-token:${token}`).toString("base64");
    expect(out).toContain(
      `//${HOST}:${server.port}/:_authToken=${token}\nmachine ${HOST} login x-access-token password ${token}\n`,
    );
    expect(out).toContain(`"auth": "${auth}"`);
    expect(out).toContain(`at=${HOST}:${server.port} as=x-access-token token=${token}`);
    expect(out).toMatch(/\n200\n401\n$/);
    expect(out).not.toContain(TOKEN);
  });

  test("a credential of the setup serves the setup and nobody after it", async () => {
    const cwd = caller.folder("setup");
    const setup = `setup: { run: ["git ls-remote ${url("site")} > refs && echo fetched"], credentials: [git] }`;
    const { code, out, err } = await run(
      caller,
      cwd,
      policy(`setup-${name}`, "git: true", setup),
      `test -f refs && echo installed; GIT_TERMINAL_PROMPT=0 git ls-remote ${url("site")} || echo closed; env | grep -c ghp_; grep -c ghp_ /etc/gitconfig; true`,
    );
    expect(err).toContain("fetched\n");
    expect({ code, out }).toEqual({ code: 0, out: "installed\nclosed\n0\n0\n" });
    const sessions = join(caller.state, "ringfence/log/sessions");
    const born = (id: string): number => statSync(join(sessions, id)).birthtimeMs;
    const last =
      readdirSync(sessions)
        .sort((a, b) => born(a) - born(b))
        .at(-1) ?? "";
    const log = readFileSync(join(sessions, last, "log/000000000000.jsonl"), "utf8").split("\n");
    const of = (type: string): Record<string, unknown> =>
      (JSON.parse(log.find((line) => line.includes(`"type":"${type}"`)) ?? "{}") as { data?: Record<string, unknown> })
        .data ?? {};
    expect(of("setup.checked")).toMatchObject({ secrets: ["git"], verdict: "gone", processesLeft: 0 });
    expect(of("secret.use")).toMatchObject({ credential: "git", phase: "setup" });
  });
});
