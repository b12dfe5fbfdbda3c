// `ringfence mcp verify`: whether servers say word for word what the lock has of them. Exit 0 they do, 1 they do not, 2 some could not be asked, 3 the
// lock cannot be read (DESIGN 5).
import type { Command } from "commander";
import type { Problem } from "#core";
import {
  type Held,
  type Lock,
  type OtherServer,
  otherServerWords,
  type ServerLock,
  type ServerTarget,
  targetHere,
  verifyDescription,
} from "#core/mcp";
import { openScreening, readLockFile, readOwnLock } from "#mcp";
import { otherOfProject } from "#monitor";
import { fail, problemLines } from "../exit.ts";
import { RESULT, say } from "../policy/layers.ts";
import { printJson } from "../print-json.ts";
import type { PinPlaces } from "./live.ts";
import { type PinOptions, pinCommand, serverWords } from "./pin-command.ts";
import { type FoundServer, findServer, pinPlaces, type StartOptions } from "./pins.ts";

/** The command. */
export function mcpVerifyCommand(): Command {
  return pinCommand("verify", {
    description: "compare what servers say of themselves with the lock",
    servers: "servers by name (default: all of the lock), and behind `--` the command of one",
    insteadOf: "asking it",
    locks: true,
  })
    .option("--run", "start servers as the lock says, also those that nobody here has approved")
    .action(verify);
}

interface ServerResult {
  readonly server: string;
  readonly result: "holds" | "differs" | "unknown" | "unasked";
  readonly held: readonly Held[];
  readonly removed: readonly string[];
  readonly why?: string;
  /** It is another program or address than the lock has by its name. */
  readonly other?: OtherServer;
}

interface VerifyOptions extends PinOptions {
  readonly run?: boolean;
}

async function verify(words: readonly string[], options: VerifyOptions): Promise<void> {
  const { names, argv } = serverWords(words, options);
  const places = await pinPlaces(options);
  const lock = await readLockFile(places.lockFile);
  if (!lock.ok) {
    process.stderr.write(problemLines(lock.error));
    process.exitCode = RESULT.unreadable;
    return;
  }
  if (lock.value === undefined)
    return fail(
      {
        code: "lock-missing",
        message: `there is no lock \`${places.lockFile}\``,
        hint: "ringfence mcp lock NAME -- COMMAND",
      },
      RESULT.incomplete,
    );
  const results: ServerResult[] = [];
  for (const server of names.length > 0 ? names : lock.value.keys())
    results.push(await verifyOne(server, { lock: lock.value, places, options: { ...options, argv } }));
  const code = results.some(({ result }) => result === "differs" || result === "unknown")
    ? RESULT.fails
    : results.some(({ result }) => result === "unasked")
      ? RESULT.incomplete
      : RESULT.holds;
  process.exitCode = code;
  if (options.json === true) printJson({ lock: places.lockFile, holds: code === RESULT.holds, servers: results });
  else results.forEach(tell);
}

async function verifyOne(
  server: string,
  {
    lock,
    places,
    options,
  }: {
    readonly lock: Lock;
    readonly places: PinPlaces;
    readonly options: VerifyOptions & { readonly argv: readonly string[] };
  },
): Promise<ServerResult> {
  const nothing = { server, held: [], removed: [] };
  const pinned = lock.get(server);
  if (pinned === undefined) return { ...nothing, result: "unknown", why: "the lock does not have it" };
  const isGiven = options.from !== undefined || options.url !== undefined || options.argv.length > 0;
  const mayRun = options.run === true || (await isApproved(server, pinned, places));
  const known = isGiven || !mayRun ? undefined : (addressOf(pinned) ?? commandOf(pinned, places, options.env ?? []));
  if (!isGiven && known === undefined) return { ...nothing, result: "unasked", why: UNASKED };
  const found = await findServer(server, { ...options, ...known }, places);
  if (found === undefined) return { ...nothing, result: "unasked", why: UNASKED };
  if (!found.ok) return { ...nothing, result: "unasked", why: whyUnasked(found.error) };
  const { target, description } = found.value;
  const { stateDir, workspace } = places;
  const other =
    target === undefined ? undefined : await otherOfProject(pinned, { stateDir, server, target, workspace });
  return compare(pinned, { server, description, other });
}

