// A simple command: its assignments, words and redirections, and what stands behind its first word.
import { type Assignment, type Command as CommandNode, parse, type Redirection } from "unbash";
import { aliasEffects, noteAlias } from "./alias.ts";
import { declared, readArgument, readAssignment } from "./assignment.ts";
import { isBuiltin } from "./builtin.ts";
import { readArithmetic } from "./expression.ts";
import type { Effect, ShellWord } from "./facts.ts";
import type { Reader } from "./reader.ts";
import { readRedirections } from "./redirection.ts";
import type { Standard } from "./use.ts";

const DECLARES = /^(?:export|declare|typeset|local|readonly)$/;
const NOTHING: ShellWord = { text: "", value: "", likely: [""], prefix: "", kind: "constant", tilde: false };

/** Reads one simple command. */
export function readSimple(reader: Reader, node: CommandNode, piped: Standard): void {
  const offset = node.pos;
  // the parser forgives `ls (`; bash does not
  if (node.name && /^\s*\(/.test(reader.text(node.name.end))) reader.doubt("syntax", node.name.text, offset);
  for (const part of node.prefix) if (part.type === "Assignment") readPrefix(reader, node, part);
  const effects: Effect[] = [];
  const words: ShellWord[] = [];
  if (node.name) words.push(...reader.word(node.name));
  for (const part of node.suffix) {
    if (part.type === "Word") words.push(...reader.word(part));
    else if (part.type === "Assignment") words.push(...readArgument(reader, part));
  }
  const redirections = [...node.prefix, ...node.suffix].filter(isRedirection);
  const stdin = readRedirections(reader, redirections, { effects, index: words.length, piped });
  if (node.name === undefined || words.length === 0) {
    if (node.name !== undefined) reader.doubt("not-constant", node.name.text, offset);
    if (effects.length > 0) reader.add({ words: [NOTHING], effects, free: true, text: "(redirection)", offset });
    return;
  }
  const name = words[0]?.value ?? "";
  if (reader.flow.isFunction(name) && !isBuiltin(name)) return callFunction(reader, words, effects, offset);
  if (name === "let") for (const word of words.slice(1)) evaluate(reader, word, offset);
  noteAlias(reader, words, offset);
  effects.push(...aliasEffects(reader, node, words));
  const declarations = DECLARES.test(name) ? node.suffix.filter((part) => part.type === "Assignment") : [];
  reader.run({ words, effects, stdin, offset, keeps: new Set(declarations.map((part) => part.name)) });
  reader.input = stdin;
  const plain = words.every((word) => !word.prefix.startsWith("-") || /^-[xrg]+$/.test(word.prefix));
  for (const part of declarations) declared(reader, part, plain);
}

/** `IFS= read x` sets it for that `read` alone, where it says how a line is cut and nothing else. */
function readPrefix(reader: Reader, node: CommandNode, part: Assignment): void {
  const cutsLine = part.name === "IFS" && node.name?.text === "read" && part.value.type === "Word";
  if (cutsLine && part.value.type === "Word") reader.word(part.value);
  else readAssignment(reader, part, node.name === undefined ? "alone" : "prefix");
}

/** The body was judged where it stands, for any arguments. */
function callFunction(reader: Reader, words: readonly ShellWord[], effects: readonly Effect[], offset: number): void {
  reader.flow.call(words[0]?.value ?? "", offset);
  reader.add({ words, effects, free: true, text: words.map((w) => w.text).join(" "), offset });
}

/** A word of `let` is an arithmetic expression. */
function evaluate(reader: Reader, word: ShellWord, offset: number): void {
  if (word.value === undefined) return;
  const command = /[()]{2}|[\n`]/.test(word.value) ? undefined : parse(`((${word.value}))`).commands[0]?.command;
  const expression = command?.type === "ArithmeticCommand" ? command.expression : undefined;
  readArithmetic(reader, expression, word.text, offset);
}

function isRedirection(node: { readonly type: string }): node is Redirection {
  return node.type === "Redirect" || node.type === "HereString" || node.type === "HereDoc";
}
