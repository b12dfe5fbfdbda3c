// Programs the table does not know: an option whose name sounds like running, loading, configuring or writing is taken at its word
// (DESIGN 7 rule 5, last sentence).
import type { Effect } from "./facts.ts";
import type { ProgramUse } from "./use.ts";

const HARMFUL =
  /(?:^|[-_.:])(?:exec|execute|command|commands|cmd|shell|sh|pager|filter|plugin|plugins|config|conf|cfg|rc|rcfile|output|out|outfile|eval|evaluate|expr|script|run|hook|hooks|init|load|loader|require|import|include|preload|module|modules|editor|browser|program|prog|interpreter|wrapper|launcher|use|with|prefix|directory|dir|cwd|chdir|root|file|from|to|dest|destination|target|write|save|log|logfile|report|dump|upload|url|host|proxy|remote|server|listen|bind|socket|env|environment|define|set|options|opts|args|settings|profile|template|alias|transform|processor|pre|post|before|after|on|callback|handler|compress|compressor|ssh|rsh|cc|cxx|compiler|linker|agent|lib|library|path)(?:$|[-_.:=])/i;

/** Effects of an unknown program's options, by their names. */
export function guessEffects(use: ProgramUse, from = 0): readonly Effect[] {
  const effects: Effect[] = [];
  let operandsOnly = false;
  use.words.forEach((word, index) => {
    if (index <= from || operandsOnly) return;
    if (word.value === undefined) {
      effects.push({ kind: "gadget", code: "not-constant", index });
      return;
    }
    if (word.value === "--") {
      operandsOnly = true;
      return;
    }
    if (word.value.startsWith("@")) {
      effects.push({ kind: "gadget", code: "config", index });
      return;
    }
    if (!/^[-+/]/.test(word.value) && !/^[A-Za-z_]\w*=/.test(word.value)) return;
    const name = /^[-+/]*([^=]*)/.exec(word.value)?.[1] ?? "";
    const harmful =
      word.value.startsWith("--") || name.length > 1
        ? HARMFUL.test(camelToDashes(name)) || /^[ceox](?!\w*-)/.test(shortCluster(word.value))
        : "ceoxfC".includes(name);
    if (harmful) effects.push({ kind: "gadget", code: "option-name", index });
  });
  if (use.stdin !== undefined && use.stdin.kind === "unknown" && use.words.length === 1)
    effects.push({ kind: "gadget", code: "standard-input", index: 0 });
  return effects;
}

function camelToDashes(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1-$2");
}

/** `-cfoo` → `cfoo`; nothing for long options. */
function shortCluster(option: string): string {
  return /^-[^-]/.test(option) ? option.slice(1) : "";
}
