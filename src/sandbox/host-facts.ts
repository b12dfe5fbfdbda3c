// Looks at this host once per run and answers what `core/sandbox/view.ts` asks: which of its paths are there, and what hides in them.
import { lstatSync, readlinkSync, statSync } from "node:fs";
import { join } from "node:path";
import { credentialNames, type HostFacts, toolchainFolders, viewCandidates } from "#core/sandbox";
import { entriesIn } from "./folder-entries.ts";

/** Reads the facts. A candidate that cannot be read does not exist for the fence. */
export function readHostFacts(caller: { readonly home: string; readonly path: string }): HostFacts {
  const path = caller.path.split(":").filter((entry) => entry !== "");
  const present = new Map<string, { link: string | undefined }>();
  for (const candidate of viewCandidates(caller.home, path)) {
    const found = look(candidate);
    if (found !== undefined) present.set(candidate, found);
  }
  return { home: caller.home, path, present, credentialFiles: credentialFiles(caller.home, present) };
}

function look(path: string): { link: string | undefined } | undefined {
  try {
    const link = lstatSync(path).isSymbolicLink() ? readlinkSync(path) : undefined;
    statSync(path); // a dangling link is not there
    return { link };
  } catch {
    return undefined; // absent or unreadable: not part of the view
  }
}

// Two levels are enough: tools keep such files at the top of their folder or one below (`cargo/credentials.toml`, `uv/tools/token`).
function credentialFiles(home: string, present: ReadonlyMap<string, unknown>): readonly string[] {
  const found: string[] = [];
  const visit = (folder: string, depth: number): void => {
    for (const entry of entriesIn(folder)) {
      if (entry.isDirectory() && depth > 0) visit(join(folder, entry.name), depth - 1);
      else if (entry.isFile() && credentialNames.includes(entry.name)) found.push(join(folder, entry.name));
    }
  };
  for (const folder of toolchainFolders(home)) if (present.has(folder)) visit(folder, 1);
  return found;
}
