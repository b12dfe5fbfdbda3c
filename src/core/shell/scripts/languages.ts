// sed, awk, jq, yq: scripts that are read and must be provably harmless; interpreters, whose code is not read.
import { valuesOf } from "../options.ts";
import { sedCommands, sedHarm } from "../script-text.ts";
import { gadget, type Special } from "./special.ts";
import { managedTask } from "./tasks.ts";

/** Scripts given by options or as the first operand. */
export function scripted(
  harm: (text: string) => string | undefined,
  options: readonly string[],
  files: readonly string[],
  commands: (text: string) => readonly string[] = () => [],
): Special {
  return (read, use) => {
    const given = valuesOf(read, ...options);
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

/** Exactly in place: another letter or `=` behind it is a suffix, which names a second file. */
const IN_PLACE = /^(?:-[nErsuz]*i|--i[a-z-]*)$/;

/** sed: its script, and with `-i` the files it changes. */
export const sed: Special = (read, use) => {
  const effects = [...scripted(sedHarm, ["e", "expression"], ["f", "file"], sedCommands)(read, use)];
  if (!read.seen.has("i") && !read.seen.has("in-place")) return effects;
  const files =
    read.seen.has("e") || read.seen.has("expression") || read.seen.has("f") ? read.operands : read.operands.slice(1);
  const index = use.words.findIndex((word, at) => at > 0 && IN_PLACE.test(word.value ?? ""));
  if (index < 0) return [...effects, gadget("writes-in-place", 1)];
  for (const file of files) effects.push({ kind: "write", path: file.word, index, inherent: false });
  return effects;
};

/** `python x`, `node x`: a file is a program; without one, standard input is. */
export const interpreter: Special = (read, { stdin }) => {
  const program = stdin?.kind === "text" ? { program: stdin.text } : {};
  const [file] = read.operands;
  if (file?.word.value === "-") return [{ ...gadget("standard-input", file.index), ...program }];
  if (file !== undefined) return managedTask(read.operands);
  const told =
    read.rest !== undefined ||
    read.given.some((g) => g.effect === "runs-code") ||
    ["version", "help", "V", "v", "test"].some((name) => read.seen.has(name));
  return told ? [] : [{ ...gadget("standard-input", 0), ...program }];
};

/** php: `-l FILE` only looks at the syntax. */
export const php: Special = (read, use) => (read.seen.has("l") ? [] : interpreter(read, use));
