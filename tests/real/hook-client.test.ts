// The native hook client against a monitor that does everything wrong: whatever happens, it ends with 0 or 2, and with 0 only for a whole answer.
// Each build runs the whole table: the one that is installed, and one under ASAN and UBSAN.
import { spawn } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import type net from "node:net";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from "vitest";
import {
  type Build,
  buildClient,
  copyClient,
  type HookEnd,
  listenAt,
  runHook,
  stateHome,
  writeLauncher,
} from "../support/hook-bed.ts";
import { missing, needs } from "../support/needs.ts";
import { removeTree, tmp } from "../support/tmp.ts";

const shared = mkdtempSync(join(tmpdir(), "ringfence-hook-"));
const helpers: Partial<Record<Build, string>> = {};

beforeAll(() => {
  if (missing("gcc") !== undefined) return;
  for (const build of ["release", "sanitized"] as const) helpers[build] = buildClient(join(shared, build), build);
});
afterAll(() => removeTree(shared));

/** Reads the whole call, then says `answer` and goes on with `then`. */
function say(answer: string | Buffer, then: "end" | "stay" = "end"): (socket: net.Socket) => void {
  return (socket) => {
    socket.resume();
    socket.once("end", () => (then === "end" ? socket.end(answer) : socket.write(answer)));
  };
}

function refused(end: HookEnd, why: RegExp): void {
  expect({ code: end.code, signal: end.signal }).toEqual({ code: 2, signal: null });
  expect(end.err).toMatch(why);
  expect(end.err).not.toMatch(/Sanitizer|runtime error/);
  expect(JSON.parse(end.out)).toMatchObject({ reason: end.err.trimEnd() });
}

const MEGABYTE = 1_048_576;

/** What a monitor may do wrong, and what the client says of it. */
const FAULTS: readonly (readonly [name: string, why: RegExp, behave: (socket: net.Socket) => void])[] = [
  ["closes at once", /broke off/, (socket) => socket.destroy()],
  ["closes after the call", /broke off/, say("")],
  ["says rubbish", /no sense/, say("HTTP/1.1 200 OK\r\n\r\n")],
  ["says nothing", /hangs/, (socket) => socket.resume()],
  ["half a head", /broke off/, say("0 1")],
  ["half a wait", /broke off/, say("wai")],
  ["a head without its bytes", /broke off/, say("0 10 0\nshort")],
  ["more bytes than announced", /no sense/, say("0 2 0\nlonger")],
  ["another code", /no sense/, say("1 2 0\nhi")],
  ["a signed code", /no sense/, say("-0 2 0\nhi")],
  ["a padded length", /no sense/, say("0 02 0\nhi")],
  ["a length that overflows", /no sense/, say("0 18446744073709551618 0\nhi")],
  ["a length beyond the most", /no sense/, say("0 1048577 0\nhi")],
  ["a head with three lengths", /no sense/, say("0 2 0 0\nhi")],
  ["a head that never ends", /no sense/, say("0".repeat(64))],
  ["a NUL in the head", /no sense/, say("0 2\0 0\nhi")],
  ["a refusal without a word", /no sense/, say("2 2 0\nhi")],
  ["a whole answer, but no end", /hangs/, say("0 2 0\nhi", "stay")],
  [
    "waits for ever",
    /in time/,
    (socket) => {
      const timer = setInterval(() => socket.write("wait\n"), 200);
      socket.once("close", () => clearInterval(timer));
    },
  ],
  [
    "a byte at a time, for ever",
    /no sense|in time/,
    (socket) => {
      const timer = setInterval(() => socket.write("0"), 20);
      socket.once("close", () => clearInterval(timer));
    },
  ],
  [
    "waits without a pause",
    /in time/,
    (socket) => {
      socket.resume();
      const more = (): void => {
        if (socket.destroyed) return;
        socket.write("wait\n".repeat(2000), () => setImmediate(more));
      };
      more();
    },
  ],
  ["answers wait in the middle of an answer", /no sense/, say("0 2 0\nhiwait\n")],
  [
    "too much of everything",
    /no sense|broke off/,
    say(Buffer.concat([Buffer.from("0 1048576 1048576\n"), Buffer.alloc(3 * MEGABYTE, 65)])),
  ],
];

