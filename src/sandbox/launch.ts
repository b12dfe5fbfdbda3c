// From a plan to a running fence (the only place with that effect): starts bubblewrap with the helper inside, hands over the
// program, and speaks with it over one socket. Anything that cannot be set up is a Problem; nothing runs with less.
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, constants, openSync, readFileSync } from "node:fs";
import type { Duplex, Readable } from "node:stream";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Architecture,
  bwrapArguments,
  type FurtherCommand,
  furtherProgram,
  hasSeccompTable,
  helperProgram,
  objectsProgram,
  type ProgramRecord,
  type SandboxPlan,
} from "#core/sandbox";
import { Answers } from "./answers.ts";
import type { Fence, FenceEvent, FenceExit, FenceStreams } from "./fence.ts";
import { hangUp, killGroup, killLeft } from "./fence-end.ts";
import { encodeField, fenceProblem, furtherProblem, readEvents } from "./fence-events.ts";
import { type OnSeen, readRecorder } from "./recorder-stream.ts";

/** What `launch` is given of this host. Programs are absolute paths. */
export interface LaunchDeps {
  readonly helper: string;
  readonly bwrap: string;
  /** The host's descriptors; the helper relays them, the command never sees them. `pipe`: the command speaks with this process (`Fence.streams`). */
  readonly stdio: { readonly stdin: number; readonly stdout: number; readonly stderr: number } | "pipe";
  /** `cgroup.procs` files that the whole fence joins before anything else. */
  readonly cgroups: readonly string[];
  /** The Unix socket of `publishPorts`; needed when the plan has ports. */
  readonly publishSocket?: string;
  /**
   * The fence is made at once, but the helper learns what to run only when this resolves: until then nothing of the command exists. At once when absent.
   * A rejection (the start could not be recorded) ends the fence; its reason is a Problem.
   */
  readonly mayRun?: Promise<void>;
  /** Where callers of further commands connect (`attach` of the helper), in a folder that only the person may enter. None are taken when absent. */
  readonly commandSocket?: string;
  /** A folder of the session for a runtime's own small files; the system's temporary folder when absent. */
  readonly scratch?: string;
  /** Hears what happens inside, in order. Must not throw. */
  readonly onEvent?: (event: FenceEvent) => void;
  /** Hears what the flight recorder saw, when the plan has one; must take it down, for it is told nowhere else. `exited` waits for the last event. */
  readonly onSeen?: OnSeen;
}

/** After `kill`, the helper gets this long to let the last output through before bubblewrap itself is killed. */
const KILL_GRACE_MS = 2_000;

/** The helper answers at once, or is on its way out; processes may take a while to stand still. */
const ANSWER_MS = 2_000;
const HALT_MS = 5_000;

/** Descriptors of the helper (native/helper.h): the command's streams, and the recorder after the one for further commands. */
const STREAM = 6;
const RECORDER = 10;

/** A terminal that is not free after this long is stopped. */
const SUSPEND_MS = 2_000;

/** Who makes the namespaces that the helper finishes. */
export interface NamespaceMaker {
  /** The program and its arguments; it hands the descriptors on. */
  readonly argv: readonly string[];
  /** What the helper does before anything else. */
  readonly root: readonly ProgramRecord[];
  /** How many pid namespaces the command stands below this one. */
  readonly levels: number;
  /** What its complaint means, when it ended before the fence was made. */
  readonly problem: (complaint: string) => Problem;
}

function bubblewrap(plan: SandboxPlan, deps: LaunchDeps): NamespaceMaker {
  return {
    argv: [deps.bwrap, ...bwrapArguments(plan, deps.helper)],
    root: [],
    levels: 2,
    problem: (complaint) => fenceProblem("bwrap", "", complaint),
  };
}

/** Starts the fence of `plan`. Resolves when the command has been executed, or could not be found. */
export async function launch(
  plan: SandboxPlan,
  deps: LaunchDeps,
  maker: NamespaceMaker = bubblewrap(plan, deps),
): Promise<Result<Fence, Problem>> {
  const architecture = process.arch;
  const refused = refusal(plan, deps, architecture);
  if (refused !== undefined) return err(refused);
  const opened = openSockets(plan, deps);
  if (!opened.ok) return opened;
  const child = start(maker, { plan, deps }, opened.value);
  for (const fd of opened.value) if (fd !== undefined) closeSync(fd);
  const program = Buffer.concat([
    helperProgram(plan, architecture as Architecture, maker.root),
    objectsProgram(plan, (source) => readFileSync(source)),
  ]);
  return follow(child, { ...deps, maker, program });
}

