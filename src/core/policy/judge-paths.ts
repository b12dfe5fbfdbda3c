// Paths against rules: what `Read`, `Write` and `Edit` say of a path, links included (DESIGN 7 rule 7), and what is protected (PERM-4).

import type { Reason } from "../decision.ts";
import { isDependencyFolder, leadsToProtected, protection } from "../paths/index.ts";
import { isInside, joinPath, type ShellWord } from "../shell/index.ts";
import { firstOnPath, pathRules } from "./rule-index.ts";
import type { CompiledRule, CompiledRules, Places } from "./rules.ts";

/** What the caller knows of the disk. Pure: a function handed in. */
export interface PathFacts extends Places {
  /** Further names of an absolute path: where its links lead. Without it paths are compared as written. */
  readonly resolve?: (path: string) => readonly string[];
}

/** A path with every name it has. */
export interface NamedPath {
  readonly shown: string;
  readonly names: readonly string[];
}

/** The names of a constant word; `undefined` when it is not constant or belongs to another user's home. */
export function pathOf(word: ShellWord, directories: readonly string[], facts: PathFacts): NamedPath | undefined {
  const value = word.value;
  if (value === undefined || directories.length === 0) return undefined;
  if (word.tilde && value !== "~" && !value.startsWith("~/")) return undefined;
  const written = word.tilde ? facts.home + value.slice(1) : value;
  return namedPath(
    value,
    directories.map((from) => (written.startsWith("/") ? written : `${from}/${written}`)),
    facts,
  );
}

/** The command's own descriptors, `<(…)` among them: what the disk says of these names are those of whoever looks. */
const OWN_STREAM = /^\/dev\/(?:fd\/\d+|std(?:in|out|err))$/;

/** Absolute paths as written → what they are by their text, and where links lead: `a/../b` is not `b` when `a` is a link. */
export function namedPath(shown: string, paths: readonly string[], facts: PathFacts): NamedPath {
  const names = new Set(paths.map((path) => joinPath("/", path)));
  // the same disk under another name
  for (const name of [...names]) {
    const [under, link] = /^\/proc\/(?:self|thread-self|\d+)\/(root|cwd)(?=\/|$)/.exec(name) ?? [];
    if (under !== undefined) names.add(joinPath(link === "cwd" ? facts.root : "/", `./${name.slice(under.length)}`));
  }
  for (const path of paths) if (!OWN_STREAM.test(path)) for (const more of facts.resolve?.(path) ?? []) names.add(more);
  return { shown, names: [...names] };
}

/** True when every name lies inside the workspace. */
export function isInWorkspace(path: NamedPath, facts: PathFacts): boolean {
  return path.names.every((name) => isInside(facts.root, name));
}

/** A repository's own folder: whoever moves, deletes or fills it by other means than git replaces hooks and settings too. */
const GIT_FOLDER = /(?:^|\/)\.git(?:\/|$)/i;

/** `.github`, `.config`: of the folders above protected names, those that are nobody's ordinary ones (`tools`, `project`). */
const HIDDEN_FOLDER = /(?:^|\/)\.[^/]+$/;

type Access = "read" | "write";

function concerns(rule: CompiledRule, access: Access, list: "allow" | "limit"): boolean {
  const tool = rule.rule.tool;
  if (tool === "Write" || tool === "Edit") return access === "write";
  // whoever may not read a file may not change it either; an allow to read is none to write
  return tool === "Read" && (access === "read" || list === "limit");
}

/** The first deny, else the first ask that binds any name of the path. */
export function limitOn(path: NamedPath, access: Access, rules: CompiledRules): Reason | undefined {
  for (const verdict of ["deny", "ask"] as const) {
    const bound = pathRules(rules[verdict], `limit ${access}`, (r) => concerns(r, access, "limit"));
    const rule = path.names.map((name) => firstOnPath(bound, name)).find((found) => found !== undefined);
    if (rule !== undefined)
      return { code: "rule-matched", verdict, subject: path.shown, rule: rule.text.text, at: rule.text.at };
  }
  return undefined;
}

