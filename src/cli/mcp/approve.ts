// `ringfence mcp approve`: a person looks at what is held and takes it as it is. What is shown is what is approved (I14): the description that the gateway
// kept, whole and escaped; if the server says something else by then, that is held anew.
import { Command } from "commander";
import { ok, type Problem, type Result } from "#core";
import {
  findingKey,
  type Lock,
  lockOf,
  type OtherServer,
  type Pending,
  packageSpec,
  type ServerLock,
  type ServerTarget,
  targetHere,
  targetText,
  withPin,
  withServer,
} from "#core/mcp";
import { markedLines } from "#core/text";
import {
  comeBack,
  dropPending,
  listPending,
  otherOwnLocks,
  ownLockFile,
  readLockFile,
  readOwnLock,
  takePlace,
  updateLockFile,
} from "#mcp";
import { otherOfOwn, otherOfProject } from "#monitor";
import { EXIT, fail } from "../exit.ts";
import { say } from "../policy/layers.ts";
import { requireOutside } from "../questions.ts";
import { askAtTerminal, terminalIsHere } from "../terminal-prompt.ts";
import { approvedOf } from "./diff.ts";
import type { PinPlaces } from "./live.ts";
import { pinPlaces } from "./pins.ts";
import { shownLines, type Wanted, wantedOf } from "./wanted.ts";

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

async function approveOne(pending: Pending, tool: string | undefined, places: PinPlaces): Promise<void> {
  const { server, target, description, workspace } = pending;
  const me = { stateDir: places.stateDir, server, target, workspace };
  const mine = await readOwnLock(me);
  if (!mine.ok) return fail(mine.error, EXIT.badInput);
  const project = await readLockFile(pending.lockFile);
  if (!project.ok) return fail(project.error, EXIT.badInput);
  // A project's lock alone approves nothing: of a server that nobody here has approved, all is shown.
  const isKnown = mine.value !== undefined;
  const locked = project.value?.get(server);
  const isOther = locked === undefined ? undefined : await otherOfProject(locked, me);
  const found = { server, target, argv: [], description, pending };
  const approved = isKnown ? await approvedOf(found, places) : undefined;
  const others = isKnown ? ok([]) : await otherOwnLocks(me);
  if (!others.ok) return fail(others.error, EXIT.badInput);
  const ofOwn = isKnown ? ok(undefined) : await otherOfOwn(me);
  if (!ofOwn.ok) return fail(ofOwn.error, EXIT.badInput);
  const isWanted = ({ change }: Wanted): boolean => tool === undefined || [change.name, change.was].includes(tool);
  const wanted = wantedOf(pending, approved).filter(isWanted);
  if (wanted.length === 0 && isOther === undefined)
    return say(`${server}: nothing waits${tool === undefined ? "" : ` by the name ${tool}`}`);
  // Another program by a known name: what was approved of the one before is not read once more, what differs is.
  const [before] = others.value;
  const differing = before === undefined ? wanted : wantedOf(pending, before).filter(isWanted);
  const lines = shownLines(pending, differing, {
    other: ofOwn.value ?? isOther,
    same: wanted.length - differing.length,
  });
  if (!terminalIsHere()) {
    process.stdout.write(`${lines.join("\n")}\n`);
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
        {
          word: "yes",
          says: `approve exactly this${before === undefined ? "" : ", in place of what its name stands for now"}`,
        },
        ...(before === undefined
          ? []
          : [{ word: "both", says: "approve this, and leave the other approved beside it" }]),
        { word: "no", says: "change nothing" },
      ],
    },
    new AbortController().signal,
  );
  if (typed.kind !== "word" || !["yes", "both"].includes(typed.word))
    return fail({ code: "mcp-approve", message: "not approved", hint: "nothing was changed" }, EXIT.policyRefused);
  const own = await updateLockFile(ownLockFile(me), (now) =>
    approvedLock(now, { pending, wanted, target: targetHere(target, workspace) }),
  );
  if (!own.ok) return fail(own.error, EXIT.badInput);
  const placed = typed.word === "yes" && !isKnown ? await takePlace(me) : await comeBack(me);
  if (!placed.ok) return fail(placed.error, EXIT.badInput);
  // A project that pins the server holds it, too; one that does not is left as it is.
  const isProjects = locked !== undefined;
  if (isProjects) {
    const whole = own.value.get(server);
    const written = await updateLockFile(
      pending.lockFile,
      (now) =>
        isOther === undefined || whole === undefined
          ? approvedLock(now, { pending, wanted, target })
          : ok(withServer(now, server, projectsLock(whole, pending, isOther))),
      workspace,
    );
    if (!written.ok) return fail(written.error, EXIT.badInput);
  }
  if (tool === undefined) await dropPending(places.stateDir, pending);
  const names = wanted.map(({ change }) => `${change.kind} ${change.name}`.trim());
  say(
    `${server}: approved ${names.length === 0 ? targetText(target) : names.join(", ")}${isProjects ? `, also in ${pending.lockFile}` : ""}`,
  );
}

/** What a project's lock has of a server that took the place of another one there. */
function projectsLock(approved: ServerLock, { target }: Pending, { installed }: OtherServer): ServerLock {
  const pack = installed?.now ?? ("url" in target ? undefined : packageSpec(target.argv));
  return { ...approved, target, ...(pack === undefined ? {} : { package: pack }) };
}

/** The lock with what was wanted. A server that it does not have begins with nothing; what it has beside is left alone. */
function approvedLock(
  now: Lock,
  {
    pending,
    wanted,
    target,
  }: { readonly pending: Pending; readonly wanted: readonly Wanted[]; readonly target: ServerTarget },
): Result<Lock, Problem> {
  const { server, description } = pending;
  const before: ServerLock = { ...(now.get(server) ?? lockOf(description, { target, pins: [] })), target };
  const after = wanted.reduce((lock, { key, pin, change, findings }) => {
    const accepted = pin === undefined ? [] : findings.map((one) => findingKey(one, pin.at));
    const kept =
      change.was === undefined ? lock : withPin(lock, `${change.kind} ${change.was}`, { pin: undefined, accepted: [] });
    return withPin(kept, key, { pin, accepted });
  }, before);
  return ok(withServer(now, server, after));
}
