// A session in a container: the work of a day, each way to end it, and what the engine may touch. The attempts to get out of it are in escape.test.ts.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { helperPath, launcher } from "../support/installation.ts";
import { type Feature, needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const NEEDED: readonly Feature[] = ["userns", "bubblewrap", "seccomp", "overlay", "helper", "podman"];
const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-container-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
const runs: ChildProcess[] = [];
afterAll(() => {
  for (const run of runs) run.kill("SIGKILL");
  removeTree(folder);
});

const inContainer = (...more: readonly string[]): readonly string[] => [
  "run",
  "--quiet",
  "--runtime",
  "container",
  ...more,
  "--",
];

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  test("a day's work: files, links, exit codes, signals, a closed network", (context) => {
    needs(context, ...NEEDED);
    const cwd = caller.folder("work");
    // Commas, colons and quotes are an engine's own language; none of them may reach it.
    const odd = caller.folder('work/a,ro=false:O "b"');
    caller.outside(["sh", "-c", "echo old >kept; echo old >gone; echo secret >.env"], { cwd });
    const script = `[ "$(id -u)" -ne 0 ] && [ ! -e .env ] && rm gone && ln -s kept link && echo new >kept &&
      mkdir -m 700 made && printf '#!/bin/sh\\nexit 7\\n' >made/run && chmod 755 made/run && cd 'a,ro=false:O "b"' && echo in >file && cd .. &&
      ! timeout 2 bash -c ': </dev/tcp/192.0.2.1/80' 2>/dev/null && [ "$(ls /sys/class/net 2>/dev/null)" = "" ] &&
      [ ! -e /run/.containerenv ] && [ ! -e /m ] && exec made/run`;
    const worked = caller.ringfence([...inContainer(), "sh", "-c", script], { cwd });
    expect([worked.status, worked.stderr]).toEqual([7, ""]);
    expect(readFileSync(join(cwd, "kept"), "utf8")).toBe("new\n");
    expect(readFileSync(join(odd, "file"), "utf8")).toBe("in\n");
    expect(readdirSync(cwd).sort()).toEqual([".env", 'a,ro=false:O "b"', "kept", "link", "made"]);
    const killed = caller.ringfence([...inContainer(), "sh", "-c", "kill -TERM $$"], { cwd });
    expect(killed.status).toBe(143);
    expect(caller.ringfence([...inContainer(), "no-such-program"], { cwd }).status).toBe(127);
  });

  test("a workspace whose own name is an engine's language", (context) => {
    needs(context, ...NEEDED);
    const cwd = caller.folder("w,dst=/etc:O");
    const worked = caller.ringfence([...inContainer(), "sh", "-c", "echo in >file; [ ! -w /etc ]"], { cwd });
    expect([worked.status, worked.stderr]).toEqual([0, ""]);
    expect(readFileSync(join(cwd, "file"), "utf8")).toBe("in\n");
  });

  test("a direct workspace keeps its protected names, a read-only one everything", (context) => {
    needs(context, ...NEEDED);
    const cwd = caller.folder("direct");
    const script = "echo in >file; mkdir -p .github/workflows 2>/dev/null; (echo x >.npmrc) 2>/dev/null; exit 0";
    caller.ringfence([...inContainer("--workspace", "direct"), "sh", "-c", script], { cwd });
    expect(existsSync(join(cwd, "file"))).toBe(true);
    expect(existsSync(join(cwd, ".npmrc"))).toBe(false);
    const readOnly = caller.ringfence([...inContainer("--workspace", "read-only"), "sh", "-c", "echo x >more"], {
      cwd,
    });
    expect(readOnly.status).not.toBe(0);
    expect(existsSync(join(cwd, "more"))).toBe(false);
  });

  test("a further command, a published port, a pause", async (context) => {
    needs(context, ...NEEDED, "python3");
    const cwd = caller.folder("exec");
    const port = 20_000 + (process.pid % 12_000) + (caller.name === "root" ? 0 : 1);
    const server = `python3 -m http.server --bind 127.0.0.1 ${port} >/dev/null 2>&1 & echo up; wait`;
    const run = await begun(caller, ["--port", `${port}`], server, cwd);
    const id = sessionOf(caller);
    const further = caller.ringfence(["exec", id, "--", "sh", "-c", 'echo "$RINGFENCE"; exit 9'], { cwd });
    expect([further.stdout, further.status]).toEqual(["1\n", 9]);
    await eventually(async () => (await fetch(`http://127.0.0.1:${port}/`).catch(() => undefined))?.status === 200);
    const paused = caller.ringfence(["sessions", "pause", id], { cwd });
    expect([paused.status, paused.stderr]).toEqual([0, expect.stringContaining("is paused")]);
    caller.ringfence(["sessions", "resume", id], { cwd });
    expect(caller.ringfence(["exec", id, "--", "true"], { cwd }).status).toBe(0);
    caller.ringfence(["sessions", "stop", id], { cwd });
    await ended(run);
  });

  test.for(["ringfence", "keeper", "first", "podman", "conmon", "fence"])(
    "kill -9 of %s leaves nothing",
    async (victim, context) => {
      needs(context, ...NEEDED);
      const cwd = caller.folder("kill");
      const run = await begun(caller, [], "echo up; setsid sleep 1000", cwd);
      const family = treeOf(run.pid ?? 0);
      const pid = victimIn(family, victim);
      expect(pid, family.map(({ args }) => args).join("\n")).toBeDefined();
      process.kill(pid ?? 0, "SIGKILL");
      await eventually(async () => family.every(({ id, start }) => start === "gone" || startOf(id) !== start));
      caller.ringfence(["run", "--quiet", "--", "true"], { cwd });
      const left = execFileSync("find", [
        caller.state,
        "(",
        "-name",
        "container-*",
        "-o",
        "-name",
        "*.sock",
        ")",
      ]).toString();
      expect(left).toBe("");
      expect(readFileSync("/proc/self/mountinfo", "utf8")).not.toContain(caller.state);
      expect(readdirSync(cwd)).toEqual([]);
    },
  );
});