/** What no fence can be made of. */
function refusal(plan: SandboxPlan, deps: LaunchDeps, architecture: string): Problem | undefined {
  if (!hasSeccompTable(architecture)) {
    return {
      code: "sandbox-architecture",
      message: `no system-call table for \`${architecture}\``,
      hint: "use x86-64 or arm64",
    };
  }
  if (plan.uid === 0 || plan.gid === 0) throw new Error("a plan never runs its command as user or group 0");
  if (plan.ports.length > 0 && deps.publishSocket === undefined)
    throw new Error("a plan with ports needs publishSocket");
  const root = `${plan.workspace.root}/`;
  const hidden = plan.mounts.find((mount) => plan.workspace.kind === "overlay" && mount.target.startsWith(root));
  if (hidden !== undefined) {
    return {
      code: "sandbox-mount-below-workspace",
      message: `\`${hidden.target}\` cannot be mounted below an overlay workspace`,
    };
  }
  return undefined;
}

/** Unix sockets go in as O_PATH descriptors: connected through /proc/self/fd, they need no path inside the fence. */
function openSockets(plan: SandboxPlan, deps: LaunchDeps): Result<readonly (number | undefined)[], Problem> {
  const O_PATH = 0o10000000;
  const fds: (number | undefined)[] = [];
  for (const path of [plan.bridge?.socketPath, plan.ports.length > 0 ? deps.publishSocket : undefined]) {
    try {
      fds.push(path === undefined ? undefined : openSync(path, O_PATH | constants.O_NOFOLLOW));
    } catch (error) {
      for (const fd of fds) if (fd !== undefined) closeSync(fd);
      return err({
        code: "sandbox-socket",
        message: `cannot open the socket \`${path}\`: ${(error as Error).message}`,
      });
    }
  }
  return ok(fds);
}

function start(
  { argv }: NamespaceMaker,
  { plan, deps }: { readonly plan: SandboxPlan; readonly deps: LaunchDeps },
  sockets: readonly (number | undefined)[],
): ChildProcess {
  const recorded = plan.recorder !== undefined;
  const listen = deps.commandSocket === undefined ? [] : ["--listen", deps.commandSocket];
  const before = [...listen, ...deps.cgroups];
  const [file = "", ...args] = before.length === 0 ? argv : [deps.helper, "enter", ...before, "--", ...argv];
  const { stdin, stdout, stderr } =
    deps.stdio === "pipe" ? ({ stdin: "pipe", stdout: "pipe", stderr: "pipe" } as const) : deps.stdio;
  return spawn(file, args, {
    // Its own session: keys such as ^C reach the command by the supervisor or the pty, not bubblewrap by accident.
    detached: true,
    cwd: "/",
    env: {},
    stdio: [
      "ignore",
      "ignore",
      "pipe",
      "pipe",
      ...sockets.map((fd) => fd ?? ("ignore" as const)),
      stdin,
      stdout,
      stderr,
      ...(recorded ? (["ignore", "pipe"] as const) : []),
    ],
  });
}

