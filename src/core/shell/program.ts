// One program with its words → what it does beside being run. The table says it for most; builtins, wrappers and programs whose
// operands are scripts have code. What nothing here knows is left to `guess.ts`.
import { describeBuiltin } from "./builtin.ts";
import { type Described, describedAs } from "./described.ts";
import { describeEntry } from "./entry.ts";
import type { Effect, ShellWord } from "./facts.ts";
import { guessEffects } from "./guess.ts";
import { handedOn } from "./handed-on.ts";
import { destroyingVerb, lastingTask } from "./scripts/tasks.ts";
import { programEntry } from "./table.ts";
import type { ProgramUse } from "./use.ts";

/** Describes one use of a program. */
export function describeProgram(use: ProgramUse): Described {
  const [program] = use.words;
  const path = program?.value;
  if (program === undefined || path === undefined || program.tilde)
    return describedAs({
      effects: [{ kind: "gadget", code: "program-not-constant", index: 0 }, ...likelyEffects(use)],
      alsoKnownAs: [...(path === undefined ? [] : [byBaseName(path, use.words)]), ...likelyForms(use.words)],
    });
  const name = path.slice(path.lastIndexOf("/") + 1);
  const builtin = path === name ? describeBuiltin(name, use) : undefined;
  if (builtin !== undefined) return { ...builtin, alsoKnownAs: [...builtin.alsoKnownAs, ...likelyForms(use.words)] };
  const entry = programEntry(name);
  const known = entry === undefined ? guessed(use) : describeEntry(name, entry, use);
  const lasting = [...lastingFiles(use, known.effects), ...likelyEffects(use).filter((e) => e.kind === "irreversible")];
  const described = { ...known, effects: [...known.effects, ...lasting] };
  const bare = path === name;
  const byName = [[name, ...use.words.slice(1).map((w) => w.value)]];
  // the same act under another name: who denies `rm` denies it
  if (name === "unlink") byName.push(["rm", ...use.words.slice(1).map((w) => w.value)]);
  return {
    ...described,
    free: described.free && bare,
    readOnly: described.readOnly && bare,
    fileCommand: described.fileCommand && bare,
    alsoKnownAs: [...(bare && name !== "unlink" ? [] : byName), ...described.alsoKnownAs, ...likelyForms(use.words)],
  };
}

/** `./deploy.sh`, `bash scripts/migrate.sh`: a script that is called so does what tasks of that name do (PERM-11). */
function lastingFiles({ words }: ProgramUse, effects: readonly Effect[]): readonly Effect[] {
  const run = effects.flatMap((e) => (e.kind === "gadget" && e.code === "runs-file" ? [e.index] : []));
  const own = words[0]?.value?.includes("/") === true ? [0] : [];
  return [...new Set([...own, ...run])].flatMap((index): readonly Effect[] => {
    const [, name] =
      /([^/]+?)(?:\.(?:[cm]?[jt]s|tsx?|sh|bash|zsh|py|rb|pl|php|ps1|sql))?$/.exec(words[index]?.value ?? "") ?? [];
    const code = lastingTask(name ?? "");
    return code === undefined ? [] : [{ kind: "irreversible", code, index }];
  });
}

function byBaseName(path: string, words: readonly ShellWord[]): readonly (string | undefined)[] {
  return [path.slice(path.lastIndexOf("/") + 1), ...words.slice(1).map((w) => w.value)];
}

/** A program that the table does not know: its options by their names, and its first words where one is a known kind of task. */
function guessed(use: ProgramUse): Described {
  const lasting = [1, 2].flatMap((index): readonly Effect[] => {
    const task = lastingTask(use.words[index]?.value ?? "");
    return task === undefined ? [] : [{ kind: "irreversible", code: task, index }];
  });
  return describedAs({
    effects: [...guessEffects(use), ...lasting, ...destroyingVerb(use.words, 1), ...handedOn(use)],
  });
}

/** What is done when variables set once to a constant are put in: it can only limit, as nothing covers a word that is not constant. */
function likelyEffects(use: ProgramUse): readonly Effect[] {
  if (!use.words.some((w) => w.value === undefined && w.likely !== undefined)) return [];
  const words = use.words.flatMap((w): readonly ShellWord[] =>
    w.value !== undefined || w.likely === undefined
      ? [w]
      : w.likely.map((text) => ({ ...w, text, value: text, likely: [text], prefix: text, kind: "constant" })),
  );
  if (words[0]?.value === undefined) return [];
  // their words stand nowhere in this command
  return describeProgram({ ...use, words }).effects.map((effect) => ({ ...effect, index: 0 }));
}

/** For ask and deny: the words with constants put in, where that changes anything. */
function likelyForms(words: readonly ShellWord[]): readonly (readonly (string | undefined)[])[] {
  if (words.every((w) => w.value !== undefined)) return [];
  const likely = words.flatMap((w): readonly (string | undefined)[] => w.likely ?? [undefined]);
  const [first, ...rest] = likely;
  return [likely, ...(first?.includes("/") ? [[first.slice(first.lastIndexOf("/") + 1), ...rest]] : [])];
}
