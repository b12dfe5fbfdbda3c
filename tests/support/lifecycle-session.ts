// A session in the background, for tests of its lifecycle: started by a caller, looked at through its state folder, ended with the test.
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { Caller } from "./caller.ts";
import { launcher } from "./installation.ts";

/** A session that runs. */
export interface BackgroundSession {
  readonly id: string;
  readonly child: ChildProcess;
  /** Its folder below the state folder. */
  readonly folder: string;
  /** Its metadata, as of now. */
  meta(): Readonly<Record<string, unknown>> & { readonly supervisor: { readonly pid: number } };
  /** Resolves with its exit code and what it printed on standard error. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

/** Starts `ringfence run ARGS` and waits until the session runs and `ready` (a file of its upper folder, if given) is there. */
export async function startSession(
  caller: Caller,
  args: readonly string[],
  options: { readonly cwd: string; readonly ready?: string; readonly env?: Readonly<Record<string, string>> },
): Promise<BackgroundSession> {
  const sessions = join(caller.state, "ringfence/sessions");
  const before = new Set(names(sessions));
  const [file = "", ...rest] = caller.as([launcher, "run", ...args]);
  const child = spawn(file, rest, {
    cwd: options.cwd,
    env: { ...caller.env, ...options.env },
    stdio: ["ignore", "ignore", "pipe"],
  });
  let stderr = "";
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<{ code: number | null; stderr: string }>((done) =>
    child.once("close", (code) => done({ code, stderr })),
  );
  onTestFinished(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const id = await until(() => names(sessions).find((name) => !before.has(name)));
  const folder = join(sessions, id);
  const meta = (): ReturnType<BackgroundSession["meta"]> => JSON.parse(readFileSync(join(folder, "meta.json"), "utf8"));
  await until(() => (existsSync(join(folder, "exec.sock")) ? true : undefined));
  const { ready } = options;
  if (ready !== undefined) await until(() => (existsSync(join(folder, "upper", ready)) ? true : undefined));
  return { id, child, folder, meta, ended };
}

/** The first answer that is not `undefined`, within 15 s. */
export async function until<T>(ask: () => T | undefined): Promise<T> {
  const deadline = Date.now() + 15_000;
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    if (Date.now() > deadline) throw new Error("it did not happen within 15 s");
    await sleep(20);
  }
}

/** Waits. */
export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

/** Processes whose command line or environment names the session. */
export function processesOf(session: string): readonly number[] {
  return names("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const said = ["cmdline", "environ"].map((file) => readFileSync(`/proc/${name}/${file}`, "latin1")).join("\0");
      return said.includes(session) ? [Number(name)] : [];
    } catch {
      return [];
    }
  });
}

function names(folder: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith(".")); // one that is being made has no name yet
  } catch {
    return [];
  }
}
