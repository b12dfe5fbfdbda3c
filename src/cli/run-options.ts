// `run`'s options as one layer of policy (the command line is a layer like any other, the person's own), and what is left over.
import { resolve } from "node:path";
import type { Command } from "commander";
import type { Problem } from "#core";
import { repeated } from "./repeated.ts";

/** The options as commander hands them over. */
export interface RunOptions {
  readonly policy?: string;
  readonly from?: string;
  readonly tier?: string;
  readonly mode?: string;
  readonly sandbox?: string;
  readonly runtime?: string;
  readonly workspace?: string;
  readonly apply?: string;
  readonly allowDomain?: readonly string[];
  readonly allowRead?: readonly string[];
  readonly allowWrite?: readonly string[];
  readonly denyRead?: readonly string[];
  readonly showSecret?: readonly string[];
  readonly denyWrite?: readonly string[];
  readonly env?: readonly string[];
  readonly credential?: readonly string[];
  readonly setup?: readonly string[];
  readonly setupAllowDomain?: readonly string[];
  readonly setupExpose?: readonly string[];
  readonly timeout?: string;
  readonly memory?: string;
  readonly cpus?: string;
  readonly pids?: string;
  readonly port?: readonly string[];
  readonly yes?: boolean;
  readonly quiet?: boolean;
  readonly json?: string;
  readonly dryRun?: boolean;
}

/** Declares them, in the order of DESIGN section 5. */
export function declareRunOptions(command: Command): Command {
  return command
    .option("--policy <file>", "read this policy file too, as the person's own word")
    .option("--from <snapshot>", "start from SESSION/NAME: its changes and home as they were kept")
    .option("--tier <tier>", "low, medium or high")
    .option("--mode <mode>", "permission mode: default, acceptEdits, plan, auto, dontAsk, bypassPermissions")
    .option("--sandbox <mode>", "read-only, workspace-write")
    .option("--runtime <runtime>", "where it runs: auto, process, container, gvisor, microvm")
    .option(
      "--workspace <kind>",
      "overlay (default), clone, worktree (both private, commits come as a branch), direct (live, weaker), read-only",
    )
    .option(
      "--apply <when>",
      "when a clean diff reaches the host: end (default), live (as it is made), ask (hold all for review)",
    )
    .option(
      "--allow-domain <rule>",
      "open HOST, *.HOST, HOST:PORT or preset:NAME; RULE=CIDR names a private address",
      repeated,
    )
    .option("--allow-read <path>", "show this path too, read-only", repeated)
    .option("--allow-write <path>", "let this path be written too, live", repeated)
    .option("--deny-read <path>", "hide what matches, also in the workspace", repeated)
    .option("--show-secret <path>", "let this secret file of the workspace be seen; shown as exposed", repeated)
    .option("--deny-write <path>", "hold or refuse changes to what matches", repeated)
    .option(
      "--env <name[=value]>",
      "let a variable in: NAME takes the caller's value; that, and a value that looks like a secret, is shown as exposed",
      repeated,
    )
    .option(
      "--credential <name>",
      "let the proxy hold it: one that the policy describes, or a known one such as github (a placeholder stands inside)",
      repeated,
    )
    .option(
      "--setup <command>",
      "run this shell command first, in a fence of its own with the setup's network",
      repeated,
    )
    .option("--setup-allow-domain <rule>", "open this for the setup only; RULE=CIDR as for --allow-domain", repeated)
    .option(
      "--setup-expose <name>",
      "let the setup see this variable's real value; that it is gone is checked",
      repeated,
    )
    .option("--timeout <time>", "end the session after this long, for example 30m (default 4h)")
    .option("--memory <size>", "memory of the whole session (default 4g)")
    .option("--cpus <number>", "processors (default 2)")
    .option("--pids <number>", "processes at once (default 4096)")
    .option("--port <number>", "publish a port of the fence on the host's loopback", repeated)
    .option("--yes", "skip courtesy; never answers a question")
    .option("--quiet", "no progress and no summary")
    .option("--json <file>", "write the session's summary as JSON to this file")
    .option("--dry-run", "print the plan as JSON and run nothing");
}

