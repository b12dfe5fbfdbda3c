// A name that a person knows for one program or address, and that has another one now: another server, whoever says so, until it was looked at.
import { packageSpec } from "./package-spec.ts";
import { type PackagePin, type ServerTarget, targetText } from "./target.ts";

/** What a name was approved for, and what it is now. */
export interface OtherServer {
  /** The latest first. */
  readonly known: readonly ServerTarget[];
  readonly now: ServerTarget;
  /** Where the command is the same and the project installs another package for it. */
  readonly installed?: { readonly was: PackagePin; readonly now: PackagePin };
}

/** Characters of a command in a sentence. */
const TARGET_MOST = 300;
const PLAIN_WORD = /^[\w@%+=:,./${}~^*-]{1,160}$/;

/** `was pinned as A and is B now (package …)`, for people: whole. Escape it before it is shown. */
export function otherServerWords(other: OtherServer): string {
  return sentence(other, targetText);
}

/** The same for a model: a word of a command that is more than names, paths and versions is left out. */
export function otherServerWordsForModel(other: OtherServer): string {
  return sentence(other, (target) => {
    const words = "url" in target ? [target.url] : [...(target.env ?? []).map((name) => `${name}=`), ...target.argv];
    return words
      .map((word) => (PLAIN_WORD.test(word) ? word : "…"))
      .join(" ")
      .slice(0, TARGET_MOST);
  });
}

function sentence({ known, now, installed }: OtherServer, show: (target: ServerTarget) => string): string {
  const packages = installed === undefined ? packageWords(known[0], now) : installedWords(installed);
  const [was] = known;
  if (installed !== undefined || was === undefined)
    return `is \`${show(now)}\` with another package than the approved one${packages}`;
  const more = known.length > 1 ? ` (and ${known.length - 1} more)` : "";
  return `was pinned as \`${show(was)}\`${more} and is \`${show(now)}\` now${packages}`;
}

function packageWords(was: ServerTarget | undefined, now: ServerTarget): string {
  const [old, next] = [specOf(was), specOf(now)];
  if (old === undefined || next === undefined) return "";
  return old === next ? "" : ` (package ${old} → ${next})`;
}

function specOf(target: ServerTarget | undefined): string | undefined {
  const spec = target === undefined || "url" in target ? undefined : packageSpec(target.argv);
  return spec === undefined ? undefined : `${spec.name}@${spec.version ?? "any"}`;
}

function installedWords({ was, now }: NonNullable<OtherServer["installed"]>): string {
  const [old, next] = [`${was.name}@${was.version ?? "any"}`, `${now.name}@${now.version ?? "any"}`];
  return old === next ? ` (package ${old} with other contents)` : ` (package ${old} → ${next})`;
}
