// Files whose path is no UTF-8. Everything above works with text and cannot name them, so nobody could mask one: a secret there must be known of before
// the start. Reads names as bytes, and nothing else.
import { type Dirent, lstatSync, readdirSync } from "node:fs";
import { isDependencyFolder } from "#core/paths";

/** What stands for the bytes. A name of real UTF-8 may hold it, too: then the path can be looked at. */
const LOST = "\ufffd";

/** Whether a part of the path may have been lost. */
export function isLossy(path: string): boolean {
  return path.includes(LOST);
}

/** A file that cannot be named. */
export interface OddFile {
  /** As text that only shows it, relative to the folder. */
  readonly path: string;
  readonly bytes: Buffer;
  readonly identity: string;
}

/** All that stand in the folder under a name that is no UTF-8, or below such a folder. */
export function oddFiles(folder: string): readonly OddFile[] {
  const found: OddFile[] = [];
  const todo = [{ at: Buffer.from(folder), path: "", isOdd: false }];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    for (const entry of entriesOf(next.at)) {
      const name = entry.name.toString("utf8");
      const isOdd = next.isOdd || !Buffer.from(name).equals(entry.name);
      if (!isOdd) continue;
      const at = Buffer.concat([next.at, Buffer.from("/"), entry.name]);
      const path = next.path === "" ? name : `${next.path}/${name}`;
      if (!entry.isDirectory()) found.push({ path, bytes: at, identity: identityOf(at) });
      else if (!isDependencyFolder(name)) todo.push({ at, path, isOdd });
    }
  }
  return found;
}

function entriesOf(folder: Buffer): readonly Dirent<Buffer>[] {
  try {
    return readdirSync(folder, { withFileTypes: true, encoding: "buffer" });
  } catch {
    return []; // gone, or not to be read, and then not shown either
  }
}

function identityOf(path: Buffer): string {
  try {
    const { dev, ino } = lstatSync(path);
    return `${dev}:${ino}`;
  } catch {
    return "";
  }
}
