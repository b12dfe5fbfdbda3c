// git: refspecs, addresses of helpers, formats and settings.
import type { Effect } from "../facts.ts";
import { part, valuesOf } from "../options.ts";
import { gadget, type Special } from "./special.ts";

/** git: refspecs that force or delete, `ext::` and other helpers as addresses. */
export const git: Special = (read, use) => {
  const effects: Effect[] = [];
  const pushes = use.words.some((w) => w.value === "push");
  for (const { word, index } of read.operands) {
    if (/^[a-z0-9+.-]+::/i.test(word.value ?? "")) effects.push(gadget("runs-helper", index));
    if (pushes && (word.value === undefined || /^\+|^:|:.*\+/.test(word.value)))
      effects.push({ kind: "irreversible", code: "force-push", index });
  }
  return effects;
};

/** `git show REV:path` reads the path as it was; `%G` in a format runs gpg as the repository configures it. */
export const gitShow: Special = (read, use) => [
  ...git(read, use),
  ...read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const colon = word.value?.indexOf(":") ?? -1;
    return colon < 0 ? [] : [{ kind: "read", path: part(word, colon + 1), index, content: true }];
  }),
  ...valuesOf(read, "format", "pretty")
    .filter((o) => /%G|^$/.test(o.word.value ?? ""))
    .map((o) => gadget("runs-program", o.index)),
];

/** `git config` with a name and a value sets; with one of the questions it only tells. */
export const gitConfig: Special = (read) => {
  const asks = ["get", "get-all", "get-regexp", "get-urlmatch", "list", "l"].some((name) => read.seen.has(name));
  return asks || read.operands.length === 0 ? [] : [gadget("config", read.operands[0]?.index ?? 0)];
};
