// Programs whose words hold more than options: shells, scripts of sed, awk and jq, wrappers that set variables, tar's old bundles.
// A script that is not provably harmless is a gadget (DESIGN 7 rule 5).
import type { Effect, ShellWord } from "./facts.ts";
import { isLoadedName } from "./names.ts";
import { type Operand, part, type ReadOptions, readOptions } from "./options.ts";
import type { ProgramUse } from "./program.ts";
import { awkCommands, awkHarm, jqHarm, sedCommands, sedHarm } from "./script-text.ts";
import { programEntry } from "./table.ts";

type Special = (read: ReadOptions, use: ProgramUse) => readonly Effect[];

const gadget = (code: string, index: number): Effect => ({ kind: "gadget", code, index });

/** Scripts given by options or as the first operand. */
function scripted(
  harm: (text: string) => string | undefined,
  options: readonly string[],
  files: readonly string[],
  commands: (text: string) => readonly string[] = () => [],
): Special {
  return (read, use) => {
    const given = options.map((o) => read.values.get(o)).filter((o): o is Operand => o !== undefined);
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

const sed: Special = (read, use) => {
  // an option repeated hides an earlier value from `values`: look at every -e again
  const several = use.words.filter((w) => /^(?:-[nErsuz]*e|--expression)/.test(w.value ?? "")).length > 1;
  const effects = [...scripted(sedHarm, ["e", "expression"], ["f", "file"], sedCommands)(read, use)];
  if (several)
    for (const [i, w] of use.words.entries()) {
      const text = /^-[nErsuz]*e$|^--expression$/.test(w.value ?? "")
        ? use.words[i + 1]?.value
        : /^(?:-[nErsuz]*e|--expression=)([\s\S]+)$/.exec(w.value ?? "")?.[1];
      if (text !== undefined && sedHarm(text) !== undefined) effects.push(gadget("script", i));
    }
  const inPlace = read.seen.has("i") || read.seen.has("in-place");
  const files =
    read.seen.has("e") || read.seen.has("expression") || read.seen.has("f") ? read.operands : read.operands.slice(1);
  if (inPlace)
    for (const file of files) effects.push({ kind: "write", path: file.word, index: file.index, inherent: true });
  return effects;
};

const shell: Special = (read, use) => {
  const text = read.seen.has("c") ? read.operands[0] : undefined;
  if (read.seen.has("c")) {
    if (text?.word.value === undefined) {
      const likely = text?.word.likely;
      const inner = likely?.length === 1 ? use.shellText(likely[0] ?? "") : [];
      return [gadget("not-constant", text?.index ?? 0), { kind: "run", index: text?.index ?? 0, inner }];
    }
    return [{ kind: "run", index: text.index, inner: use.shellText(text.word.value) }];
  }
  const [file] = read.operands;
  if (file !== undefined && !read.seen.has("s")) return [gadget("runs-file", file.index)];
  if (read.seen.has("version") || read.seen.has("help")) return [];
  if (use.stdin?.kind === "text") return [{ kind: "run", index: 0, inner: use.shellText(use.stdin.text) }];
  return [gadget("standard-input", 0)];
};

/** `python x`, `node x`: a file is a program; without one, standard input is. */
const interpreter: Special = (read) => {
  if (
    read.operands.length > 0 ||
    read.seen.has("version") ||
    read.seen.has("help") ||
    read.seen.has("V") ||
    read.seen.has("v")
  )
    return [];
  return [gadget("standard-input", 0)];
};

const ASSIGNMENT = /^([A-Za-z_]\w*)=/;

/** `env` and `sudo`: assignments, then a command. */
const environment: Special = (read, use) => {
  const effects: Effect[] = [];
  for (const { word, index } of read.operands) {
    const name = ASSIGNMENT.exec(word.value ?? word.prefix)?.[1];
    if (name !== undefined) {
      if (isLoadedName(name)) effects.push(gadget("sets-loaded-name", index));
      continue;
    }
    effects.push({ kind: "run", index, inner: use.inner(use.words.slice(index)) });
    break;
  }
  return effects;
};

const ANYTHING: ShellWord = { text: "…", value: undefined, likely: undefined, prefix: "", kind: "split", tilde: false };

const xargs: Special = (read, use) => {
  const [command] = read.operands;
  if (command === undefined) return [];
  const mark = read.values.get("I")?.word.value ?? (read.seen.has("i") || read.seen.has("replace") ? "{}" : undefined);
  const rest = use.words.slice(command.index);
  const filled =
    mark === undefined
      ? [...rest, ANYTHING]
      : rest.map((w) =>
          w.value?.includes(mark)
            ? { ...ANYTHING, text: w.text, kind: "quoted" as const, prefix: w.value.slice(0, w.value.indexOf(mark)) }
            : w,
        );
  return [{ kind: "run", index: command.index, inner: use.inner(filled) }];
};

/** Programs that join their operands into one shell text: `watch`, `parallel`, `su -c`. */
const joined: Special = (read, use) => {
  const [first] = read.operands;
  if (first === undefined) return [];
  const words = use.words.slice(first.index).map((w) => w.value);
  if (words.some((w) => w === undefined)) return [gadget("not-constant", first.index)];
  return [{ kind: "run", index: first.index, inner: use.shellText(words.join(" ")) }];
};

/** tar: what it does is its first word, with or without a dash. */
const tar: Special = (read, use) => {
  const effects: Effect[] = [];
  const bundle = use.words[1]?.value;
  const old = bundle !== undefined && /^[A-Za-z]+$/.test(bundle);
  const letters = old ? bundle : "";
  if (old) {
    if (/[^ctxvzjJfpak]/.test(letters)) effects.push(gadget("unknown-option", 1));
    if (letters.includes("x")) effects.push(gadget("write", 1));
    const archive = use.words[2];
    if (letters.includes("f") && archive !== undefined) {
      if (letters.includes("c")) effects.push({ kind: "write", path: archive, index: 2, inherent: false });
      else effects.push({ kind: "read", path: archive, index: 2, content: true });
    }
    for (let i = 3; letters.includes("c") && i < use.words.length; i++)
      effects.push({ kind: "read", path: use.words[i] as ShellWord, index: i, recursive: true, content: true });
    return effects;
  }
  const archive = read.values.get("f") ?? read.values.get("file");
  const creates = read.seen.has("c") || read.seen.has("create");
  if (archive !== undefined && (archive.word.value ?? ":").includes(":"))
    effects.push(gadget("network", archive.index));
  if (archive !== undefined && creates)
    effects.push({ kind: "write", path: archive.word, index: archive.index, inherent: false });
  for (const o of creates ? read.operands : [])
    effects.push({ kind: "read", path: o.word, index: o.index, recursive: true, content: true });
  return effects;
};

/** `make VAR=value`: a value can be a command, or a `$(shell …)`. `dd if= of=`. */
const make: Special = (read) =>
  read.operands.filter((o) => /^[^/]*=/.test(o.word.value ?? "=")).map((o) => gadget("sets-variable", o.index));

const dd: Special = (read, use) =>
  read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const match = /^(if|of)=([\s\S]*)$/.exec(word.value ?? "");
    if (match?.[1] === undefined)
      return /^(?:bs|ibs|obs|count|skip|seek|conv|status|iflag|oflag|cbs)=/.test(word.value ?? "")
        ? []
        : [gadget("unknown-option", index)];
    const path = { ...word, value: match[2], prefix: match[2] ?? "", likely: [match[2] ?? ""] };
    void use;
    return match[1] === "if"
      ? [{ kind: "read", path, index, content: true }]
      : [{ kind: "write", path, index, inherent: false }];
  });

