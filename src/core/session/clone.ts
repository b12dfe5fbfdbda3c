// Whose the files of a workspace are, when the policy says `auto` (TRI-1: files that came with a clone and are not the user's).
// The rule is deterministic and looks at one file only, the journal of HEAD, which git itself keeps and a clone never brings along:
// it starts with `clone: from` and holds no commit of its own.

/** Entries that only somebody who works here leaves. A pull or checkout brings more of what others wrote. */
const WORK = /^(?:commit|cherry-pick|revert|rebase|am|merge)\b/;

/**
 * `foreign` for a clone without any own work. `own` where there is no journal (not a clone, or made by hand): a folder that was
 * unpacked from an archive is not recognised, and the policy can say `foreign` itself.
 */
export function cloneOwner(headJournal: string | undefined): "own" | "foreign" {
  const entries = (headJournal ?? "").split("\n").flatMap((line) => line.split("\t")[1] ?? []);
  if (entries[0]?.startsWith("clone: from ") !== true) return "own";
  return entries.some((entry) => WORK.test(entry)) ? "own" : "foreign";
}