/** The first deny or ask that could bind something below the folder: a walk of it may meet what the rule names. */
export function limitBelow(folder: NamedPath, access: Access, rules: CompiledRules): CompiledRule | undefined {
  for (const list of ["deny", "ask"] as const) {
    const bound = pathRules(rules[list], `limit ${access}`, (r) => concerns(r, access, "limit"));
    const rule = bound.find((r) => folder.names.some((name) => r.below?.(name)));
    if (rule !== undefined) return rule;
  }
  return undefined;
}

/** The first deny or ask that spells something in the folder: whoever moves, replaces or deletes the folder does so with that as well. */
export function limitWithin(folder: NamedPath, access: Access, rules: CompiledRules): CompiledRule | undefined {
  const names = folder.names.map((name) => name.toLowerCase());
  return (["deny", "ask"] as const)
    .flatMap((list) => pathRules(rules[list], `limit ${access}`, (r) => concerns(r, access, "limit")))
    .find(({ fixed }) => fixed !== undefined && names.some((name) => isInside(name, fixed.toLowerCase())));
}

/** Where things come to stand when they are put into a folder: `cp a/.envrc .` writes `./.envrc`. Names that are not known are left out. */
export function broughtTo(folder: NamedPath, brings: readonly ShellWord[], facts: PathFacts): readonly NamedPath[] {
  const names = brings.map((word) => /([^/]+)\/*$/s.exec(word.value ?? "")?.[1] ?? ".");
  return [...new Set(names)]
    .filter((name) => name !== "." && name !== "..")
    .map((name) =>
      namedPath(
        `${folder.shown.replace(/\/+$/, "")}/${name}`,
        folder.names.map((above) => `${above}/${name}`),
        facts,
      ),
    );
}

/** The allow rule that covers every name of the path. */
export function allowOn(path: NamedPath, access: Access, { allow }: CompiledRules): CompiledRule | undefined {
  const bound = pathRules(allow, `allow ${access}`, (r) => concerns(r, access, "allow"));
  // a link and its target may stand under different rules, but each must stand under one
  const rules = path.names.map((name) => bound.find((r) => r.path?.(name)));
  return rules.includes(undefined) ? undefined : rules[0];
}

/** True when some deny or ask of this access exists at all. */
export function hasLimits(access: Access, rules: CompiledRules): boolean {
  return (["deny", "ask"] as const).some(
    (list) => pathRules(rules[list], `limit ${access}`, (r) => concerns(r, access, "limit")).length > 0,
  );
}

/** Why writing there is never automatic, if it is not. `tree`: a whole folder comes or goes, with what it holds. */
export function protectedReason(path: NamedPath, facts: PathFacts, tree?: boolean): Reason | undefined {
  for (const name of path.names) {
    const relative = isInside(facts.root, name) ? name.slice(facts.root.length + 1) : name.slice(1);
    if (GIT_FOLDER.test(relative))
      return { code: "protected-path", verdict: "ask", subject: path.shown, hint: "only git itself changes `.git`" };
    const found = protection(relative);
    if (found !== undefined && !found.inDependencies)
      return { code: "protected-path", verdict: "ask", subject: path.shown, hint: `protected: ${found.why}` };
    const below = tree === true && HIDDEN_FOLDER.test(relative) ? leadsToProtected(relative) : undefined;
    if (below !== undefined && !relative.split("/").some(isDependencyFolder))
      return {
        code: "protected-path",
        verdict: "ask",
        subject: path.shown,
        hint: `\`${below}\` comes or goes with it`,
      };
  }
  return undefined;
}

/** The path as a rule spells it: from the workspace where it lies inside, else absolute. */
export function ruleFor(path: NamedPath, { root }: PathFacts): string {
  const [name = path.shown] = path.names;
  return isInside(root, name) && name !== root ? `./${name.slice(root.length + 1)}` : `/${name}`;
}