/** ssh reads options behind the host too. */
const ssh: Special = (read, use) => {
  const [host] = read.operands;
  const entry = programEntry("ssh");
  return host === undefined || entry === undefined ? [] : readOptions(entry, use.words, host.index + 1).effects;
};

/** The rest of the words is a command. */
const wraps: Special = (read, use) => {
  const [first] = read.operands;
  return first === undefined
    ? []
    : [{ kind: "run", index: first.index, inner: use.inner(use.words.slice(first.index)) }];
};

/** Operands that a tool takes as more options: `@file`, and MSBuild's `/p:A=b`. */
const atFiles: Special = (read) =>
  read.operands.filter((o) => /^@|^\/[A-Za-z]+:/.test(o.word.value ?? "@")).map((o) => gadget("config", o.index));

/** Maven and Gradle: a plugin's goal by its address, and what publishes. */
const maven: Special = (read) =>
  read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const value = word.value ?? "";
    if (/(?:^|:)(?:deploy|publish\w*|upload\w*|release\w*)$/i.test(value))
      return [{ kind: "irreversible", code: "publish", index }];
    return value === "" || /^[^:]+:/.test(value) ? [gadget("runs-program", index)] : [];
  });

const CMAKE_PLAIN =
  /^(?:CMAKE_BUILD_TYPE|BUILD_[A-Z_]+|CMAKE_EXPORT_COMPILE_COMMANDS|CMAKE_POSITION_INDEPENDENT_CODE|CMAKE_C(?:XX)?_STANDARD)(?::\w+)?=\w*$/;

