// The real agents, from npm at pinned versions: how each is started against a scripted model and which of its tools a step calls.
// They are installed once, outside the repository, and are never dependencies of the project.
import { execFileSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "vitest";
import type { Step } from "./model-protocols.ts";
import { needs } from "./needs.ts";

/** An agent under test. */
export interface TestAgent {
  readonly name: "claude" | "codex" | "opencode" | "copilot" | "gemini";
  readonly spec: string;
  readonly version: string;
  /** Variables and arguments that make it talk to `baseUrl` (`http://model.test:1234`), with a key that is none. */
  connect(baseUrl: string): { readonly env: Readonly<Record<string, string>>; readonly args: readonly string[] };
  /** Settings that it cannot be told by variables, below its HOME. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Arguments of one unattended session that may use its shell and file tools. */
  readonly headless: readonly string[];
  /** Arguments that turn its own sandbox off, for tests in which something else is to stop it. */
  readonly unwalled?: readonly string[];
  /** A step that runs a command with the agent's own shell tool. */
  shell(command: string): Step;
  /** A step that writes a file with the agent's own file tool, where it has one. */
  write(path: string, content: string): Step;
}

const claude: TestAgent = {
  name: "claude",
  spec: "@anthropic-ai/claude-code",
  version: "2.1.329",
  connect: (baseUrl) => ({ env: { ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_API_KEY: "not-a-key" }, args: [] }),
  headless: ["--allowedTools", "Bash", "--permission-mode", "acceptEdits", "-p", "go"],
  shell: (command) => ({ tool: "Bash", args: { command, description: "a step of the script" } }),
  write: (path, content) => ({ tool: "Write", args: { file_path: path, content } }),
};

const codex: TestAgent = {
  name: "codex",
  spec: "@openai/codex",
  version: "0.169.0",
  connect: (baseUrl) => ({
    env: { SCRIPTED_KEY: "not-a-key" },
    args: Object.entries({
      model: "scripted",
      model_provider: "scripted",
      "model_providers.scripted.name": "scripted",
      "model_providers.scripted.base_url": `${baseUrl}/v1`,
      "model_providers.scripted.wire_api": "responses",
      "model_providers.scripted.env_key": "SCRIPTED_KEY",
    }).flatMap(([key, value]) => ["-c", `${key}=${JSON.stringify(value)}`]),
  }),
  headless: ["exec", "--skip-git-repo-check", "go"],
  unwalled: ["-c", 'sandbox_mode="danger-full-access"'],
  shell: (command) => ({ tool: "exec_command", args: { cmd: command } }),
  // It offers its patch tool only to models it knows; with others it edits by its shell.
  write: (path, content) => codex.shell(`cat > '${path}' <<'END'\n${content}END`),
};

const opencode: TestAgent = {
  name: "opencode",
  spec: "opencode-ai",
  version: "1.18.33",
  connect: (baseUrl) => {
    const provider = {
      npm: "@ai-sdk/openai-compatible",
      name: "scripted",
      options: { baseURL: `${baseUrl}/v1`, apiKey: "not-a-key" },
      models: { scripted: { name: "scripted" } },
    };
    const config = { provider: { scripted: provider }, model: "scripted/scripted" };
    // The list of models that it would fetch first is on no test's network.
    return { env: { OPENCODE_CONFIG_CONTENT: JSON.stringify(config), OPENCODE_DISABLE_MODELS_FETCH: "1" }, args: [] };
  },
  // Where there is a plugin it installs its plugin's types from the registry first and waits for that, half a minute and longer, unless its lock
  // file has them. Our plugin imports nothing.
  settings: {
    ".config/opencode/node_modules/.keep": "",
    ".config/opencode/package-lock.json": `${JSON.stringify({
      lockfileVersion: 3,
      packages: { "": { dependencies: { "@opencode-ai/plugin": "1.18.33" } } },
    })}\n`,
  },
  // Its own guard is off: what stops a theft here must be the fence.
  headless: ["run", "--auto", "go"],
  shell: (command) => ({ tool: "bash", args: { command, description: "a step of the script" } }),
  write: (path, content) => ({ tool: "write", args: { filePath: path, content } }),
};

const copilot: TestAgent = {
  name: "copilot",
  spec: "@github/copilot",
  version: "1.0.102",
  connect: (baseUrl) => ({
    env: {
      COPILOT_OFFLINE: "true",
      COPILOT_PROVIDER_BASE_URL: `${baseUrl}/v1`,
      COPILOT_PROVIDER_TYPE: "openai",
      COPILOT_PROVIDER_API_KEY: "not-a-key",
      COPILOT_MODEL: "scripted",
    },
    args: [],
  }),
  headless: ["--allow-all-tools", "--trust-folder", "-p", "go"],
  shell: (command) => ({ tool: "bash", args: { command, description: "a step of the script" } }),
  write: (path, content) => ({ tool: "create", args: { path, file_text: content } }),
};

const gemini: TestAgent = {
  name: "gemini",
  spec: "@google/gemini-cli",
  version: "0.61.0",
  connect: (baseUrl) => ({
    env: { GOOGLE_GEMINI_BASE_URL: baseUrl, GEMINI_API_KEY: "not-a-key" },
    args: ["-m", "gemini-2.5-flash"],
  }),
  settings: { ".gemini/settings.json": '{ "security": { "auth": { "selectedType": "gemini-api-key" } } }\n' },
  headless: ["--approval-mode", "yolo", "--skip-trust", "-p", "go"],
  shell: (command) => ({ tool: "run_shell_command", args: { command, description: "a step of the script" } }),
  write: (path, content) => ({ tool: "write_file", args: { file_path: path, content } }),
};

/** The agents that are proven inside the fence by their hooks and their terminal interface too, in the order of the presets. */
export const TEST_AGENTS: readonly TestAgent[] = [claude, codex, opencode];

/** All whose presets are proven. */
export const FENCED_AGENTS: readonly TestAgent[] = [...TEST_AGENTS, copilot, gemini];

/** The agents whose hooks are proven. */
export const HOOKED_AGENTS: readonly TestAgent[] = [claude, codex, copilot, gemini, opencode];

/** Where an agent is installed, and its command. */
export interface Installed {
  readonly folder: string;
  readonly command: string;
}

/** Installs the agent where it is not yet, or skips the test out loud when the registry cannot be reached. */
export function installed(context: TestContext, agent: TestAgent): Installed {
  const cache = ownFolder(`/var/tmp/ringfence-test-agents-${process.getuid?.() ?? 0}`);
  const folder = join(cache, `${agent.name}-${agent.version}`);
  const command = join(folder, "node_modules/.bin", agent.name);
  if (!works(agent, command)) {
    needs(context, "registry");
    install(agent, cache, folder);
    if (!works(agent, command)) throw new Error(`\`${command} --version\` does not say ${agent.version}`);
  }
  return { folder, command };
}

function install(agent: TestAgent, cache: string, folder: string): void {
  // Into a folder of its own, renamed when whole: two test files may install at once, and an interrupted one leaves nothing that looks done.
  const fresh = mkdtempSync(join(cache, "new-"));
  writeFileSync(join(fresh, "package.json"), '{ "private": true }\n');
  const args = ["install", "--no-audit", "--no-fund", "--ignore-scripts=false", `${agent.spec}@${agent.version}`];
  execFileSync("npm", args, { cwd: fresh, stdio: "pipe", timeout: 300_000 });
  execFileSync("chmod", ["-R", "a+rX", fresh]);
  try {
    renameSync(fresh, folder);
  } catch {
    rmSync(fresh, { recursive: true, force: true }); // somebody else was first
  }
}

function works(agent: TestAgent, command: string): boolean {
  try {
    return execFileSync(command, ["--version"], { encoding: "utf8", stdio: "pipe", timeout: 60_000 }).includes(
      agent.version,
    );
  } catch {
    return false;
  }
}

/** A folder in a place that others may write: it must be ours, or somebody else chose what we run. */
export function ownFolder(path: string): string {
  mkdirSync(path, { recursive: true, mode: 0o755 });
  const { uid, mode } = lstatSync(path);
  if (uid !== process.getuid?.() || (mode & 0o022) !== 0) throw new Error(`${path} is not a folder of ours alone`);
  return path;
}