/** The options as a policy document. Wrong words are the policy schema's to refuse, with `command line` as their place. */
export function commandLineLayer(options: RunOptions, cwd: string): object {
  const limits = defined({
    timeout: options.timeout,
    memory: numeric(options.memory),
    cpus: numeric(options.cpus),
    pids: numeric(options.pids),
  });
  const absolute = (paths: readonly string[] | undefined): readonly string[] | undefined =>
    paths?.map((path) => (/^[/~]/.test(path) ? path : resolve(cwd, path)));
  const filesystem = defined({
    allowRead: absolute(options.allowRead),
    allowWrite: absolute(options.allowWrite),
    denyRead: options.denyRead,
    // As a pattern: from the top of the disk.
    showSecrets: absolute(options.showSecret)?.map((path) => (path.startsWith("/") ? `/${path}` : path)),
    denyWrite: options.denyWrite,
  });
  const { allow, allowPrivate } = domains(options.allowDomain ?? []);
  const ofSetup = domains(options.setupAllowDomain ?? []);
  const privates = [...(allowPrivate ?? []), ...(ofSetup.allowPrivate ?? [])];
  const network = defined({ allow, allowPrivate: privates.length > 0 ? privates : undefined });
  const sandbox = defined({
    mode: options.sandbox,
    runtime: options.runtime,
    workspace: options.workspace,
    apply: options.apply,
    filesystem: nonEmpty(filesystem),
    network: nonEmpty(network),
    limits: nonEmpty(limits),
    ports: options.port?.map(numeric),
  });
  const pass = (options.env ?? []).filter((entry) => !entry.includes("="));
  const set = Object.fromEntries(
    (options.env ?? []).filter((entry) => entry.includes("=")).map((entry) => split(entry, "=")),
  );
  return defined({
    tier: options.tier,
    permissions: options.mode === undefined ? undefined : { mode: options.mode },
    sandbox: nonEmpty(sandbox),
    env: nonEmpty(defined({ pass: pass.length > 0 ? pass : undefined, set: nonEmpty(set) })),
    setup: nonEmpty(
      defined({
        run: options.setup,
        network: ofSetup.allow === undefined ? undefined : { allow: ofSetup.allow },
        expose: options.setupExpose,
      }),
    ),
    credentials: options.credential?.map((name) => ({ name })),
  });
}

/** `--allow-domain` of a command that opens the session of one MCP server. */
export function serverNetworkLayer(server: string, rules: readonly string[]): object {
  return rules.length === 0 ? {} : { mcp: { servers: { [server]: { network: domains(rules) } } } };
}

/** Which option a key of the layer was typed as. */
const OPTION_OF: ReadonlyMap<string, string> = new Map([
  ["tier", "--tier"],
  ["permissions.mode", "--mode"],
  ["sandbox.mode", "--sandbox"],
  ["sandbox.runtime", "--runtime"],
  ["sandbox.workspace", "--workspace"],
  ["sandbox.apply", "--apply"],
  ["sandbox.filesystem.allowRead", "--allow-read"],
  ["sandbox.filesystem.allowWrite", "--allow-write"],
  ["sandbox.filesystem.denyRead", "--deny-read"],
  ["sandbox.filesystem.denyWrite", "--deny-write"],
  ["sandbox.filesystem.showSecrets", "--show-secret"],
  ["sandbox.network.allow", "--allow-domain"],
  ["sandbox.network.allowPrivate", "--allow-domain"],
  ["sandbox.limits.timeout", "--timeout"],
  ["sandbox.limits.memory", "--memory"],
  ["sandbox.limits.cpus", "--cpus"],
  ["sandbox.limits.pids", "--pids"],
  ["sandbox.ports", "--port"],
  ["env.pass", "--env"],
  ["env.set", "--env"],
  ["setup.run", "--setup"],
  ["setup.network.allow", "--setup-allow-domain"],
  ["setup.expose", "--setup-expose"],
  ["credentials", "--credential"],
]);

/** A problem of this layer in the words that were typed: its option, and no line of a document that nobody wrote. Others stay as they are. */
export function inTypedWords(problem: Problem): Problem {
  if (problem.at?.file !== "command line") return problem;
  const { code, message, hint } = problem;
  const [quoted = "", key = "", value = ""] = /^`([\w.]+?)(?:\.\d+)*(: .*?)?`/.exec(message) ?? [];
  const option = OPTION_OF.get(key);
  if (option === undefined) return { code, message, hint: hint ?? USAGE };
  const words = `\`${option}${value.replace(/^: /, " ")}\`${message.slice(quoted.length)}`;
  return { code, message: words, hint: hint?.replace(/^take .* out of the policy/, "leave the option out") ?? USAGE };
}

const USAGE = "`ringfence run --help` says what each option takes";

/** `RULE=CIDR` is a rule and a private address for its host; egress expands a preset's hosts. */
function domains(rules: readonly string[]): { allow?: readonly string[]; allowPrivate?: readonly object[] } {
  if (rules.length === 0) return {};
  const allowPrivate = rules
    .filter((rule) => rule.includes("="))
    .map((rule) => {
      const [name, cidr] = split(rule, "=");
      return {
        host: name.startsWith("preset:") ? name : name.replace(/(?<=[^:]):\d+$/, ""),
        cidr,
        reason: "named on the command line",
      };
    });
  const allow = rules.map((rule) => split(rule, "=")[0]);
  return allowPrivate.length > 0 ? { allow, allowPrivate } : { allow };
}

function split(text: string, at: string): [string, string] {
  const index = text.indexOf(at);
  return index < 0 ? [text, ""] : [text.slice(0, index), text.slice(index + 1)];
}

// A word that is not a number stays a word: the schema then says what it wanted.
function numeric(text: string | undefined): number | string | undefined {
  return text !== undefined && /^\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

function defined<T extends object>(values: T): Partial<T> {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Partial<T>;
}

function nonEmpty<T extends object>(values: T): T | undefined {
  return Object.keys(values).length > 0 ? values : undefined;
}
