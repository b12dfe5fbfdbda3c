// What git commands wait for a person in mode `auto`: whatever leaves, rewrites history, throws work away, or configures code that runs.

/** Branches that others build on. */
const SHARED_BRANCH =
  /^(?:main|master|trunk|develop|development|dev|prod(?:uction)?|staging|stable|release.*|gh-pages|HEAD|v\d.*)$/i;

type Word = string | undefined;

/** The codes of `git SUB …`: its operands (the subcommand first) and all its words. */
export function gitDangers(operands: readonly Word[], rest: readonly Word[]): readonly string[] {
  const [sub, ...names] = operands;
  const option = (pattern: RegExp): boolean => rest.some((word) => word !== undefined && pattern.test(word));
  switch (sub) {
    case "push":
      return names.length < 2 ||
        names.slice(1).some((n) => n === undefined || SHARED_BRANCH.test(n) || /[:+*]/.test(n)) ||
        names[0] !== "origin"
        ? ["auto-push"]
        : [];
    case "commit":
      return [
        ...(option(/^--amend$|^--fixup=/) ? ["auto-history"] : []),
        ...(option(/^-[abeiopqsuvz]*n/) ? ["auto-disarms"] : []),
      ];
    case "rebase":
    case "filter-branch":
    case "filter-repo":
    case "replace":
    case "update-ref":
    case "reflog":
    case "gc":
    case "prune":
      return ["auto-history"];
    case "reset":
      return option(/^--(?:hard|merge|keep)$/) ? ["auto-discards"] : [];
    case "clean":
      return ["auto-mass-delete"];
    case "restore":
      return option(/^--staged$|^-S$/) && !option(/^--worktree$|^-W$/) ? [] : ["auto-discards"];
    case "checkout":
    case "switch":
      return rest.includes("--") || names.includes(".") || option(/^(?:-f|--force|--discard-changes|-B|-C|--orphan)$/)
        ? ["auto-discards"]
        : [];
    case "stash":
      return /^(?:drop|clear)$/.test(names[0] ?? "") ? ["auto-discards"] : [];
    case "branch":
    case "tag":
      return option(/^-[a-zA-Z]*[dDMf]|^--(?:delete|force|move)/) ? ["auto-discards"] : [];
    case "config":
    case "remote":
    case "submodule":
    case "worktree":
    case "hook":
    case "am":
    case "apply":
    case "bundle":
      return names.length === 0 || /^(?:get|list|show|status|-v)$/.test(names[0] ?? "") ? [] : ["auto-disarms"];
    default:
      return [];
  }
}
