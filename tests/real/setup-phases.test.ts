// The setup before the agent (NET-7, CRED-5), against the built program: what it sees, what is left of it, what is found where a secret stays, and what
// the next session gets from the cache. As root and as an ordinary user.
import { execFileSync } from "node:child_process";
import {
  appendFileSync,
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { runToEnd } from "../support/agent-session.ts";
import { type Caller, callersIn, type Ended } from "../support/caller.ts";
import { helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { listen } from "../support/proxy-bed.ts";
import { recordsOf } from "../support/session-records.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-phases-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
afterAll(() => {
  execFileSync(helperPath, ["remove", folder]);
});
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

const SECRET = "npm_9f2Kd8xQ4vLz7TbW1sRe";
const env = { NPM_TOKEN: SECRET };
let sequence = 0;

function workspace(caller: Caller, script = "true"): string {
  const at = caller.folder(`w${sequence++}`);
  expect(caller.outside(["sh", "-ec", script], { cwd: at }).stderr).toBe("");
  return at;
}

interface Phases {
  readonly setup: readonly string[];
  readonly agent: string;
  readonly options?: readonly string[];
}

function run(caller: Caller, cwd: string, { setup, agent, options = [] }: Phases): Ended {
  const commands = setup.flatMap((command) => ["--setup", command]);
  return caller.ringfence(["run", ...commands, ...options, "--", "bash", "-c", agent], { cwd, env });
}

/** What the records of that type say. */
function records(caller: Caller, type: string): readonly Readonly<Record<string, unknown>>[] {
  return recordsOf(caller, type).map(({ data }) => data);
}

/** Everything that is on the caller's disk below the state folder. */
function grepState(caller: Caller, text: string): string {
  return caller.outside(["grep", "-rlF", "--", text, caller.state], { cwd: "/" }).stdout;
}

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  test("it runs first, sees what it is shown, and only the workspace's changes stay", () => {
    const cwd = workspace(caller);
    const ended = run(caller, cwd, {
      setup: [
        'echo "token: $NPM_TOKEN"; mkdir node_modules; echo ready > node_modules/a',
        "echo private > ~/left; echo private > /tmp/left; cat node_modules/a; setsid sleep 4711 & nohup sleep 4711 & true",
      ],
      agent: "cat node_modules/a; env; ls ~/left /tmp/left; cat /proc/[0-9]*/cmdline | tr '\\0' ' '",
      options: ["--setup-expose", "NPM_TOKEN"],
    });
    expect(ended.stderr).toContain(`token: ${SECRET}`);
    expect(ended.stdout).toMatch(/^ready\n/);
    expect(ended.stdout).not.toContain(SECRET);
    expect(ended.stdout).not.toContain("sleep 4711");
    expect(ended.stderr).toContain("cannot access '/tmp/left'");
    expect(ended.stderr).toContain("exposed  NPM_TOKEN");
    expect(readFileSync(join(cwd, "node_modules/a"), "utf8")).toBe("ready\n");
    const [checked] = records(caller, "setup.checked");
    expect(checked).toMatchObject({
      phase: "setup",
      verdict: "gone",
      secrets: ["NPM_TOKEN"],
      processesLeft: 0,
      sockets: 0,
    });
    expect(grepState(caller, SECRET)).toBe("");
  });

  test.each([
    ["its code", "exit 3", 3, "(exit 3)"],
    ["a signal", "kill -9 $$", 137, "(signal SIGKILL)"],
    ["not found", "no-such-program", 127, "(exit 127)"],
  ])("a command that fails by %s ends the run with it", (_name, command, code, words) => {
    const cwd = workspace(caller);
    const ended = run(caller, cwd, { setup: [`touch made; ${command}`, "touch second"], agent: "touch agent" });
    expect(ended.status).toBe(code);
    expect(ended.stderr).toContain(`failed ${words}: \`bash\` is not started`);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("the next session of the same project finds what it installed, and what the host has there does not show through", () => {
    const cwd = workspace(caller, "echo '{}' > package-lock.json");
    const phases = {
      setup: ["rm -rf node_modules; mkdir node_modules; date +%s%N > node_modules/stamp"],
      agent: "cat node_modules/stamp",
    };
    const state = (): unknown => records(caller, "setup.cache")[0]?.["state"];
    const first = run(caller, cwd, phases).stdout;
    expect([first.length > 10, state()]).toEqual([true, "kept"]);
    writeFileSync(join(cwd, "node_modules/later"), "of the host");
    const second = run(caller, cwd, { ...phases, agent: "cat node_modules/stamp; ls node_modules" });
    expect([second.stdout, state()]).toEqual([`${first}stamp\n`, "used"]);
    expect(second.stderr).toContain("from the cache");
  });
});

describe.each(callers.slice(-1).map((caller) => [caller.name, caller] as const))("%s, in detail", (_, caller) => {
  test("quiet shows nothing of a setup, and the last words of one that fails", () => {
    const cwd = workspace(caller);
    const fine = run(caller, cwd, { setup: ["echo noise"], agent: "echo agent", options: ["--quiet"] });
    expect(fine).toMatchObject({ status: 0, stdout: "agent\n", stderr: "" });
    const failed = run(caller, cwd, {
      setup: ["echo noise; echo 'no space'; exit 9"],
      agent: "true",
      options: ["--quiet"],
    });
    expect(failed).toMatchObject({ status: 9, stdout: "" });
    expect(failed.stderr).toMatch(/^ringfence: the setup command .* it said `no space`\nhint: [^\n]+\n$/);
  });

  test.each([
    ["a file", 'mkdir -p node_modules/x; echo "//r/:_authToken=$NPM_TOKEN" > node_modules/x/.rc', "node_modules/x/.rc"],
    ["base64 in a file", 'printf "user:%s" "$NPM_TOKEN" | base64 > auth', "auth"],
    ["hexadecimal digits", 'printf %s "$NPM_TOKEN" | od -An -tx1 | tr -d " \\n" > digits', "digits"],
    ["a file closed to its owner", 'echo "$NPM_TOKEN" > closed; chmod 000 closed', "closed"],
    ["a folder closed to its owner", 'mkdir d; echo "$NPM_TOKEN" > d/f; chmod 000 d', "d/f"],
    ["the name of a file", 'mkdir d; touch "d/$NPM_TOKEN"', "d/"],
    ["a link's target", 'ln -s "/x/$NPM_TOKEN" link', "link"],
    ["across the pieces of a large file", 'head -c 1048570 /dev/zero > big; printf %s "$NPM_TOKEN" >> big', "big"],
    ["the setup's cache", 'mkdir -p ~/.npm/_logs; echo "$NPM_TOKEN" > ~/.npm/_logs/x', "_logs/x"],
    [
      "an extended attribute",
      "touch f; python3 -c \"import os; os.setxattr('f', 'user.note', os.environ['NPM_TOKEN'].encode())\"",
      "extended attribute of",
    ],
    ["gzip", 'printf "x%s" "$NPM_TOKEN" | gzip > z.gz', "z.gz"],
    ["a tar archive within", 'mkdir d; echo "$NPM_TOKEN" > d/f; tar czf d.tgz d; rm -r d', "d.tgz"],
    ["one of git's objects", 'git init -q .; echo "a $NPM_TOKEN" > f; git add f; rm f', ".git/objects/"],
    ["git's configuration", 'git init -q .; git config http.extraHeader "Authorization: $NPM_TOKEN"', ".git/config"],
  ])("a secret that stays in %s keeps the agent from starting", (_name, command, where) => {
    const cwd = workspace(caller);
    const ended = run(caller, cwd, {
      setup: [command],
      agent: "touch agent",
      options: ["--setup-expose", "NPM_TOKEN"],
    });
    expect(ended.stderr).toContain(where);
    expect(ended.stderr).toContain("holds `NPM_TOKEN`: `bash` is not started");
    expect(ended.status).toBe(126);
    expect(existsSync(join(cwd, "agent"))).toBe(false);
    expect(records(caller, "setup.checked")[0]).toMatchObject({ verdict: "found" });
    execFileSync("rm", ["-rf", join(caller.state, "ringfence/caches")]);
    expect(ended.stderr).not.toContain(SECRET);
    expect(grepState(caller, SECRET)).toBe("");
  });

  test("what is compressed in a way that is not read here counts where a secret was shown, and only there", () => {
    const setup = ["printf '\\375\\067\\172\\130\\132\\000rest' > made.xz"];
    const shown = run(caller, workspace(caller), {
      setup,
      agent: "touch agent",
      options: ["--setup-expose", "NPM_TOKEN"],
    });
    expect(shown.status).toBe(126);
    expect(shown.stderr).toMatch(
      /made\.xz` is compressed in a way that is not read here \(xz\): `bash` is not started/,
    );
    expect(run(caller, workspace(caller), { setup, agent: "true" }).status).toBe(0);
  });

  test("a secret of the agent's own environment is none of the setup's that is gone", () => {
    const cwd = workspace(caller);
    const options = ["--setup-expose", "NPM_TOKEN", "--env", `OTHER=${SECRET}`];
    const ended = run(caller, cwd, { setup: ["true"], agent: "touch agent", options });
    expect(ended.status).toBe(126);
    expect(ended.stderr).toContain("the agent's own environment, arguments or handed-in files hold `NPM_TOKEN`");
  });

  test("it has a network of its own, and the agent has only its own rules", async () => {
    const url = `http://pkg.test:${await listen(createServer((_request, response) => void response.end("package\n")))}/`;
    const cwd = workspace(caller);
    const fetched = `curl -s -m 5 -o %s -w "%{http_code}" ${url}`;
    const options = ["--setup-allow-domain", `${new URL(url).host}=127.0.0.1/32`];
    const command = `cat got; ${fetched.replace("%s", "/dev/null")}`;
    const argv = ["run", ...options, "--setup", fetched.replace("%s", "got"), "--", "bash", "-c", command];
    const ended = await runToEnd(caller.as([launcher, ...argv]), cwd, { ...caller.env, ...env });
    expect(ended.stdout).toBe("package\n403");
    expect(ended.stderr).toContain("200");
    expect(records(caller, "net.connect").some(({ host, phase }) => host === "pkg.test" && phase === "setup")).toBe(
      true,
    );
    expect(records(caller, "net.blocked")[0]).toMatchObject({ host: "pkg.test" });
    expect(records(caller, "net.blocked")[0]).not.toHaveProperty("phase");
  });

  test("its time is the session's", () => {
    const cwd = workspace(caller);
    const during = run(caller, cwd, { setup: ["sleep 30"], agent: "touch agent", options: ["--timeout", "1s"] });
    expect(during.status).toBe(124);
    expect(existsSync(join(cwd, "agent"))).toBe(false);
    const after = run(caller, cwd, { setup: ["sleep 1"], agent: "sleep 30", options: ["--timeout", "2s"] });
    expect(after.status).toBe(124);
    expect(after.stderr).toContain("the timeout limit of this session is reached (2 s)");
  });

  test("a project's own setup is not run before a person accepted it", () => {
    const cwd = workspace(
      caller,
      "mkdir .ringfence; printf 'setup: {run: [\"touch setup-ran\"]}\\n' > .ringfence/policy.yaml",
    );
    expect(run(caller, cwd, { setup: [], agent: "ls" }).stdout).not.toContain("setup-ran");
    const options = ["--policy", ".ringfence/policy.yaml"];
    expect(run(caller, cwd, { setup: [], agent: "ls", options }).stdout).toContain("setup-ran");
  });

  test("a deny rule binds it, and a workspace that keeps nothing has none", () => {
    const cwd = workspace(caller, "printf 'permissions: {deny: [\"Bash(curl *)\"]}\\n' > p.yaml");
    const denied = run(caller, cwd, { setup: ["curl http://x.test"], agent: "true", options: ["--policy", "p.yaml"] });
    expect(denied.status).toBe(126);
    const kept = run(caller, cwd, { setup: ["true"], agent: "true", options: ["--workspace", "read-only"] });
    expect(kept).toMatchObject({ status: 125 });
    const unset = run(caller, cwd, { setup: ["true"], agent: "true", options: ["--setup-expose", "NO_SUCH"] });
    expect(unset).toMatchObject({ status: 125 });
  });

  test.each(["clone", "worktree", "direct"])("in a %s workspace the agent finds what it installed", (kind) => {
    const cwd = workspace(
      caller,
      "git init -q .; git -c user.name=a -c user.email=a@b.test commit -q --allow-empty -m x",
    );
    const ended = run(caller, cwd, {
      setup: ["mkdir node_modules; echo ready > node_modules/a"],
      agent: "cat node_modules/a",
      options: ["--workspace", kind],
    });
    expect(ended).toMatchObject({ status: 0, stdout: "ready\n" });
  });

  test("in a container it is the same", (context) => {
    needs(context, "podman");
    const cwd = workspace(caller);
    const ended = run(caller, cwd, {
      setup: ['test -n "$NPM_TOKEN" && mkdir node_modules && echo ready > node_modules/a'],
      agent: "cat node_modules/a; env | grep -c NPM_TOKEN",
      options: ["--runtime", "container", "--setup-expose", "NPM_TOKEN"],
    });
    expect(ended.stdout).toBe("ready\n0\n");
  });

  describe("the cache", () => {
    const install = "mkdir -p node_modules; rm -rf node_modules; mkdir node_modules; date +%s%N > node_modules/stamp";
    const phases = { setup: [install], agent: "cat node_modules/stamp" };
    const project = (more = "true"): string =>
      workspace(caller, `echo '{"lockfileVersion": 3}' > package-lock.json; ${more}`);

    test.each([
      ["a lockfile", (cwd: string) => appendFileSync(join(cwd, "package-lock.json"), " ")],
      [
        "a manifest of a package of the workspace",
        (cwd: string) => {
          mkdirSync(join(cwd, "packages/a"), { recursive: true });
          writeFileSync(join(cwd, "packages/a/package.json"), "{}");
        },
      ],
    ])("another %s is another setup", (_name, change) => {
      const cwd = project();
      const first = run(caller, cwd, phases).stdout;
      change(cwd);
      expect(run(caller, cwd, phases).stdout).not.toBe(first);
    });

    test("another command, another network, `cache: off` and another project share nothing", () => {
      const cwd = project();
      const first = run(caller, cwd, phases).stdout;
      const other = (more: Partial<Phases>): string => run(caller, cwd, { ...phases, ...more }).stdout;
      expect(other({ setup: [`${install}; true`] })).not.toBe(first);
      expect(other({ options: ["--setup-allow-domain", "a.test"] })).not.toBe(first);
      writeFileSync(join(folder, "off.yaml"), "setup: {cache: off}\n");
      expect(other({ options: ["--policy", join(folder, "off.yaml")] })).not.toBe(first);
      expect(run(caller, project(), phases).stdout).not.toBe(first);
    });

    test("another value of a variable that is handed in is another setup", () => {
      const cwd = project();
      const install = 'mkdir node_modules; echo "$MIRROR" > node_modules/stamp';
      const from = (mirror: string): string =>
        caller.ringfence(["run", "--env", "MIRROR", "--setup", install, "--", "cat", "node_modules/stamp"], {
          cwd,
          env: { ...env, MIRROR: mirror },
        }).stdout;
      expect([from("one"), from("two"), from("one")]).toEqual(["one\n", "two\n", "one\n"]);
    });

    test("a kept setup that was changed is seen, and not used", () => {
      const cwd = project();
      const first = run(caller, cwd, phases).stdout;
      const kept = caller
        .outside(["sh", "-c", `grep -rl ${first.trim()} ${caller.state}/ringfence/setup`], { cwd })
        .stdout.trim();
      expect(kept).toMatch(/trees\/0\/stamp$/);
      writeFileSync(kept, `${"6".repeat(19)}\n`);
      const second = run(caller, cwd, phases);
      expect(second.stdout).not.toMatch(/666666/);
      expect(second.stderr).toContain("is not what it was when it was kept");
      expect(second.status).toBe(0);
    });

    test.each([
      ["that failed", { ...phases, setup: [`${install}; exit 1`] }],
      [
        "that left a secret",
        {
          setup: [`${install}; echo $NPM_TOKEN > node_modules/t`],
          agent: "true",
          options: ["--setup-expose", "NPM_TOKEN"],
        },
      ],
      ["that changed something else too", { ...phases, setup: [`${install}; date > other`] }],
      ["that only added to what was there", { setup: ["date +%N > vendor/stamp"], agent: "true" }],
    ])("a setup %s is not kept", (_name, one) => {
      const cwd = project("mkdir vendor; echo x > vendor/x");
      const before = caller.outside(["sh", "-c", `ls ${caller.state}/ringfence/setup/*`], { cwd }).stdout;
      run(caller, cwd, one);
      expect(caller.outside(["sh", "-c", `ls ${caller.state}/ringfence/setup/*`], { cwd }).stdout).toBe(before);
    });
  });
});
