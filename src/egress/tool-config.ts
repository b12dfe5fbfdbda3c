// Reads where the person's own tools fetch packages from (NET-1), one file a tool under tools/: user and system settings only, never the workspace's.
import { existsSync, realpathSync } from "node:fs";
import { normalize } from "node:path";
import type { ToolConfig } from "#core/net";
import { readApt } from "./tools/apt.ts";
import { readCargo } from "./tools/cargo.ts";
import { readGem } from "./tools/gem.ts";
import { readGo } from "./tools/go.ts";
import { readMaven } from "./tools/maven.ts";
import { readNix } from "./tools/nix.ts";
import { readNpm } from "./tools/npm.ts";
import { readPip } from "./tools/pip.ts";
import type { ToolConfigPlaces, ToolSource } from "./tools/user-file.ts";

export type { ToolConfigPlaces } from "./tools/user-file.ts";

/** Reads it. Nothing configured is no error here: a preset that needs it says so. */
export async function readToolConfig(given: ToolConfigPlaces): Promise<ToolConfig> {
  const places = { ...given, written: given.written.map(realPath) };
  const npm = readNpm(places);
  const others: Readonly<Record<string, ToolSource>> = {
    pypi: readPip(places),
    crates: readCargo(places),
    go: readGo(places),
    rubygems: readGem(places),
    maven: readMaven(places),
    nix: readNix(places),
    debian: readApt(places),
  };
  const all = [npm, ...Object.values(others)];
  const caFile = npm.caFile ?? places.env["NODE_EXTRA_CA_CERTS"] ?? places.env["SSL_CERT_FILE"];
  return {
    registries: {
      npm: npm.hosts,
      ...Object.fromEntries(Object.entries(others).map(([name, { hosts }]) => [name, hosts])),
    },
    files: all.flatMap(({ files = [] }) => files),
    env: Object.assign({}, ...all.map(({ env }) => env ?? {})),
    caFile: caFile !== undefined && isSeenInside(caFile) ? caFile : undefined,
  };
}

/** Bundles in the system's own folders are part of every fence; any other would have to be named with --allow-read. */
function isSeenInside(file: string): boolean {
  return normalize(file) === file && /^\/(?:etc\/ssl\/certs|etc\/pki|usr)\//.test(file) && existsSync(file);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}
