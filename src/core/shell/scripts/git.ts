// git: refspecs, pathspecs, addresses of helpers, formats and settings.
import type { Effect, ShellWord } from "../facts.ts";
import { gitAlias } from "../inner-text.ts";
import { FAR } from "../names.ts";
import { part, valuesOf } from "../options.ts";
import type { Operand, ReadOptions } from "../read-options.ts";
import type { ProgramUse } from "../use.ts";
import { gadget, type Special } from "./special.ts";

/** Settings with which `clean` asks no `-f`, what nothing names is dropped at once, or a push is forced or deletes what is not here. */
const LASTING: readonly (readonly [RegExp, string])[] = [
  [/^clean\.requireforce=(?:false|no|off|0)$/i, "mass-delete"],
  [/^gc\.(?:[^=]*\.)?(?:prune|reflog|worktreeprune)expire(?:unreachable)?=(?!never)/i, "history-rewrite"],
  [/^remote\.[^=]*\.(?:push=\+|mirror(?:$|=(?!(?:false|no|off|0)?$)))/i, "force-push"],
];

function lastingSetting(setting: string, index: number): readonly Effect[] {
  const code = LASTING.find(([pattern]) => pattern.test(setting))?.[1];
  return code === undefined ? [] : [{ kind: "irreversible", code, index }];
}

/** git: refspecs and settings that force or delete, `ext::` and other helpers as addresses. */
export const git: Special = (read, use) => {
  const effects: Effect[] = valuesOf(read, "c").flatMap((o) => lastingSetting(o.word.value ?? o.word.prefix, o.index));
  const pushes = use.words.some((w) => w.value === "push");
  for (const { word, index } of read.operands) {
    if (/^[a-z0-9+.-]+::/i.test(word.value ?? "")) effects.push(gadget("runs-helper", index));
    if (pushes && (word.value === undefined || /^\+|^:|:.*\+/.test(word.value)))
      effects.push({ kind: "irreversible", code: "force-push", index });
  }
  return effects;
};

/**
 * The path that a pathspec names (gitglossary): `:/x` and `:(top)x` stand at the top, and with a wildcard no path is certain.
 * `undefined` for one that only takes others away.
 */
function pathspec(word: ShellWord, { context }: ProgramUse): ShellWord | undefined {
  const [, long, short = "", rest] = /^:(?:\(([^)]*)\)|([/!^]*):?)([\s\S]*)$/.exec(word.value ?? "") ?? [];
  const path = rest ?? word.value ?? "";
  const magic = new Set(long?.split(",").map((name) => name.trim()));
  if (magic.has("exclude") || /[!^]/.test(short)) return undefined;
  const value = magic.has("top") || short.includes("/") ? `${context.root}/${path}` : path;
  const wild = magic.has("literal") ? -1 : value.search(/[*?[\\]/);
  if (wild < 0) return { ...word, value, likely: [value], prefix: value };
  return { ...word, value: undefined, likely: undefined, prefix: value.slice(0, wild), kind: "glob" };
}

/** `git show REV:path` reads the path as it was; `%G` in a format runs gpg as the repository configures it. */
export const gitShow: Special = (read, use) => [
  ...git(read, use),
  ...read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const colon = word.value?.indexOf(":") ?? -1;
    const named = /^:|[*?[\\]/.test(word.value ?? "") ? pathspec(word, use) : undefined;
    return [
      ...(colon < 0 ? [] : [{ kind: "read", path: part(word, colon + 1), index, content: true } as const]),
      ...(named === undefined ? [] : [{ kind: "read", path: named, index, content: true } as const]),
    ];
  }),
  ...valuesOf(read, "format", "pretty")
    .filter((o) => /%G/.test(o.word.value ?? "%G"))
    .map((o) => gadget("runs-program", o.index)),
];

