// The policy of a session, ready to judge by: its rules compiled, whose its files are, which hosts it needs for itself.
import { closeSync, constants, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import type { EgressRule } from "#core/net";
import { compileRules, type Policy, sessionMode } from "#core/policy";
import { cloneOwner } from "#core/session";
import { findGitDir } from "../prepare/git-folder.ts";
import { linkResolver } from "../prepare/links.ts";
import type { Guard } from "./guarded-session.ts";

/** Where the session works. */
export interface GuardPlaces {
  readonly root: string;
  readonly home: string;
  readonly contained: boolean;
  /** What the session may reach, where a proxy stands in between. */
  readonly reachable: readonly EgressRule[];
}

/** A journal longer than this is somebody's own work, whatever it says. */
const JOURNAL_MOST = 1_048_576;

/** Compiles it once. Each judgement takes a fresh guard, because where links lead may have changed since the last. */
export function compileGuard(policy: Policy, places: GuardPlaces): Result<() => Guard, readonly Problem[]> {
  const { root, home, contained } = places;
  const rules = compileRules(policy.permissions, { root, home });
  if (!rules.ok) return err(rules.error);
  // `run` has asked about root before its fence was made; a session that only hooks guard has no fence at all
  const mode = sessionMode(policy.permissions, policy.permissions.mode, { asRoot: false, isolated: contained });
  if (!mode.ok) return err([mode.error]);
  const workspace = policy.legs.workspace === "auto" ? cloneOwner(headJournal(root)) : policy.legs.workspace;
  const serviceHosts = places.reachable
    .filter(({ text, at }) => isService(text) || at.file.startsWith("preset "))
    .map(({ host, wildcard }) => (wildcard ? `*.${host}` : host));
  return ok(() => {
    const resolve = linkResolver();
    return {
      policy,
      judge: { rules: rules.value, mode: mode.value, facts: { root, home, resolve } },
      legs: {
        root,
        home,
        workspace,
        vanishing: contained ? [home, "/tmp", "/var/tmp"] : [],
        contained,
        serviceHosts,
        policy: policy.legs,
        resolve,
      },
    };
  });
}

/** Registries and models are the session's own; a code host is where outsiders write. */
export function isService(text: string): boolean {
  return text.startsWith("preset:") && !/^preset:git(?:hub|lab)(?:\/|$)/.test(text);
}

/** The journal of HEAD, which a clone never brings along; undefined where there is none to read. */
function headJournal(root: string): string | undefined {
  const git = findGitDir(root);
  const folder = git.ok && git.value !== undefined ? git.value.common : join(root, ".git");
  let fd: number | undefined;
  try {
    // A repository is a stranger's: no link is followed, and no pipe is waited for.
    fd = openSync(join(folder, "logs/HEAD"), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const found = fstatSync(fd);
    return found.isFile() && found.size <= JOURNAL_MOST ? readFileSync(fd, "utf8") : undefined;
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
