// A server held to what was approved of it. Two locks speak: the project's, which came with the repository and only tightens, and the person's own, which
// alone approves. A server that neither knows is pinned at first sight, when nothing in it speaks against that; what is held is kept for the person.

import type { Problem, Result } from "#core";
import {
  type Finding,
  holdOther,
  type Lock,
  lockOf,
  type OtherServer,
  objectOf,
  otherServerWords,
  type Pin,
  type PinMode,
  type ServerDescription,
  type ServerLock,
  type ServerTarget,
  stricter,
  targetHere,
  type Verified,
  verifyDescription,
} from "#core/mcp";
import { forTerminal } from "#core/text";
import {
  dropPending,
  keepPending,
  type LockFiles,
  ownLockFile,
  pinFirst,
  readLockFile,
  readOwnLock,
  replacedFiles,
  type VerifiedPart,
} from "#mcp";
import { type NeighbourPlaces, openNeighbours, type PeerTool } from "./neighbours.ts";
import { otherOfOwn, otherOfProject } from "./other-server.ts";

/** Whose pins, and where they are. */
export interface PinsOptions extends NeighbourPlaces {
  readonly target: ServerTarget;
  readonly mode: PinMode;
  /** Screens a description; `peers` are the tools that the locks know of other servers. */
  screen(found: ServerDescription, peers: readonly PeerTool[]): Promise<readonly Finding[]>;
  /** Puts on record what a first sight is about to pin. Rejects when it cannot: then nothing is pinned and nothing served. */
  record(first: readonly Pin[]): Promise<void>;
  /** One line for the person. */
  tell(line: string): void;
}

/** Compares descriptions of one server with its pins. */
export interface Pins {
  readonly files: LockFiles;
  /** The tools of other servers that a model may have beside these, by name, as far as the locks know them. */
  neighbours(): readonly PeerTool[];
  /** Reads the locks anew each time. Rejects when one cannot be read: then nothing is served. */
  verify(found: ServerDescription, part: VerifiedPart): Promise<Verified>;
}

/** Opens them. Nothing is read yet. */
export function openPins(options: PinsOptions): Pins {
  let told = "";
  const neighbours = openNeighbours(options);
  return {
    files: { own: ownLockFile(options), project: options.lockFile, replaced: replacedFiles(options) },
    neighbours: neighbours.tools,
    verify: async (found, part) => {
      const verified = await verify(options, found, part);
      if (part !== "whole") return verified;
      neighbours.look();
      const line = heldLine(options.server, verified);
      if (line !== told && line !== "") options.tell(line);
      told = line;
      return verified;
    },
  };
}

async function verify(options: PinsOptions, found: ServerDescription, part: VerifiedPart): Promise<Verified> {
  const { server, target, mode, stateDir, workspace } = options;
  const project = orThrow(await readLockFile(options.lockFile)) ?? new Map();
  const me = { stateDir, server, target, workspace };
  const own = orThrow(await readOwnLock(me));
  const findings = await options.screen(found, peersIn(project, server));
  const locked = project.get(server);
  const other = {
    project: locked === undefined ? undefined : await otherOfProject(locked, me),
    own: own === undefined ? orThrow(await otherOfOwn(me)) : undefined,
  };
  const verified = judge({ found, findings, mode, project: locked, own, other });
  if (part !== "whole") return verified;
  const first = verified.firstSight ?? [];
  if (own === undefined && first.length > 0) {
    await options.record(first);
    const pinned = orThrow(await pinFirst(me, lockOf(found, { target: targetHere(target, workspace), pins: first })));
    // Another copy of the server was faster: what it was pinned as counts.
    if (pinned === "known") return verify(options, found, part);
    options.tell(firstSightLine(server, verified));
  }
  const key = { server, target, workspace };
  if (verified.held.length === 0) await dropPending(stateDir, key);
  else await keepPending(stateDir, { ...key, lockFile: options.lockFile, description: found, findings });
  return verified;
}

interface Sight {
  readonly found: ServerDescription;
  readonly findings: readonly Finding[];
  readonly mode: PinMode;
  readonly project: ServerLock | undefined;
  readonly own: ServerLock | undefined;
  /** What the name stands for in either lock, where that is something else. */
  readonly other: { readonly project: OtherServer | undefined; readonly own: OtherServer | undefined };
}

function judge({ found, findings, mode, project, own, other }: Sight): Verified {
  if (mode === "off") return verifyDescription(found, undefined, mode, findings);
  if (other.project !== undefined) return holdOther(found, other.project, findings);
  // Findings are accepted by the person; a repository's word on them is an attacker's.
  const tight =
    project === undefined
      ? undefined
      : verifyDescription(found, { ...project, accepted: own?.accepted ?? new Map() }, mode, findings);
  // Frozen, the project's lock is what was reviewed; nothing is pinned beside it.
  if (tight !== undefined && mode === "frozen") return tight;
  if (other.own !== undefined) return holdOther(found, other.own, findings);
  const mine = verifyDescription(found, own, mode, findings);
  return tight === undefined ? mine : stricter(tight, mine);
}

function firstSightLine(server: string, { firstSight = [] }: Verified): string {
  const tools = firstSight.filter(({ kind }) => kind === "tool").length;
  return `first sight of MCP server ${server}: ${tools} ${tools === 1 ? "tool" : "tools"} pinned as they are now`;
}

const NAMED_MOST = 5;

/** What waits for a look of the person's, in one line; empty where nothing does. */
function heldLine(server: string, { held, otherServer }: Verified): string {
  if (held.length === 0) return "";
  const look = `look with \`ringfence mcp diff ${server}\`, then \`ringfence mcp approve ${server}\``;
  if (otherServer !== undefined)
    return `MCP server ${server} ${forTerminal(otherServerWords(otherServer), { max: 1_000 })}: all of it is held; ${look}`;
  const named = held.slice(0, NAMED_MOST).map(({ kind, name, why }) => {
    const what = name === "" ? kind : `${kind} ${forTerminal(name, { max: 60 })}`;
    return `${what} (${why})`;
  });
  const more = held.length > NAMED_MOST ? `, and ${held.length - NAMED_MOST} more` : "";
  return `held of MCP server ${server}: ${named.join(", ")}${more}; ${look}`;
}

function peersIn(lock: Lock, server: string): readonly PeerTool[] {
  return [...lock].flatMap(([name, { pins }]) =>
    name === server
      ? []
      : pins.filter(({ kind }) => kind === "tool").map(({ fields }) => ({ server: name, tool: objectOf(fields) })),
  );
}

function orThrow<T>(result: Result<T, Problem>): T {
  if (result.ok) return result.value;
  const { at, message } = result.error;
  throw new Error(at === undefined ? message : `${at.file}:${at.line}: ${message}`);
}
