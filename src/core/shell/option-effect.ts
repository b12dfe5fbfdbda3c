// What one option does, by the table's word for it.

import type { Effect, ShellWord } from "./facts.ts";
import { isFarHost, leadsFar } from "./far.ts";
import { holdsCommand } from "./inner-text.ts";
import { FAR } from "./names.ts";
import type { Operand, Rest } from "./read-options.ts";
import type { ProgramEntry } from "./table.ts";

/** Effects that well-known values do not have. */
const KNOWN_VALUES: Readonly<Record<string, { readonly values: RegExp; readonly code: string }>> = {
  // formats and reporters that tools bring themselves; any other name may be a file or a package that is loaded
  "named-format": {
    values:
      /^(?:json|stylish|unix|compact|tap|junit|checkstyle|html|github|github-actions|dot|verbose|default|basic|text|short|long|list|progress|p|documentation|d|doc|node|jsdom|spec|min|nyan|line|simple|emacs|clang|files|offenses|quiet|worst|pacman)$/,
    code: "plugin",
  },
  // `go -mod=mod` rewrites go.mod
  "module-mode": { values: /^(?:readonly|vendor)$/, code: "write" },
  // the files that a project lists its packages in
  requirements: {
    values:
      /^(?:\.\/)?(?:[\w-]+\/)*(?:dev-|test-)?requirements[\w.-]*\.(?:txt|in)$|^requirements\/[\w.-]+\.(?:txt|in)$/,
    code: "config",
  },
  // `pytest -p no:cacheprovider` switches a plugin off
  "plugin-off": { values: /^no:[\w.]+$/, code: "plugin" },
  // smaller, and a version put in (`go build -ldflags "-s -w -X main.version=1"`); the rest reaches the linker
  "link-flags": {
    values: /^(?:\s*(?:-[sw](?=\s|$)|-X[ =](['"]?)[\w./-]+=[\w.:+/-]*\1(?=\s|$)))*\s*$/,
    code: "unknown-option",
  },
  // `pytest -W ignore::DeprecationWarning`: any other category is a module that is loaded
  "warning-filter": {
    values:
      /^(?:ignore|error|default|always|module|once)(?:::(?:Deprecation|PendingDeprecation|User|Future|Runtime|Resource|Syntax|Import|Bytes|Unicode)?Warning)?$/,
    code: "unknown-option",
  },
  // a format by its name; with a dot or a slash it is a script (`pandoc -t ./writer.lua`)
  "bare-name": { values: /^[\w+-]+$/, code: "plugin" },
  // the project that is meant without the option, and what projects call its variants
  project: { values: /^(?:\.\/?|(?:\.\/)?tsconfig(?:\.[\w-]+)?\.json)$/, code: "config" },
};

/** One option as it was given. */
export interface GivenOption {
  readonly index: number;
  readonly value: Operand | undefined;
  /** All words of the command. */
  readonly words: readonly ShellWord[];
}

const gadget = (code: string, index: number): Effect => ({ kind: "gadget", code, index });

/** `CODE unless A B` → the code, and the values for which it does not hold. */
export function codeOf(written: string): readonly [code: string, harmless: readonly string[]] {
  const [code = written, harmless] = written.split(" unless ");
  return [code, harmless === undefined ? [] : harmless.split(" ")];
}

/** The effects of an option whose effect the table writes so. */
export function optionEffects(written: string, given: GivenOption, entry: ProgramEntry): readonly Effect[] {
  const { index, value } = given;
  const [effect, harmless] = codeOf(written);
  const text = value?.word.value;
  if (text !== undefined && harmless.includes(text)) return [];
  switch (effect) {
    case "sql":
    case "text":
      return []; // judged by scripts/
    case "write":
    case "delete":
      return value === undefined
        ? [gadget(effect, index)]
        : [{ kind: effect, path: value.word, index, inherent: false }];
    case "read":
      return value === undefined ? [] : [readBy(value, index)];
    case "far-host":
      return isFarHost(text) ? [gadget("network", index)] : [];
    case "far-address":
      return text === undefined || leadsFar(text) ? [gadget("network", index)] : [];
    case "mounts-host":
      return [gadget(effect, index), ...mounted(value)];
    case "directory":
      return value === undefined ? [gadget(effect, index)] : [{ kind: "directory", path: value.word, index }];
    case "config":
      return isOwnConfig(text, entry) ? [] : [gadget(effect, index)];
    case "command":
      return [];
    case "module":
      return [gadget("runs-module", value?.index ?? index + 1)];
    case "each-command":
      return [gadget("runs-program", value?.index ?? index + 1)];
    default:
      if (effect.startsWith("!")) return [{ kind: "irreversible", code: effect.slice(1), index }];
      return otherEffects(effect, text, index);
  }
}

/** What an option reads: a file, or where the tool takes addresses in its place another host's. */
function readBy({ word }: Operand, index: number): Effect {
  return FAR.test(word.value ?? word.prefix)
    ? gadget("network", index)
    : { kind: "read", path: word, index, content: true, aside: true };
}

function otherEffects(effect: string, text: string | undefined, index: number): readonly Effect[] {
  const known = Object.hasOwn(KNOWN_VALUES, effect) ? KNOWN_VALUES[effect] : undefined;
  if (known !== undefined) return known.values.test(text ?? "") ? [] : [gadget(known.code, index)];
  return [gadget(holdsCommand(effect) ? "runs-program" : effect, index)];
}

/** The folder of this machine that `-v FROM:TO` or `--mount …,source=FROM,…` shows to a container, with all that it holds. */
function mounted(value: Operand | undefined): readonly Effect[] {
  if (value === undefined) return [];
  const { word, index } = value;
  const [text = "", more] = word.value === undefined ? (word.likely ?? []) : [word.value];
  const known = text !== "" && more === undefined;
  const from = /(?:^|,)(?:source|src)=([^,]*)/.exec(text)?.[1] ?? text.split(":")[0] ?? "";
  // a bare name is a volume of the runtime's own
  if (known && !/^[/.~]/.test(from) && !/(?:^|,)(?:source|src)=/.test(text)) return [];
  const path = known ? { ...word, value: from, likely: [from], prefix: from, tilde: word.tilde } : word;
  return [{ kind: "read", path, index, recursive: true, content: true, aside: true }];
}

/** A configuration that the tool would take by itself: naming it changes nothing. */
function isOwnConfig(text: string | undefined, entry: ProgramEntry): boolean {
  return text !== undefined && (entry.ownConfig ?? "").split(" ").includes(text.replace(/^\.\//, ""));
}

const REST: ReadonlySet<string> = new Set(["command", "module", "each-command"]);

/** The command behind the option, where the table says that one stands there. */
export function restBehind(written: string, { index, value, words }: GivenOption): Rest | undefined {
  if (!REST.has(codeOf(written)[0])) return undefined;
  if (value !== undefined) return { words: [value.word, ...words.slice(value.index + 1)], index: value.index };
  return words.length > index + 1 ? { words: words.slice(index + 1), index: index + 1 } : undefined;
}
