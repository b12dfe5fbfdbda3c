// A real agent from npm, in the fence, against a scripted model: the folder, the policy, the decoys and the command line of one such session.
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "vitest";
import { type Installed, installed, type TestAgent } from "./agents.ts";
import { launcher } from "./installation.ts";
import type { ModelServer } from "./model-server.ts";
import type { Typist } from "./script.ts";
import { tmp } from "./tmp.ts";
import { ordinaryUser } from "./user.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Everything around one fenced agent. */
export interface AgentSession {
  readonly workspace: string;
  readonly state: string;
  /** A file outside the workspace with `secret` in it. */
  readonly secretFile: string;
  readonly secret: string;
  readonly summaryFile: string;
  /** The variables of the person who types. */
  readonly env: Readonly<Record<string, string>>;
  /** The whole command line of a fenced agent, the change of user included; `args` are the agent's own. */
  fenced(args: readonly string[]): readonly string[];
  /** Runs the fenced agent to its end. */
  runFenced(args: readonly string[]): Promise<Ended>;
  /** Runs a command as the person who types, in the workspace, to its end. */
  run(argv: readonly string[]): Promise<Ended>;
  /** Runs `ringfence` with arguments. */
  ringfence(...args: readonly string[]): Promise<Ended>;
}

/** Sets the scene for one agent, typed by root or by an ordinary user. Skips out loud when the agent cannot be had. */
export function agentSession(
  context: TestContext,
  agent: TestAgent,
  model: ModelServer,
  typist: Typist,
  /** Further lines of the policy. */
  further = "",
): AgentSession {
  const program = installed(context, agent);
  const folder = tmp();
  const user = typist === "user" ? ordinaryUser(folder) : undefined;
  const as = (argv: readonly string[]): readonly string[] => user?.as(argv) ?? argv;
  const [workspace, state, keys] = [join(folder, "project"), join(folder, "state"), join(folder, "keys")];
  for (const made of [workspace, state, keys]) mkdirSync(made);
  const secret = `decoy-${Math.random().toString(36).slice(2)}`;
  const secretFile = join(keys, "id_ed25519");
  writeFileSync(secretFile, `${secret}\n`);
  writeFileSync(join(workspace, "app.txt"), "first line\n");
  makeRepository(workspace);
  const policyFile = join(folder, "policy.yaml");
  writeFileSync(policyFile, policy(model.port) + further);
  // Written by the caller, so in a folder that is the caller's.
  const summaryFile = join(state, "summary.json");
  if (user !== undefined) execFileSync("chown", ["-R", `${user.uid}:${user.gid}`, workspace, state, keys]);
  const env = {
    PATH: process.env["PATH"] ?? "",
    HOME: user?.home ?? join(folder, "home"),
    XDG_STATE_HOME: state,
    LANG: "C.UTF-8",
    TERM: "tmux-256color",
  };
  const run = (argv: readonly string[]): Promise<Ended> => runToEnd(as(argv), workspace, env);
  const fenced = (args: readonly string[]): readonly string[] =>
    commandLine(agent, program, model.port, { policyFile, summaryFile, args });
  return {
    workspace,
    state,
    secretFile,
    secret,
    summaryFile,
    env,
    fenced: (args) => as(fenced(args)),
    runFenced: (args) => run(fenced(args)),
    run,
    ringfence: (...args) => run([launcher, ...args]),
  };
}

function commandLine(
  agent: TestAgent,
  program: Installed,
  port: number,
  { policyFile, summaryFile, args }: { policyFile: string; summaryFile: string; args: readonly string[] },
): readonly string[] {
  const connection = agent.connect(`http://model.test:${port}`);
  const env = Object.entries(connection.env).flatMap(([name, value]) => ["--env", `${name}=${value}`]);
  const options = ["--policy", policyFile, "--json", summaryFile, "--allow-read", program.folder, ...env];
  return [launcher, "run", ...options, "--", program.command, ...connection.args, ...args];
}

/** The scripted model is a name that resolves nowhere, at one address: the policy must say both. */
function policy(port: number): string {
  return `version: 1
sandbox:
  network:
    allow: ["model.test:${port}"]
    allowPrivate:
      - { host: model.test, cidr: 127.0.0.1/32, reason: the scripted model of this test }
`;
}

/** What an agent takes from a file only, put where it keeps its state inside; `start` is one session of it, which makes that folder. */
export async function seedSettings(agent: TestAgent, state: string, start: () => Promise<unknown>): Promise<void> {
  if (agent.settings === undefined) return;
  await start();
  const agents = join(state, "ringfence/agents", agent.name);
  for (const project of readdirSync(agents)) {
    for (const [name, text] of Object.entries(agent.settings)) {
      mkdirSync(dirname(join(agents, project, name)), { recursive: true });
      writeFileSync(join(agents, project, name), text);
    }
  }
}

/** Makes the folder a repository with one commit of what is in it. */
export function makeRepository(folder: string): void {
  const env = { PATH: process.env["PATH"] ?? "", GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };
  const git = (...args: readonly string[]): Buffer => execFileSync("git", args, { cwd: folder, env });
  git("init", "--quiet", "--template=");
  git("add", "--all");
  git("-c", "user.name=test", "-c", "user.email=test@localhost", "commit", "--quiet", "--message=start");
}

/** Runs a program to its end, without a word of the caller's environment. */
export function runToEnd(argv: readonly string[], cwd: string, env: Readonly<Record<string, string>>): Promise<Ended> {
  const [program = "", ...args] = argv;
  const child = spawn(program, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  const output = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      output[name] += text;
    });
  }
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, ...output }));
  });
}

/** What a file of the workspace holds, or undefined. */
export function contentOf(session: AgentSession, path: string): string | undefined {
  const file = join(session.workspace, path);
  return existsSync(file) ? readFileSync(file, "utf8") : undefined;
}
