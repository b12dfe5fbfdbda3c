// Statements: lists, pipelines and control flow → the simple commands in them (DESIGN 7 rule 3).
import type { CompoundList, Function as FunctionNode, Redirection, Statement } from "unbash";
import { isCommonPlace } from "../paths/index.ts";
import { isBuiltin } from "./builtin.ts";
import { readArithmetic, readTest } from "./expression.ts";
import type { Effect, ShellWord } from "./facts.ts";
import { listFolder, type Written } from "./folder.ts";
import { isNumber } from "./number.ts";
import { constantOutput } from "./output.ts";
import type { Reader } from "./reader.ts";
import { readRedirections } from "./redirection.ts";
import { readSimple } from "./simple.ts";
import type { Standard } from "./use.ts";

type Node = Statement["command"] | CompoundList;

/** Reads one statement of a list. */
export function readStatement(reader: Reader, statement: Statement, stdin?: Standard): void {
  if (statement.background === true) {
    // unbash forgives `&;`, bash does not
    if (/^\s*;(?!;)/.test(reader.text(statement.end))) reader.doubt("syntax", "&;", statement.end);
    reader.flow.subshell(() => readNode(reader, statement.command, stdin));
  } else readNode(reader, statement.command, stdin);
}

/**
 * `for f in ~/.ssh/*`: the body is judged without knowing the name, so a name that begins outside any workspace is asked about here. Only ever a
 * reason to ask.
 */
function isElsewhere(word: ShellWord): boolean {
  const begins = word.value ?? word.prefix;
  const place = /^\/(?:etc|root|proc|sys|var|boot)(?:\/|$)/.test(begins) && !isCommonPlace(begins);
  return word.tilde || place || /^"?\$\{?(?:HOME|OLDPWD)\b/.test(word.text) || /^(?:[^/]+\/)*\.\.(?:\/|$)/.test(begins);
}

/** Standard input goes to the first command that reads it: nobody knows which, so only the first of a list is told the text. */
function readList(reader: Reader, list: CompoundList, stdin?: Standard): void {
  list.commands.forEach((statement, index) => {
    readStatement(reader, statement, index === 0 || stdin === undefined ? stdin : { kind: "unknown" });
  });
}

function readNode(reader: Reader, node: Node, stdin: Standard): void {
  reader.deeper(() => readInside(reader, node, stdin), node.pos);
}

function readInside(reader: Reader, node: Node, stdin: Standard): void {
  const { flow } = reader;
  switch (node.type) {
    case "AndOr":
      return readAndOr(reader, node, stdin);
    case "Pipeline":
      return readPipeline(reader, node, stdin);
    case "Command":
      return readSimple(reader, node, stdin);
    case "CompoundList":
      return readList(reader, node, stdin);
    case "BraceGroup":
      return readList(reader, node.body, stdin);
    case "Subshell":
      return flow.subshell(() => readList(reader, node.body, stdin));
    case "If":
      readList(reader, node.clause, stdin);
      flow.branch(() => readList(reader, node.then, stdin));
      for (const elif of node.elif)
        flow.branch(() => {
          readList(reader, elif.clause, stdin);
          readList(reader, elif.then, stdin);
        });
      return flow.branch(() => {
        if (node.else) readList(reader, node.else, stdin);
      });
    case "While":
      return flow.loop(() => {
        readList(reader, node.clause, stdin);
        readList(reader, node.body, stdin);
      });
    case "For":
    case "Select":
      return readLoop(reader, node, stdin);
    case "Case":
      reader.word(node.word);
      for (const item of node.items) {
        for (const pattern of item.pattern) reader.word(pattern);
        flow.branch(() => readList(reader, item.body, stdin));
      }
      return;
    case "Function":
      return readFunction(reader, node);
    case "Coproc":
      if (node.name) reader.name(node.name.text, node.pos, false);
      if (node.name) flow.forget(node.name.text);
      return flow.subshell(() => readNode(reader, node.body, { kind: "unknown" }));
    case "Redirected":
      return readNode(reader, node.command, readOwnRedirections(reader, node.redirects, node.pos, stdin));
    case "TestCommand":
      return readTest(reader, node.expression);
    case "ArithmeticCommand":
      return readArithmetic(reader, node.expression, node.body, node.pos);
    case "ArithmeticFor":
      if (node.initialize) readArithmetic(reader, node.initialize, "", node.pos);
      return flow.loop(() => {
        for (const part of [node.test, node.update]) if (part) readArithmetic(reader, part, "", node.pos);
        readList(reader, node.body, stdin);
      });
    default:
      return reader.doubt("unknown-syntax", (node as { type: string }).type, 0);
  }
}

