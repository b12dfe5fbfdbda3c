// What the results of a setup depend on, as one digest: the lockfiles and what stands beside them, the commands and the files they name, the setup's part
// of the policy, the platform and its toolchains. The same key means that the same setup would do the same; no lockfile, no key.
import { createHash } from "node:crypto";
import { closeSync, constants, fstatSync, openSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { isDependencyFolder } from "#core/paths";
import type { Policy } from "#core/policy";
import lockfiles from "./lockfiles.json" with { type: "json" };

/** What it is made of. */
export interface SetupKeyParts {
  /** The workspace as the setup finds it. */
  readonly lower: string;
  /** From the workspace's root. */
  readonly cwd: string;
  readonly policy: Policy;
  /** The setup's environment inside. */
  readonly env: Readonly<Record<string, string>>;
  readonly runtime: string;
  /** Of Ringfence. */
  readonly version: string;
}

/** Counted in every key: a change of what is kept, or how, makes all of them new. */
const FORMAT = 1;

/** A project whose lockfiles are further away is set up anew each time. */
const MOST = { depth: 6, folders: 5_000, files: 2_000, bytes: 64 * 2 ** 20 } as const;

/** The key, or why there is none. */
export function setupKey(parts: SetupKeyParts): { readonly key: string } | { readonly why: string } {
  const found = projectFiles(parts.lower);
  if (found === undefined) return { why: "the workspace has too many folders to find every lockfile" };
  if (!found.some(({ isLock }) => isLock)) return { why: "no lockfile" };
  const { sandbox, setup, env } = parts.policy;
  const own = installScripts(
    parts.lower,
    found.map(({ path }) => path),
  );
  const named = [
    ...new Set([
      ...setup.run.flatMap(({ text }) => filesNamed(text, parts.lower, parts.cwd)),
      ...own.flatMap(({ text, folder }) => filesNamed(text, parts.lower, folder)),
    ]),
  ];
  const files = [...found.map(({ path }) => path), ...named].map((path) => [path, digestOf(join(parts.lower, path))]);
  if (files.some(([, digest]) => digest === undefined)) return { why: "a lockfile cannot be read" };
  const texts = (rules: readonly { readonly text: string }[] | undefined): readonly string[] =>
    (rules ?? []).map(({ at: _at, ...rule }: { readonly text: string; readonly at?: unknown }) => JSON.stringify(rule));
  const ground = {
    ...{ format: FORMAT, version: parts.version, runtime: parts.runtime, cwd: parts.cwd, files },
    commands: setup.run.map(({ text }) => text),
    network: [
      texts(setup.network.allow ?? sandbox.network.allow),
      texts(setup.network.deny),
      texts(sandbox.network.deny),
    ],
    filesystem: Object.values(sandbox.filesystem).map(texts),
    secrets: [setup.credentials, setup.expose],
    // Their values too: another mirror installs other things.
    env: [env.pass.map((name) => [name, parts.env[name] ?? ""]), env.set],
    platform: [process.platform, process.arch, digestOf("/etc/os-release") ?? ""],
    programs: programs(parts.env["PATH"] ?? "", parts.lower),
  };
  return { key: createHash("sha256").update(JSON.stringify(ground)).digest("hex").slice(0, 32) };
}

const LOCKS = anyOf(lockfiles.locks);
const BESIDE = anyOf(lockfiles.beside);

/** Names of the table, `*` for any part of one. */
function anyOf(names: readonly string[]): RegExp {
  const sources = names.map((name) => name.replace(/[.+]/g, "\\$&").replaceAll("*", ".*"));
  return new RegExp(`^(?:${sources.join("|")})$`, "s");
}

/** Lockfiles and their kin, relative, sorted; `undefined` where not everything could be looked at. */
function projectFiles(root: string): readonly { readonly path: string; readonly isLock: boolean }[] | undefined {
  const files: { path: string; isLock: boolean }[] = [];
  const waiting = [{ path: "", depth: 0 }];
  let folders = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    if (++folders > MOST.folders || files.length > MOST.files) return undefined;
    for (const entry of readdirSync(join(root, at.path), { withFileTypes: true })) {
      const path = at.path === "" ? entry.name : `${at.path}/${entry.name}`;
      if (entry.isDirectory()) {
        if (entry.name === ".git" || isDependencyFolder(entry.name)) continue;
        if (at.depth < MOST.depth) waiting.push({ path, depth: at.depth + 1 });
        continue;
      }
      const isLock = LOCKS.test(entry.name);
      if (isLock || BESIDE.test(entry.name)) files.push({ path, isLock });
    }
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

const INSTALL_SCRIPTS = ["preinstall", "install", "postinstall", "prepublish", "preprepare", "prepare", "postprepare"];

/** What npm and its like run of the workspace's own packages when they install. */
function installScripts(
  lower: string,
  files: readonly string[],
): readonly { readonly text: string; readonly folder: string }[] {
  return files.flatMap((path) => {
    if (!/(?:^|\/)package\.json$/.test(path)) return [];
    try {
      const manifest: { readonly scripts?: Record<string, unknown> } = JSON.parse(
        contentOf(join(lower, path))?.toString("utf8") ?? "",
      );
      return INSTALL_SCRIPTS.flatMap((name) => {
        const text = manifest.scripts?.[name];
        return typeof text === "string" ? [{ text, folder: dirname(path) }] : [];
      });
    } catch {
      return []; // none that a package manager could read
    }
  });
}

/** Words of a command that name files of the workspace (`./scripts/setup.sh`), those that it makes itself apart. */
function filesNamed(command: string, lower: string, cwd: string): readonly string[] {
  return command
    .split(/[\s;&|()<>"'`=]+/)
    .map((word) => join(cwd, word))
    .filter((path) => path !== "." && !/^(?:\.\.)?\//.test(path) && !path.split("/").some(isDependencyFolder))
    .filter((path) => digestOf(join(lower, path)) !== undefined);
}

function digestOf(file: string): string | undefined {
  const content = contentOf(file);
  return content === undefined ? undefined : createHash("sha256").update(content).digest("hex");
}

/** A repository is a stranger's: no link is followed, no pipe waited for. */
function contentOf(file: string): Buffer | undefined {
  let fd: number | undefined;
  try {
    const link = file.startsWith("/etc/") ? 0 : constants.O_NOFOLLOW;
    fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK | link);
    const found = fstatSync(fd);
    return found.isFile() && found.size <= MOST.bytes ? readFileSync(fd) : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/** Which file each toolchain's program is: another Node builds other modules. */
function programs(path: string, lower: string): readonly string[] {
  return lockfiles.programs.flatMap((name) => {
    for (const folder of path.split(":")) {
      if (!folder.startsWith("/") || folder.startsWith(lower)) continue;
      try {
        const file = realpathSync(join(folder, name));
        const { size, mtimeMs } = statSync(file);
        return [`${file} ${size} ${Math.round(mtimeMs)}`];
      } catch {
        // not in this folder
      }
    }
    return [];
  });
}