/** cmake: definitions can name programs, and words after `--` are another tool's. */
const cmake: Special = (_, use) => {
  const effects: Effect[] = [];
  const end = use.words.findIndex((w) => w.value === "--");
  use.words.forEach((word, index) => {
    const value = word.value ?? "";
    const defined = value === "-D" ? (use.words[index + 1]?.value ?? "") : /^-D([\s\S]+)$/.exec(value)?.[1];
    if (defined !== undefined && !CMAKE_PLAIN.test(defined)) effects.push(gadget("sets-variable", index));
    if (end > 0 && index > end && !/^-[jk]\d*$|^\d+$/.test(value)) effects.push(gadget("unknown-option", index));
  });
  return effects;
};

const IP_OBJECT = /^(?:a|addr|address|l|link|r|route|n|neigh|neighbor|ru|rule|maddr)$/;

/** `ip`: only to show. */
const ip: Special = (read) => {
  const [object, verb] = read.operands;
  const shows = verb === undefined || /^(?:s|sh|show|ls|list|get)$/.test(verb.word.value ?? "");
  return object === undefined || (IP_OBJECT.test(object.word.value ?? "") && shows)
    ? []
    : [gadget("changes-network", object.index)];
};

/** `ps e` shows every program's environment, secrets too. */
const ps: Special = (read) =>
  read.operands.filter((o) => /e/.test(o.word.value ?? "e")).map((o) => gadget("shows-environment", o.index));

/** `kill -9 -1` ends everything that the user may end. */
const kill: Special = (_, use) =>
  use.words.slice(2).some((w) => w.value === "-1") ? [{ kind: "irreversible", code: "kills", index: 0 }] : [];

/** pip and npm fetch from wherever an address points. */
const packages: Special = (read) =>
  read.operands.filter((o) => /:\/\/|^git[+@]/.test(o.word.value ?? "")).map((o) => gadget("network", o.index));

/** `kubectl get -o go-template-file=x` reads a file. */
const kubectl: Special = (read) =>
  ["o", "output"]
    .map((n) => read.values.get(n))
    .filter((o): o is Operand => /-file\b/.test(o?.word.value ?? ""))
    .map((o) => gadget("config", o.index));

