// Shells, and programs that run the rest of their words: what runs is judged on its own (DESIGN 7 rule 3).
import type { Command, Effect, ShellWord } from "../facts.ts";
import { isLoadedName, isLoadedValue } from "../names.ts";
import { valuesOf } from "../options.ts";
import type { ReadOptions } from "../read-options.ts";
import type { ProgramUse } from "../use.ts";
import { gadget, type Special } from "./special.ts";

export const shell: Special = (read, use) => {
  const own = /(?:^|\/)bash$/.test(use.words[0]?.value ?? "") ? "bash" : undefined;
  const shellText = (inside: string): readonly Command[] => use.shellText(inside, own);
  const text = read.seen.has("c") ? read.operands[0] : undefined;
  if (read.seen.has("c")) {
    if (text?.word.value === undefined) {
      const likely = text?.word.likely;
      const inner = likely?.length === 1 ? shellText(likely[0] ?? "") : [];
      return [gadget("not-constant", text?.index ?? 0), { kind: "run", index: text?.index ?? 0, inner }];
    }
    return [{ kind: "run", index: text.index, inner: shellText(text.word.value) }];
  }
  const [file] = read.operands;
  const standard = file === undefined || /^(?:-|\/dev\/stdin|\/dev\/fd\/0)$/.test(file.word.value ?? "");
  if (!standard && !read.seen.has("s")) return [gadget("runs-file", file.index)];
  if (read.seen.has("version") || read.seen.has("help")) return [];
  if (use.stdin?.kind === "text") return [{ kind: "run", index: use.words.length, inner: shellText(use.stdin.text) }];
  // what it would be in bash may be denied; it is never allowed
  const likely = use.stdin?.kind === "unknown" ? use.stdin.likely : undefined;
  const inner = likely === undefined ? [] : shellText(likely);
  return [gadget("standard-input", 0), { kind: "run", index: use.words.length, inner }];
};

const ASSIGNMENT = /^([A-Za-z_]\w*)=/;

/** `env` and `sudo`: assignments, then a command. */
export const environment: Special = (read, use) => {
  const effects: Effect[] = [];
  for (const { word, index } of read.operands) {
    if (word.value === "-") continue; // as `-i`
    const name = ASSIGNMENT.exec(word.value ?? word.prefix)?.[1];
    if (name !== undefined) {
      if (isLoadedName(name) || isLoadedValue((word.value ?? word.prefix).slice(name.length + 1)))
        effects.push(gadget("sets-loaded-name", index));
      continue;
    }
    effects.push({ kind: "run", index, inner: use.inner(use.words.slice(index)) });
    break;
  }
  return effects;
};

const ANYTHING: ShellWord = { text: "…", value: undefined, likely: undefined, prefix: "", kind: "split", tilde: false };

/** The text that xargs replaces: `-I M`, `-iM`, `--replace=M`; `{}` where the last two do not say. */
function replaceMark(read: ReadOptions, use: ProgramUse): string | undefined {
  const given = [...valuesOf(read, "I"), ...valuesOf(read, "replace")].at(-1)?.word.value;
  const attached = use.words.map((w) => /^-[0rtpx]*i(.+)$/.exec(w.value ?? "")?.[1]).find((m) => m !== undefined);
  return given ?? attached ?? (read.seen.has("i") || read.seen.has("replace") ? "{}" : undefined);
}

export const xargs: Special = (read, use) => {
  const [command] = read.operands;
  if (command === undefined) return [];
  const mark = replaceMark(read, use);
  const rest = use.words.slice(command.index);
  const filled =
    mark === undefined
      ? [...rest, ANYTHING]
      : rest.map((w) =>
          w.value?.includes(mark)
            ? { ...ANYTHING, text: w.text, kind: "quoted" as const, prefix: w.value.slice(0, w.value.indexOf(mark)) }
            : w,
        );
  const run: Effect = { kind: "run", index: command.index, inner: use.inner(filled) };
  // `sh -c 'rm {}'`: what the text runs beside the names put into it may be denied
  const text = rest.some((w) => w.value === "-c") && filled.some((w, i) => i > 1 && w !== rest[i]);
  return text ? [run, { ...run, inner: use.inner(rest) }] : [run];
};

/** Programs that join their operands into one shell text: `watch`, `parallel`, `su -c`. */
export const joined: Special = (read, use) => {
  const [first] = read.operands;
  if (first === undefined) return [];
  const words = use.words.slice(first.index).map((w) => w.value);
  if (words.some((w) => w === undefined)) return [gadget("not-constant", first.index)];
  return [{ kind: "run", index: first.index, inner: use.shellText(words.join(" ")) }];
};

/** The rest of the words is a command. */
export const wraps: Special = (read, use) => {
  const [first] = read.operands;
  return first === undefined
    ? []
    : [{ kind: "run", index: first.index, inner: use.inner(use.words.slice(first.index)) }];
};

/** Every operand is a shell text of its own: `hyperfine 'a' 'b'`, `concurrently 'a' 'b'`. */
export const texts: Special = (read, use) =>
  read.operands.map(({ word, index }) => {
    if (word.value === undefined) return gadget("not-constant", index);
    // concurrently's short form for scripts of the project
    if (/^(?:npm|yarn|pnpm|bun|node|deno):/.test(word.value)) return gadget("runs-script", index);
    return { kind: "run", index, inner: use.shellText(word.value) };
  });

/** `sg GROUP TEXT`: a shell in another group. */
export const sg: Special = (read, use) => {
  const [group, ...rest] = read.operands;
  const text = rest.find((o) => o.word.value !== "-c");
  if (text === undefined) return [gadget("runs-shell", group?.index ?? 0)];
  return text.word.value === undefined
    ? [gadget("not-constant", text.index)]
    : [{ kind: "run", index: text.index, inner: use.shellText(text.word.value) }];
};

/** `capsh … -- ARGS`: what follows is given to bash. */
export const capsh: Special = (_, use) => {
  const at = use.words.findIndex((w, i) => i > 0 && /^(?:--|==|--shell=.*)$/.test(w.value ?? "--"));
  if (at < 0) return [];
  const bash: ShellWord = {
    text: "bash",
    value: "bash",
    likely: ["bash"],
    prefix: "bash",
    kind: "constant",
    tilde: false,
  };
  return [
    gadget("runs-shell", at),
    { kind: "run", index: at + 1, inner: use.inner([bash, ...use.words.slice(at + 1)]) },
  ];
};

const PERSONALITY =
  /^(?:linux(?:32|64)|x86_64|i[3-6]86|uname26|arm\w*|aarch64|ppc\w*|mips\w*|sparc\w*|s390x?|ia64|alpha|parisc\w*)$/;

/** `setarch [ARCH] [PROGRAM …]`. */
export const setarch: Special = (read, use) => {
  const [first, second] = read.operands;
  const command = PERSONALITY.test(first?.word.value ?? "") ? second : first;
  return command === undefined
    ? [gadget("runs-shell", 0)]
    : [{ kind: "run", index: command.index, inner: use.inner(use.words.slice(command.index)) }];
};

/** `echo TEXT | at now`: a shell runs standard input later. */
export const laterText: Special = (_, use) =>
  use.stdin?.kind === "text" ? [{ kind: "run", index: use.words.length, inner: use.shellText(use.stdin.text) }] : [];

/** `onchange GLOB -- COMMAND`. */
export const afterDashes: Special = (_, use) => {
  const at = use.words.findIndex((w) => w.value === "--") + 1;
  return at === 0 || at >= use.words.length ? [] : [{ kind: "run", index: at, inner: use.inner(use.words.slice(at)) }];
};
