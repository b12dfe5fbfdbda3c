// One session of an agent may be several of ours: the host closes one that was silent, ends itself, and the agent takes its conversation up again. What
// was read then has still been read, so the next one begins with the legs of the one before (TRI-1).
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { HookContext } from "#core";
import { LEG_SOURCES, type LegSource, type Observation } from "#core/session";
import { legsOfSession } from "./session-legs.ts";

/** A thread that nobody took up for this long is forgotten. */
const FORGET_MS = 90 * 24 * 3_600_000;

/** The last session of ours for an agent's session. */
export function sessionBefore(stateDir: string, of: HookContext): string | undefined {
  try {
    const id = readFileSync(threadFile(stateDir, of), "utf8").trim();
    return /^[0-9a-z-]{1,64}$/.test(id) ? id : undefined;
  } catch {
    return undefined; // its first
  }
}

/** What the session before knew of legs. */
export function legsBefore(stateDir: string, id: string | undefined): readonly Observation[] {
  const recorded = id === undefined ? [] : legsOfSession(stateDir, id);
  return recorded.flatMap(({ source, cause, origin }) => (isSource(source) ? [{ source, cause, origin }] : []));
}

/** Remembers which session is the last one now. Throws what the system says: what cannot be kept is not begun. */
export function rememberSession(stateDir: string, of: HookContext, id: string): void {
  const folder = join(stateDir, "threads");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(folder)) {
    const age = Date.now() - (statSync(join(folder, name), { throwIfNoEntry: false })?.mtimeMs ?? Date.now());
    if (age > FORGET_MS) rmSync(join(folder, name), { force: true });
  }
  const file = threadFile(stateDir, of);
  writeFileSync(`${file}.new`, `${id}\n`, { mode: 0o600 });
  renameSync(`${file}.new`, file);
}

function threadFile(stateDir: string, { agent, agentSession }: HookContext): string {
  return join(stateDir, "threads", createHash("sha256").update(`${agent}\0${agentSession}`).digest("hex"));
}

function isSource(source: string): source is LegSource {
  return Object.hasOwn(LEG_SOURCES, source);
}
