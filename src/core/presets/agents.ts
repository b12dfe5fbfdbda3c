// Known agents as data (DESIGN 8): what each needs inside the fence, keyed by the command a person types.
// A preset only ever opens what its file names; an agent without one runs like any other command.
import aider from "./agents/aider.json" with { type: "json" };
import claude from "./agents/claude.json" with { type: "json" };
import codex from "./agents/codex.json" with { type: "json" };
import copilot from "./agents/copilot.json" with { type: "json" };
import cursorAgent from "./agents/cursor-agent.json" with { type: "json" };
import gemini from "./agents/gemini.json" with { type: "json" };
import goose from "./agents/goose.json" with { type: "json" };
import opencode from "./agents/open-code.json" with { type: "json" };

/** What Ringfence knows about one agent. One JSON file each under `agents/`. */
export interface AgentPreset {
  readonly name: string;
  /** The commands that start it, by base name. */
  readonly commands: readonly string[];
  /** Its npm packages, for `npx PACKAGE`. */
  readonly packages: readonly string[];
  /** The version whose behaviour these facts were checked against, or `not run here`: they are its documentation's then. */
  readonly testedWith: string;
  /** Network rules such as `preset:anthropic`, added to the policy's. */
  readonly hosts: readonly string[];
  /** Folders below HOME that outlive the session, each kept privately per agent and project. All of its state lives in them. */
  readonly stateFolders: readonly string[];
  /** Variables that keep its state in those folders and its side traffic and self-update off. `~/` is the fence's HOME. */
  readonly env: Readonly<Record<string, string>>;
  /** Names a person may want to hand in with `--env NAME`. Never passed by themselves: documentation only. */
  readonly envWhenPresent: readonly string[];
  /** Known credentials (core/credentials) that are its model keys: one that the person has set is held by the proxy, and a placeholder stands inside. */
  readonly credentials: readonly string[];
  /** Arguments put directly behind the command that turn its own sandbox off; its permission prompts stay as they are. */
  readonly insideArgs: readonly string[];
  /** How it is told to leave its telemetry at `{endpoint}`, as OTLP/HTTP with JSON; absent where it has none. */
  readonly telemetry?: { readonly env?: Readonly<Record<string, string>>; readonly args?: readonly string[] };
  /** Its settings in a workspace, relative; protected like every persistence path (SAND-3). */
  readonly protectedSettings: readonly string[];
}

/** Every preset, in the order the documentation lists them. */
export const AGENT_PRESETS: readonly AgentPreset[] = [
  claude,
  codex,
  opencode,
  copilot,
  gemini,
  cursorAgent,
  aider,
  goose,
];

// `npx PACKAGE` and its kin; each may be followed by options that take no value.
const RUNNERS: Readonly<Record<string, readonly string[]>> = {
  npx: ["-y", "--yes", "--no-install", "--offline", "--prefer-offline"],
  bunx: ["--bun"],
  pnpx: [],
};

/** A preset and where its command stands in the argument vector. */
interface Found {
  readonly preset: AgentPreset;
  readonly at: number;
}

/**
 * The preset of a command line, or undefined. Known are the agent's command by name or by absolute path, and
 * `npx [-y] PACKAGE[@VERSION]` (also `bunx`, `pnpx`). A relative path such as `./claude` is a file of the workspace that merely
 * has the name: it gets no preset, nor does anything behind a shell, `env` or another wrapper.
 */
export function agentFor(argv: readonly string[]): AgentPreset | undefined {
  return find(argv)?.preset;
}

/**
 * The argument vector as it runs inside: the preset's `insideArgs` directly behind the command, so that what the person typed comes later and wins.
 * `endpoint`: where it leaves its telemetry, if it shall.
 */
export function insideArgv(argv: readonly string[], endpoint?: string): readonly string[] {
  const found = find(argv);
  if (found === undefined) return argv;
  const { insideArgs, telemetry } = found.preset;
  const told = endpoint === undefined ? [] : (telemetry?.args ?? []).map((word) => pointed(word, endpoint));
  return [...argv.slice(0, found.at + 1), ...insideArgs, ...told, ...argv.slice(found.at + 1)];
}

/** The preset's variables for a fence whose HOME is `home` (absolute, no trailing slash). `endpoint`: where it leaves its telemetry, if it shall. */
export function agentEnvironment(preset: AgentPreset, home: string, endpoint?: string): Record<string, string> {
  const entries = Object.entries(preset.env).map(([name, value]) => [name, value.replace(/^~(?=\/)/, () => home)]);
  const told = Object.entries(endpoint === undefined ? {} : (preset.telemetry?.env ?? {}));
  return Object.fromEntries([...entries, ...told.map(([name, value]) => [name, pointed(value, endpoint ?? "")])]);
}

function pointed(text: string, endpoint: string): string {
  return text.replaceAll("{endpoint}", () => endpoint);
}

function find(argv: readonly string[]): Found | undefined {
  const command = nameOf(argv[0]);
  if (command === undefined) return undefined;
  const byCommand = AGENT_PRESETS.find(({ commands }) => commands.includes(command));
  if (byCommand !== undefined) return { preset: byCommand, at: 0 };
  const flags = Object.hasOwn(RUNNERS, command) ? RUNNERS[command] : undefined;
  if (flags === undefined) return undefined;
  const at = argv.findIndex((word, index) => index > 0 && !flags.includes(word));
  const byPackage = AGENT_PRESETS.find(({ packages }) => packages.includes(packageOf(argv[at] ?? "")));
  return byPackage === undefined ? undefined : { preset: byPackage, at };
}

/** The base name of a bare or absolute command; undefined for a relative path, which names a file of the workspace. */
function nameOf(word: string | undefined): string | undefined {
  if (word === undefined) return undefined;
  if (!word.includes("/")) return word;
  return word.startsWith("/") ? word.slice(word.lastIndexOf("/") + 1) : undefined;
}

/** `@scope/name@1.2.3` → `@scope/name`. */
function packageOf(spec: string): string {
  const version = spec.indexOf("@", 1);
  return version === -1 ? spec : spec.slice(0, version);
}
