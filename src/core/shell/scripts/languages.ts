// sed, awk, jq, yq: scripts that are read and must be provably harmless; interpreters, whose code is not read but for the commands that
// it plainly calls.
import type { Effect } from "../facts.ts";
import { valuesOf } from "../options.ts";
import type { ReadOptions } from "../read-options.ts";
import { sedCommands, sedHarm } from "../script-text.ts";
import type { ProgramUse } from "../use.ts";
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

/** A call that runs a command, up to its first text: `os.system("`, `spawnSync('`, `subprocess.run(["`, `system '`. */
const CALL =
  /\b(?:system|popen\d?|execute|exec(?:Sync|File|FileSync|[lv]p?)?|spawn(?:Sync|[lv]p?)?|run|call|check_call|check_output|get(?:status)?output|shell_exec|passthru|proc_open|capture[23e]?|shell script)[\s([]*(?=["'])/gi;
/** Perl's, PHP's and Ruby's own quotes for a command. */
const QUOTED = /`([^`]+)`|%x[({[]([^)}\]]+)|\bqx\s*[({[/]([^)}\]/]+)/g;
/** A call that deletes a path which begins at `/` or home. */
const DELETES =
  /\b(?:rmtree|rm(?:_rf?|dir)?(?:Sync)?|remove(?:_tree|_dir_all|dirs|_entry_secure)?|unlink(?:Sync)?)[\s(]*(?:[\w.]*expanduser\(\s*)?(["'])([/~](?:\\.|(?!\1)[^\\])*)\1/gi;
const STRINGS = /[\s,]*(?:"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)')[\s,[\]]*/gy;

/** The commands that code of other languages plainly calls. Nobody is allowed by them: they are asked about and denied like any other. */
function calledBy(code: string, program: string): readonly string[] {
  const texts: string[] = [];
  for (const call of code.matchAll(CALL)) {
    const words: string[] = [];
    STRINGS.lastIndex = call.index + call[0].length;
    for (let m = STRINGS.exec(code); m !== null && words.length < MOST_WORDS; m = STRINGS.exec(code))
      words.push((m[1] ?? m[2] ?? "").replace(/\\(.)/gs, "$1"));
    texts.push(words.length === 1 ? (words[0] ?? "") : words.map(quoted).join(" "));
  }
  if (/^(?:perl|ruby|php)/.test(program)) for (const m of code.matchAll(QUOTED)) texts.push(m[1] ?? m[2] ?? m[3] ?? "");
  for (const [, , path = ""] of code.matchAll(DELETES))
    texts.push(`rm -r ${path.startsWith("~") ? path : quoted(path)}`);
  return texts.slice(0, MOST_WORDS);
}

const MOST_WORDS = 64;
const quoted = (word: string): string => `'${word.replaceAll("'", "'\\''")}'`;

/** What an interpreter's words and standard input call. */
function called({ words, stdin, shellText }: ProgramUse): readonly Effect[] {
  const name = words[0]?.value?.replace(/^.*\//s, "") ?? "";
  const codes = [
    ...words.map((word, index) => ({ code: index === 0 ? "" : (word.value ?? ""), index })),
    { code: stdin?.kind === "text" ? stdin.text : "", index: 0 },
  ];
  return codes.flatMap(({ code, index }): readonly Effect[] => {
    const inner = calledBy(code, name).flatMap((text) => shellText(text));
    return inner.length === 0 ? [] : [{ kind: "run", index, inner }];
  });
}

/** `python x`, `node x`: a file is a program; without one, standard input is. */
export const interpreter: Special = (read, use) => [...programOf(read, use), ...called(use)];

function programOf(read: ReadOptions, { stdin }: ProgramUse): readonly Effect[] {
  const program = stdin?.kind === "text" ? { program: stdin.text } : {};
  const [file] = read.operands;
  if (file?.word.value === "-") return [{ ...gadget("standard-input", file.index), ...program }];
  if (file !== undefined) return managedTask(read.operands);
  const told =
    read.rest !== undefined ||
    read.given.some((g) => g.effect === "runs-code") ||
    ["version", "help", "V", "v", "test"].some((name) => read.seen.has(name));
  return told ? [] : [{ ...gadget("standard-input", 0), ...program }];
}

/** php: `-l FILE` only looks at the syntax. */
export const php: Special = (read, use) => (read.seen.has("l") ? [] : interpreter(read, use));
