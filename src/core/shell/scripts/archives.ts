// tar and zip: what they do is a letter among their letters.
import type { Effect, ShellWord } from "../facts.ts";
import { valuesOf } from "../options.ts";
import { gadget, type Special } from "./special.ts";

/** tar: what it does is its first word, with or without a dash. */
export const tar: Special = (read, use) => {
  const effects: Effect[] = [];
  const bundle = use.words[1]?.value;
  const old = bundle !== undefined && /^[A-Za-z]+$/.test(bundle);
  const letters = old ? bundle : "";
  if (old) {
    if (/[^ctxvzjJfpak]/.test(letters)) effects.push(gadget("unknown-option", 1));
    if (letters.includes("x")) effects.push(gadget("write", 1));
    const archive = use.words[2];
    if (letters.includes("f") && archive !== undefined) {
      if ((archive.value ?? ":").includes(":")) effects.push(gadget("network", 2));
      if (letters.includes("c")) effects.push({ kind: "write", path: archive, index: 2, inherent: false });
      else effects.push({ kind: "read", path: archive, index: 2, content: true });
    }
    for (let i = 3; letters.includes("c") && i < use.words.length; i++)
      effects.push({ kind: "read", path: use.words[i] as ShellWord, index: i, recursive: true, content: true });
    return effects;
  }
  const archive = valuesOf(read, "f", "file").at(-1);
  const creates = read.seen.has("c") || read.seen.has("create");
  if (archive !== undefined && (archive.word.value ?? ":").includes(":"))
    effects.push(gadget("network", archive.index));
  if (archive !== undefined && creates)
    effects.push({ kind: "write", path: archive.word, index: archive.index, inherent: false });
  for (const o of creates ? read.operands : [])
    effects.push({ kind: "read", path: o.word, index: o.index, recursive: true, content: true });
  return effects;
};

/** zip: `-TT COMMAND` tests the archive with a command. */
export const zip: Special = (_, use) =>
  use.words.flatMap((w, i): readonly Effect[] => {
    const text = w.value === "-TT" ? use.words[i + 1]?.value : /^--unzip-command=([\s\S]*)$/.exec(w.value ?? "")?.[1];
    return text === undefined
      ? []
      : [gadget("runs-program", i), { kind: "run", index: i + 1, inner: use.shellText(text) }];
  });
