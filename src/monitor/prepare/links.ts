// Where a path really leads, for rules that bind links and their targets alike (DESIGN 7 rule 7). The core gets this as a function.
// The kernel's own walk, not the text's: `link/..` is the folder above the target, and a link whose target is not there yet leads to
// where its target would come to be.
import { readlinkSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

/** A resolver with a bounded memory. A part that does not exist yet stays as written below the part that does. */
export function linkResolver(): (path: string) => readonly string[] {
  const known = new Map<string, readonly string[]>();
  return (path) => {
    const before = known.get(path);
    if (before !== undefined) return before;
    const real = realOrAbove(path);
    const found = real === undefined || real === path ? [] : [real];
    if (known.size > 10_000) known.clear();
    known.set(path, found);
    return found;
  };
}

/** Steps up and links followed together; Linux itself follows 40 links. */
const MOST_STEPS = 256;

function realOrAbove(path: string): string | undefined {
  const missing: string[] = [];
  let at = path.replace(/\/{2,}/g, "/").replace(/(?<=.)\/$/, "");
  for (let steps = 0; steps < MOST_STEPS; steps++) {
    const real = orUndefined(() => realpathSync.native(at));
    if (real !== undefined) return join(real, ...missing);
    const above = dirname(at);
    if (above === at) return undefined;
    // not there, but a link: whoever writes to it makes the file that it names
    const target = orUndefined(() => readlinkSync(at));
    if (target !== undefined) {
      at = target.startsWith("/") ? target : `${above}/${target}`;
      at = at.replace(/(?<=.)\/+$/, "");
      continue;
    }
    missing.unshift(at.slice(above === "/" ? 1 : above.length + 1));
    at = above;
  }
  return undefined;
}

function orUndefined(call: () => string): string | undefined {
  try {
    return call();
  } catch {
    return undefined;
  }
}