function whyUnasked({ message, hint }: Problem): string {
  return hint === undefined ? message : `${message}; ${hint}`;
}

const UNASKED = "say how it is started, behind `--`, or its address with `--url`; `--run` takes what the lock says";

/** A lock comes with a repository: what it says to start is started when a person here has approved that command before. */
async function isApproved(
  server: string,
  { target }: ServerLock,
  { stateDir, workspace }: PinPlaces,
): Promise<boolean> {
  if (target === undefined) return false;
  const own = await readOwnLock({ stateDir, server, target, workspace });
  return own.ok && own.value !== undefined;
}

async function compare(
  pinned: ServerLock,
  {
    server,
    description,
    other,
  }: Pick<FoundServer, "server" | "description"> & { readonly other: OtherServer | undefined },
): Promise<ServerResult> {
  const findings = await openScreening().description(server, description, []);
  const { held, removed = [] } = verifyDescription(description, pinned, "frozen", findings);
  return {
    server,
    result: held.length === 0 && removed.length === 0 && other === undefined ? "holds" : "differs",
    held,
    removed: removed.map(({ kind, name }) => `${kind} ${name}`),
    ...(other === undefined ? {} : { why: `it ${otherServerWords(other)}`, other }),
  };
}

/** The address of a lock; what was left out of it is not to be made up. */
function addressOf({ target }: ServerLock): { readonly url: string } | undefined {
  return target === undefined || isCommand(target) || target.sealed !== undefined ? undefined : { url: target.url };
}

/** The command of a lock, where it can be run from what stands there: a secret was left out. */
function commandOf(
  { target }: ServerLock,
  { workspace, home }: PinPlaces,
  asked: readonly string[],
): (Omit<StartOptions, keyof PinOptions> & Pick<PinOptions, "env">) | undefined {
  if (!isCommand(target) || target.argv.some((word) => /\$\{secret\}|\u2026|\$\$\{/.test(word))) return undefined;
  const inPlace = (text: string): string =>
    text.replace(/(?<!\$)\$\{workspace\}/g, workspace).replace(/(?<!\$)\$\{home\}/g, home);
  // A file of the workspace by its whole name: where this is typed says nothing. A folder of it is where it is started.
  const here = target.folder === undefined ? targetHere(target, workspace) : target;
  if (!isCommand(here)) return undefined;
  const env = (here.env ?? []).map((one) => one.split("=", 1)[0] ?? "");
  const values = (here.env ?? []).flatMap((one) => {
    const [name, ...value] = one.split("=");
    return value.length === 0 || one.endsWith("=${secret}") ? [] : [[name, inPlace(value.join("="))]];
  });
  return {
    argv: here.argv.map((word) => word.replace(/^\$\{(?:workspace|home)\}/, inPlace)),
    env: [...asked, ...env],
    values: Object.fromEntries(values),
    cwd: target.folder === undefined ? workspace : inPlace(target.folder),
  };
}

function isCommand(target: ServerTarget | undefined): target is Extract<ServerTarget, { argv: unknown }> {
  return target !== undefined && "argv" in target;
}

function tell({ server, result, held, removed, why }: ServerResult): void {
  say(`${result.padEnd(8)} ${server}${why === undefined ? "" : `: ${why}`}`);
  for (const { kind, name, why: because, was, fields } of held) {
    const in_ = fields.length === 0 ? "" : ` in ${fields.join(", ")}`;
    say(`  ${because}: ${kind}${name === "" ? "" : ` ${name}`}${was === undefined ? "" : ` (it was ${was})`}${in_}`);
  }
  for (const one of removed) say(`  gone: ${one}`);
}
