// Which folder the agent works on (DESIGN 8): the git top level of the working directory, else the directory itself;
// and which folders can never be one.
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { isNeverWorkspace } from "#core/sandbox";
import { findGitDir, type GitFolder } from "./git-folder.ts";

/** Folders that no workspace may hold, and who asks. */
export interface Forbidden {
  readonly installation: string;
  readonly stateDir: string;
  readonly home: string;
}

/** The workspace root and the working directory below it, both real paths. */
export interface Workspace {
  readonly root: string;
  readonly cwd: string;
  /** The repository, when it lies outside: it is shown read-only. */
  readonly gitFolder?: GitFolder;
}

/** Finds the workspace of `cwd`, or says why there is none. Reads the disk, runs nothing. */
export function findWorkspace(cwd: string, forbidden: Forbidden): Result<Workspace, Problem> {
  let real: string;
  try {
    real = realpathSync(cwd);
    accessSync(real, constants.R_OK | constants.X_OK);
  } catch (cause) {
    return err({
      code: "workspace-unreadable",
      message: `the working directory \`${cwd}\` cannot be read (${code(cause)})`,
      hint: "go to a project folder that you own and run again",
    });
  }
  const root = gitTopLevel(real) ?? real;
  const refusal = refuse(root, forbidden);
  if (refusal !== undefined) return err(refusal);
  const git = findGitDir(root);
  if (!git.ok) return git;
  if (git.value === undefined) return ok({ root, cwd: real });
  const { common } = git.value;
  if ([forbidden.stateDir, forbidden.installation, forbidden.home].some((folder) => holds(common, folder))) {
    return err({
      code: "git-elsewhere",
      message: `the repository of \`${root}\` is \`${common}\`, which holds more than a repository`,
      hint: "work in a clone of your own (`git clone`)",
    });
  }
  return ok({ root, cwd: real, gitFolder: git.value });
}

/** The same for an MCP server, whose client may stand in a home or in `/`: that is no project, and the server is shown an empty folder. */
export function findServerWorkspace(cwd: string, forbidden: Forbidden): Result<Workspace, Problem> {
  const found = findWorkspace(cwd, forbidden);
  return !found.ok && found.error.code === "workspace-refused" ? noPlace(forbidden) : found;
}

/** Nothing to be written in; the working directory is the fence's own home. */
function noPlace({ stateDir, home }: Pick<Forbidden, "stateDir" | "home">): Result<Workspace, Problem> {
  const root = join(stateDir, "empty");
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    return ok({ root: realpathSync(root), cwd: home });
  } catch (cause) {
    return err({
      code: "state-unwritable",
      message: `Ringfence's state folder \`${stateDir}\` cannot be written (${code(cause)})`,
      hint: "make it writable, or set XDG_STATE_HOME to a folder of yours on a local disk",
    });
  }
}

/** The workspace of a directory for judging alone: nothing is refused, and a directory that is not there is its own. */
export function workspaceFolder(cwd: string): string {
  try {
    const real = realpathSync(cwd);
    return gitTopLevel(real) ?? real;
  } catch {
    return cwd;
  }
}

/** Walks up to the folder that holds `.git`. Only names are read: the repository's own configuration is an attacker's word. */
function gitTopLevel(from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const git = join(folder, ".git");
    if (existsSync(git) && (lstatSync(git).isDirectory() || lstatSync(git).isFile())) return folder;
    if (folder === dirname(folder)) return undefined;
  }
}

function refuse(root: string, forbidden: Forbidden): Problem | undefined {
  const problem = (what: string): Problem => ({
    code: "workspace-refused",
    message: `the workspace would be \`${root}\`, ${what}`,
    hint: "go to a project folder (with its own `git init`, if a folder above is a repository) and run again",
  });
  if (isNeverWorkspace(root)) return problem("which is a folder of the whole system");
  if (holds(root, forbidden.installation) || holds(realpathSync(forbidden.installation), root))
    return problem("which is or holds this installation of Ringfence");
  if (holds(root, forbidden.stateDir) || holds(forbidden.stateDir, root))
    return problem("which holds Ringfence's own state");
  const home = [forbidden.home, ...otherHomes()].find((folder) => holds(root, folder));
  if (home !== undefined)
    return problem(home === root ? "which is a home directory" : `which holds the home directory \`${home}\``);
  return undefined;
}

/** True when `inner` is `outer` or lies below it. */
function holds(outer: string, inner: string): boolean {
  const real = existsSync(inner) ? realpathSync(inner) : inner;
  return real === outer || real.startsWith(outer === "/" ? "/" : `${outer}/`);
}

// Homes of people: root and accounts from uid 1000 up. A service's home (/var/www) may well be a project.
function otherHomes(): readonly string[] {
  return readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , uid, , , home]) => home?.startsWith("/") && home !== "/" && (uid === "0" || Number(uid) >= 1000))
    .flatMap(([name, , , , , home]) => (home !== undefined && name !== "nobody" ? [home] : []));
}

function code(cause: unknown): string {
  return cause instanceof Error && "code" in cause ? String(cause.code) : String(cause);
}
