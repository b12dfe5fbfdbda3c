// Path patterns of rules (DESIGN 7.7), gitignore-like: `//abs`, `~/x`, `/x` from the policy's directory, `./x` or `x/y` from the
// workspace, a bare name at any depth, `*` within a component, `**` over any number of them. Pure; case does not count, since a deny
// that a case-insensitive disk can be talked around is none (an allow must not use `caseless`).

import { wildcardSource } from "../text/wildcard.ts";

/** Where patterns are anchored. Absolute, without trailing slash. */
export interface PatternPlaces {
  /** The workspace root, and the directory of the policies in it. */
  readonly root: string;
  readonly home: string;
}

/** Does an absolute path match? A pattern that names a folder matches everything below it. */
export type PathMatcher = (absolute: string) => boolean;

/** Compiles one pattern to a matcher of absolute paths. */
export function compilePattern(
  text: string,
  places: PatternPlaces,
  options: { readonly caseless: boolean },
): PathMatcher {
  const flags = options.caseless ? "isu" : "su";
  // a limit sees a file that is really called so as well
  const texts = options.caseless ? new Set([text, ...alternatives(text)]) : alternatives(text);
  const wholes = [...texts].map((one) => {
    return new RegExp(`^${sourceOf(anchor(one.trim(), places))}(?:/.*)?$`, flags);
  });
  return (absolute) => wholes.some((whole) => whole.test(absolute));
}

const MOST_ALTERNATIVES = 64;

/** `{pem,key}` stands for each of its words. Braces without a comma, or more of them than anybody writes, stand for themselves. */
function alternatives(text: string): readonly string[] {
  let texts: readonly string[] = [text];
  for (let round = 0; round < 8; round++) {
    const next = texts.flatMap((one) => {
      const [whole, words] = /\{([^{}]*,[^{}]*)\}/.exec(one) ?? [];
      return whole === undefined || words === undefined
        ? [one]
        : words.split(",").map((word) => one.replace(whole, () => word));
    });
    if (next.length > MOST_ALTERNATIVES) return [text];
    if (next.length === texts.length && next.every((one, at) => one === texts[at])) return texts;
    texts = next;
  }
  return texts;
}

/**
 * Could the pattern match something below a folder? False only when no name below it can match; for a limit on what a walk of the
 * folder would meet.
 */
export function couldMatchBelow(text: string, places: PatternPlaces): PathMatcher {
  const [first = text, ...more] = alternatives(text);
  if (more.length > 0) {
    const each = [first, ...more].map((one) => couldMatchBelow(one, places));
    return (folder) => each.some((could) => could(folder));
  }
  const parts = anchor(first.trim(), places);
  const open = parts.indexOf("**");
  const fixed = (open < 0 ? parts : parts.slice(0, open)).map((part) => new RegExp(`^${component(part)}$`, "isu"));
  return (folder) => {
    const names = folder.split("/").filter((name) => name !== "");
    return names.every((name, at) => fixed[at] === undefined || fixed[at].test(`/${name}`));
  };
}

/** The folder or file that a pattern spells out before its first wildcard; `undefined` when it spells none. */
export function fixedPart(text: string, places: PatternPlaces): string | undefined {
  const parts = anchor(text.trim(), places);
  const wild = parts.findIndex((part) => /[*?[{]/.test(part));
  const fixed = wild < 0 ? parts : parts.slice(0, wild);
  return fixed.length === 0 ? undefined : `/${fixed.join("/")}`;
}

/** One matcher for many deny patterns, of paths relative to the root (as a walk of the workspace meets them). */
export function compileDenies(texts: readonly string[], places: PatternPlaces): (relative: string) => boolean {
  if (texts.length === 0) return () => false;
  const matchers = texts.map((text) => compilePattern(text, places, { caseless: true }));
  return (relative) => matchers.some((matches) => matches(`${places.root}/${relative}`));
}

/** The pattern as components of an absolute path; `**` stands for any number of them, and `..` takes back the one before it. */
function anchor(text: string, places: PatternPlaces): readonly string[] {
  return written(text, places).reduce<readonly string[]>(
    (parts, part) => (part === ".." ? parts.slice(0, -1) : [...parts, part]),
    [],
  );
}

function written(text: string, { root, home }: PatternPlaces): readonly string[] {
  const parts = (path: string): readonly string[] => path.split("/").filter((part) => part !== "" && part !== ".");
  if (text.startsWith("//")) return parts(text);
  if (text === "~" || text.startsWith("~/")) return [...parts(home), ...parts(text.slice(1))];
  if (text.startsWith("/")) return [...parts(root), ...parts(text)];
  const own = parts(text);
  // gitignore: a pattern without a slash but at its end matches at any depth, also outside the workspace for a deny.
  const isBare = own.length === 1 && own[0] !== ".." && !text.startsWith("./");
  return isBare ? ["**", ...own] : [...parts(root), ...own];
}

/** All components. What stands between two `**` is taken where it first fits, as with `*` (wildcard.ts). */
function sourceOf(parts: readonly string[]): string {
  const runs = parts.reduce<readonly (readonly string[])[]>(
    (all, part) => (part === "**" ? [...all, []] : [...all.slice(0, -1), [...(all.at(-1) ?? []), part]]),
    [[]],
  );
  const [first = [], ...more] = runs;
  const rest = more.filter((run, at) => run.length > 0 || at === more.length - 1);
  return [
    ...first.map(component),
    ...rest.map((run) => {
      const source = run.map(component).join("");
      return source === "" ? "(?:/.+)?" : `(?:(?!${source}(?:/|$))/[^/]+)*${source}(?=/|$)`;
    }),
  ].join("");
}

/** One component with its leading slash. */
function component(part: string): string {
  const pieces = [""];
  for (let i = 0; i < part.length; i += 1) {
    const char = part[i] ?? "";
    let source: string;
    if (char === "*") {
      while (part[i + 1] === "*") i += 1;
      pieces.push("");
      continue;
    }
    if (char === "?") source = "[^/]";
    else if (char === "[") {
      const end = part.indexOf("]", i + 2);
      if (end < 0) source = "\\[";
      else {
        source = classOf(part.slice(i + 1, end));
        i = end;
      }
    } else source = char.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&");
    pieces[pieces.length - 1] += source;
  }
  return `/${wildcardSource(pieces, "[^/]")}`;
}

/** `[a-z]`, `[!a]`. A range that runs backwards is the characters that it is written with. */
function classOf(body: string): string {
  const negated = /^[!^]/.test(body);
  const source = body
    .slice(negated ? 1 : 0)
    .replace(/[\\[\]^|]/g, "\\$&")
    .replace(/(\\?.)-(\\?.)/gsu, (range, from: string, to: string) =>
      (from.at(-1) ?? "") <= (to.at(-1) ?? "") ? range : `${from}\\-${to}`,
    );
  return `[${negated ? "^" : ""}${source}]`;
}
