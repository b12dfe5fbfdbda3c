// `ringfence exec` and `ringfence sessions` against the built program: one more command in the fence of the first, with its own streams, on record,
// under the same walls, and gone with the session. As root and as an ordinary user.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { fencedCommand, openIdleSession } from "#monitor";
import { type Caller, callersIn, type Ended } from "../support/caller.ts";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { openTerminal, quoted } from "../support/tmux.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-exec-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
afterAll(() => void execFileSync(helperPath, ["remove", folder]));
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

/** A session whose first command waits, until the test is over. */
interface Session extends AsyncDisposable {
  readonly id: string;
  readonly cwd: string;
  readonly ended: Promise<number | null>;
  exec(argv: readonly string[], options?: { readonly input?: string; readonly cwd?: string }): Ended;
}

let sequence = 0;

async function openSession(
  caller: Caller,
  options: readonly string[] = [],
  first: readonly string[] = ["sleep", "60"],
): Promise<Session> {
  const cwd = caller.folder(`w${sequence++}`);
  const [file = "", ...args] = caller.as([launcher, "run", "--quiet", ...options, "--", ...first]);
  const child: ChildProcess = spawn(file, args, { cwd, env: caller.env, stdio: "ignore" });
  const ended = new Promise<number | null>((done) => child.once("close", done));
  const id = await runningIn(caller, cwd);
  const exec: Session["exec"] = (argv, start = {}) => caller.ringfence(["exec", id, "--", ...argv], { cwd, ...start });
  return {
    ...{ id, cwd, ended, exec },
    async [Symbol.asyncDispose]() {
      caller.ringfence(["sessions", "stop", id], { cwd });
      await ended;
    },
  };
}

async function runningIn(caller: Caller, cwd: string): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const { stdout } = caller.ringfence(["sessions", "--json"], { cwd });
    const found = sessionsOf(stdout).find((one) => one.workspace === cwd && one.state === "running");
    if (found !== undefined) return found.id;
    await sleep(50);
  }
  throw new Error("the session did not start");
}

interface Listed {
  readonly id: string;
  readonly state: string;
  readonly workspace: string;
  readonly contained: boolean;
}

