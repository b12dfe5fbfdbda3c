// What a shell command speaks of: its programs by the table of legs, its files by their names, and for programs that this table
// does not have, the effects that the shell room's table knows. Every simple command at every depth counts.
import { analyse, type Command, type Effect, type ShellWord } from "../../shell/index.ts";
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";
import { fetchSources } from "./fetches.ts";
import { hostKind, hostOfUrl } from "./hosts.ts";
import { readSources, writeSources } from "./paths.ts";
import { legProgram } from "./programs.ts";
import { type LegWord, programSources } from "./words.ts";

/** One source with the part of the command that causes it. */
export interface CommandSource {
  readonly source: LegSource;
  readonly cause: string;
}

/** Text that is longer is not taken apart: it asks a person anyway (DESIGN 7 rule 8). */
const TEXT_MOST = 40_000;

/** Everything that a command's text speaks of. Total on any text. */
export function commandSources(text: string, cwd: string, context: LegContext): readonly CommandSource[] {
  const facts = analyse(text.slice(0, TEXT_MOST), { cwd, root: context.root, home: context.home });
  const found = facts.commands.flatMap((command) => sourcesOf(command, text, context));
  // what a stranger's repository prints is a stranger's text, whichever program prints it
  return context.workspace === "foreign" && facts.commands.some((command) => !command.free)
    ? [...found, { source: "foreign-file", cause: "works in a clone that its user has never committed to" }]
    : found;
}

function sourcesOf(command: Command, whole: string, context: LegContext): readonly CommandSource[] {
  const cause = `ran ${command.text}`;
  const own = [
    ...byWords(command, context),
    ...namedFiles(command, context),
    ...inCode(command, whole, context),
    ...searched(command, context),
    ...command.effects.flatMap((e) => byEffect(e, command, context)),
  ];
  const inner = command.effects.flatMap((e) => (e.kind === "run" ? e.inner : []));
  return [...own.map((source) => ({ source, cause })), ...inner.flatMap((c) => sourcesOf(c, whole, context))];
}