/** `git config` with a name and a value sets; with a name alone, or one of the questions, it only tells. */
export const gitConfig: Special = (read, use) => {
  const asks = ["get", "get-all", "get-regexp", "get-urlmatch", "list", "l"].some((name) => read.seen.has(name));
  const [name, ...more] = read.operands;
  const tells = more.length === 0 && /^[\w-]+\.[\w.-]+$/.test(name?.word.value ?? "");
  if (asks || tells || name === undefined) return [];
  const setting = [name, ...more].map((o) => o.word.value ?? "").join("=");
  const alias = gitAlias(setting, []);
  return [
    gadget("config", name.index),
    ...lastingSetting(setting, name.index),
    ...(alias === undefined ? [] : [{ kind: "run", index: name.index, inner: use.shellText(alias) } as const]),
  ];
};

/** `git symbolic-ref NAME` tells where a name leads; with a second word it leads there from now on. */
export const gitSymbolicRef: Special = (read, use) => [
  ...git(read, use),
  ...read.operands.slice(1).map((o) => gadget("changes", o.index)),
  ...read.operands
    .slice(0, 1)
    .filter((o) => o.word.value === undefined)
    .map((o) => gadget("changes", o.index)),
];

/** `git clone FROM FOLDER` writes the folder. */
export const gitClone: Special = (read, use) => [
  ...gitRemote(read, use),
  ...read.operands.slice(1).map(({ word, index }): Effect => ({ kind: "write", path: word, index, inherent: true })),
];

/** A repository that is a place of the disk is read from there; what is fetched or pulled from an address is not what the project names. */
export const gitRemote: Special = (read, use) => [
  ...git(read, use),
  ...(use.words.some(({ value }) => /^(?:fetch|pull)$/.test(value ?? "")) ? read.operands.slice(0, 1) : [])
    .filter((o) => FAR.test(o.word.value ?? "") || /^[^/]+@?[^/]*\.[^/]*:(?!\/\/)/.test(o.word.value ?? ""))
    .map((o) => gadget("network", o.index)),
  ...read.operands.slice(0, 1).flatMap(({ word, index }): readonly Effect[] => {
    const start = /^(?:file:\/\/|(?=[/.~]))/.exec(word.value ?? "")?.[0];
    return start === undefined
      ? []
      : [{ kind: "read", path: { ...part(word, start.length), tilde: word.tilde }, index, content: true }];
  }),
];

/** Remotes that build and run what they are sent, by the names that their own tools give them. */
const DEPLOYS = /^(?:heroku|dokku|scalingo|gigalixir|clever|piku|deis|production|staging)(?:$|[-_])/;

/** `git push` goes where the remote's name says; an address in its place is another way out. */
export const gitPush: Special = (read, use) => [
  ...git(read, use),
  ...read.operands
    .slice(0, 1)
    .filter((o) => DEPLOYS.test(o.word.value ?? ""))
    .map((o): Effect => ({ kind: "irreversible", code: "deploy", index: o.index })),
  ...read.operands
    .slice(0, 1)
    .filter((o) => !/^[\w-][\w.-]*$/.test(o.word.value ?? ""))
    .map((o) => gadget("network", o.index)),
];

/** `git checkout .` and `git restore .` throw away what nobody committed, all of it; `--staged` alone leaves the files. */
export const gitWorktree: Special = (read, use) => {
  const staged = ["S", "staged"].some((name) => read.seen.has(name));
  const worktree = ["W", "worktree"].some((name) => read.seen.has(name));
  const all = read.operands.filter((o) => /^(?:\.\/?|:\/?|:\(top\)|\*)$/.test(o.word.value ?? ""));
  if (staged && !worktree) return git(read, use);
  // a folder is written with all that it holds; what is not taken away is everything else
  const written = pathsAmong(read, use).map(
    ({ word, index }): Effect => ({
      kind: "write",
      path: pathspec(word, use) ?? { ...word, value: undefined, likely: undefined, prefix: "", kind: "glob" },
      index,
      inherent: true,
      tree: true,
    }),
  );
  return [...git(read, use), ...all.map((o) => gadget("discards-work", o.index)), ...written];
};

/** What is certainly a path: all that `restore` takes, of `checkout` what stands behind `--` (a name before it may be a branch). */
function pathsAmong({ operands }: ReadOptions, { words }: ProgramUse): readonly Operand[] {
  const dashes = words.findIndex(({ value }) => value === "--");
  const restores = words.some(({ value }) => value === "restore");
  return operands.filter(({ index, word }) => word.value !== undefined && (restores || (dashes > 0 && index > dashes)));
}
