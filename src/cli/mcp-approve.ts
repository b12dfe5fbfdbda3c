// `ringfence mcp approve`: a person looks at what is held and takes it as it is. What is shown is what is approved (I14): the description that the gateway
// kept, whole and escaped; if the server says something else by then, that is held anew.
import { Command } from "commander";
import { ok, type Problem, type Result } from "#core";
import {
  type Change,
  changeLines,
  diffThings,
  type Finding,
  type FoundPin,
  findingKey,
  isSameTarget,
  type Lock,
  lockOf,
  type Pending,
  pinDigest,
  pinKey,
  pinsOf,
  type ServerLock,
  type ServerTarget,
  targetText,
  withPin,
  withServer,
} from "#core/mcp";
import { exactText, markedLines } from "#core/text";
import { dropPending, listPending, ownLockFile, readLockFile, sha256, updateLockFile } from "#mcp";
import { EXIT, fail } from "./exit.ts";
import { approvedOf } from "./mcp-diff.ts";
import { type PinPlaces, pinPlaces, printedLines } from "./mcp-pins.ts";
import { say } from "./policy-layers.ts";
import { requireOutside } from "./questions.ts";
import { askAtTerminal, terminalIsHere } from "./terminal-prompt.ts";

/** The command. */
export function mcpApproveCommand(): Command {
  return new Command("approve")
    .description("look at what is held of MCP servers, and approve it")
    .argument("[server]", "one server (default: all that wait)")
    .argument("[tool]", "one tool, prompt or resource template of it")
    .action(approve);
}

async function approve(server: string | undefined, tool: string | undefined): Promise<void> {
  requireOutside();
  const places = await pinPlaces({});
  const waiting = (await listPending(places.stateDir)).filter((one) => server === undefined || one.server === server);
  if (waiting.length === 0) {
    if (server === undefined) return say("nothing of an MCP server waits");
    return fail(
      {
        code: "mcp-nothing",
        message: `nothing of \`${server}\` waits`,
        hint: "a server's definitions wait once the gateway, or `ringfence mcp lock`, has held them",
      },
      EXIT.badInput,
    );
  }
  for (const pending of waiting) await approveOne(pending, tool, places);
}

/** One held thing: as it is now, and as it was approved. */
interface Wanted {
  readonly key: string;
  readonly pin: FoundPin | undefined;
  readonly change: Change;
  readonly findings: readonly Finding[];
}

async function approveOne(pending: Pending, tool: string | undefined, places: PinPlaces): Promise<void> {
  const { server, target, description } = pending;
  const mine = await readLockFile(ownLockFile(places.stateDir, server, target));
  if (!mine.ok) return fail(mine.error, EXIT.badInput);
  // A project's lock alone approves nothing: of a server that nobody here has approved, all is shown.
  const isKnown = mine.value?.has(server) === true;
  const approved = isKnown ? await approvedOf({ server, target, argv: [], description, pending }, places) : undefined;
  const project = await readLockFile(pending.lockFile);
  if (!project.ok) return fail(project.error, EXIT.badInput);
  const wanted = wantedOf(pending, approved).filter(
    ({ change }) => tool === undefined || [change.name, change.was].includes(tool),
  );
  if (wanted.length === 0) return say(`${server}: nothing waits${tool === undefined ? "" : ` by the name ${tool}`}`);
  const lines = shownLines(pending, wanted, project.value?.get(server)?.target);
  if (!terminalIsHere()) {
    process.stdout.write(printedLines(changeLines({ changes: wanted.map(({ change }) => change), information: [] })));
    return fail(
      {
        code: "mcp-approve",
        message: "approving needs a person at a terminal",
        hint: `run \`ringfence mcp approve ${server}\` in a terminal of your own`,
      },
      EXIT.policyRefused,
    );
  }
  const typed = await askAtTerminal(
    {
      lines: (width) => lines.flatMap((line) => markedLines(line, width)),
      choices: [
        { word: "yes", says: "approve exactly this" },
        { word: "no", says: "change nothing" },
      ],
    },
    new AbortController().signal,
  );
  if (typed.kind !== "word" || typed.word !== "yes")
    return fail({ code: "mcp-approve", message: "not approved", hint: "nothing was changed" }, EXIT.policyRefused);
  const own = await updateLockFile(ownLockFile(places.stateDir, server, target), (now) =>
    approvedLock(now, pending, wanted),
  );
  if (!own.ok) return fail(own.error, EXIT.badInput);
  // A project that pins the server holds it, too; one that does not is left as it is.
  const isProjects = project.value?.has(server) === true;
  if (isProjects) {
    const written = await updateLockFile(
      pending.lockFile,
      (now) => approvedLock(now, pending, wanted),
      pending.workspace,
    );
    if (!written.ok) return fail(written.error, EXIT.badInput);
  }
  if (tool === undefined) await dropPending(places.stateDir, pending);
  say(
    `${server}: approved ${wanted.map(({ change }) => `${change.kind} ${change.name}`.trim()).join(", ")}${isProjects ? `, also in ${pending.lockFile}` : ""}`,
  );
}

