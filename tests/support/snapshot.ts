// A tree as one text, for "identical" in earnest: every path's type, mode, owner, exact time of modification, content and link target.
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

/** One line a path, the root's own included. */
export function snapshot(root: string): string {
  const lines: string[] = [];
  visit("");
  return lines.join("\n");

  function visit(path: string): void {
    const at = join(root, path);
    const stats = lstatSync(at, { bigint: true });
    const content = stats.isFile()
      ? createHash("sha256").update(readFileSync(at)).digest("hex")
      : stats.isSymbolicLink()
        ? readlinkSync(at)
        : "";
    const links = stats.isDirectory() ? "" : ` ${stats.nlink}`;
    lines.push(`${path} ${stats.mode.toString(8)} ${stats.uid}:${stats.gid}${links} ${stats.mtimeNs} ${content}`);
    if (stats.isDirectory()) for (const name of readdirSync(at).sort()) visit(path === "" ? name : `${path}/${name}`);
  }
}
