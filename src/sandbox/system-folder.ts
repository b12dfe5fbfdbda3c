// The system's top-level folders as this host has them: since usr-merge mostly links into /usr.
import { lstatSync, readlinkSync } from "node:fs";
import type { Mount } from "#core/sandbox";

/** `/bin` as this host has it: a link into /usr, a folder of its own, or absent. */
export function systemFolder(path: string): readonly Mount[] {
  try {
    if (lstatSync(path).isSymbolicLink()) return [{ kind: "symlink", to: readlinkSync(path), target: path }];
    return [{ kind: "ro-bind", source: path, target: path }];
  } catch {
    return []; // not on this host
  }
}