function follow(
  child: ChildProcess,
  deps: LaunchDeps & { readonly maker: NamespaceMaker; readonly program: Uint8Array },
): Promise<Result<Fence, Problem>> {
  const { program } = deps;
  const control = child.stdio[3] as Duplex;
  const complaints = collect(child.stdio[2] as Readable);
  let limit: "memory" | undefined;
  let failure: Problem | undefined;
  let end: FenceExit | undefined;
  let ended = false;
  let started = false;
  let suspending: ((mine: boolean) => void)[] = [];
  const answers = new Answers();
  const suspended = (mine: boolean): void => {
    const waiting = suspending;
    suspending = [];
    for (const settle of waiting) settle(mine);
  };
  return new Promise((settle) => {
    const send = (line: string): void => void (ended || control.destroyed || control.write(`${line}\n`));
    const kill = (): void => {
      send("kill");
      setTimeout(() => killGroup(child), KILL_GRACE_MS).unref();
    };
    const recorder = child.stdio.at(RECORDER) as Readable | undefined;
    const told =
      recorder === undefined ? Promise.resolve(true) : readRecorder(recorder, deps.onSeen ?? (() => undefined));
    const exited = new Promise<FenceExit>((done) => {
      const last = (): void => {
        ended = true;
        suspended(false);
        answers.end();
        const exit = end ?? { code: 137, signal: 9 };
        if (end === undefined || failure !== undefined) settle(err(failure ?? deps.maker.problem(complaints())));
        // The last lines may still be with their hearer, who takes his time.
        void told.then(() => done(limit === undefined ? exit : { ...exit, limit }));
      };
      child.once("close", last);
      child.once("exit", () => {
        if (end === undefined) killLeft(child); // it never came so far, or was killed
        setTimeout(() => hangUp(child), KILL_GRACE_MS).unref();
      });
      child.once("error", (error) => {
        failure = { code: "sandbox-start", message: `cannot start \`${child.spawnfile}\`: ${error.message}` };
        if (child.pid === undefined) last();
      });
    });
    const announce = async (token: string, command: FurtherCommand): Promise<void> => {
      const bytes = furtherProgram(command);
      send(`start ${token} ${bytes.length}`);
      // What the helper can read already comes before a caller that it hears of; what waits here does not.
      if (!ended && !control.destroyed) await new Promise<void>((done) => control.write(bytes, () => done()));
    };
    const fence = (): Fence => ({
      pid: child.pid ?? -1,
      levels: deps.maker.levels,
      exited,
      ...(deps.stdio === "pipe" ? { streams: streamsOf(child) } : {}),
      kill,
      signal: (signal) => send(`signal ${signal}`),
      resized: () => send("resize"),
      suspend: () => {
        send("suspend");
        return new Promise((settle) => {
          const timer = setTimeout(() => settle(false), SUSPEND_MS);
          suspending.push((mine) => {
            clearTimeout(timer);
            settle(mine);
          });
        });
      },
      resume: () => send("resume"),
      hide: (how, path) => send(`hide ${how} ${encodeField(path)}`),
      halt: async (how) => {
        const told = answers.next("paused", HALT_MS);
        send(`pause ${how}`);
        return (await told) !== undefined;
      },
      go: () => send("go"),
      activity: async () => {
        const told = answers.next("activity", ANSWER_MS);
        send("activity");
        const [bytes, ticks] = (await told) ?? [];
        return bytes === undefined ? undefined : { bytes: Number(bytes), ticks: Number(ticks) };
      },
      announce,
      forget: (token) => send(`forget ${token}`),
    });
    // A helper that is gone closes its end; the child's own end is what counts.
    control.on("error", () => undefined);
    (deps.mayRun ?? Promise.resolve()).then(
      () => {
        control.write(`${program.length}\n`);
        control.write(program);
      },
      (reason: Problem) => {
        failure = reason;
        // The end of its socket ends a helper that runs; a bubblewrap that has not come so far hears nothing of it.
        control.destroy();
        killGroup(child);
      },
    );
    void told.then((whole) => {
      if (whole || !started) return; // a start that failed says why itself
      deps.onEvent?.({ kind: "unrecorded" });
      kill();
    });
    readEvents(control, (word, fields) => {
      const [first = "", second = "", third = ""] = fields;
      if (word === "started") {
        started = true;
        settle(ok(fence()));
      }
      if (word === "error") failure = fenceProblem(first, second, third);
      if (word === "limit") limit = "memory";
      if (word === "suspended") suspended(true);
      answers.take(word, fields);
      if (word === "exit") {
        end = second === "0" ? { code: Number(first) } : { code: Number(first), signal: Number(second) };
        settle(ok(fence()));
      }
      const event = toEvent(word, fields);
      if (event !== undefined) deps.onEvent?.(event);
    });
  });
}

function streamsOf(child: ChildProcess): FenceStreams {
  const [stdin, stdout, stderr] = [0, 1, 2].map((index) => child.stdio[STREAM + index] as Duplex);
  if (stdin === undefined || stdout === undefined || stderr === undefined) throw new Error("a fence without streams");
  return { stdin, stdout, stderr };
}

function toEvent(word: string, fields: readonly string[]): FenceEvent | undefined {
  const [first = "", second = "", third = "", fourth = ""] = fields;
  switch (word) {
    case "began":
      return { kind: "began", token: first };
    case "ended":
      return { kind: "ended", token: first, code: Number(second), signal: Number(third) };
    case "failed":
      return { kind: "failed", token: first, problem: furtherProblem(second, third, fourth) };
    case "refused":
      return { kind: "refused", op: first, pid: Number(second), path: third };
    case "hidden":
      return { kind: "hidden", path: first };
    case "unhidden":
      return { kind: "unhidden", path: first, why: second };
    case "uncovered":
      return { kind: "uncovered", why: first, path: second };
    case "limit":
      return { kind: "limit", limit: "memory" };
    case "input":
      return { kind: "input" };
    case "unstarted":
      return { kind: "unstarted", why: first };
    default:
      return undefined;
  }
}

/** The first 4 KB of what bubblewrap complains about. */
function collect(stream: Readable): () => string {
  let text = "";
  stream.setEncoding("utf8");
  stream.on("data", (chunk: string) => {
    if (text.length < 4096) text += chunk;
  });
  return () => text.trim();
}
