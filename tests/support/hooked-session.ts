// A real agent outside any fence, which only its hooks guard: its home, its settings, the policy of the person, and a scripted model.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import type { TestContext } from "vitest";
import { type Ended, makeRepository, runToEnd } from "./agent-session.ts";
import { installed, type TestAgent } from "./agents.ts";
import { checkout, launcher } from "./installation.ts";
import type { Step } from "./model-protocols.ts";
import { openModelServer } from "./model-server.ts";
import { tmp } from "./tmp.ts";
import { ordinaryUser } from "./user.ts";

/** What goes wrong with the monitor, as fake-monitor.mjs calls it: with every event, or with each call what the call itself names. */
export type Fault = "closes" | "named";

/** One such agent. */
export interface HookedSession extends AsyncDisposable {
  readonly workspace: string;
  /** Lets the agent work through a script, once. */
  work(script: readonly Step[]): Promise<Ended & { readonly results: readonly string[] }>;
  /** Runs `ringfence` as the person. */
  ringfence(...args: readonly string[]): Promise<Ended>;
  /** Removes a file of the workspace. */
  remove(name: string): void;
  /** What the last session's record says, a line a record. */
  records(): readonly Readonly<Record<string, unknown>>[];
  /** Puts something that is no monitor where the host would listen. The list grows by each fault that a call met. */
  fake(fault: Fault): Promise<readonly string[]>;
}

/** The agent's word behind `ringfence install`. */
export function hookWord(agent: TestAgent): string {
  return agent.name === "claude" ? "claude-code" : agent.name;
}

/** Sets the scene for an ordinary user with `policy` as their own. Skips out loud when the agent cannot be had. */
export function hookedSession(context: TestContext, agent: TestAgent, policy: string): HookedSession {
  const program = installed(context, agent);
  const folder = tmp();
  const user = ordinaryUser(folder);
  const [workspace, state] = [join(folder, "project"), join(folder, "state")];
  for (const made of [workspace, state]) mkdirSync(made);
  writeFileSync(join(workspace, "app.txt"), "first line\n");
  makeRepository(workspace);
  const own = { ".config/ringfence/policy.yaml": policy, ...agent.settings };
  for (const [name, text] of Object.entries(own)) {
    mkdirSync(dirname(join(user.home, name)), { recursive: true });
    writeFileSync(join(user.home, name), text);
  }
  execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, workspace, state, user.home]);
  const env = {
    PATH: `${dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
    HOME: user.home,
    XDG_STATE_HOME: state,
    LANG: "C.UTF-8",
  };
  const run = (argv: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<Ended> =>
    runToEnd(user.as(argv), workspace, { ...env, ...more });
  const fakes: (() => void)[] = [];
  const endFakes = (): void => {
    for (const end of fakes.splice(0)) end();
  };
  return {
    workspace,
    async work(script) {
      await using model = await openModelServer(script);
      const connection = agent.connect(`http://127.0.0.1:${model.port}`);
      const argv = [program.command, ...connection.args, ...(agent.unwalled ?? []), ...agent.headless];
      const ended = await run(argv, connection.env);
      return { ...ended, results: model.results() };
    },
    ringfence: (...args) => run([launcher, ...args]),
    remove: (name) => rmSync(join(workspace, name)),
    records: () => recordsIn(join(state, "ringfence/log/sessions")),
    async fake(fault) {
      endFakes();
      const script = join(checkout, "tests/support/fake-monitor.mjs");
      const socket = join(state, "ringfence/host/hook.sock");
      const [file = "", ...args] = user.as([process.execPath, script, socket, fault]);
      const child = spawn(file, args, { env, stdio: ["ignore", "pipe", "inherit"] });
      fakes.push(() => void child.kill("SIGKILL"));
      const met: string[] = [];
      await new Promise<void>((ready) => {
        createInterface({ input: child.stdout }).on("line", (line) => (line === "ready" ? ready() : met.push(line)));
      });
      return met;
    },
    async [Symbol.asyncDispose]() {
      endFakes();
      await run([launcher, "host", "--stop"]);
    },
  };
}

function recordsIn(sessions: string): readonly Readonly<Record<string, unknown>>[] {
  const last = existsSync(sessions) ? readdirSync(sessions).sort().at(-1) : undefined;
  if (last === undefined) return [];
  const files = readdirSync(join(sessions, last), { recursive: true, encoding: "utf8" }).filter((name) =>
    name.endsWith(".jsonl"),
  );
  return files.sort().flatMap((name) =>
    readFileSync(join(sessions, last, name), "utf8")
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line)),
  );
}
