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

/** True for what every pattern grammar here spells the same: no negation, no escapes, no groups. */
export function isCommon(pattern: string): boolean {
  return pattern !== "" && !/^[!#]|[\\{}()|+@\0-\x1f\x7f]/.test(pattern);
}

/**
 * A glob whose `*` also crosses `/` (OpenCode, Gemini), for a list that takes away: ours stays within one component, so each star inside
 * a component is written both ways. With too many stars the last folder without one is taken whole.
 */
export function spanning(pattern: string): readonly string[] {
  const stars = [...pattern.matchAll(/(?<=[^/*])\*(?=[^/*])|(?<=[^/*])\*(?=\/)|(?<=\/|^)\*(?=[^/*])/g)].map(
    (m) => m.index,
  );
  if (stars.length > 3) {
    const head = pattern.slice(0, stars[0]);
    const folder = head.slice(0, head.lastIndexOf("/") + 1);
    return [folder === "" ? "**" : `${folder}**`];
  }
  let forms: readonly string[] = [pattern];
  for (const at of [...stars].reverse())
    forms = forms.flatMap((form) => {
      const [before, after] = [form.slice(0, at), form.slice(at + 1)];
      const deep = before === "" || before.endsWith("/") ? `${before}**/*${after}` : `${before}*/**/*${after}`;
      return [form, deep.replace(/\*\/\*\*\/\*\//, "*/**/")];
    });
  return [...new Set(forms)];
}