/** `for` and `select` give every word of the list to a variable. */
function readLoop(reader: Reader, node: Extract<Node, { type: "For" | "Select" }>, stdin: Standard): void {
  const { flow } = reader;
  const name = node.name.text;
  reader.name(name, node.name.pos, false);
  const list = (node.wordlist ?? []).map((word): Written => ({ word, becomes: reader.word(word) }));
  for (const { word, becomes } of list)
    if (becomes.some(isElsewhere)) reader.doubt("reads-outside", word.text, word.pos);
  // what `select` gives is what was read, or nothing
  if (node.type === "Select") flow.folders.set(name);
  const number = node.type === "For" && node.wordlist?.every((word) => isNumber(reader, word)) === true;
  flow.each(name, { number, folder: listFolder(list) }, () => readList(reader, node.body, stdin));
}

/**
 * `a && b || c && d`. What `a` does is done for certain; what `b` does only for those that `&&` joins to it at once, and there the
 * directory of a `cd` is certain too. Behind the first `||` nothing but `a` is certain, since `d` runs without `c`.
 */
function readAndOr(reader: Reader, node: Extract<Node, { type: "AndOr" }>, stdin: Standard): void {
  const { flow } = reader;
  const possible = new Set(flow.directories);
  const step = (at: number): void => {
    const part = node.commands[at];
    flow.arrived = undefined;
    if (part !== undefined) readNode(reader, part, stdin);
    for (const directory of flow.directories) possible.add(directory);
  };
  step(0);
  let at = 1;
  flow.branch(() => {
    for (; node.operators[at - 1] === "&&"; at++) {
      if (node.commands[at - 1]?.type === "Command" && flow.arrived !== undefined) flow.move(flow.arrived);
      step(at);
    }
  });
  for (; at < node.commands.length; at++) {
    flow.move([...possible]);
    flow.branch(() => step(at));
  }
  flow.move([...possible]);
}

function readPipeline(reader: Reader, node: Extract<Node, { type: "Pipeline" }>, stdin: Standard): void {
  const [first, ...more] = node.commands;
  if (first === undefined) return reader.doubt("syntax", "!", node.pos);
  if (more.length === 0) return readNode(reader, first, stdin);
  let before: Standard = stdin;
  for (const part of node.commands) {
    const from = reader.commands.length;
    const input = before;
    // each part runs in a subshell
    reader.flow.subshell(() => readNode(reader, part, input));
    before = constantOutput(reader.commands.slice(from), reader.input);
  }
}

/** Programs whose output the analysis speaks for (output.ts, number.ts): a function of that name could print anything. */
const TRUSTED: ReadonlySet<string> = new Set(["echo", "cat", "seq", "wc", "date", "nproc"]);

/** The body is judged where it stands, with every parameter unknown; so a call of it needs nothing more. */
function readFunction(reader: Reader, node: FunctionNode): void {
  const name = node.name.value;
  // whoever calls the builtin afterwards gets this instead
  if (isBuiltin(name) || TRUSTED.has(name) || node.name.parts !== undefined)
    reader.doubt("changes-shell", name, node.pos);
  const from = reader.commands.length;
  reader.flow.undefine(name);
  reader.flow.called(() => readNode(reader, node.body, undefined));
  if (reader.commands.slice(from).some((command) => command.words[0]?.value === name))
    reader.doubt("recursion", name, node.pos);
  reader.flow.define(name);
}

const NOTHING: ShellWord = { text: "", value: "", likely: [""], prefix: "", kind: "constant", tilde: false };

/** Redirections of a compound command are a command of their own. */
function readOwnRedirections(
  reader: Reader,
  redirects: readonly Redirection[],
  offset: number,
  piped: Standard,
): Standard {
  const effects: Effect[] = [];
  const stdin = readRedirections(reader, redirects, { effects, index: 0, piped });
  if (effects.length > 0) reader.add({ words: [NOTHING], effects, free: true, text: "(redirection)", offset });
  return stdin;
}
