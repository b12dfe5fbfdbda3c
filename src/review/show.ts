// A session's changes as a person reads them: a unified diff, with modes, links, moves and binaries said in words. Every byte of it comes
// from an adversary, so nothing leaves here unescaped (I10).
import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { createTwoFilesPatch } from "diff";
import type { Judged } from "#core/review";
import { forTerminal, forTerminalLines } from "#core/text";

/** Where the two sides are. */
export interface Sides {
  readonly root: string;
  readonly upper: string;
}

// A person does not read more of one file than this; the whole is in the session's folder.
const SHOWN_BYTES = 200_000;

/** The lines for one change. */
export function showChange({ change, held }: Judged, sides: Sides): string {
  const { path, kind, before, after, movedFrom } = change;
  const words: Record<typeof kind, string> = {
    add: "new",
    modify: "changed",
    delete: "deleted",
    mode: "mode",
    type: "replaced",
  };
  const shown = forTerminal(path);
  const head = [`${held === undefined ? "clean" : "held "}  ${words[kind]}  ${shown}`];
  if (movedFrom !== undefined) head.push(`       moved from ${forTerminal(movedFrom)}`);
  if (held !== undefined) head.push(`       ${held.code}: ${forTerminal(held.why)}`);
  if (before !== undefined && after !== undefined && before.mode !== after.mode)
    head.push(`       mode ${octal(before.mode)} → ${octal(after.mode)}`);
  if (after !== undefined && before?.type !== after.type)
    head.push(
      `       ${after.type}${after.type === "file" ? ` of ${after.size} bytes, mode ${octal(after.mode)}` : ""}`,
    );
  if (after?.type === "link") head.push(`       link to ${forTerminal(after.target ?? "")}`);
  const patch = patchOf(change.oddName ? undefined : path, sides, {
    before: before?.type === "file",
    after: after?.type === "file",
  });
  return `${[...head, ...(patch === undefined ? [] : [patch])].join("\n")}\n`;
}

function patchOf(
  path: string | undefined,
  sides: Sides,
  is: { readonly before: boolean; readonly after: boolean },
): string | undefined {
  if (path === undefined || (!is.before && !is.after)) return undefined;
  const old = is.before ? readText(join(sides.root, path)) : "";
  const now = is.after ? readText(join(sides.upper, path)) : "";
  if (old === undefined || now === undefined) return "       not text, or too large to be shown";
  if (old === now) return undefined;
  const patch = createTwoFilesPatch("before", "after", old, now, undefined, undefined, { context: 3, timeout: 3_000 });
  if (patch === undefined) return "       too different to be compared line by line";
  return forTerminalLines(patch.split("\n").slice(3).join("\n"));
}

/** The text of a plain file, never through a link; `undefined` for binaries and giants. */
function readText(file: string): string | undefined {
  let fd: number | undefined;
  try {
    fd = openSync(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const { size } = fstatSync(fd);
    if (size > SHOWN_BYTES) return undefined;
    const bytes = Buffer.alloc(size);
    readSync(fd, bytes, 0, size, 0);
    return bytes.includes(0) ? undefined : new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function octal(mode: number): string {
  return (mode & 0o7777).toString(8).padStart(4, "0");
}
