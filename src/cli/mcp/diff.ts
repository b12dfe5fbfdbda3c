// `ringfence mcp diff`: what a server says of itself beside what was approved, field by field. Exit 0 when nothing differs, 1 when something does.
import type { Command } from "commander";
import {
  approvedByBoth,
  type Change,
  type ChangeLine,
  changeLines,
  type DescriptionDiff,
  diffDescriptions,
  diffThings,
  type Finding,
  type OtherServer,
  otherServerWords,
  pinsOf,
  type ServerLock,
} from "#core/mcp";
import { exactText } from "#core/text";
import { listPending, type OwnServer, otherOwnLocks, readLockFile, readOwnLock } from "#mcp";
import { otherOfOwn, otherOfProject } from "#monitor";
import { EXIT, fail } from "../exit.ts";
import { printJson } from "../print-json.ts";
import { mcpDiffBatch } from "./diff-batch.ts";
import type { PinPlaces } from "./live.ts";
import { type PinOptions, pinCommand, serverWords } from "./pin-command.ts";
import { descriptionIn, type FoundServer, findServer, pinPlaces, printedLines } from "./pins.ts";

interface DiffOptions extends PinOptions {
  readonly before?: string;
  readonly after?: string;
  readonly batch?: boolean;
}

/** The command. */
export function mcpDiffCommand(): Command {
  return pinCommand("diff", {
    description: "show what a server says now beside what was approved of it",
    servers: "servers by name (default: all that wait), and behind `--` the command of one",
    insteadOf: "what the gateway held",
    locks: true,
  })
    .option("--before <file>", "compare this description …")
    .option("--after <file>", "… with this one, without a lock")
    .option("--batch", "read JSON lines {id, before, after}, write {id, changed, fields}")
    .action(async (words: readonly string[], options: DiffOptions) => {
      if (options.batch === true) return mcpDiffBatch();
      process.exitCode =
        options.before === undefined && options.after === undefined
          ? await withLock(words, options)
          : twoFiles(options);
    });
}

function twoFiles({ before, after, json }: DiffOptions): number {
  if (before === undefined || after === undefined)
    return fail(
      { code: "usage", message: "`--before` and `--after` belong together", hint: "name both files" },
      EXIT.usage,
    );
  const [was, is] = [descriptionIn(before), descriptionIn(after)];
  const diff = diffDescriptions({ description: was, further: {} }, { description: is, further: {} });
  return show([{ server: "", diff, findings: [] }], json === true);
}

async function withLock(words: readonly string[], options: DiffOptions): Promise<number> {
  const { names, argv } = serverWords(words, options);
  const places = await pinPlaces(options);
  const waiting = (await listPending(places.stateDir)).filter(({ workspace }) => workspace === places.workspace);
  const asked = names.length > 0 ? names : [...new Set(waiting.map(({ server }) => server))];
  const diffs: Shown[] = [];
  for (const server of asked) {
    const found = await findServer(server, { ...options, argv }, places);
    if (found === undefined)
      return fail(
        {
          code: "mcp-nothing",
          message: `nothing of \`${server}\` waits`,
          hint: `ringfence mcp diff ${server} -- COMMAND`,
        },
        EXIT.badInput,
      );
    if (!found.ok) return fail(found.error, EXIT.cannotStart);
    const diff = await diffWithLock(found.value, places);
    const other = await otherServerOf(found.value, places);
    diffs.push({ server, diff, other, findings: found.value.pending?.findings ?? [] });
  }
  return show(diffs, options.json === true);
}

/** What differs from what was approved: by the person, and by the project's lock. */
export async function diffWithLock(found: FoundServer, places: PinPlaces): Promise<DescriptionDiff> {
  const approved = await approvedOf(found, places);
  const changes: readonly Change[] = diffThings(approved?.pins ?? [], pinsOf(found.description));
  const version = found.description.serverInfo?.["version"];
  const isOld = approved?.version !== undefined && approved.version !== version;
  return { changes, information: isOld ? ["serverInfo.version"] : [] };
}

/** What is approved of a server, or undefined; ends the process for a lock that cannot be read. */
export async function approvedOf(
  { server, target, pending, description }: FoundServer,
  { lockFile, stateDir, workspace }: PinPlaces,
): Promise<ServerLock | undefined> {
  const project = await readLockFile(pending?.lockFile ?? lockFile);
  if (!project.ok) return fail(project.error, EXIT.badInput);
  const me = ownServer({ server, target, ...(pending === undefined ? {} : { pending }) }, { stateDir, workspace });
  const own = me === undefined ? undefined : await readOwnLock(me);
  if (own?.ok === false) return fail(own.error, EXIT.badInput);
  const [mine, projects] = [own?.value, project.value?.get(server)];
  const isOther = me !== undefined && projects !== undefined && (await otherOfProject(projects, me)) !== undefined;
  if (mine !== undefined)
    return projects === undefined || isOther ? mine : approvedByBoth(mine, projects, pinsOf(description));
  if (me === undefined || (projects !== undefined && !isOther)) return projects;
  // Of what its name stood for before, what differs is what there is to look at.
  const others = await otherOwnLocks(me);
  return others.ok ? (others.value[0] ?? projects) : fail(others.error, EXIT.badInput);
}

/** What the name of a server was approved for, where that is something else than it is now. */
export async function otherServerOf(found: FoundServer, places: PinPlaces): Promise<OtherServer | undefined> {
  const me = ownServer(found, places);
  if (me === undefined) return undefined;
  const project = await readLockFile(found.pending?.lockFile ?? places.lockFile);
  if (!project.ok) return fail(project.error, EXIT.badInput);
  const locked = project.value?.get(found.server);
  const other = locked === undefined ? undefined : await otherOfProject(locked, me);
  if (other !== undefined) return other;
  const own = await readOwnLock(me);
  if (own.ok && own.value !== undefined) return undefined;
  const others = await otherOfOwn(me);
  return others.ok ? others.value : fail(others.error, EXIT.badInput);
}

function ownServer(
  { server, target, pending }: Pick<FoundServer, "server" | "target" | "pending">,
  { stateDir, workspace }: Pick<PinPlaces, "stateDir" | "workspace">,
): OwnServer | undefined {
  return target === undefined ? undefined : { stateDir, server, target, workspace: pending?.workspace ?? workspace };
}

interface Shown {
  readonly server: string;
  readonly diff: DescriptionDiff;
  readonly other?: OtherServer | undefined;
  /** What the screening has against it: often the very reason why it waits. */
  readonly findings: readonly Finding[];
}

function show(diffs: readonly Shown[], json: boolean): number {
  const isChanged = diffs.some(({ diff, other }) => diff.changes.length > 0 || other !== undefined);
  if (json) printJson({ changed: isChanged, servers: diffs.map(({ diff, ...rest }) => ({ ...rest, ...diff })) });
  else
    for (const { server, diff, other, findings } of diffs) {
      if (server !== "")
        process.stdout.write(printedLines([{ mark: "head", text: `server ${JSON.stringify(server)}` }]));
      process.stdout.write(printedLines([...otherLines(other), ...changeLines(diff), ...findings.map(findingLine)]));
    }
  return isChanged ? 1 : 0;
}

function otherLines(other: OtherServer | undefined): readonly ChangeLine[] {
  return other === undefined
    ? []
    : [{ mark: "head", text: `another server: it ${exactText(otherServerWords(other))}` }];
}

function findingLine({ severity, kind, at, excerpt }: Finding): ChangeLine {
  return { mark: "note", text: `${severity} finding: ${exactText(kind)} at ${exactText(at)}: ${exactText(excerpt)}` };
}
