// Where the running Ringfence is installed: the folder that must never be part of a workspace, and the native helper in it.
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The running installation. */
export interface Installation {
  /** Its real folder, absolute. */
  readonly root: string;
  /** The native helper, whether or not it is there: `doctor` and `run` try it. */
  readonly helper: string;
  readonly version: string;
  /** Names what it was built from, down to each source; absent where the sources themselves run. */
  readonly build?: string;
}

/** Put in by the build (scripts/build.mjs). */
declare const RINGFENCE_BUILD: string | undefined;

/** Finds the installation above this file, in the sources, in `dist/` and in a package alike. Throws when the program was torn out of it. */
export function findInstallation(): Installation {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    const version = versionIn(folder);
    if (version === undefined) continue;
    const build = typeof RINGFENCE_BUILD === "string" ? { build: RINGFENCE_BUILD } : {};
    return { root: folder, helper: join(folder, "build/ringfence-helper"), version, ...build };
  }
  throw new Error(`no ringfence package above ${here}`);
}

function versionIn(folder: string): string | undefined {
  let text: string;
  try {
    text = readFileSync(join(folder, "package.json"), "utf8");
  } catch {
    return undefined; // no package here: look further up
  }
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== "object" || manifest === null) return undefined;
  const { name, version } = manifest as Record<string, unknown>;
  return name === "ringfence" && typeof version === "string" ? version : undefined;
}
