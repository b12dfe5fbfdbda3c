// Programs the table does not know: an option whose name sounds like running, loading, configuring or writing is taken at its word
// (DESIGN 7 rule 5, last sentence).
import type { Effect } from "./facts.ts";
import { FAR } from "./names.ts";
import type { ProgramUse } from "./use.ts";

const HARMFUL =
  /(?:^|[-_.:])(?:exec|execute|command|commands|cmd|shell|sh|pager|filter|plugin|plugins|config|conf|cfg|rc|rcfile|output|out|outfile|eval|evaluate|expr|script|run|hook|hooks|init|load|loader|require|import|include|preload|module|modules|editor|browser|program|prog|interpreter|wrapper|launcher|use|with|prefix|directory|dir|cwd|chdir|root|file|from|to|dest|destination|target|write|save|log|logfile|report|dump|upload|url|host|proxy|remote|server|listen|bind|socket|env|environment|define|set|options|opts|args|settings|profile|template|alias|transform|processor|pre|prepipex?|post|before|after|on|fix|inplace|overwrite|replace|delete|remove|purge|callback|handler|compress|compressor|ssh|rsh|cc|cxx|compiler|linker|agent|lib|library|path)(?:$|[-_.:=])/i;

/** The same at the end of a longer word (`-toolexec`, `--precmd`). */
const ENDS = /(?:exec|cmd|command|plugins?|hooks?|script|shell|pager|editor|loader)$/i;
/** First words by which programs say that they run, load, open or send what follows. */
const DOING =
  /^(?:exec|execute|run|shell|sh|ssh|eval|repl|console|cmd|command|script|plugins?|extensions?|addons?|hooks?|upload|push|serve|server|daemon|tunnel|attach|edit|system|tee|apply|submit|send|converge|flash|write_flash|runspider|lua|agent|login|auth)$/;
/** `config set editor ./x`: what is saved may be run later. */
const SAVES = /^(?:config|settings?|alias)$/;
const ASKS = /^(?:list|ls|get|show|view|path|current|dump|validate|check|--\w+)$/;
/** A file that is code by its name. */
const CODE = /\.(?:py|[cm]?js|ts|rb|lua|sh|bash|pl|php|so|dll|dylib|jar|wasm|tcl|vim|el|groovy|kts?)$/;
/** A file of data inside the workspace. */
const DATA = /^\.\/(?!.*\.\.\/).*\.(?:json|ya?ml|toml|md|txt|csv|tsv|xml|html?|css|log)$/;
/** A path that says where it begins: as an option's value it may be loaded, run or written. */
const PATH = /^(?:~|\.{0,2}\/)/;
const ELSEWHERE = /^(?:~|\/|\.\.(?:\/|$))|\/\.\.(?:\/|$)/;
const CALLS = /\b(?:system|exec\w*|popen|spawn\w*|eval)\s*\(|\b(?:tee|emit\w*|print\w*|dump|output)\s*[>|]|`|\$\(/;

/** Effects of an unknown program's words: of its options by their names, of the others by their look. */
export function guessEffects(use: ProgramUse, from = 0): readonly Effect[] {
  const effects: Effect[] = [];
  let operandsOnly = false;
  let operands = 0;
  use.words.forEach((word, index) => {
    if (index <= from) return;
    effects.push(...looks(use, index));
    if (operandsOnly) return;
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
    if (!/^[-+/]/.test(word.value) && !/^[A-Za-z_]\w*=/.test(word.value)) {
      if (operands < 2 && DOING.test(word.value)) effects.push({ kind: "gadget", code: "runs-program", index });
      if (operands++ === 0 && SAVES.test(word.value) && !ASKS.test(use.words[index + 1]?.value ?? "list"))
        effects.push({ kind: "gadget", code: "config", index });
      return;
    }
    const name = /^[-+/]*([^=]*)/.exec(word.value)?.[1] ?? "";
    const harmful =
      word.value.startsWith("--") || name.length > 1
        ? HARMFUL.test(camelToDashes(name)) ||
          ENDS.test(name) ||
          /^[XJ]\w{2}/.test(name) ||
          /^[ceox](?!\w*-)/.test(shortCluster(word.value))
        : "ceoxfC".includes(name);
    if (harmful) effects.push({ kind: "gadget", code: "option-name", index });
  });
  if (use.stdin !== undefined && use.stdin.kind === "unknown" && use.words.length === 1)
    effects.push({ kind: "gadget", code: "standard-input", index: 0 });
  return effects;
}

/** A place elsewhere, a host, a path behind an option, and text that calls something. */
function looks(use: ProgramUse, index: number): readonly Effect[] {
  const word = use.words[index];
  const value = word?.value;
  if (word === undefined || value === undefined) return [];
  const attached = /^-[^=]*=(.*)$/s.exec(value)?.[1] ?? /^-\w(?=[~./])(.*)$/s.exec(value)?.[1];
  const text = attached ?? value;
  const behind = attached !== undefined || /^-[^-]|^--\w[^=]*$/.test(use.words[index - 1]?.value ?? "");
  return [
    ...(behind && ((PATH.test(text) && !DATA.test(text)) || CODE.test(text))
      ? [{ kind: "gadget", code: "config", index } as const]
      : []),
    ...(ELSEWHERE.test(text) && !behind ? [{ kind: "directory", path: word, index } as const] : []),
    ...(FAR.test(text) ? [{ kind: "gadget", code: "network", index } as const] : []),
    // options inside an option's value are another program's (`--chrome-flags=--renderer-cmd-prefix=x`)
    ...(attached !== undefined && /^--?[a-z]/i.test(attached)
      ? [{ kind: "gadget", code: "option-name", index } as const]
      : []),
    ...(CALLS.test(text) ? [{ kind: "gadget", code: "runs-code", index } as const] : []),
  ];
}

function camelToDashes(name: string): string {
  return name.replace(/([a-z])([A-Z])/g, "$1-$2");
}

/** `-cfoo` → `cfoo`; nothing for long options. */
function shortCluster(option: string): string {
  return /^-[^-]/.test(option) ? option.slice(1) : "";
}
