// Path patterns of other tools → ours (paths/pattern.ts). Ours: `//abs`, `~/x`, `./x` from the workspace, a bare name at any depth of the disk.

/** Where `/x` and `./x` of a settings file stand: a prefix of our own grammar, `./` for the workspace. */
export type Base = string;

/** The folder of a settings file as a prefix: of a file below the workspace's dot folder the workspace, of one in the home `~/…`. */
export function baseOf(path: string, home: string, dotFolders: readonly string[]): Base {
  const folder = path.slice(0, path.lastIndexOf("/"));
  const name = folder.slice(folder.lastIndexOf("/") + 1);
  if (folder === home) return "~/";
  if (folder.startsWith(`${home}/`) && dotFolders.some((dot) => folder === `${home}/${dot}`))
    return `~/${folder.slice(home.length + 1)}/`;
  if (dotFolders.includes(name)) return "./";
  return folder === "" ? "//" : `/${folder}/`;
}

/**
 * A gitignore-like pattern for a list that gives: a bare name means any depth of the workspace, never of the disk.
 */
export function allowPattern(pattern: string): string {
  if (/^(?:\/|~)/.test(pattern)) return pattern;
  if (pattern === "**" || pattern === "*") return "./**";
  const bare = pattern.replace(/^\.\//, "");
  if (pattern.startsWith("./") || bare.replace(/\/$/, "").includes("/"))
    return pattern.startsWith("**/") ? `./${pattern}` : pattern;
  return `./**/${bare}`;
}

/** True for a home and for the folders at the top of the disk: no fence opens those for writing because a file of another tool did. */
export function isTooWide(path: string): boolean {
  const folder = path.replace(/(?:\/+\.?)+$/, "");
  return (
    /^(?:~|\/*(?:usr|bin|sbin|lib\d*|etc|boot|proc|sys|run|var|home|root|opt)?)$/.test(folder) ||
    /(?:^|\/)\.\.(?:\/|$)/.test(path)
  );
}

/** True for what the pattern grammars here spell the same: no negation, no escapes, no braces, no extended globs. */
export function isCommon(pattern: string): boolean {
  return pattern !== "" && !/^!|[\\{}\0-\x1f\x7f]|[@+?*!]\(/.test(pattern);
}

const MOST_FORMS = 64;

/** `{a,b}` written out, for a list that takes away; the pattern itself stays too, for a tool that takes braces as they are. */
export function braced(pattern: string): readonly string[] {
  let forms: readonly string[] = [pattern];
  for (let round = 0; round < 8; round++) {
    const next = forms.flatMap((form) => {
      const match = /^(.*?)\{([^{}]*,[^{}]*)\}(.*)$/s.exec(form);
      return match === null ? [form] : (match[2] ?? "").split(",").map((choice) => `${match[1]}${choice}${match[3]}`);
    });
    if (next.length > MOST_FORMS) break;
    forms = next;
  }
  return [...new Set([pattern, ...forms])];
}

/** A pattern of a tool whose only signs are `*` and `?`: a bracket there is a bracket. */
export function bracketsAsTheyAre(pattern: string): string {
  return pattern.replaceAll("[", "[[]");
}

/**
 * A glob whose `*` also crosses `/` (OpenCode), for a list that takes away. Ours stays within one component, so a star inside a component is
 * written both ways, and one that is a component stands for any number of them. With too many stars all below the last plain folder is taken.
 */
export function spanning(pattern: string): readonly string[] {
  const wide = pattern.replace(/\*+/g, "*").replace(/(?<=^|\/)\*(?=\/)/g, "**");
  const stars = [...wide.matchAll(/(?<!\*)\*(?![*/]*$)(?!\*)/g)].map((m) => m.index);
  if (stars.length > 3) {
    const head = wide.slice(0, stars[0]).replace(/\*[\s\S]*$/, "");
    return [`${head.slice(0, head.lastIndexOf("/") + 1)}**`];
  }
  let forms: readonly string[] = [wide];
  for (const at of [...stars].reverse())
    forms = forms.flatMap((form) => {
      const before = form.slice(0, at);
      const deep = /(?:^|\/)$/.test(before) ? "**/*" : "*/**/*";
      return [form, `${before}${deep}${form.slice(at + 1)}`];
    });
  return [...new Set(forms)];
}
