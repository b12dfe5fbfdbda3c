// Links at the gate: where one ends once all links on its way are followed, and which ends outside the workspace are ordinary. Pure: the
// disk is asked through a function, so that links that exist and links that would be made are one world.
import type { Change } from "./change.ts";

/** The workspace as it would be: its root (absolute, real), and the target of the link at an absolute path below it, if one stands there. */
export interface LinkWorld {
  readonly root: string;
  readonly readLink: (absolute: string) => string | undefined;
}

// path_resolution(7): the kernel gives up after 40.
const MOST_LINKS = 40;

/**
 * The absolute path where a link at `path` (relative to the root) ends. Links are followed inside the workspace; from the first step
 * outside on, the rest is taken as written. `undefined` for a circle, and for `..` after a name outside, which only the disk could tell.
 */
export function linkEnd(path: string, target: string, { root, readLink }: LinkWorld): string | undefined {
  const start = target.startsWith("/") ? [] : partsOf(`${root}/${path}`).slice(0, -1);
  const at: string[] = [...start];
  const todo = [...partsOf(target)];
  for (let links = 0; todo.length > 0; ) {
    const part = todo.shift() ?? "";
    const here = `/${at.join("/")}`;
    if (part === "..") {
      // The folders above a real root are real, and inside every link was followed: there, `..` is the folder above.
      if (!isBelow(here, root) && !isBelow(root, here)) return undefined;
      at.pop();
      continue;
    }
    at.push(part);
    const next = isBelow(here, root) ? readLink(`/${at.join("/")}`) : undefined;
    if (next === undefined) continue;
    links += 1;
    if (links > MOST_LINKS) return undefined;
    if (next.startsWith("/")) at.length = 0;
    else at.pop();
    todo.unshift(...partsOf(next));
  }
  return `/${at.join("/")}`;
}

/** True when the change makes a link that ends outside the workspace, and not at a program that it is named after. */
export function leavesWorkspace({ path, after }: Change, root: string): boolean {
  if (after?.type !== "link") return false;
  if (after.end === undefined) return true;
  return !isBelow(after.end, root) && !(after.program === true && isNamesake(path, after));
}

// A Python environment and its like name the interpreter they were made with.
const INTERPRETER = /^(python|pypy|node|nodejs|ruby|perl|lua|php|java|deno|bun)[0-9.]*$/;

function isNamesake(path: string, { end = "" }: { readonly end?: string }): boolean {
  const family = (name: string): string | undefined => INTERPRETER.exec(name.slice(name.lastIndexOf("/") + 1))?.[1];
  const own = family(path);
  return own !== undefined && own === family(end);
}

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(root === "/" ? "/" : `${root}/`);
}

function partsOf(path: string): readonly string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}
