// Aliases. Setting one asks whatever it says; this follows constant ones, so that a deny sees what they stand for.
import type { Command as CommandNode } from "unbash";
import type { Effect, ShellWord } from "./facts.ts";
import type { Reader } from "./reader.ts";

/** Remembers what `alias` and `shopt -s expand_aliases` do. */
export function noteAlias(reader: Reader, words: readonly ShellWord[], offset: number): void {
  const [name, ...rest] = words.map((w) => w.value);
  if (name === "shopt" && rest.includes("-s") && rest.includes("expand_aliases")) reader.flow.expandsAliases = true;
  if (name !== "alias") return;
  for (const word of rest) {
    const [, alias, text] = /^([^\s=/$`'"\\]+)=([\s\S]*)$/.exec(word ?? "") ?? [];
    if (alias !== undefined && text !== undefined) reader.flow.aliases.set(alias, { text, offset });
  }
}

/** What an alias as first word stands for. It is replaced when a line is read, so not on the line that sets it. */
export function aliasEffects(reader: Reader, node: CommandNode, words: readonly ShellWord[]): readonly Effect[] {
  const { aliases, expandsAliases } = reader.flow;
  const name = node.name?.text ?? "";
  const alias = node.name?.parts === undefined && expandsAliases ? aliases.get(name) : undefined;
  if (alias === undefined) return [];
  if (!reader.text(alias.offset, node.pos).includes("\n")) return [];
  const text = [alias.text, ...words.slice(1).map((w) => w.text)].join(" ");
  // an alias is not expanded again in its own text
  aliases.delete(name);
  const inner = reader.evaluated(text, node.pos);
  aliases.set(name, alias);
  return [{ kind: "run", index: words.length, inner }];
}