describe.each(["release", "sanitized"] as const)("the client, built %s", (build) => {
  const client = (): string => helpers[build] ?? "";

  test("passes a whole answer on, and nothing else is different about it", async (context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    await listenAt(socket, say("wait\nwait\n0 3 4\nyes noo"));
    const end = await runHook([client(), "hook", "codex", "--state-home", home]);
    expect(end).toMatchObject({ code: 0, out: "yes", err: " noo" });
  });

  test("sends who calls, and the agent's bytes as they are", async (context) => {
    needs(context, "gcc");
    const folder = tmp();
    const { home, socket } = stateHome(folder);
    let heard = "";
    await listenAt(socket, (connection) => {
      connection.on("data", (chunk) => (heard += chunk.toString("latin1")));
      connection.once("end", () => connection.end("2 0 2\nno"));
    });
    const cwd = join(folder, 'a "quoted" \\ \n folder');
    mkdirSync(cwd);
    const input = Buffer.from(Array.from({ length: 3 * 65_536 }, (_, at) => at % 256));
    const end = await runHook([client(), "hook", "gemini", "--state-home", home], {
      input,
      cwd,
      env: { PATH: '/a:"b"' },
    });
    expect(end).toMatchObject({ code: 2, out: "", err: "no" });
    const newline = heard.indexOf("\n");
    expect(JSON.parse(heard.slice(0, newline))).toEqual({
      v: 1,
      agent: "gemini",
      cwd,
      pid: process.pid,
      path: '/a:"b"',
    });
    expect(Buffer.from(heard.slice(newline + 1), "latin1").equals(input)).toBe(true);
  });

  test.for(FAULTS)("refuses when the monitor %s", async ([_name, why, behave], context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    await listenAt(socket, behave);
    const end = await runHook([client(), "hook", "claude-code", "--state-home", home, "--deadline", "4"]);
    refused(end, why);
    expect(end.ms).toBeLessThan(20_000); // its own deadline, on a busy machine
  });

  test.for([
    "SIGTERM",
    "SIGINT",
    "SIGHUP",
    "SIGQUIT",
    "SIGUSR1",
    "SIGABRT",
    "SIGSEGV",
    "SIGBUS",
    "SIGFPE",
    "SIGALRM",
  ] as const)("refuses when it is ended by %s while it waits", async (signal, context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    let child: (() => void) | undefined;
    const heard = new Promise<void>((done) => {
      child = done;
    });
    await listenAt(socket, (connection) => {
      connection.resume();
      connection.once("end", () => child?.());
    });
    const end = runHook([client(), "hook", "copilot", "--state-home", home], { kill: { signal, when: heard } });
    refused(await end, /ended by a signal|in time/);
  });

  test("refuses when it is ended by any signal that a process can keep off", async (context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    await listenAt(socket, (connection) => void connection.resume());
    // The first two cannot be kept off; the others end nothing.
    const harmless = new Set(
      ["KILL", "STOP", "CHLD", "CONT", "URG", "WINCH"].map((name) => constants.signals[`SIG${name}` as NodeJS.Signals]),
    );
    const numbers = Array.from({ length: 64 }, (_each, at) => at + 1).filter((number) => !harmless.has(number));
    const script =
      '(sleep 4; echo) | "$0" hook codex --state-home "$1" >/dev/null 2>&1 & sleep 1; kill -$2 $!; wait $!';
    const ends = await Promise.all(
      numbers.map((number) => runHook(["/bin/bash", "--norc", "-c", script, client(), home, String(number)])),
    );
    expect(ends.map(({ code }) => code)).toEqual(numbers.map(() => 2));
  });

  test.for([
    ["no agent", []],
    ["an unknown agent", ["hal-9000"]],
    ["an agent's name with something behind it", ["codex\n"]],
    ["two agents", ["codex", "gemini"]],
    ["an unknown option", ["codex", "--force"]],
    ["a deadline of nothing", ["codex", "--deadline", "0"]],
    ["a deadline without a number", ["codex", "--deadline"]],
    ["a deadline that is no number", ["codex", "--deadline", "5s"]],
    ["a deadline beyond an hour", ["codex", "--deadline", "3601"]],
    ["a relative state folder", ["codex", "--state-home", "state"]],
    ["no state folder behind its option", ["codex", "--state-home"]],
    ["a state folder that is wherever the agent is", ["codex", "--state-home", "/proc/self/cwd"]],
  ] as const)("refuses %s", async ([_name, words], context) => {
    needs(context, "gcc");
    const end = await runHook([client(), "hook", ...words]);
    expect({ code: end.code, signal: end.signal }).toEqual({ code: 2, signal: null });
    expect(end.err).toMatch(/^ringfence: .+\n$/);
  });

  test("refuses an event that is empty, endless or too large", async (context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    await listenAt(socket, say("0 2 0\nhi"));
    const hook = [client(), "hook", "codex", "--state-home", home, "--deadline", "3"] as const;
    refused(await runHook([...hook], { input: "" }), /no event/);
    refused(await runHook([...hook], { input: "{", open: true }), /in time/);
    refused(await runHook([...hook], { input: Buffer.alloc(16 * MEGABYTE + 1, 0x20) }), /larger than 16 MiB/);
    expect((await runHook([...hook], { input: Buffer.alloc(16 * MEGABYTE, 0x20) })).code).toBe(0);
  });

  test("refuses when it cannot answer: no standard output, a full one, none of the three", async (context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    await listenAt(socket, say("0 2 0\nhi"));
    const shell = (rest: string): Promise<HookEnd> =>
      runHook(["/bin/sh", "-c", `exec "$0" hook codex --state-home "$1" ${rest}`, client(), home]);
    expect(await shell("")).toMatchObject({ code: 0, out: "hi" });
    expect(await shell(">&-")).toMatchObject({ code: 2, out: "" });
    const full = '(head -c 65536 /dev/zero; timeout 6 "$0" hook codex --state-home none; echo $? >&2) | sleep 8';
    const blocked = await runHook(["/bin/bash", "--norc", "-c", full, client()]);
    expect(blocked.err).toMatch(/^ringfence: no state folder.+\n2\n$/);
    expect(await shell(">/dev/full")).toMatchObject({ code: 2, out: "" });
    expect(await shell("<&-")).toMatchObject({ code: 2 });
    expect(await shell("<&- >&- 2>&-")).toMatchObject({ code: 2, out: "", err: "" });
    expect(await shell("2>&-")).toMatchObject({ code: 0, out: "hi" });
  });
});

