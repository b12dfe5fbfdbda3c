// Where a path really leads, for rules that bind links and their targets alike (DESIGN 7 rule 7). The core gets this as a function.
import { realpathSync } from "node:fs";
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

function realOrAbove(path: string): string | undefined {
  const missing: string[] = [];
  for (let at = path, steps = 0; steps < 256; steps++) {
    try {
      return join(realpathSync(at), ...missing);
    } catch {
      const above = dirname(at);
      if (above === at) return undefined;
      missing.unshift(at.slice(above === "/" ? 1 : above.length + 1));
      at = above;
    }
  }
  return undefined;
}
