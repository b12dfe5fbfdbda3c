// The exact version and integrity of a package, where the project's own npm lockfile says them. Information for whoever reviews a lock.
import { constants } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { isObject, member, type PackagePin, readJson } from "#core/mcp";

const SIZE_MOST = 32 << 20;

/** The package with what `package-lock.json` of the workspace says of it; a version that was asked for by number must be that one. */
export async function installedPackage(workspace: string, asked: PackagePin): Promise<PackagePin> {
  const bytes = await readPlain(join(workspace, "package-lock.json"));
  const read = bytes === undefined ? undefined : readJson(bytes, { maxBytes: SIZE_MOST, maxDepth: 64 });
  const entry = read?.ok === true ? member(member(read.value, "packages"), `node_modules/${asked.name}`) : undefined;
  const [version, integrity] = [member(entry, "version"), member(entry, "integrity")];
  if (!isObject(entry) || typeof version !== "string" || !FINE.test(version)) return asked;
  if (asked.version !== undefined && /^\d/.test(asked.version) && asked.version !== version) return asked;
  return { name: asked.name, version, ...(typeof integrity === "string" && FINE.test(integrity) ? { integrity } : {}) };
}

const FINE = /^[\w.+=/: -]{1,512}$/;

async function readPlain(file: string): Promise<Uint8Array | undefined> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
    try {
      const stat = await handle.stat();
      return stat.isFile() && stat.size <= SIZE_MOST ? await handle.readFile() : undefined;
    } finally {
      await handle.close();
    }
  } catch {
    return undefined; // no lockfile, no word on it
  }
}