/** `find ~ -exec cat {} +`: what is handed on may be any file below. */
function searched(command: Command, context: LegContext): readonly LegSource[] {
  if (!command.effects.some(({ kind }) => kind === "run") || command.words[0]?.value?.replace(/^.*\//s, "") !== "find")
    return [];
  return command.effects.flatMap((effect) =>
    effect.kind === "read" ? pathsOf(effect.path, command, context).flatMap((path) => readSources(path, context)) : [],
  );
}

/** By every spelling of the words: as written, by the program's path, with constants put in, without global options. */
function byWords(command: Command, context: LegContext): readonly LegSource[] {
  const forms: readonly (readonly LegWord[])[] = [
    command.words.map((word) => asWord(word.value, word)),
    ...command.alsoKnownAs.map((form) => form.map((value, at) => asWord(value, command.words.at(at - form.length)))),
  ];
  const sources = new Set<LegSource>(namedSecrets(command, context));
  for (const [program, ...rest] of forms) {
    const name = (program?.value ?? "").replace(/^.*\//s, "");
    const entry = legProgram(name);
    if (entry === undefined) continue;
    const found = entry.fetches === true ? fetchSources(name, rest, context) : programSources(entry, rest, context);
    for (const source of found) sources.add(source);
  }
  if (dumpsEnvironment(command) && !context.contained) sources.add("environment");
  return [...sources];
}

/** A word of another spelling; forms differ in front, so what of it is constant stands at the same place from the end. */
function asWord(value: string | undefined, written: ShellWord | undefined): LegWord {
  // the table of programs needs no prefix of a word in double quotes, a URL there is still one
  const quoted = /^"([^"$`\\]*)/.exec(written?.text ?? "")?.[1] ?? "";
  return { value, prefix: value ?? (written?.prefix || quoted) };
}

/** A secret that is named in full is meant, whatever the program: `$(echo ~/.ssh/id_rsa)`, `tool --key=/home/me/.aws/credentials`. */
function namedFiles(command: Command, context: LegContext): readonly LegSource[] {
  const named = command.words.flatMap((word) => {
    const text = homeFirst(word, context) ?? word.value ?? word.prefix;
    return [text, ...text.split(/[=@:,]/).slice(1)]
      .map((part) => (/^~\//.test(part) ? context.home + part.slice(1) : part))
      .filter((part) => part.startsWith("/") && part.length < PATH_MOST);
  });
  return named.some((path) => isSecret(path, context)) ? ["secret-file"] : [];
}

const PATH_MOST = 4096;

/** `$HOME/x`, which every shell knows like `~/x`. */
function homeFirst(word: ShellWord, context: LegContext): string | undefined {
  const rest = /^"?\$(?:HOME|\{HOME\})(?=["/]|$)((?:\/[\w.@+-]*)*)/.exec(word.text)?.[1];
  return rest === undefined ? undefined : context.home + rest;
}

const SECRET_NAME =
  /\$\{?[A-Z0-9_]*(?:TOKEN|SECRET|PASSWORD|PASSWD|API_?KEY|ACCESS_KEY|PRIVATE_KEY|CREDENTIALS?)[A-Z0-9_]*\b/;

/** `echo $GITHUB_TOKEN`: in a fence there are only placeholders. */
function namedSecrets(command: Command, context: LegContext): readonly LegSource[] {
  return !context.contained && command.words.some((w) => SECRET_NAME.test(w.text)) ? ["credential"] : [];
}

function dumpsEnvironment(command: Command): boolean {
  const [program, ...rest] = command.words.map((w) => w.value?.replace(/^.*\//s, ""));
  const operands = rest.filter((word) => word === undefined || !word.startsWith("-"));
  if (program === "env") return operands.length === 0;
  if (program === "printenv")
    return operands.length === 0 || operands.some((name) => name === undefined || SECRET_NAME.test(`$${name}`));
  if (program === "set") return rest.length === 0;
  if (program === "export" || program === "declare" || program === "typeset")
    return operands.length === 0 && rest.every((word) => /^-[xp]+$/.test(word ?? ""));
  return false;
}

/** Effects of the shell room's table that a program of this room's table has explained already. */
function isExplained(command: Command): boolean {
  return [command.words[0]?.value, ...command.alsoKnownAs.map(([name]) => name)].some(
    (name) => legProgram((name ?? "").replace(/^.*\//s, "")) !== undefined,
  );
}

const BY_CODE: Readonly<Record<string, LegSource>> = {
  network: "web",
  "sends-data": "upload",
  "sends-file": "upload",
  credentials: "credential",
  publish: "publish",
};
/** Irreversible, but on this machine or in this repository only. */
const LOCAL = /^(?:history-rewrite|mass-delete|delete-.*|kills|discards-work)$/;

function byEffect(effect: Effect, command: Command, context: LegContext): readonly LegSource[] {
  switch (effect.kind) {
    case "read":
    case "write":
    case "delete":
      return pathSources(effect, command, context);
    case "gadget": {
      const source = Object.hasOwn(BY_CODE, effect.code) ? BY_CODE[effect.code] : undefined;
      return source === undefined || isExplained(command) ? [] : [source];
    }
    case "irreversible":
      if (LOCAL.test(effect.code) || (effect.code === "deploy" && isExplained(command))) return [];
      return [effect.code === "force-push" ? "push" : effect.code === "publish" ? "publish" : "deploy"];
    case "directory":
    case "run":
      return [];
    default:
      return effect satisfies never;
  }
}

const INTERPRETER = /^(?:python|pypy|node|deno|bun|ruby|perl|php|lua|Rscript|julia|pwsh|tsx|ts-node)[\d.]*$/;

/**
 * Addresses and secrets in an interpreter's code, where it stands in the words or comes in by a here-document: `node -e "fetch('https://…')"`.
 * What builds its address is not seen.
 */
function inCode(command: Command, whole: string, context: LegContext): readonly LegSource[] {
  const program = (command.words[0]?.value ?? "").replace(/^.*\//s, "");
  const given = command.effects.some((e) => e.kind === "gadget" && e.code === "runs-code");
  if (!given && !INTERPRETER.test(program)) return [];
  const piped =
    command.effects.some((e) => e.kind === "gadget" && e.code === "standard-input") ||
    command.words.some(({ value }) => value === "-");
  const text = piped ? whole : command.words.map((w) => w.value ?? w.text).join("\n");
  const urls = text.match(/\b[a-z]+:\/\/[^\s'"`)\\]+/gi) ?? [];
  const kinds = urls.slice(0, URLS_MOST).map((url) => hostKind(hostOfUrl(url, false) ?? "?", context));
  const paths = (text.match(/(?<![\w:/.])(?:~|\/)[\w./@+-]+/g) ?? []).slice(0, URLS_MOST);
  const secret = paths.some((path) => isSecret(path.replace(/^~/, context.home), context));
  return [
    ...kinds.filter((kind) => kind === "web" || kind === "private-host" || kind === "credential"),
    ...(secret ? (["secret-file"] as const) : []),
  ];
}

function isSecret(path: string, context: LegContext): boolean {
  return readSources(path, context).includes("secret-file");
}

const URLS_MOST = 50;

function pathSources(
  effect: Effect & { readonly kind: "read" | "write" | "delete" },
  command: Command,
  context: LegContext,
): readonly LegSource[] {
  // what is only listed is not read
  if (effect.kind === "read" && effect.content === false) return [];
  // a link's source gets a further name, and is changed by nobody yet
  if (effect.kind === "write" && effect.tree === true && effect.brings === undefined) return [];
  const sources = new Set<LegSource>();
  for (const path of pathsOf(effect.path, command, context)) {
    if (/^\/dev\/(?:tcp|udp)\//.test(path)) sources.add("upload");
    else
      for (const s of effect.kind === "read" ? readSources(path, context) : writeSources(path, context)) sources.add(s);
  }
  return [...sources];
}

/** The paths of a word: constant, or the constant folder of a glob; a variable set once to a constant is constant here. */
function pathsOf(word: ShellWord, command: Command, context: LegContext): readonly string[] {
  const atHome = word.value === undefined ? homeFirst(word, context) : undefined;
  if (atHome !== undefined) return [atHome];
  const [likely, more] = word.value === undefined ? (word.likely ?? []) : [];
  const value = word.value ?? (more === undefined ? likely : undefined) ?? word.prefix;
  if (value === "") return [];
  const written = word.tilde && /^~(?:\/|$)/.test(value) ? context.home + value.slice(1) : value;
  return written.startsWith("/") ? [written] : command.directories.map((from) => `${from}/${written}`);
}
