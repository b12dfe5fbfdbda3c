// Codex: `.rules` files, config.toml and requirements.toml (facts: docs/import.md).
import type { Problem } from "../../result.ts";
import { codexConfig } from "./codex-config.ts";
import { importRules } from "./codex-rules.ts";
import type { Draft } from "./draft.ts";
import type { ImportSource } from "./source.ts";
import { readToml } from "./toml.ts";

/** The importer. A `.rules` file goes by its name, or by its first statement. */
export function importCodex(source: ImportSource, draft: Draft): readonly Problem[] {
  const named = /\.(rules|star|toml)$/i.exec(source.path)?.[1]?.toLowerCase();
  const rules =
    named === "rules" ||
    named === "star" ||
    (named === undefined && /^\s*(?:#[^\n]*\n\s*)*(?:prefix_rule|host_executable|network_rule)\s*\(/.test(source.text));
  if (rules) {
    importRules(source.file, source.text, draft);
    return [];
  }
  const tree = readToml(source.file, source.text);
  if (!tree.ok) return [tree.error];
  codexConfig(tree.value, draft);
  return [];
}