function sessionsOf(json: string): readonly Listed[] {
  return (JSON.parse(json) as { readonly sessions: readonly Listed[] }).sessions;
}

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  test("streams, exit codes and the record", async () => {
    await using session = await openSession(caller);
    expect(session.exec(["cat"], { input: "in\n" })).toMatchObject({ status: 0, stdout: "in\n", stderr: "" });
    expect(session.exec(["sh", "-c", "echo out; echo err >&2; exit 7"])).toMatchObject({
      status: 7,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(session.exec(["sh", "-c", "kill -9 $$"]).status).toBe(137);
    const unstarted = "ringfence: the command cannot be run inside: ";
    expect(session.exec(["no-such-program"])).toMatchObject({
      status: 127,
      stderr: `${unstarted}No such file or directory\n`,
    });
    expect(session.exec(["/etc/passwd"])).toMatchObject({ status: 126, stderr: `${unstarted}Permission denied\n` });
    expect(session.exec(["sh", "-c", "exit 127"])).toMatchObject({ status: 127, stderr: "" });
    expect(session.exec(["sh", "-c", "exit 199"]).status).toBe(199);
    const big = session.exec(["sh", "-c", "head -c 3000000 /dev/zero | tr '\\0' x"]);
    expect(big.stdout.length).toBe(3_000_000);
    const log = caller.ringfence(["log", "show", session.id, "--type", "exec.*", "--json"], { cwd: session.cwd });
    const { records } = JSON.parse(log.stdout) as {
      records: readonly { type: string; data: { further?: string; code?: number; argv?: readonly string[] } }[];
    };
    const further = records.filter(({ data }) => data.further !== undefined);
    expect(further.slice(0, 2).map(({ type, data }) => [type, data.argv ?? data.code])).toEqual([
      ["exec.start", ["cat"]],
      ["exec.exit", 0],
    ]);
    expect(further.filter(({ type }) => type === "exec.exit").map(({ data }) => data.code)).toEqual([
      0, 7, 137, 127, 126, 127, 199, 0,
    ]);
  });

  test("is in the fence of the first: same view, same user, no capability, no descriptor of the host", async () => {
    await using session = await openSession(caller, [], ["sh", "-c", "echo first > made; exec sleep 60"]);
    const secret = join(caller.home, "outside.txt");
    caller.outside(["sh", "-c", `echo secret > ${secret}`], { cwd: session.cwd });
    expect(caller.outside(["cat", secret], { cwd: session.cwd }).stdout).toBe("secret\n");
    expect(session.exec(["cat", secret]).status).toBe(1);
    expect(session.exec(["cat", "made"]).stdout).toBe("first\n");
    expect(existsSync(join(session.cwd, "made"))).toBe(false);
    const facts = session.exec([
      "sh",
      "-c",
      "grep -E '^(CapEff|CapBnd|CapAmb|NoNewPrivs|Seccomp):' /proc/self/status; ls /proc/self/fd | wc -l; for p in 2 self; do for n in user pid mnt net ipc uts; do readlink /proc/$p/ns/$n; done; done",
    ]);
    const lines = facts.stdout.trim().split("\n");
    expect(lines.slice(0, 6).map((line) => line.replace(/\s+/, " "))).toEqual(
      [
        "NoNewPrivs: 1",
        "Seccomp: 2",
        "CapEff: 0000000000000000",
        "CapBnd: 0000000000000000",
        "CapAmb: 0000000000000000",
        "4",
      ].toSorted(
        (a, b) =>
          lines.findIndex((l) => l.startsWith(a.slice(0, 4))) - lines.findIndex((l) => l.startsWith(b.slice(0, 4))),
      ),
    );
    const namespaces = lines.slice(6);
    expect(namespaces.slice(0, 6)).toEqual(namespaces.slice(6));
    const descriptors = session.exec(["sh", "-c", "for f in 0 1 2; do readlink /proc/self/fd/$f; done"]).stdout;
    expect(
      descriptors
        .trim()
        .split("\n")
        .every((one) => /^pipe:/.test(one)),
    ).toBe(true);
    // and no way back to what bubblewrap's own namespace holds
    expect(session.exec(["unshare", "-U", "true"]).status).not.toBe(0);
    expect(session.exec(["sh", "-c", "kill -9 1; kill -0 1"]).status).toBe(0);
    expect(session.exec(["readlink", "/proc/1/fd/0"]).status).not.toBe(0);
  });

  test("changes of a further command come back like the first's", async () => {
    const session = await openSession(caller);
    expect(session.exec(["sh", "-c", "echo two > made; mkdir -p sub"]).status).toBe(0);
    expect(session.exec(["pwd"], { cwd: session.cwd }).stdout).toBe(`${session.cwd}\n`);
    expect(session.exec(["pwd"], { cwd: "/" }).stdout).toBe(`${session.cwd}\n`);
    await session[Symbol.asyncDispose]();
    // stopped, so judged, and clean: applied
    expect(readFileSync(join(session.cwd, "made"), "utf8")).toBe("two\n");
  });

  test("a policy's deny refuses it with 126, before anything runs", async () => {
    const cwd = caller.folder(`p${sequence}`);
    const policy = join(cwd, "deny.yaml");
    writeFileSync(policy, "version: 1\npermissions:\n  deny: ['Bash(touch *)']\n");
    await using session = await openSession(caller, ["--policy", policy]);
    const denied = session.exec(["touch", "x"]);
    expect([denied.status, denied.stderr]).toEqual([126, expect.stringMatching(/denied[\s\S]*hint: /)]);
    const place = join(caller.state, "ringfence/sessions", session.id);
    const native = caller.outside([helperPath, "exec", place, "--", "touch", "x"], { cwd: session.cwd });
    expect([native.status, native.stderr]).toEqual([126, expect.stringMatching(/denied[\s\S]*hint: /)]);
    expect(session.exec(["ls"]).stdout).toBe("");
  });

  test("ends with the session: by its first command, by a stop, by a limit", async () => {
    const session = await openSession(caller, [], ["sleep", "4"]);
    const waiting = session.exec(["sleep", "60"]);
    expect([waiting.status, waiting.stderr]).toEqual([137, expect.stringContaining("the session has ended")]);
    expect(await session.ended).toBe(0);

    const limited = await openSession(caller, ["--timeout", "4s"]);
    const cut = limited.exec(["sleep", "60"]);
    expect([cut.status, cut.stderr]).toEqual([124, expect.stringContaining("timeout limit")]);
    expect(await limited.ended).toBe(124);
  });

  test("a caller that is killed takes its command along; a background process does not hold it", async () => {
    await using session = await openSession(caller);
    const [file = "", ...args] = caller.as([launcher, "exec", session.id, "--", "sh", "-c", "echo on; exec sleep 61"]);
    const child = spawn(file, args, { cwd: session.cwd, env: caller.env, stdio: ["ignore", "pipe", "ignore"] });
    await new Promise((done) => child.stdout.once("data", done));
    expect(session.exec(["pgrep", "-x", "sleep", "-c"]).stdout.trim()).toBe("2");
    const helper = execFileSync("pgrep", ["-f", `attach .*${session.id}`], { encoding: "utf8" })
      .trim()
      .split("\n");
    for (const pid of helper) process.kill(Number(pid), "SIGKILL");
    for (let tries = 0; tries < 50 && session.exec(["pgrep", "-x", "sleep", "-c"]).stdout.trim() !== "1"; tries++)
      await sleep(50);
    expect(session.exec(["pgrep", "-x", "sleep", "-c"]).stdout.trim()).toBe("1");
    const left = session.exec(["sh", "-c", "sleep 62 & echo gone"]);
    expect([left.status, left.stdout]).toEqual([0, "gone\n"]);
  });

  test("a terminal of its own", async (context) => {
    needs(context, "tmux");
    await using session = await openSession(caller);
    const shell = caller.as([launcher, "exec", session.id, "--", "bash", "--norc", "-i"]).map(quoted).join(" ");
    const at = caller.folder(`t${sequence++}`);
    using terminal = openTerminal({
      ...{ folder: at, cwd: session.cwd, columns: 90, rows: 20 },
      shell: `${shell}; echo left $?; sleep 5`,
      env: { ...caller.env, TERM: "xterm-256color", PS1: "in> " },
    });
    await terminal.until(/\$\s*$/);
    terminal.type("tty; stty size", "Enter");
    await terminal.until(/\/dev\/pts\/\d+\n20 90/);
    terminal.resize(100, 25);
    await sleep(300);
    terminal.type("stty size", "Enter");
    await terminal.until(/25 100/);
    terminal.type("sleep 60", "Enter");
    await sleep(300);
    terminal.type("C-c");
    terminal.type("exit 9", "Enter");
    await terminal.until(/left 9/);
  });

  test("a direct workspace guards its protected names against further commands too", async () => {
    const write = ["sh", "-c", "mkdir -p .git/hooks && echo x > .git/hooks/pre-commit"];
    const outside = caller.folder(`d${sequence++}`);
    expect(caller.outside(write, { cwd: outside }).status).toBe(0);
    await using session = await openSession(caller, ["--workspace", "direct"]);
    expect(session.exec(["sh", "-c", "echo live > made"]).status).toBe(0);
    expect(readFileSync(join(session.cwd, "made"), "utf8")).toBe("live\n");
    expect(session.exec(write).status).not.toBe(0);
    expect(session.exec(["sh", "-c", "echo x > .npmrc"]).status).not.toBe(0);
    expect(existsSync(join(session.cwd, ".git/hooks/pre-commit"))).toBe(false);
    expect(existsSync(join(session.cwd, ".npmrc"))).toBe(false);
    const log = caller.ringfence(["log", "show", session.id, "--type", "file.write"], { cwd: session.cwd });
    expect(log.stdout).toContain(".npmrc");
  });

  test("the helper does the same without Node, for agents whose commands are rewritten", async () => {
    await using session = await openSession(caller);
    const place = { helper: helperPath, folder: join(caller.state, "ringfence/sessions", session.id) };
    const fenced = (command: string): Ended =>
      caller.outside(["sh", "-c", fencedCommand(place, command)], { cwd: session.cwd, input: "in\n" });
    const odd = `printf '%s|' "a'b" 'c"d\\e' $'tab\there' "ünï" "$x"; cat; echo err >&2; exit 4`;
    const outside = caller.outside(["bash", "-c", odd], { cwd: session.cwd, input: "in\n" });
    expect(outside.status).toBe(4);
    expect(fenced(odd)).toMatchObject({ status: 4, stdout: outside.stdout, stderr: outside.stderr });
    expect(fenced("kill -9 $$").status).toBe(137);
    expect(fenced("exec no-such-program").status).toBe(127);
    expect(fenced("pwd").stdout).toBe(`${session.cwd}\n`);
    const nowhere = caller.outside([helperPath, "exec", join(caller.state, "none"), "--", "true"], {
      cwd: session.cwd,
    });
    expect([nowhere.status, nowhere.stderr]).toEqual([125, expect.stringContaining("hint: ")]);
  });

  test("runs where its caller stands, or not at all", async () => {
    await using session = await openSession(caller);
    const place = { helper: helperPath, folder: join(caller.state, "ringfence/sessions", session.id) };
    const elsewhere = caller.folder(`e${sequence}`);
    const there = caller.outside(["sh", "-c", fencedCommand(place, "touch ran")], { cwd: elsewhere });
    expect([there.status, there.stderr]).toEqual([
      125,
      expect.stringMatching(/not in the session's workspace\nhint: cd /),
    ]);
    expect(session.exec(["ls"]).stdout).toBe("");
    // A person means the session's own folder.
    expect(session.exec(["pwd"], { cwd: elsewhere }).stdout).toBe(`${session.cwd}\n`);
  });

  test("is exactly the command that was asked for: a byte that is no text is none", async () => {
    await using session = await openSession(caller);
    const folder = join(caller.state, "ringfence/sessions", session.id);
    const odd = caller.outside(["sh", "-c", '"$0" exec "$1" -- touch "$(printf "caf\\351")"', helperPath, folder], {
      cwd: session.cwd,
    });
    expect([odd.status, odd.stderr]).toEqual([125, expect.stringContaining("no UTF-8")]);
    expect(session.exec(["ls"]).stdout).toBe("");
  });

  test("as long as it may be, it is one command more and not the end of the session", async () => {
    await using session = await openSession(caller);
    const folder = join(caller.state, "ringfence/sessions", session.id);
    const script = `word=$(head -c 96 /dev/zero | tr '\\0' x); words=(); for n in $(seq 9900); do words+=("$word"); done
      exec "$0" exec "$1" -- true "\${words[@]}"`;
    expect(caller.outside(["bash", "-c", script, helperPath, folder], { cwd: session.cwd })).toMatchObject({
      status: 0,
      stderr: "",
    });
    expect(session.exec(["echo", "well"]).stdout).toBe("well\n");
  });

  test("many at once", async () => {
    await using session = await openSession(caller);
    const one = (n: number): Promise<string> =>
      new Promise((done) => {
        const [file = "", ...args] = caller.as([launcher, "exec", session.id, "--", "echo", String(n)]);
        const child = spawn(file, args, { cwd: session.cwd, env: caller.env, stdio: ["ignore", "pipe", "inherit"] });
        let out = "";
        child.stdout.on("data", (part: Buffer) => (out += part.toString()));
        child.once("close", (code) => done(`${code} ${out.trim()}`));
      });
    const all = await Promise.all(Array.from({ length: 12 }, (_each, n) => one(n)));
    expect(all).toEqual(Array.from({ length: 12 }, (_each, n) => `0 ${n}`));
  });
});

describe("what is refused", () => {
  const [caller] = callers as [Caller];
  test.each([
    ["no such session", ["exec", "20200101-000000-abcdef", "--", "true"], 125, /no session/],
    ["no command", ["exec", "last"], 64, /no command/],
    ["nothing to stop", ["sessions", "stop", "20200101-000000-abcdef"], 125, /no session/],
    ["nothing to show", ["sessions", "show", "20200101-000000-abcdef"], 65, /no session/],
  ] as const)("%s", (_name, args, status, words) => {
    const ended = caller.ringfence(args, { cwd: caller.folder("refused") });
    expect(ended.status).toBe(status);
    expect(ended.stderr).toMatch(words);
    expect(ended.stderr).toContain("hint: ");
  });

  test("the socket of a session is the person's alone, and understands nothing odd", async () => {
    await using session = await openSession(caller);
    const place = join(caller.state, "ringfence/sessions", session.id);
    const mode = execFileSync("stat", ["-c", "%a", place, join(place, "exec.sock"), join(place, "commands.sock")]);
    expect(mode.toString().trim().split("\n")).toEqual(["700", "600", "700"]);
    expect(session.exec(["sh", "-c", `ls ${place}`]).status).not.toBe(0);
    const odd = `
      const net = require("node:net");
      const lines = ["", "{}", "[]", '{"v":1,"op":"exec","argv":[],"cwd":"/","tty":[false,false,false]}',
        '{"v":1,"op":"exec","argv":["a\\\\u0000b"],"cwd":"/","tty":[false,false,false]}', '{"v":2,"op":"stop"}', '{"v":1,"op":"run"}'];
      let n = 0;
      for (const line of lines) {
        const s = net.connect(process.argv[1]); let got = "";
        s.on("data", (d) => (got += d)); s.on("close", () => { if (JSON.parse(got).kind !== "refused") process.exit(1); if (++n === lines.length) process.exit(0); });
        s.write(line + "\\n");
      }`;
    const ended = caller.outside([process.execPath, "-e", odd, join(place, "exec.sock")], { cwd: session.cwd });
    expect([ended.status, ended.stderr]).toEqual([0, ""]);
    const stranger = caller.outside([helperPath, "attach", join(place, "commands.sock"), "0".repeat(32)], {
      cwd: session.cwd,
    });
    expect(stranger.status).toBe(199);
    expect(session.exec(["echo", "well"]).stdout).toBe("well\n");
  });
});

test("a program can keep a fence that waits, and end it", async () => {
  const [caller] = callers as [Caller];
  if (caller.name !== "root" && process.getuid?.() === 0) throw new Error("no root caller");
  const cwd = caller.folder("idle");
  const { HOME = "", ...env } = caller.env;
  const opened = await openIdleSession({
    cwd,
    caller: {
      uid: process.getuid?.() ?? -1,
      gid: process.getgid?.() ?? -1,
      userName: caller.name === "root" ? "root" : "user",
      home: HOME,
      env,
    },
    stateDir: join(caller.state, "ringfence"),
    installation: { root: checkout, helper: helperPath, version: "test" },
    commandLine: {},
  });
  if (!opened.ok) throw new Error(opened.error.map(({ message }) => message).join());
  const { id, close } = opened.value;
  const ended = await new Promise<number | null>((done) => {
    const child = spawn(launcher, ["exec", id, "--", "sh", "-c", "echo live > made"], { cwd, env: caller.env });
    child.once("close", done);
  });
  expect(ended).toBe(0);
  expect(readFileSync(join(cwd, "made"), "utf8")).toBe("live\n");
  const answer = await close();
  expect(answer.kind).toBe("ended");
  expect(await close()).toBe(answer);
});