/** git: refspecs that force or delete, `ext::` and other helpers as addresses. */
const git: Special = (read, use) => {
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
const gitShow: Special = (read, use) => [
  ...git(read, use),
  ...read.operands.flatMap(({ word, index }): readonly Effect[] => {
    const colon = word.value?.indexOf(":") ?? -1;
    return colon < 0 ? [] : [{ kind: "read", path: part(word, colon + 1), index, content: true }];
  }),
  ...["format", "pretty"]
    .map((n) => read.values.get(n))
    .filter((o): o is Operand => o !== undefined && /%G|^$/.test(o.word.value ?? ""))
    .map((o) => gadget("runs-program", o.index)),
];

/** `git config` with a name and a value sets; with one of the questions it only tells. */
const gitConfig: Special = (read) => {
  const asks = ["get", "get-all", "get-regexp", "get-urlmatch", "list", "l"].some((name) => read.seen.has(name));
  return asks || read.operands.length === 0 ? [] : [gadget("config", read.operands[0]?.index ?? 0)];
};

/** `date 01010000` sets the clock. */
const date: Special = (read) =>
  read.operands.filter((o) => !o.word.prefix.startsWith("+")).map((o) => gadget("sets-clock", o.index));

/** curl: other schemes than the web's, and headers from files. */
const curl: Special = (read) => {
  const header = ["H", "header"]
    .map((n) => read.values.get(n))
    .filter((o): o is Operand => o?.word.prefix.startsWith("@") === true || o?.word.prefix === "");
  const odd = read.operands.filter(
    (o) => !/^(?:https?:\/\/)?[^:/?#@]+(?::\d+)?(?:[/?#][^\s]*)?$/.test(o.word.value ?? ""),
  );
  // a rule that spells one address speaks of that host only
  const host = (o: Operand | undefined): string | undefined =>
    /^(?:https?:\/\/)?([^/?#]+)/.exec(o?.word.value ?? "")?.[1];
  const elsewhere = read.operands.slice(1).filter((o) => host(o) !== host(read.operands[0]));
  return [...header, ...odd, ...elsewhere].map((o) =>
    gadget(o.word.value === undefined ? "not-constant" : "network", o.index),
  );
};

/** rsync: another host is reached, or a daemon. */
const rsync: Special = (read) =>
  read.operands.filter((o) => /:/.test(o.word.value ?? ":")).map((o) => gadget("network", o.index));

/** Compilers read more options from `@file`. */
const gcc: Special = (read) =>
  read.operands.filter((o) => o.word.prefix.startsWith("@")).map((o) => gadget("config", o.index));

const SPECIAL: Readonly<Record<string, Special>> = {
  sed,
  awk: scripted(awkHarm, [], ["f", "file"], awkCommands),
  jq: scripted(jqHarm, [], ["f", "from-file"]),
  sh: shell,
  bash: shell,
  dash: shell,
  env: environment,
  sudo: environment,
  doas: environment,
  xargs,
  watch: joined,
  parallel: joined,
  tar,
  make,
  gmake: make,
  dd,
  git,
  gcc,
  "git-config": gitConfig,
  "git-show": gitShow,
  date,
  curl,
  rsync,
  ssh,
  wraps,
  joined,
  "at-files": atFiles,
  maven,
  cmake,
  ip,
  ps,
  kill,
  pip: packages,
  pip3: packages,
  npm: packages,
  kubectl,
  yq: scripted((text) => (/\b(?:load\w*|\w*env\w*|eval|system)\b/.test(text) ? "script" : jqHarm(text)), [], ["f"]),
};
for (const name of ["gawk", "mawk", "nawk", "original-awk"])
  (SPECIAL as Record<string, Special>)[name] = SPECIAL["awk"] as Special;
for (const name of ["gsed", "ssed"]) (SPECIAL as Record<string, Special>)[name] = sed;
for (const name of ["gtar", "bsdtar"]) (SPECIAL as Record<string, Special>)[name] = tar;
for (const name of [
  "node",
  "nodejs",
  "python",
  "python2",
  "python3",
  "perl",
  "ruby",
  "php",
  "lua",
  "deno",
  "bun",
  "zsh",
  "ksh",
  "fish",
  "osascript",
  "Rscript",
  "R",
  "julia",
  "guile",
  "tclsh",
  "expect",
  "psql",
  "sqlite3",
  "mysql",
  "gdb",
  "ed",
  "ex",
  "bc",
  "dc",
  "irb",
  "ghci",
  "scala",
  "groovy",
  "jshell",
])
  (SPECIAL as Record<string, Special>)[name] = interpreter;

/** Effects that the words of a special program have beside its options. */
export function scriptEffects(name: string, read: ReadOptions, use: ProgramUse): readonly Effect[] {
  return (Object.hasOwn(SPECIAL, name) ? SPECIAL[name] : undefined)?.(read, use) ?? [];
}