describe("the way to the monitor", () => {
  const client = (): string => helpers.release ?? "";

  test("is refused when nobody is there and nothing can be started", async (context) => {
    needs(context, "gcc");
    const { home } = stateHome(tmp());
    refused(await runHook([client(), "hook", "codex", "--state-home", home]), /no hook host to start/);
  });

  test("is refused when the host does not start", async (context) => {
    needs(context, "gcc");
    const folder = tmp();
    const { home } = stateHome(folder);
    const hook = copyClient(client(), folder);
    writeLauncher(folder, "exit 1");
    const end = await runHook([hook, "hook", "codex", "--state-home", home]);
    refused(end, /did not start/);
    expect(end.ms).toBeLessThan(20_000);
  });

  test("starts one host for ten hooks, with nothing of their surroundings", async (context) => {
    needs(context, "gcc");
    const folder = tmp();
    const { home } = stateHome(folder);
    const hook = copyClient(client(), folder);
    const server = join(folder, "server.mjs");
    writeFileSync(
      server,
      `import net from "node:net";
       import { appendFileSync, readFileSync, readlinkSync, rmSync } from "node:fs";
       const folder = ${JSON.stringify(folder)};
       const fds = [0, 1, 2].map((fd) => readlinkSync("/proc/self/fd/" + fd));
       appendFileSync(folder + "/starts", JSON.stringify({ argv: process.argv.slice(2), env: process.env, cwd: process.cwd(), fds }) + "\\n");
       const path = process.env.XDG_STATE_HOME + "/ringfence/host/hook.sock";
       rmSync(path, { force: true });
       const server = net.createServer({ allowHalfOpen: true }, (socket) => {
         socket.resume();
         socket.once("end", () => socket.end("0 2 0\\nhi"));
       });
       setTimeout(() => server.listen(path), 300);
       const gone = setInterval(() => { try { readFileSync(folder + "/starts"); } catch { process.exit(0); } }, 100);
       setTimeout(() => process.exit(0), 30000);`,
    );
    writeLauncher(folder, `exec ${JSON.stringify(process.execPath)} ${JSON.stringify(server)} "$@"`);
    const env = { PATH: `${folder}/evil:/usr/bin`, LD_PRELOAD: "", NODE_OPTIONS: "--no-warnings", HOME: "/nowhere" };
    const ends = await Promise.all(
      Array.from({ length: 10 }, () => runHook([hook, "hook", "codex", "--state-home", home], { env })),
    );
    expect(ends.map(({ code, out }) => ({ code, out }))).toEqual(ends.map(() => ({ code: 0, out: "hi" })));
    const starts = readFileSync(join(folder, "starts"), "utf8")
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
    expect(starts).toEqual([
      {
        argv: ["host", "--foreground"],
        cwd: "/",
        env: expect.objectContaining({ PATH: "/usr/local/bin:/usr/bin:/bin", XDG_STATE_HOME: home, LANG: "C.UTF-8" }),
        fds: ["/dev/null", "/dev/null", "/dev/null"],
      },
    ]);
    expect(
      Object.keys(starts[0].env).filter(
        (name) => !["PATH", "XDG_STATE_HOME", "LANG", "PWD", "SHLVL", "_"].includes(name),
      ),
    ).toEqual([]);
  });

  test("is refused through a folder that others could have filled", async (context) => {
    needs(context, "gcc");
    const folder = tmp();
    const { home, host, socket } = stateHome(folder);
    await listenAt(socket, say("0 2 0\nhi"));
    const ask = (): Promise<HookEnd> => runHook([client(), "hook", "codex", "--state-home", home]);
    expect((await ask()).code).toBe(0);
    chmodSync(host, 0o750);
    refused(await ask(), /open to others/);
    chmodSync(host, 0o700);
    chmodSync(join(home, "ringfence"), 0o711);
    refused(await ask(), /open to others/);

    const other = tmp();
    symlinkSync(join(home, "ringfence"), join(other, "ringfence"));
    refused(await runHook([client(), "hook", "codex", "--state-home", other]), /cannot be entered/);
  });

  test("is refused when the folder or the listener is another user's", async (context) => {
    needs(context, "gcc", "root", "user");
    const folder = tmp();
    const { home, host, socket } = stateHome(folder);
    await listenAt(socket, say("0 2 0\nhi"));
    const hook = copyClient(client(), folder);
    const as = (uid: number): Promise<HookEnd> =>
      runHook([
        "/usr/bin/setpriv",
        "--reuid",
        `${uid}`,
        "--regid",
        `${uid}`,
        "--clear-groups",
        hook,
        "hook",
        "codex",
        "--state-home",
        home,
      ]);
    expect((await as(0)).code).toBe(0);
    chownSync(join(home, "ringfence"), 65_534, 65_534);
    refused(await as(0), /another user/);
    for (const path of [home, host, socket]) chownSync(path, 65_534, 65_534);
    refused(await as(65_534), /socket belongs to another user/);
  });

  test("ends in a refusal when the monitor is killed in the middle of a call", async (context) => {
    needs(context, "gcc");
    const { home, socket } = stateHome(tmp());
    const script = `require("node:net").createServer({ allowHalfOpen: true }, (socket) => { socket.resume(); socket.write("wait\\n"); console.log("called"); }).listen(process.argv[1], () => console.log("up"))`;
    const monitor = spawn(process.execPath, ["-e", script, socket], { stdio: ["ignore", "pipe", "inherit"] });
    onTestFinished(() => void monitor.kill("SIGKILL"));
    await new Promise((done) => monitor.stdout.once("data", done));
    monitor.stdout.once("data", () => monitor.kill("SIGKILL"));
    refused(await runHook([client(), "hook", "codex", "--state-home", home]), /broke off/);
  });
});