/** Everything that differs from what is approved, and everything with findings that nobody accepted. */
function wantedOf({ description, findings }: Pending, approved: ServerLock | undefined): readonly Wanted[] {
  const pins = pinsOf(description);
  const within = (pin: FoundPin): readonly Finding[] =>
    findings.filter(({ at }) => at === pin.at || at.startsWith(`${pin.at}/`));
  const changed = diffThings(approved?.pins ?? [], pins).map((change): Wanted => {
    const pin = pins.find((one) => pinKey(one) === pinKey(change));
    return {
      key: pinKey(change),
      pin: change.change === "removed" ? undefined : pin,
      change,
      findings: pin === undefined ? [] : within(pin),
    };
  });
  const known = new Set(changed.map(({ key }) => key));
  const flagged = pins.filter((pin) => {
    const accepted = new Set(approved?.accepted.get(pinKey(pin)) ?? []);
    return (
      !known.has(pinKey(pin)) &&
      within(pin).some((one) => one.severity === "hard" && !accepted.has(findingKey(one, pin.at)))
    );
  });
  return [
    // Of two definitions with one name nobody knows which is called: there is nothing to approve.
    ...changed.filter(({ change }) => change.change !== "duplicate"),
    ...flagged.map(
      (pin): Wanted => ({
        key: pinKey(pin),
        pin,
        change: { kind: pin.kind, name: pin.name, change: "changed", fields: [] },
        findings: within(pin),
      }),
    ),
  ];
}

function shownLines(
  { server, target, workspace }: Pending,
  wanted: readonly Wanted[],
  locked: ServerTarget | undefined,
): readonly string[] {
  const changes = changeLines({ changes: wanted.map(({ change }) => change), information: [] }).map(({ text }) => text);
  const findings = wanted.flatMap(({ change, findings: found }) =>
    found.map(
      (one) =>
        `${one.severity} finding in ${exactText(change.name)}: ${exactText(one.kind)} at ${exactText(one.at)}: ${exactText(one.excerpt)}`,
    ),
  );
  const digests = wanted.flatMap(({ pin, change }) =>
    pin === undefined ? [] : [`sha256 ${pinDigest(sha256, pin)} ${exactText(`${change.kind} ${change.name}`)}`],
  );
  return [
    `MCP server ${exactText(server)}: ${exactText(targetText(target))}`,
    ...(locked === undefined || isSameTarget(locked, target)
      ? []
      : [`the project's lock has another one by that name: ${exactText(targetText(locked))}`]),
    `in ${exactText(workspace)}`,
    ...changes,
    ...findings,
    ...digests,
  ];
}

/** The lock with what was wanted. A server that it does not have begins with nothing; what it has beside is left alone. */
function approvedLock(now: Lock, pending: Pending, wanted: readonly Wanted[]): Result<Lock, Problem> {
  const { server, target, description } = pending;
  const before: ServerLock = { ...(now.get(server) ?? lockOf(description, { target, pins: [] })), target };
  const after = wanted.reduce((lock, { key, pin, change, findings }) => {
    const accepted = pin === undefined ? [] : findings.map((one) => findingKey(one, pin.at));
    const kept =
      change.was === undefined ? lock : withPin(lock, `${change.kind} ${change.was}`, { pin: undefined, accepted: [] });
    return withPin(kept, key, { pin, accepted });
  }, before);
  return ok(withServer(now, server, after));
}