test("the engine can change nothing of the host, nor ask what listens in /run", (context) => {
  needs(context, ...NEEDED);
  const place = join(folder, "nest");
  mkdirSync(place);
  writeFileSync(join(place, "file"), "");
  const outside = execFileSync("sh", ["-c", `echo x >>'${place}/file' && ls -A /run`]).toString();
  expect(outside).not.toBe("");
  const script = `ls -A /run; for f in '${place}/file' /etc/hostname /usr/ringfence-test; do (echo x >>$f) 2>/dev/null && echo "$f"; done; true`;
  expect(execFileSync(helperPath, ["nest", "--", "/bin/sh", "-c", script]).toString()).toBe("engine\n");
  const written = `echo x >>/run/engine/rootfs/m/1/file; (echo x >>/run/engine/rootfs/m/0/file) 2>/dev/null || echo refused`;
  expect(
    execFileSync(helperPath, ["nest", "--ro", place, "--rw", place, "--", "/bin/sh", "-c", written]).toString(),
  ).toBe("refused\n");
});

test("what a killed trial left is removed by a later start, and a trial of this moment is not", (context) => {
  needs(context, ...NEEDED);
  const [caller] = callers;
  const state = join(caller?.state ?? folder, "ringfence");
  for (const name of ["probe-old", "probe-new"])
    caller?.outside(["mkdir", "-p", join(state, name, "inside")], { cwd: "/" });
  caller?.outside(["touch", "-d", "1 hour ago", join(state, "probe-old")], { cwd: "/" });
  caller?.ringfence([...inContainer(), "true"], { cwd: caller.folder("trials") });
  expect(readdirSync(state).filter((name) => name.startsWith("probe-"))).toEqual(["probe-new"]);
});

test("without podman, or without crun, a container is refused with what to type", (context) => {
  needs(context, ...NEEDED, "root");
  const cwd = callers[0]?.folder("missing") ?? folder;
  for (const program of ["podman", "crun"]) {
    const hide = `mount --bind /dev/null /usr/bin/${program} && exec "$@"`;
    const run = [
      "unshare",
      "-m",
      "--propagation",
      "private",
      "sh",
      "-c",
      hide,
      "sh",
      launcher,
      ...inContainer(),
      "true",
    ];
    const refused = callers[0]?.outside(run, { cwd });
    expect(refused?.status).toBe(125);
    expect(refused?.stderr).toContain(`${program} is not installed`);
    expect(refused?.stderr).toContain("hint: sudo apt-get install -y podman crun");
  }
});

/** Starts a session whose command says `up` and goes on. */
async function begun(caller: Caller, options: readonly string[], script: string, cwd: string): Promise<ChildProcess> {
  const [file = "", ...args] = caller.as([launcher, ...inContainer(...options), "sh", "-c", script]);
  const run = spawn(file, args, { cwd, env: caller.env, stdio: ["ignore", "pipe", "inherit"] });
  runs.push(run);
  await new Promise((settle) => run.stdout?.once("data", settle));
  return run;
}

async function ended(run: ChildProcess): Promise<void> {
  if (run.exitCode === null && run.signalCode === null) await new Promise((settle) => run.once("exit", settle));
}

function sessionOf(caller: Caller): string {
  const listed = caller.ringfence(["sessions"], { cwd: caller.home });
  return /^\S+(?=.* running )/m.exec(listed.stdout)?.[0] ?? "";
}

interface Process {
  readonly id: number;
  readonly start: string;
  readonly args: string;
}

/** A process and all below it, the parents first. */
function treeOf(pid: number): readonly Process[] {
  const children = readdirSync("/proc").filter((name) => /^\d+$/.test(name) && parentOf(name) === pid);
  return [{ id: pid, start: startOf(pid), args: argsOf(pid) }, ...children.flatMap((child) => treeOf(Number(child)))];
}

/** The words after the program's name in /proc/PID/stat: the name may hold anything. */
function stat(pid: number | string): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, "utf8")
      .replace(/^.*\) /s, "")
      .split(" ");
  } catch {
    return [];
  }
}
const parentOf = (pid: string): number => Number(stat(pid)[1] ?? -1);
/** When it started; `gone` when there is no such process, or only its exit code. */
const startOf = (pid: number): string =>
  ["Z", "X", undefined].includes(stat(pid)[0]) ? "gone" : (stat(pid)[19] ?? "gone");

function argsOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return "";
  }
}

function victimIn(family: readonly Process[], victim: string): number | undefined {
  const nests = family.filter(({ args }) => / nest --profile /.test(args));
  if (victim === "ringfence") return family.find(({ args }) => /^\S*node \S+\/scripts\/start\.cjs run /.test(args))?.id;
  if (victim === "keeper") return nests[0]?.id;
  if (victim === "first") return nests[1]?.id;
  const pattern = { podman: /^\/usr\/bin\/podman /, conmon: /conmon /, fence: /^\/helper fence/ }[victim];
  return family.find(({ args }) => pattern?.test(args) === true)?.id;
}

async function eventually(holds: () => Promise<boolean>): Promise<void> {
  for (let at = 0; at < 200; at++) {
    if (await holds()) return;
    await new Promise((wake) => setTimeout(wake, 50));
  }
  expect.unreachable("it does not come about within ten seconds");
}
