// `ringfence run` as its callers meet it: exit codes, bad input, streams and signals, the environment, limits, what comes back to the
// workspace, and what a kill leaves. Against the built program, as root and as an ordinary user.
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmdirSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type Caller, callersIn, type Ended } from "../support/caller.ts";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-run-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
// Not removeTree: what hostile commands leave in a session is deeper than any path.
afterAll(() => void execFileSync(helperPath, ["remove", folder]));

let sequence = 0;
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

/** A fresh workspace, prepared by a script that runs as the caller. */
function workspace(caller: Caller, script = "true"): string {
  const at = caller.folder(`w${sequence++}`);
  const made = caller.outside(["sh", "-ec", script], { cwd: at });
  expect(made.stderr).toBe("");
  return at;
}

const run = (caller: Caller, cwd: string, script: string, ...options: readonly string[]): Ended =>
  caller.ringfence(["run", "--quiet", ...options, "--", "bash", "-c", script], { cwd });

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  test.each([
    ["its own code", ["sh", "-c", "exit 3"], 3],
    ["a signal", ["sh", "-c", "kill -9 $$"], 137],
    ["a fault", ["sh", "-c", "kill -SEGV $$"], 139],
    ["not found", ["no-such-program"], 127],
    ["not executable", ["./plain"], 126],
  ] as const)("exits with %s", (_name, argv, code) => {
    const cwd = workspace(caller, "echo x > plain");
    const outside = caller.outside(["sh", "-c", '"$@"', "sh", ...argv], { cwd }).status;
    expect(outside === null ? code : outside).toBe(code);
    expect(caller.ringfence(["run", "--quiet", "--", ...argv], { cwd }).status).toBe(code);
  });

  test.each([
    ["an unknown option", ["run", "--bogus", "--", "true"], 64],
    ["no command", ["run", "--"], 64],
    ["an unknown command", ["frobnicate"], 64],
    ["a policy that is not there", ["run", "--policy", "/nonexistent", "--", "touch", "ran"], 65],
    ["an unknown key", ["run", "--policy", "unknown.yaml", "--", "touch", "ran"], 65],
    ["bad YAML", ["run", "--policy", "bad.yaml", "--", "touch", "ran"], 65],
  ] as const)("%s: one clear line, nothing run", (_name, args, code) => {
    const cwd = workspace(
      caller,
      "printf 'version: 1\\nsandbox: {bogus: 1}\\n' > unknown.yaml; printf 'version: 1\\n  - [}\\n' > bad.yaml",
    );
    const ended = caller.ringfence(args, { cwd });
    expect(ended).toMatchObject({ status: code, stdout: "" });
    expect(ended.stderr).toMatch(/^ringfence: [^\n]+\n(?:hint: [^\n]+\n)?$/);
    expect(existsSync(join(cwd, "ran"))).toBe(false);
  });

  test.each(["/", "/tmp", "HOME", "INSTALLATION", "STATE", "GONE"])("refuses %s as a workspace", (place) => {
    const gone = caller.folder("gone");
    const cwd =
      {
        // The passwd entry counts: the tests' own caller has a real one, a user made for them has the bench's.
        HOME: caller.name === "root" || process.getuid?.() !== 0 ? userInfo().homedir : caller.home,
        INSTALLATION: checkout,
        STATE: caller.state,
        GONE: gone,
      }[place] ?? place;
    const script = place === "GONE" ? 'rmdir "$PWD"; exec "$0" run -- true' : 'exec "$0" run -- true';
    const ended = caller.outside(["sh", "-c", script, launcher], { cwd });
    expect(ended).toMatchObject({ status: 125, stdout: "" });
    expect(ended.stderr).toMatch(/^ringfence: [^\n]+\nhint: [^\n]+\n$/m);
    if (existsSync(gone)) rmdirSync(gone);
  });

  test("works in a folder with a strange name, and through a link to it", () => {
    const cwd = caller.folder(`a b:,\\n"'é\n${sequence++}`);
    const link = join(folder, `link${sequence++}`);
    symlinkSync(cwd, link);
    expect(run(caller, link, "pwd; echo x > 'new\nline'").stdout).toBe(`${cwd}\n`);
    expect(readFileSync(join(cwd, "new\nline"), "utf8")).toBe("x\n");
  });

  test("builds the environment from nothing", () => {
    const secrets = {
      AWS_SECRET_ACCESS_KEY: "s1",
      GITHUB_TOKEN: "s2",
      BASH_ENV: "/tmp/x",
      LD_PRELOAD: "",
      SSH_AUTH_SOCK: "/s3",
    };
    const cwd = workspace(caller);
    expect(caller.outside(["env"], { cwd, env: secrets }).stdout).toContain("s1");
    const inside = caller.ringfence(["run", "--quiet", "--env", "GITHUB_TOKEN", "--", "env"], {
      cwd,
      env: secrets,
    }).stdout;
    expect(Object.keys(secrets).filter((name) => inside.includes(`${name}=`))).toEqual(["GITHUB_TOKEN"]);
    expect(inside).not.toContain(caller.state);
  });

  test("no descriptor of the caller reaches the command", () => {
    const cwd = workspace(caller, "mkdir away; echo kept > kept");
    const file = join(cwd, "kept");
    const look = "cat <&9; ls -l /proc/self/fd | grep -c ' [3-9] ->'; echo over >&9";
    const by = (launch: string, script: string): Ended =>
      caller.outside(["bash", "-c", `${launch} bash -c "$1" 9<>"$0"`, file, script], { cwd });
    expect(by("", "cat <&9").stdout).toBe("kept\n");
    const ringfence = `'${launcher}' run --quiet --`;
    expect(by(ringfence, look).stdout).not.toContain("kept");
    expect(readFileSync(file, "utf8")).toBe("kept\n");
    // Standard input that can be written, or that is a folder: the command gets a pipe.
    const stdin = (what: string, script: string): Ended =>
      caller.outside(["bash", "-c", `exec 0${what}; ${ringfence} bash -c "$0"`, script], { cwd });
    expect(stdin(`<>'${file}'`, "cat; echo over >&0").stdout).toBe("kept\n");
    expect(readFileSync(file, "utf8")).toBe("kept\n");
    expect(
      stdin("<'/etc'", "ls /proc/self/fd/0/ssl/private /dev/fd/0/shadow; cd /proc/self/fd/0 || echo refused").stdout,
    ).toBe("refused\n");
  });

  test("hands signals on and takes the whole tree down", async () => {
    const cwd = workspace(caller);
    const script = `trap 'exit 7' TERM; setsid sh -c 'sleep 61.${process.pid}' & echo up; while :; do sleep 0.05; done`;
    const [file = "", ...args] = caller.as([launcher, "run", "--quiet", "--", "bash", "-c", script]);
    const child = spawn(file, args, { cwd, env: caller.env, stdio: ["ignore", "pipe", "inherit"] });
    await new Promise((settle) => child.stdout.once("data", settle));
    await until(() => processes(`61.${process.pid}`) > 0);
    child.kill("SIGTERM");
    expect(await new Promise((settle) => child.once("close", settle))).toBe(7);
    expect(processes(`61.${process.pid}`)).toBe(0);
  });

  test("killed at any moment: no process, no mount, nothing in the workspace, and the next start cleans", async () => {
    const cwd = workspace(caller, "echo a > a");
    const mark = `62.${process.pid}`;
    const script = `echo x > new; setsid sleep ${mark} & sleep ${mark}`;
    for (let round = 0; round < 20; round++) {
      const [file = "", ...args] = caller.as([launcher, "run", "--", "bash", "-c", script]);
      const child = spawn(file, args, { cwd, env: caller.env, stdio: "ignore" });
      await sleep(20 + 22 * round);
      child.kill("SIGKILL");
      await until(() => processes(mark) === 0);
      expect(readdirSync(cwd)).toEqual(["a"]);
    }
    expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(caller.state);
    expect(run(caller, cwd, "true").status).toBe(0);
    const sessions = join(caller.state, "ringfence/sessions");
    const named = readdirSync(sessions).filter((id) => existsSync(join(sessions, id, "meta.json")));
    const left = named.flatMap((id) => readdirSync(join(sessions, id)));
    expect(left.filter((name) => /home|tmp|work|sock/.test(name))).toEqual([]);
    expect(caller.ringfence(["log", "verify"], { cwd }).status).toBeOneOf([0, 2]);
  });

  test.each([
    ["time", ["--timeout", "1s"], "sleep 30"],
    [
      "memory",
      ["--memory", "200m"],
      "python3 -c 'import time\nx=[]\nfor i in range(60): x.append(bytearray(10<<20)); time.sleep(.02)'",
    ],
    [
      "memory in files of /dev/shm",
      ["--memory", "200m"],
      "for i in $(seq 60); do head -c 10M /dev/zero > /dev/shm/$i; sleep .03; done; sleep 1",
    ],
    [
      "memory in files without a name",
      ["--memory", "200m"],
      "python3 -c 'import os,time\nf=os.memfd_create(\"x\")\nfor i in range(60): os.write(f,bytes(10<<20)); time.sleep(.03)\ntime.sleep(1)'",
    ],
  ] as const)("the limit of %s ends the session with 124, and its work waits", (_name, options, script) => {
    const cwd = workspace(caller);
    expect(caller.outside(["timeout", "3", "bash", "-c", script], { cwd }).status).toBeOneOf([0, 124]);
    const ended = run(caller, cwd, `echo x > new; ${script}`, ...options);
    expect(ended.status).toBe(124);
    expect(readdirSync(cwd)).toEqual([]);
  });

  test("the limits of processes and file size hold inside", () => {
    const cwd = workspace(caller);
    const fork = "n=0; for i in $(seq 200); do sleep 3 & n=$((n+1)); done 2>/dev/null; jobs -r | wc -l";
    expect(Number(caller.outside(["bash", "-c", `${fork}; kill $(jobs -p)`], { cwd }).stdout)).toBe(200);
    const many = run(caller, cwd, fork, "--pids", "40");
    expect(many.status === 124 || Number(many.stdout) < 41).toBe(true);
    writeFileSync(join(folder, "small.yaml"), "version: 1\nsandbox: {limits: {fileSize: 1m}}\n");
    const large = run(
      caller,
      cwd,
      "head -c 3M /dev/zero > big; stat -c %s big; echo after",
      "--policy",
      join(folder, "small.yaml"),
    );
    expect(large.stdout).toBe("1048576\nafter\n");
  });

  test("a secret file is absent under every name, and a folder that holds one stays", () => {
    const cwd = workspace(
      caller,
      "mkdir -p a/b conf; echo S=1 > .env; echo S=1 > a/b/.env.local; ln .env other; echo S=1 > conf/real; ln -s ../conf/real a/.env; echo E=1 > .env.example",
    );
    const read =
      "cat .env other a/b/.env.local conf/real a/.env 2>/dev/null; mv a moved; cat moved/b/.env.local 2>/dev/null; cat .env.example";
    expect(caller.outside(["bash", "-c", "cat .env other a/b/.env.local conf/real a/.env"], { cwd }).stdout).toBe(
      "S=1\n".repeat(5),
    );
    expect(run(caller, cwd, `${read}; rm -rf conf a; echo mine > .env`).stdout).toBe("E=1\n");
    expect(["a/b/.env.local", "conf/real", ".env"].map((name) => readFileSync(join(cwd, name), "utf8"))).toEqual([
      "S=1\n",
      "S=1\n",
      "S=1\n",
    ]);
  });

  test.each(["overlay", "read-only", "direct"])(
    "a socket or pipe of the host in a %s workspace leads to nobody",
    async (kind) => {
      const cwd = workspace(caller);
      const shown = caller.folder(`shown${sequence++}`);
      const serve =
        "import socket,sys,os\nl=[]\nfor p in sys.argv[1:]:\n s=socket.socket(socket.AF_UNIX); s.bind(p+'/s'); s.listen(9); l.append(s); os.mkfifo(p+'/f')\nprint('up',flush=True)\nsys.stdin.read()";
      const [file = "", ...args] = caller.as(["python3", "-c", serve, cwd, shown]);
      const host = spawn(file, args, { env: caller.env, stdio: ["pipe", "pipe", "inherit"] });
      await new Promise((settle) => host.stdout.once("data", settle));
      const connect =
        "import socket,sys,os\nfor p in sys.argv[1:]:\n for act in (lambda: socket.socket(socket.AF_UNIX).connect(p+'/s'), lambda: os.close(os.open(p+'/f',os.O_RDWR))):\n  try: act(); print('reached',p)\n  except OSError: pass";
      const tries = ["python3", "-c", connect, cwd, shown];
      expect(caller.outside(tries, { cwd }).stdout.split("\n")).toHaveLength(5);
      for (const option of ["--allow-read", "--allow-write"]) {
        const inside = caller.ringfence(["run", "--quiet", "--workspace", kind, option, shown, "--", ...tries], {
          cwd,
        });
        // An overlay's pipe is the fence's own: opening it both ways meets nobody.
        const reached = inside.stdout.split("\n").filter((line) => line !== "");
        expect(
          reached
            .filter((line) => kind === "direct" || !line.endsWith(cwd))
            .filter((line) => option === "--allow-write" || !line.endsWith(shown)),
        ).toEqual([]);
        expect(inside.stderr).toBe("");
      }
      host.stdin.end();
    },
  );

  test("what a hostile command leaves in the workspace comes back clean or waits", (context) => {
    needs(context, "git", "python3");
    const cwd = workspace(caller, "git init -q .; echo 1 > f1; mkdir d; echo x > d/x; mkdir n; git -C n init -q");
    const script = readFileSync(join(checkout, "tests/support/leave.py"), "utf8");
    const ended = caller.ringfence(["run", "--quiet", "--", "python3", "-c", script], { cwd, timeoutMs: 110_000 });
    expect(ended).toMatchObject({ status: 0, stdout: "" });
    const here = caller.outside(["find", ".", "-newer", "f1", "-not", "-path", "./deep/*", "-printf", "%y%m %p\\n"], {
      cwd,
    }).stdout;
    const bad = here
      .split("\n")
      .filter((line) =>
        /^[pscb]|^f[24567]\d\d\d|hooks\/(?!.*sample)|\.vscode\/.|link-out|\.npmrc|bare\/config/i.test(line),
      );
    expect(bad.filter((line) => !/^d755 .*hooks$|samples?$/.test(line))).toEqual([]);
    expect(readFileSync(join(cwd, "new\nline"), "utf8")).toBe("x");
    expect(readFileSync(join(cwd, "Readme"), "utf8") + readFileSync(join(cwd, "README"), "utf8")).toBe("12");
    expect(existsSync(join(cwd, "link-in"))).toBe(true);
  });

  test("hooks and filters of a hostile repository are not run outside, and its .npmrc is nobody's word", (context) => {
    needs(context, "git");
    const bomb = `touch ${join(caller.folder("fired"), "it")}`;
    const cwd = workspace(
      caller,
      `git init -q .; echo 'registry=http://evil.test/' > .npmrc; git config core.fsmonitor '${bomb}'; git config core.hooksPath .; git config alias.st '!${bomb}'; git config core.pager '${bomb}'; git config filter.x.clean '${bomb}'; echo '* filter=x diff=x' > .gitattributes; git config diff.x.textconv '${bomb}'`,
    );
    const fired = join(caller.folder("fired"), "it");
    caller.outside(["git", "status"], { cwd });
    expect(existsSync(fired)).toBe(true);
    caller.outside(["rm", fired], { cwd });
    const ended = run(
      caller,
      cwd,
      "echo a > a; git add a 2>/dev/null; npm config get registry",
      "--allow-domain",
      "preset:npm",
    );
    expect(ended.status).toBe(0);
    expect(existsSync(fired)).toBe(false);
    caller.ringfence(["review"], { cwd });
    expect(existsSync(fired)).toBe(false);
  });

  test("a full disk under the record: nothing runs, one clear line", (context) => {
    needs(context, "root");
    const cwd = workspace(caller);
    const state = caller.folder(`small${sequence++}`);
    const mount = `mount -t tmpfs -o size=64k,mode=777 t '${state}' && head -c 60k /dev/zero > '${state}/full' && exec "$@"`;
    const [file = "", ...args] = [
      "unshare",
      "-m",
      "sh",
      "-c",
      mount,
      "sh",
      ...caller.as([launcher, "run", "--", "touch", "ran"]),
    ];
    const child = spawn(file, args, {
      cwd,
      env: { ...caller.env, XDG_STATE_HOME: state },
      stdio: ["ignore", "ignore", "pipe"],
    });
    return new Promise<void>((settle) => {
      let complaint = "";
      child.stderr.on("data", (text) => {
        complaint += String(text);
      });
      child.once("close", (code) => {
        expect(code).toBe(125);
        expect(complaint).toMatch(/^ringfence: [^\n]*ENOSPC[^\n]*\nhint: free some space there[^\n]*\n$/);
        expect(existsSync(join(cwd, "ran"))).toBe(false);
        settle();
      });
    });
  });
});

/** Processes on the host whose command line has the word. */
function processes(word: string): number {
  return readdirSync("/proc").filter((name) => {
    if (!/^\d+$/.test(name) || name === String(process.pid)) return false;
    try {
      return readFileSync(`/proc/${name}/cmdline`, "latin1")
        .split("\0")
        .some((part) => part === word || part === `sleep ${word}`);
    } catch {
      return false; // ended meanwhile
    }
  }).length;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 100) throw new Error("it does not come true");
    await sleep(50);
  }
}
