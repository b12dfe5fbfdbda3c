// Whose hooks a command is about: the person's or the project's, and where both live.
import { dirname, isAbsolute } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { InstallSite } from "#hooks";
import { findWorkspace } from "#monitor";
import { callerHome, callerStateDir } from "../caller.ts";
import { callerEnvironment } from "../environment.ts";
import { findInstallation, type Installation } from "../installation.ts";

/** What every command about hooks needs. */
export interface HookSite {
  readonly site: InstallSite;
  readonly stateDir: string;
  /** The folder that the state folder is in. */
  readonly stateHome: string;
  readonly installation: Installation;
}

/** The person's by default, the project's with `--project`. */
export function hookSite(options: { readonly project?: boolean; readonly user?: boolean }): Result<HookSite, Problem> {
  if (options.project === true && options.user === true)
    return err({ code: "usage", message: "`--user` and `--project` exclude each other", hint: "give one of them" });
  const [home, stateDir, installation] = [callerHome(), callerStateDir(process.env), findInstallation()];
  const env = callerEnvironment(process.env);
  const seen = homeOfAgents(env, home);
  const given = { stateDir, stateHome: dirname(stateDir), installation };
  if (options.project !== true) return ok({ ...given, site: { scope: "user", home: seen, root: seen, env } });
  const workspace = findWorkspace(process.cwd(), { installation: installation.root, stateDir, home });
  return workspace.ok
    ? ok({ ...given, site: { scope: "project", home: seen, root: workspace.value.root, env } })
    : workspace;
}

// Agents look below `$HOME`, wherever that is. Hooks elsewhere would guard nobody; whether the files there may be touched is looked at later.
function homeOfAgents(env: Readonly<Record<string, string>>, home: string): string {
  const named = env["HOME"];
  return named !== undefined && isAbsolute(named) ? named : home;
}
