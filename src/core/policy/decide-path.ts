// A tool's own access to a path: what rules, mode and protection say of it (DESIGN 7 rules 1, 7 and 8, PERM-4).
import type { Action } from "../action.ts";
import type { Reason } from "../decision.ts";
import { isInside } from "../shell/index.ts";
import type { Judge } from "./judge.ts";
import {
  allowOn,
  isInWorkspace,
  limitBelow,
  limitOn,
  limitWithin,
  type NamedPath,
  namedPath,
  type PathFacts,
  protectedReason,
  ruleFor,
} from "./judge-paths.ts";

/** The actions that name a path. */
export type PathAction = Extract<Action, { readonly path: string }>;

/** Every reason for and against. Never empty. */
export function reasonsOnPath(judge: Judge, action: PathAction): readonly Reason[] {
  const { facts, mode, rules } = judge;
  const access = action.kind === "read" ? "read" : "write";
  const subject = action.path;
  if (!subject.startsWith("/") || subject.includes("\0"))
    return [{ code: "path-not-absolute", verdict: "ask", subject }];
  const path = namedPath(subject, spellings(subject, facts), facts);
  const limit = limitOn(path, access, rules);
  if (limit?.verdict === "deny") return [limit];
  const reasons: Reason[] = limit === undefined ? [] : [limit];
  if (access === "write" && mode === "plan") reasons.push({ code: "plan-mode", verdict: "deny", subject });
  if (action.kind === "delete" && isCritical(path, facts))
    reasons.push({ code: "delete-critical", verdict: "ask", subject });
  const guarded =
    access === "write" && mode !== "bypassPermissions"
      ? protectedReason(path, facts, action.kind === "delete")
      : undefined;
  if (guarded !== undefined) return [...reasons, guarded];
  const walks = action.kind === "read" && action.recursive === true;
  if (walks || action.kind === "delete") {
    const rule = walks ? limitBelow(path, "read", rules) : limitWithin(path, "write", rules);
    if (rule !== undefined)
      reasons.push({ code: "rule-not-excluded", verdict: "ask", subject, rule: rule.text.text, at: rule.text.at });
  }
  return [...reasons, granted(judge, action, path)];
}

/** What lets it pass, or why nothing does. */
function granted(judge: Judge, action: PathAction, path: NamedPath): Reason {
  const { facts, mode, rules } = judge;
  const access = action.kind === "read" ? "read" : "write";
  const subject = action.path;
  const inside = isInWorkspace(path, facts);
  // reading inside needs no rule, so of a link that leads out only the target does
  const needing = access === "read" && !inside ? path.names.filter((name) => !isInside(facts.root, name)) : path.names;
  const rule = allowOn({ ...path, names: needing }, access, rules);
  if (rule !== undefined) {
    // what would pass by itself says so beside the rule, for those who ask about everything else (settle.ts)
    const code = inside && access === "read" ? "read-only" : "rule-matched";
    return { code, verdict: "allow", subject, rule: rule.text.text, at: rule.text.at };
  }
  if (mode === "bypassPermissions") return { code: "bypass", verdict: "allow", subject };
  if (inside && access === "read") return { code: "read-only", verdict: "allow", subject };
  if (inside && mode === "acceptEdits") return { code: "accept-edits", verdict: "allow", subject };
  const code = inside ? "no-rule" : access === "read" ? "reads-outside" : "writes-outside";
  return {
    code,
    verdict: "ask",
    subject,
    hint: `allow it with ${access === "read" ? "Read" : "Write"}(${ruleFor(path, facts)})`,
  };
}

/** A tool may take `~` for the home or for a folder of that name: both are meant. */
function spellings(path: string, { home }: PathFacts): readonly string[] {
  const rest = /^.*?\/~(\/.*)?$/s.exec(path);
  return rest === null ? [path] : [path, `${home}${rest[1] ?? ""}`];
}

/** Deleting `/`, a home, the workspace, or what holds one of them (rule 8). */
export function isCritical(path: NamedPath, { root, home }: PathFacts): boolean {
  return path.names.some((name) => isInside(name, root) || isInside(name, home) || name.lastIndexOf("/") === 0);
}
