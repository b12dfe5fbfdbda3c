// A whole session with a credential, in the built program's own fence: a push to a real git server with nothing but a placeholder inside; the real value
// is in no process, argument, environment and file of the fence while it runs, and in no log, export and file after it.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { formsOf, processesBelow, searchFiles, searchProcesses } from "#sandbox";
import { type Caller, callersIn } from "../support/caller.ts";
import { type GitServer, gitServer } from "../support/git-server.ts";
import { helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";

const HOST = "git.test";
const TOKEN = "ghp_RealTokenOfThePerson0123456789abcdefghi";
const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-credentials-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
let server: GitServer;
let policy = "";
beforeAll(async () => {
  server = await gitServer(folder, HOST, { token: TOKEN, repositories: ["acme/site.git", "acme/other.git"] });
  policy = join(folder, "policy.yaml");
  writeFileSync(
    policy,
    `version: 1
sandbox:
  network:
    allow: ["${HOST}:${server.port}"]
    allowPrivate: [{ host: ${HOST}, cidr: 127.0.0.1/32, reason: "the test's own server" }]
credentials:
  - name: git
    source: { env: GIT_TOKEN }
    inject: { hosts: ["${HOST}:${server.port}"], paths: ["/acme/site.git/**"], methods: [GET, POST] }
`,
    { mode: 0o644 },
  );
});
afterAll(() => {
  server.close();
  execFileSync(helperPath, ["remove", folder]);
});
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "git"));

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Starts it beside this process, which serves meanwhile. */
function start(
  caller: Caller,
  argv: readonly string[],
  cwd: string,
): { readonly child: ChildProcess; readonly ended: Promise<Ended> } {
  const [file = "", ...args] = caller.as(argv);
  const child = spawn(file, args, {
    cwd,
    env: { ...caller.env, GIT_TOKEN: TOKEN, NODE_EXTRA_CA_CERTS: server.caFile },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const said = { out: "", err: "" };
  child.stdout?.on("data", (piece: Buffer) => (said.out += piece.toString()));
  child.stderr?.on("data", (piece: Buffer) => (said.err += piece.toString()));
  return { child, ended: new Promise((done) => child.once("close", (code) => done({ code, ...said }))) };
}

const inFence = (script: string): readonly string[] => [
  launcher,
  "run",
  "--policy",
  policy,
  "--",
  "bash",
  "-c",
  script,
];
const remote = (repository: string): string =>
  `https://x-access-token:$GIT_TOKEN@${HOST}:${server.port}/acme/${repository}.git`;
const forms = formsOf([{ name: "the token", value: TOKEN }]);

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (name, caller) => {
  const commit = `git init -q . && git -c user.name=a -c user.email=a@b commit -q --allow-empty -m`;

  test("pushes with a placeholder alone; another repository, another method and another key are refused", async () => {
    const cwd = caller.folder("push");
    // the control: outside, the token opens the other repository as well
    const outside = start(
      caller,
      [
        "bash",
        "-c",
        `cd $(mktemp -d) && ${commit} outside && git -c http.sslCAInfo=${server.caFile} -c http.curloptResolve=${HOST}:${server.port}:127.0.0.1 push -q ${remote("other")} HEAD:${name}-control`,
      ],
      cwd,
    );
    expect(await outside.ended).toMatchObject({ code: 0 });
    expect(server.head("acme/other.git", `${name}-control`)).toBe("outside");
    const before = server.known.length;
    const { ended } = start(
      caller,
      inFence(`cd $HOME; echo "placeholder=$GIT_TOKEN"; ${commit} inside && git push -q ${remote("site")} HEAD:${name} && echo pushed
        git push -q ${remote("other")} HEAD:${name} || echo refused-repository
        for q in "-X DELETE -u x-access-token:$GIT_TOKEN" "-H Authorization:\\ Bearer\\ thief-0123456789"; do eval curl -s -o /dev/null -w '%{http_code}\\\\n' $q https://${HOST}:${server.port}/acme/site.git/x; done`),
      cwd,
    );
    const { err, out } = await ended;
    expect(out).toMatch(/^placeholder=ghp_[A-Za-z0-9]{39}\npushed\nrefused-repository\n403\n403\n$/);
    expect(out).not.toContain(TOKEN);
    expect(server.head("acme/site.git", name)).toBe("inside");
    expect(server.head("acme/other.git", name)).toBe("");
    expect(server.known.slice(before).every((line) => /^(?:GET|POST) \/acme\/site\.git\//.test(line))).toBe(true);
    expect(err).toMatch(/credential-path[\s\S]*credential-method[\s\S]*foreign-credential/);
  });

  test("has the value nowhere: not while it runs, and not after", async (context) => {
    needs(context, "python3");
    const cwd = caller.folder("nowhere");
    const { child, ended } = start(
      caller,
      inFence(`cd $HOME; ${commit} x && git push -q ${remote("site")} HEAD:${name}-2; echo $GIT_TOKEN > /tmp/mine; env > $OLDPWD/env.txt
        python3 -c "import os,time; keep=os.environ['GIT_TOKEN']; time.sleep(30)" & node -e "const keep=process.env.GIT_TOKEN; setTimeout(()=>{},30000)" & exec sleep 60`),
      cwd,
    );
    const pid = child.pid ?? 0;
    let placeholder = "";
    const started = formsOf([{ name: "x", value: "GIT_TOKEN=ghp_" }]);
    const seen = async (): Promise<number> => (await searchFiles([caller.state], started)).found.length;
    await expect.poll(seen, { timeout: 20_000 }).toBeGreaterThan(0);
    const below = processesBelow(pid);
    const searched = searchProcesses(below, forms);
    expect(below.length).toBeGreaterThan(4);
    expect(searched.bytes).toBeGreaterThan(1_000_000);
    expect(searched.found).toEqual([]);
    expect((await searchFiles([caller.state, cwd], forms)).found).toEqual([]);
    // the same search finds what is there: the placeholder, and the token in the supervisor that holds it
    for (const one of below) placeholder ||= /GIT_TOKEN=(ghp_\w+)/.exec(environOf(one))?.[1] ?? "";
    expect(
      searchProcesses(below, formsOf([{ name: "placeholder", value: placeholder }])).found.map(({ place }) => place),
    ).toContain("memory");
    expect(searchProcesses([pid], forms).found.map(({ place }) => place)).toContain("memory");
    child.kill("SIGTERM");
    await ended;
    expect((await searchFiles([caller.state, cwd, caller.home], forms)).found).toEqual([]);
    const shown = caller.outside([launcher, "log", "show", "--json"], { cwd });
    expect(shown.stdout + shown.stderr).not.toContain(TOKEN);
  });
});

function environOf(pid: number): string {
  return existsSync(`/proc/${pid}/environ`) ? readFileSync(`/proc/${pid}/environ`, "latin1") : "";
}
