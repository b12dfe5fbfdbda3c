// A person's home, a project of theirs and a state folder, for commands that change settings files; and everything in them, to be compared.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, readlinkSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { launcher } from "./installation.ts";
import { tmp } from "./tmp.ts";

/** The folders, and the program run in the project. */
export interface SettingsBed {
  readonly home: string;
  readonly project: string;
  readonly state: string;
  run(...args: readonly string[]): { readonly code: number | null; readonly out: string; readonly err: string };
  /** Every file below home and project with its bytes, mode and links. */
  tree(): Readonly<Record<string, string>>;
}

/** Makes them; they go with the test. */
export function settingsBed(env: Readonly<Record<string, string>> = {}): SettingsBed {
  const folder = tmp();
  const [home, project, state] = [join(folder, "home"), join(folder, "project"), join(folder, "state")];
  for (const each of [home, project, state]) mkdirSync(each);
  execFileSync("git", ["init", "-q", project]);
  return {
    home,
    project,
    state,
    run: (...args) => {
      const options = {
        cwd: project,
        encoding: "utf8",
        env: { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: state, ...env },
      } as const;
      const { status, stdout, stderr } = spawnSync(launcher, args, options);
      return { code: status, out: stdout, err: stderr };
    },
    tree: () => Object.fromEntries([...walk(home, "~"), ...walk(project, ".")]),
  };
}

function walk(folder: string, name: string): readonly (readonly [string, string])[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.name !== ".git")
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      const shown = `${name}/${entry.name}`;
      if (entry.isSymbolicLink()) return [[shown, `-> ${readlinkSync(path)}`] as const];
      if (entry.isDirectory()) return [[shown, "folder"] as const, ...walk(path, shown)];
      const mode = (statSync(path).mode & 0o777).toString(8);
      return [[shown, `${mode} ${readFileSync(path).toString("base64")}`] as const];
    });
}

/** Writes a file and the folders above it. */
export function put(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
