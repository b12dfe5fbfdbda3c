// `ringfence mcp lock`: pins what a server says of itself in the project's lock, for review, and, typed by a person at a terminal, approves it here.
import type { Command } from "commander";
import { err, ok, type Problem, type Result } from "#core";
import {
  changeLines,
  type DescriptionDiff,
  type Finding,
  type Held,
  type Lock,
  lockOf,
  otherServerWords,
  packageSpec,
  pinKey,
  pinsOf,
  pinText,
  type ServerLock,
  targetHere,
  targetText,
  verifyDescription,
  withServer,
} from "#core/mcp";
import { exactText, forTerminal } from "#core/text";
import {
  dropPending,
  installedPackage,
  keepPending,
  openScreening,
  ownLockFile,
  readOwnLock,
  updateLockFile,
} from "#mcp";
import { complain, EXIT, fail } from "../exit.ts";
import { say } from "../policy/layers.ts";
import { printJson } from "../print-json.ts";
import { requireOutside } from "../questions.ts";
import { terminalIsHere } from "../terminal-prompt.ts";
import { clientCommand } from "./client-command.ts";
import { diffWithLock, otherServerOf } from "./diff.ts";
import type { PinPlaces } from "./live.ts";
import { type PinOptions, pinCommand, serverWords } from "./pin-command.ts";
import { type FoundServer, findServer, pinPlaces, printedLines, type StartOptions } from "./pins.ts";

interface LockOptions extends PinOptions {
  readonly update?: boolean;
}

/** The command. */
export function mcpLockCommand(): Command {
  return pinCommand("lock", {
    description: "pin what a server says of itself, in the project's lock",
    servers: "servers by name, and behind `--` the command of one",
    insteadOf: "asking it",
    locks: true,
  })
    .option("--update", "write what changed, too; approving it is left to `mcp approve`")
    .action(lock);
}

async function lock(words: readonly string[], options: LockOptions): Promise<void> {
  requireOutside();
  const { names, argv } = serverWords(words, options);
  if (names.length === 0)
    return fail(
      { code: "usage", message: "which server?", hint: "ringfence mcp lock NAME -- COMMAND [ARG...]" },
      EXIT.usage,
    );
  const places = await pinPlaces(options);
  const results: LockResult[] = [];
  for (const server of names) {
    const found = await findServer(server, withCommand(server, options, argv), places);
    if (found === undefined)
      return fail(
        {
          code: "mcp-nothing",
          message: `how \`${server}\` is started is not known`,
          hint: `ringfence mcp lock ${server} -- COMMAND, or --url URL`,
        },
        EXIT.badInput,
      );
    if (!found.ok) return fail(found.error, EXIT.cannotStart);
    results.push(await lockOne(found.value, places, options));
  }
  if (options.json === true) printJson({ lock: places.lockFile, servers: results });
  if (results.some(({ written, held }) => !written || held.length > 0)) process.exitCode = 1;
}

/** Where no command is given, that of the person's clients. A project's file may have brought it: it is said before it is run. */
function withCommand(server: string, options: LockOptions, argv: readonly string[]): LockOptions & StartOptions {
  const known =
    argv.length > 0 || options.from !== undefined || options.url !== undefined ? undefined : clientCommand(server);
  if (known === undefined) return { ...options, argv };
  complain(`ringfence: ${forTerminal(`${server} is started as ${known.file} has it: ${targetText(known)}`)}\n`);
  return { ...options, argv: known.argv, env: [...(options.env ?? []), ...known.env], values: known.values };
}

interface LockResult {
  readonly server: string;
  readonly written: boolean;
  readonly approved: boolean;
  readonly pinned: number;
  readonly held: readonly Held[];
}

