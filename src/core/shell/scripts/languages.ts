// sed, awk, jq, yq: scripts that are read and must be provably harmless; interpreters, whose code is not read.
import type { Operand } from "../options.ts";
import { sedCommands, sedHarm } from "../script-text.ts";
import { gadget, type Special } from "./special.ts";

/** Scripts given by options or as the first operand. */
export function scripted(
  harm: (text: string) => string | undefined,
  options: readonly string[],
  files: readonly string[],
  commands: (text: string) => readonly string[] = () => [],
): Special {
  return (read, use) => {
    const given = options.map((o) => read.values.get(o)).filter((o): o is Operand => o !== undefined);
    const fromFile = files.some((f) => read.seen.has(f));
    const first = given.length === 0 && !fromFile ? read.operands.slice(0, 1) : [];
    return [...given, ...first].flatMap((o) => {
      const code = o.word.value === undefined ? "not-constant" : harm(o.word.value);
      if (code === undefined) return [];
      // not allowed whatever it is; what it plainly runs may be denied
      const runs = commands(o.word.value ?? "").flatMap((text) => use.shellText(text));
      return [gadget(code, o.index), { kind: "run", index: o.index, inner: runs }];
    });
  };
}

export const sed: Special = (read, use) => {
  // an option repeated hides an earlier value from `values`: look at every -e again
  const several = use.words.filter((w) => /^(?:-[nErsuz]*e|--expression)/.test(w.value ?? "")).length > 1;
  const effects = [...scripted(sedHarm, ["e", "expression"], ["f", "file"], sedCommands)(read, use)];
  if (several)
    for (const [i, w] of use.words.entries()) {
      const text = /^-[nErsuz]*e$|^--expression$/.test(w.value ?? "")
        ? use.words[i + 1]?.value
        : /^(?:-[nErsuz]*e|--expression=)([\s\S]+)$/.exec(w.value ?? "")?.[1];
      if (text !== undefined && sedHarm(text) !== undefined) effects.push(gadget("script", i));
    }
  const inPlace = read.seen.has("i") || read.seen.has("in-place");
  const files =
    read.seen.has("e") || read.seen.has("expression") || read.seen.has("f") ? read.operands : read.operands.slice(1);
  if (inPlace)
    for (const file of files) effects.push({ kind: "write", path: file.word, index: file.index, inherent: true });
  return effects;
};

/** `python x`, `node x`: a file is a program; without one, standard input is. */
export const interpreter: Special = (read) => {
  if (
    read.operands.length > 0 ||
    read.seen.has("version") ||
    read.seen.has("help") ||
    read.seen.has("V") ||
    read.seen.has("v")
  )
    return [];
  return [gadget("standard-input", 0)];
};
