// What of a session's changes is done with: paths that came back for good, and how a live apply left the host. Kept in the session's folder, one
// JSON line each, by the paths that are shown; a last line that a crash cut short is none.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { type Change, type LeftState, leftOf } from "#core/review";

/** Both kinds. */
export interface Settled {
  readonly forGood: ReadonlySet<string>;
  readonly left: ReadonlyMap<string, LeftState>;
}

/** Reads it. The last word on a path counts. */
export function readSettled(file: string): Settled {
  const forGood = new Set<string>();
  const left = new Map<string, LeftState>();
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  for (const line of lines) {
    if (line.endsWith('"')) forGood.add(JSON.parse(line));
    else if (line.endsWith("}")) {
      const entry: { readonly path: string; readonly left: LeftState } = JSON.parse(line);
      const isMade = left.get(entry.path)?.made === true;
      // What the session made and took away again never was.
      if (isMade && entry.left === null) left.delete(entry.path);
      else left.set(entry.path, isMade && entry.left !== null ? { ...entry.left, made: true } : entry.left);
    }
  }
  return { forGood, left };
}

/** Nothing of these paths waits any more. */
export function appendSettled(file: string, paths: readonly string[]): void {
  appendLines(file, paths);
}

/** The session put these on the host while it went on. */
export function appendLeft(file: string, changes: readonly Change[]): void {
  const lines = changes.map((change) => ({ path: change.path, left: leftOf(change) }));
  appendLines(file, lines);
}

function appendLines(file: string, lines: readonly unknown[]): void {
  if (lines.length > 0)
    appendFileSync(file, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`, { mode: 0o600 });
}