async function lockOne(found: FoundServer, places: PinPlaces, options: LockOptions): Promise<LockResult> {
  const { server, description, target } = found;
  const quiet = options.json === true;
  const findings = await openScreening().description(server, description, []);
  // What no person may approve unseen is not pinned here: a hard finding, two definitions of one name, names that are taken for one another.
  const { held } = verifyDescription(description, lockOf(description, {}), "ask", findings);
  const keys = new Set(held.map(pinKey));
  const pins = pinsOf(description).filter((pin) => !keys.has(pinKey(pin)));
  const asked = packageSpec(found.argv);
  const pack = asked === undefined ? undefined : await installedPackage(places.workspace, asked);
  const next = lockOf(description, {
    ...(target === undefined ? {} : { target }),
    ...(pack === undefined ? {} : { package: pack }),
    pins,
  });
  const result = { server, pinned: pins.length, held };
  const [diff, other] = [await diffWithLock(found, places), await otherServerOf(found, places)];
  const isChanged = diff.changes.length > 0 || other !== undefined;
  const change = (now: Lock): Result<Lock, Problem> =>
    now.has(server) && isChanged && options.update !== true
      ? err(CHANGED)
      : ok(withServer(now, server, keepAccepted(now, server, next)));
  const written = await updateLockFile(places.lockFile, change, places.workspace);
  if (!written.ok) {
    if (written.error !== CHANGED) return fail(written.error, EXIT.badInput);
    if (!quiet) process.stdout.write(printedLines(changeLines(diff)));
    if (!quiet)
      say(
        `${server} ${other === undefined ? "is pinned already, and differs" : exactText(otherServerWords(other))}: look at it with \`ringfence mcp approve ${server}\`, or write it for review with \`--update\``,
      );
    await wait(found, places, findings);
    return { ...result, written: false, approved: false };
  }
  // Typed at a terminal it is a person's word for a server that they see for the first time; what is new in a known one is looked at.
  const isFor = target !== undefined && other === undefined && terminalIsHere();
  const approved = isFor && (await isFirst(found, places, diff));
  if (approved) await approve(next, found, places);
  if (held.length > 0 || other !== undefined) await wait(found, places, findings);
  else if (target !== undefined) await dropPending(places.stateDir, { server, target, workspace: places.workspace });
  if (!quiet) tell({ ...result, written: true, approved }, places);
  if (!quiet && other !== undefined)
    say(`  ${exactText(otherServerWords(other))}: approve it with \`ringfence mcp approve ${server}\``);
  return { ...result, written: true, approved };
}

async function isFirst(
  { server, target }: FoundServer,
  { stateDir, workspace }: PinPlaces,
  diff: DescriptionDiff,
): Promise<boolean> {
  if (target === undefined) return false;
  const own = await readOwnLock({ stateDir, server, target, workspace });
  return own.ok && (own.value === undefined || diff.changes.length === 0);
}

const CHANGED: Problem = { code: "lock-changed", message: "the server is pinned already, and differs" };

/** What was known of the server before stays: its command, and findings that were accepted in a definition that is still the same. */
function keepAccepted(now: Lock, server: string, described: ServerLock): ServerLock {
  const old = now.get(server);
  if (old === undefined) return described;
  // A description from a file says nothing of where it came from.
  const { target = old.target, package: pack = old.package } = described;
  const next: ServerLock = {
    ...described,
    ...(target === undefined ? {} : { target }),
    ...(pack === undefined || described.target !== undefined ? {} : { package: pack }),
  };
  const texts = new Map(old.pins.map((pin) => [pinKey(pin), pinText(pin)]));
  const kept = next.pins.filter((pin) => old.accepted.has(pinKey(pin)) && texts.get(pinKey(pin)) === pinText(pin));
  return { ...next, accepted: new Map(kept.map((pin) => [pinKey(pin), old.accepted.get(pinKey(pin)) ?? []])) };
}

async function approve(
  next: ServerLock,
  { server, target }: FoundServer,
  { stateDir, workspace }: PinPlaces,
): Promise<void> {
  if (target === undefined) return;
  const here = { ...next, target: targetHere(target, workspace) };
  const own = await updateLockFile(
    ownLockFile({ stateDir, server, target, workspace }),
    (now): Result<Lock, Problem> => ok(withServer(now, server, keepAccepted(now, server, here))),
  );
  if (!own.ok) fail(own.error, EXIT.badInput);
}

async function wait(
  { server, target, description }: FoundServer,
  places: PinPlaces,
  findings: readonly Finding[],
): Promise<void> {
  if (target === undefined) return;
  const { stateDir, workspace, lockFile } = places;
  await keepPending(stateDir, { server, target, workspace, lockFile, description, findings });
}

function tell({ server, pinned, held, approved }: LockResult, { lockFile }: PinPlaces): void {
  say(`${server}: ${pinned} pinned in ${lockFile}${approved ? ", and approved here" : ""}`);
  for (const { kind, name, why, findings } of held) {
    say(`  held: ${kind} ${name} (${why})`);
    for (const { severity, kind: what, at, excerpt } of findings)
      say(`    ${severity}: ${what} at ${at}: ${forTerminal(excerpt, { max: 200 })}`);
  }
  if (held.length > 0) say(`  look at what is held with \`ringfence mcp approve ${server}\``);
}
