// A workspace changed behind a real overlay, for tests of the way back: bubblewrap and the kernel, without the rest of the fence.
import { type ExecFileSyncOptionsWithStringEncoding, execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Change, ChangeSet } from "#core/review";
import { type ApplyPlaces, readChanges } from "#sandbox";
import { helperPath } from "./installation.ts";

/** A workspace `root` with a session beside it. */
export interface OverlayBench {
  readonly root: string;
  readonly places: ApplyPlaces;
  /** Runs a shell script in the outside workspace. */
  outside(script: string): string;
  /** Runs a shell script in the overlay; `masked` relative paths are hidden first, as the fence does it. */
  inside(script: string, masked?: readonly string[]): string;
  changes(masked?: readonly string[]): Promise<ChangeSet>;
}

/** Makes the folders below `folder` (a test's own). */
export function overlayBench(folder: string): OverlayBench {
  const at = (name: string): string => join(folder, name);
  for (const name of ["work space", "upper", "work", "mask"]) mkdirSync(at(name));
  const root = at("work space");
  const places = { root, upper: at("upper"), journal: at("journal.json"), stage: at("stage"), past: at("past") };
  const environment = { PATH: process.env["PATH"], HOME: "/nonexistent", GIT_CONFIG_NOSYSTEM: "1", LC_ALL: "C.UTF-8" };
  const options: ExecFileSyncOptionsWithStringEncoding = {
    encoding: "utf8",
    env: environment,
    stdio: ["ignore", "pipe", "pipe"],
  };
  const outside = (script: string): string => execFileSync("bash", ["-euc", script], { ...options, cwd: root });
  const inside = (script: string, masked: readonly string[] = []): string => {
    for (const path of masked) {
      const parent = join(at("mask"), path, "..");
      execFileSync("sh", [
        "-c",
        'mkdir -p "$1" && { test -e "$2" || mknod "$2" c 0 0; }',
        "sh",
        parent,
        join(at("mask"), path),
      ]);
    }
    const mount = `cd ${folder} && mount -t overlay overlay -o "userxattr,lowerdir=mask:work space,upperdir=upper,workdir=work" "work space"`;
    const fence = ["--unshare-all", "--uid", "0", "--gid", "0", "--cap-add", "ALL", "--dev-bind", "/", "/"];
    return execFileSync("bwrap", [...fence, "bash", "-euc", `${mount}; cd "work space"; ${script}`], options);
  };
  return { root, places, outside, inside, changes: (masked = []) => read(places, masked) };
}

async function read(places: ApplyPlaces, masked: readonly string[]): Promise<ChangeSet> {
  const paths = masked.map((path) => join(places.root, path));
  const result = await readChanges({ helper: helperPath, upper: places.upper, lower: places.root, masked: paths });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

/** One line a change: kind, path, and what stands there afterwards. */
export function brief(changes: readonly Change[]): readonly string[] {
  return changes.map(
    ({ kind, path, after, masked }) => `${kind} ${path}${after ? ` ${after.type}` : ""}${masked ? " masked" : ""}`,
  );
}
