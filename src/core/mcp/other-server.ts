// A name that a person knows for one program or address, and that has another one now: another server, whoever says so, until it was looked at.
import { packageSpec } from "./package-spec.ts";
import { type PackagePin, type ServerTarget, targetText } from "./target.ts";

/** What a name was approved for, and what it is now. */
export interface OtherServer {
  /** The latest first. */
  readonly known: readonly ServerTarget[];
  readonly now: ServerTarget;
  /** It was approved before, and one of the known took its place. */
  readonly replaced?: true;
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

/**
 * The same for a model, with little room for words of whoever wrote the command: the program, the first names behind it, a few options, and of each no more
 * than a path or a package has. What is left out is a `…`.
 */
export function otherServerWordsForModel(other: OtherServer): string {
  return sentence(
    other,
    (target) => {
      const env = "url" in target ? [] : (target.env ?? []).map((one) => `${one.split("=", 1)[0]}=`);
      const words = "url" in target ? [target.url] : [...env, ...target.argv];
      const seen = { option: 0, name: 0 };
      const shown = words.map((word) => {
        const kind = /^-|=$/.test(word) ? "option" : /[/.@:$\d]/.test(word) ? undefined : "name";
        if (kind !== undefined) seen[kind] += 1;
        return isName(word) && (kind === undefined || seen[kind] <= OF_A_KIND) ? word : "…";
      });
      return shown
        .filter((word, at) => word !== "…" || shown[at - 1] !== "…")
        .join(" ")
        .slice(0, TARGET_MOST);
    },
    (spec) => (isName(spec) ? spec : "…"),
  );
}

/** Bare names, the program's included, and options. */
const OF_A_KIND = 3;
/** Words that a path or a package is made of; a sentence has more. */
const PARTS_MOST = 9;

function isName(word: string): boolean {
  return PLAIN_WORD.test(word) && (word.match(/[A-Za-z]+/g) ?? []).length <= PARTS_MOST;
}

function sentence(
  { known, now, installed, replaced }: OtherServer,
  show: (target: ServerTarget) => string,
  spec: (text: string) => string = (text) => text,
): string {
  const packages = installed === undefined ? packageWords(known[0], now, spec) : installedWords(installed, spec);
  const [was] = known;
  if (replaced === true) {
    const by = was === undefined ? "another one" : `\`${show(was)}\``;
    return `is \`${show(now)}\` again, and ${by} was approved in its place: a rollback${packages}`;
  }
  if (installed !== undefined || was === undefined)
    return `is \`${show(now)}\` with another package than the approved one${packages}`;
  const more = known.length > 1 ? ` (and ${known.length - 1} more)` : "";
  const [old, next] = [show(was), show(now)];
  return old === next
    ? `was pinned as \`${old}\`${more} with another value in what is not shown here`
    : `was pinned as \`${old}\`${more} and is \`${next}\` now${packages}`;
}

function packageWords(was: ServerTarget | undefined, now: ServerTarget, spec: (text: string) => string): string {
  const [old, next] = [specOf(was), specOf(now)];
  if (old === undefined || next === undefined) return "";
  return old === next ? "" : ` (package ${spec(old)} → ${spec(next)})`;
}

function specOf(target: ServerTarget | undefined): string | undefined {
  const found = target === undefined || "url" in target ? undefined : packageSpec(target.argv);
  return found === undefined ? undefined : `${found.name}@${found.version ?? "any"}`;
}

function installedWords({ was, now }: NonNullable<OtherServer["installed"]>, spec: (text: string) => string): string {
  const [old, next] = [`${was.name}@${was.version ?? "any"}`, `${now.name}@${now.version ?? "any"}`];
  return old === next ? ` (package ${spec(old)} with other contents)` : ` (package ${spec(old)} → ${spec(next)})`;
}
