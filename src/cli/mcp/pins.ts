// What `mcp lock`, `verify`, `diff` and `approve` share: which server is meant, where its locks are, and where its description comes from.

import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import type { Problem, Result } from "#core";
import {
  type ChangeLine,
  commandTarget,
  type Pending,
  readDescription,
  readJson,
  type ServerDescription,
  type ServerTarget,
  urlTarget,
} from "#core/mcp";
import { listPending, sealText } from "#mcp";
import { lockFilePlace, readPolicy, workspaceFolder } from "#monitor";
import { callerHome, callerStateDir } from "../caller.ts";
import { callerEnvironment } from "../environment.ts";
import { EXIT, fail } from "../exit.ts";
import { describeLive, describeLiveUpstream, type LiveServer, type PinPlaces } from "./live.ts";
import type { PinOptions } from "./pin-command.ts";

/** The places for this working directory; `--lock` names another project's lock. */
export async function pinPlaces({ lock }: Pick<PinOptions, "lock">): Promise<PinPlaces> {
  const workspace = workspaceFolder(process.cwd());
  const [home, stateDir] = [callerHome(), callerStateDir(process.env)];
  if (lock !== undefined) return { workspace, home, stateDir, lockFile: resolve(lock) };
  const policy = await readPolicy({ workspaceRoot: workspace, stateDir, home });
  if (!policy.ok) return fail(policy.error, EXIT.badInput);
  return { workspace, home, stateDir, lockFile: lockFilePlace(policy.value.policy.mcp.lock.text, { workspace, home }) };
}

/** A description of one server, and what it was found as. */
export interface FoundServer {
  readonly server: string;
  readonly target: ServerTarget | undefined;
  /** Its command, where it was given. */
  readonly argv: readonly string[];
  readonly description: ServerDescription;
  /** What waits for a person, when it comes from there. */
  readonly pending?: Pending;
}

/** The description: from a file, from the server itself, or from what waits for a person. Undefined when none of these is there. */
export async function findServer(
  server: string,
  options: StartOptions,
  places: PinPlaces,
): Promise<Result<FoundServer, Problem> | undefined> {
  const target = targetOf(options, places);
  const { url } = options;
  if (options.from !== undefined)
    return { ok: true, value: { server, target, argv: options.argv, description: descriptionIn(options.from) } };
  if (options.argv.length > 0) {
    const live = await describeLive({ server, argv: options.argv, ...startOf(options), places });
    return live.ok ? { ok: true, value: { server, target, argv: options.argv, description: live.value } } : live;
  }
  if (url !== undefined) {
    const live = await describeLiveUpstream({ ...options, server, address: url, places });
    return live.ok ? { ok: true, value: { server, target, argv: [], description: live.value } } : live;
  }
  const pending = await pendingOf(server, places);
  if (pending === undefined) return undefined;
  return { ok: true, value: { server, target: pending.target, argv: [], description: pending.description, pending } };
}

/** What waits of one server, that of this workspace before that of others. */
export async function pendingOf(server: string, { stateDir, workspace }: PinPlaces): Promise<Pending | undefined> {
  const all = (await listPending(stateDir)).filter((one) => one.server === server);
  return all.find((one) => one.workspace === workspace) ?? all[0];
}

/** How a server is to be asked. */
export type StartOptions = PinOptions & {
  readonly argv: readonly string[];
  /** Where it is started; where this is typed, when absent. */
  readonly cwd?: string;
  /** Variables with the values that its client's entry has for them: others come from here. */
  readonly values?: Readonly<Record<string, string>>;
};

function startOf({ env = [], cwd = process.cwd(), values = {} }: StartOptions): Pick<LiveServer, "declared" | "cwd"> {
  const caller = { ...callerEnvironment(process.env), ...values };
  return { cwd, declared: Object.fromEntries(env.map((name) => [name, caller[name]])) };
}

function targetOf(options: StartOptions, places: PinPlaces): ServerTarget | undefined {
  if (options.url !== undefined) {
    const target = urlTarget(options.url, sealText);
    const hint = "an MCP server's address begins with https://";
    return target ?? fail({ code: "usage", message: `\`${options.url}\` is no address of a server`, hint }, EXIT.usage);
  }
  if (options.argv.length === 0) return undefined;
  const { cwd, declared } = startOf(options);
  return commandTarget(options.argv, { ...places, cwd }, { declared, seal: sealText });
}

/** A description in a file (`-`: standard input), or the end of the process. */
export function descriptionIn(file: string): ServerDescription {
  const refuse = (why: string): never =>
    fail(
      {
        code: "description-unreadable",
        message: `\`${file}\` ${why}`,
        hint: "a description is a JSON object with `tools`, `prompts`, `instructions`, `capabilities`, …",
      },
      EXIT.badInput,
    );
  let bytes: Buffer;
  try {
    bytes = readFileSync(file === "-" ? 0 : file);
  } catch (error) {
    return refuse(`cannot be read (${(error as NodeJS.ErrnoException).code ?? "?"})`);
  }
  const read = readJson(bytes, { maxBytes: 256 << 20, maxDepth: 192 });
  if (!read.ok) return refuse(`is no strict JSON (${read.error.code} at ${read.error.at})`);
  const description = readDescription(read.value);
  return description.ok ? description.value.description : refuse(description.error);
}

const SGR: Readonly<Record<ChangeLine["mark"], number>> = {
  head: 1,
  place: 36,
  before: 31,
  after: 32,
  equal: 2,
  note: 2,
};

/** Lines of a difference as they are printed: coloured on a terminal that wants it (https://no-color.org). */
export function printedLines(lines: readonly ChangeLine[]): string {
  const plain = !process.stdout.isTTY || (process.env["NO_COLOR"] ?? "") !== "" || process.env["TERM"] === "dumb";
  return lines.map(({ mark, text }) => (plain ? `${text}\n` : `\u001b[${SGR[mark]}m${text}\u001b[0m\n`)).join("");
}
