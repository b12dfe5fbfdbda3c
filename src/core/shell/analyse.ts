// Shell text → Facts: every simple command at every depth (DESIGN 7 rule 3). The tree is unbash's; what it means is decided here
// and in program.ts. Anything this file does not know is `unknown`, so a new kind of node can only tighten.
import {
  type Assignment,
  type CompoundList,
  type ParsedScript,
  parse,
  type Redirection,
  type Script,
  type Statement,
  type Command as SyntaxCommand,
  type Word,
  type WordPart,
} from "unbash";
import { joinPath } from "./directory.ts";
import { readArithmetic, readTest } from "./expression.ts";
import type { Command, Effect, Facts, ShellContext, ShellWord, Unknown } from "./facts.ts";
import { isLoadedName } from "./names.ts";
import { constantOutput } from "./output.ts";
import { readParameter } from "./parameter.ts";
import { describeProgram, type Standard } from "./program.ts";
import { readRedirections } from "./redirection.ts";
import { resolveWord, type WordReader } from "./word.ts";

/** Characters that a person does not see, or that one parser takes for a space and another does not. */
const NOT_PLAIN = /[\0-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]/;
const MAX_DEPTH = 12;
const MAX_COMMANDS = 500;
const MAX_DIRECTORIES = 8;

/** Everything a text would do. Total: it never throws on any text. */
export function analyse(text: string, context: ShellContext): Facts {
  const walk = new Walk(context);
  walk.text(text, 0);
  return { commands: walk.commands, unknown: walk.unknown };
}

/** One analysis: collects commands in the order of the text. A class because every method adds to the same two lists. */
class Walk implements WordReader {
  readonly commands: Command[] = [];
  readonly unknown: Unknown[] = [];
  private readonly constants = new Map<string, string>();
  private readonly assigned = new Set<string>();
  private directories: readonly string[];
  private readonly context: ShellContext;
  private depth = 0;
  /** The text that positions count in. */
  private source = "";
  /** Above zero inside loops, functions and other places whose order or number of turns is not known. */
  private unordered = 0;
  private count = 0;

  constructor(context: ShellContext) {
    this.context = context;
    this.directories = [context.cwd];
  }

  text(text: string, offset: number): void {
    if (this.depth >= MAX_DEPTH) return this.doubt("too-deep", text, offset);
    if (NOT_PLAIN.test(text)) return this.doubt("control-character", text, offset);
    // `${ cmd; }` runs cmd from bash 5.3 on and is an error before
    if (/\$\{[\s|]/.test(text)) this.doubt("syntax", "${ …; }", offset);
    this.depth++;
    const before = this.source;
    this.source = text;
    this.script(parse(text), offset);
    this.source = before;
    this.depth--;
  }

  private script(script: ParsedScript | Script, offset: number): void {
    if ("errors" in script && script.errors?.length)
      this.doubt("syntax", script.errors[0]?.message ?? "", offset + (script.errors[0]?.pos ?? 0));
    for (const statement of script.commands) this.statement(statement);
  }

  private statement(statement: Statement): void {
    this.node(statement.command, undefined);
  }

  private list(list: CompoundList): void {
    for (const statement of list.commands) this.statement(statement);
  }

  /** Runs `inside` where order and number of turns are not known: constants set there are forgotten. */
  private loop(inside: () => void): void {
    this.unordered++;
    inside();
    this.unordered--;
  }

  private node(node: Statement["command"] | CompoundList, stdin: Standard): void {
    if (this.depth >= MAX_DEPTH * 4) return this.doubt("too-deep", "", node.pos);
    this.depth++;
    this.nodeInside(node, stdin);
    this.depth--;
  }

  private nodeInside(node: Statement["command"] | CompoundList, stdin: Standard): void {
    switch (node.type) {
      case "AndOr":
        for (const part of node.commands) this.node(part, undefined);
        return;
      case "Pipeline": {
        if (node.commands.length === 0) return this.doubt("syntax", "!", node.pos);
        let before: Standard;
        node.commands.forEach((part, index) => {
          const from = this.commands.length;
          this.node(part, index === 0 ? stdin : (before ?? { kind: "unknown" }));
          before = constantOutput(this.commands.slice(from));
        });
        return;
      }
      case "Command":
        return this.simple(node, stdin);
      case "CompoundList":
      case "BraceGroup":
      case "Subshell":
        return this.list(node.type === "CompoundList" ? node : node.body);
      case "If":
        this.list(node.clause);
        this.list(node.then);
        for (const elif of node.elif) {
          this.list(elif.clause);
          this.list(elif.then);
        }
        if (node.else) this.list(node.else);
        return;
      case "While":
        return this.loop(() => {
          this.list(node.clause);
          this.list(node.body);
        });
      case "For":
      case "Select":
        this.name(node.name.text, node.name.pos);
        for (const word of node.wordlist ?? []) this.word(word);
        return this.loop(() => this.list(node.body));
      case "Case":
        this.word(node.word);
        for (const item of node.items) {
          for (const pattern of item.pattern) this.word(pattern);
          this.list(item.body);
        }
        return;
      case "Function":
        // The body is judged where it stands, with every parameter unknown; a call is judged like any program.
        return this.loop(() => this.node(node.body, undefined));
      case "Coproc":
        if (node.name) this.name(node.name.text, node.pos);
        return this.loop(() => this.node(node.body, { kind: "unknown" }));
      case "Redirected":
        this.node(node.command, stdin);
        this.standalone(node.redirects, node.pos);
        return;
      case "TestCommand":
        return readTest(this, node.expression);
      case "ArithmeticCommand":
        return readArithmetic(this, node.expression, node.body, node.pos);
      case "ArithmeticFor":
        for (const part of [node.initialize, node.test, node.update])
          if (part) readArithmetic(this, part, "", node.pos);
        return this.loop(() => this.list(node.body));
      default:
        return this.doubt("unknown-syntax", (node as { type: string }).type, 0);
    }
  }

  private simple(node: SyntaxCommand, piped: Standard): void {
    const offset = node.pos;
    // the parser forgives `ls (`; bash does not
    if (node.name && /^\s*\(/.test(this.source.slice(node.name.end, node.name.end + 64)))
      this.doubt("syntax", node.name.text, offset);
    for (const part of node.prefix) if (part.type === "Assignment") this.assignment(part, node.name === undefined);
    const effects: Effect[] = [];
    const words: ShellWord[] = [];
    if (node.name) words.push(...this.word(node.name));
    for (const part of node.suffix) {
      if (part.type === "Word") words.push(...this.word(part));
      else if (part.type === "Assignment") {
        // an argument such as `a=b`: the word as written, and for builtins an assignment
        words.push(...this.argumentAssignment(part));
      }
    }
    const stdin = readRedirections(this, [...node.prefix, ...node.suffix].filter(isRedirection), {
      effects,
      index: words.length,
      piped,
    });
    if (node.name === undefined || words.length === 0) {
      if (node.name !== undefined) this.doubt("not-constant", node.name.text, offset);
      if (effects.length > 0) this.add({ words: [EMPTY], effects, free: true, text: "(redirection)", offset });
      return;
    }
    this.program(words, effects, stdin, offset, this.depth);
  }

  /** One program with its words: described by the table, then added. */
  private program(
    words: readonly ShellWord[],
    effects: readonly Effect[],
    stdin: Standard,
    offset: number,
    depth: number,
  ): void {
    if (++this.count > MAX_COMMANDS) return this.doubt("too-many-commands", "", offset);
    const described = describeProgram({
      words,
      stdin,
      directories: this.directories,
      context: this.context,
      shellText: (text) => this.apart(() => this.text(text, offset)),
      inner: (rest) =>
        this.apart(() =>
          depth >= MAX_DEPTH
            ? this.doubt("too-deep", "", offset)
            : this.program(rest, [], { kind: "unknown" }, offset, depth + 1),
        ),
    });
    if (described.entersDirectory !== undefined) this.enter(described.entersDirectory, offset);
    for (const name of described.setsNames) this.name(name, offset);
    this.add({
      words,
      text: words.map((w) => w.text).join(" "),
      offset,
      effects: [...effects, ...described.effects],
      free: described.free,
      readOnly: described.readOnly,
      fileCommand: described.fileCommand,
      alsoKnownAs: described.alsoKnownAs,
    });
  }

  /** Runs `inside` and takes the commands it added out of the list: they become the inner commands of an effect. */
  private apart(inside: () => void): readonly Command[] {
    const from = this.commands.length;
    const directories = this.directories;
    inside();
    this.directories = directories;
    return this.commands.splice(from);
  }

  private add(command: Partial<Command> & Pick<Command, "words" | "text" | "offset" | "effects" | "free">): void {
    this.commands.push({
      readOnly: false,
      fileCommand: false,
      alsoKnownAs: [],
      directories: this.directories,
      ...command,
    });
  }

  private enter(path: string | undefined | "unknown", offset: number): void {
    if (path === undefined) return;
    // both places are possible afterwards: the `cd` may fail, or stand in a branch
    const next = new Set(this.directories);
    for (const from of this.directories) next.add(joinPath(from, path));
    if (
      next.size > MAX_DIRECTORIES ||
      (this.unordered > 0 && !path.startsWith("/") && /(?:^|\/)\.\.(?:\/|$)/.test(path))
    ) {
      this.doubt("directory-not-known", path, offset);
      return;
    }
    this.directories = [...next];
  }

  private standalone(redirects: readonly Redirection[], offset: number): void {
    const effects: Effect[] = [];
    readRedirections(this, redirects, { effects, index: 0, piped: undefined });
    if (effects.length > 0) this.add({ words: [EMPTY], effects, free: true, text: "(redirection)", offset });
  }

  private assignment(node: Assignment, alone: boolean): void {
    this.name(node.name, node.pos);
    if (node.index) this.subscript(node.index);
    if (node.value.type === "ArrayValue") {
      for (const element of node.value.elements) {
        this.word(element);
        if (/^\[/.test(element.text) && !/^\[\d+\]=/.test(element.text))
          this.doubt("evaluated-text", element.text, element.pos);
      }
      this.forget(node.name);
      return;
    }
    const [value] = this.word(node.value);
    if (
      alone &&
      !node.append &&
      node.index === undefined &&
      this.unordered === 0 &&
      !this.assigned.has(node.name) &&
      value?.likely?.length === 1
    )
      this.constants.set(node.name, value.likely[0] ?? "");
    else this.forget(node.name);
    this.assigned.add(node.name);
  }

  forget(name: string): void {
    this.assigned.add(name);
    this.constants.delete(name);
  }

  private argumentAssignment(node: Assignment): readonly ShellWord[] {
    if (node.value.type === "ArrayValue" || node.index) {
      this.assignment(node, false);
      return [{ text: node.text, value: undefined, likely: undefined, prefix: "", kind: "split", tilde: false }];
    }
    this.forget(node.name);
    const head = `${node.name}${node.append ? "+" : ""}=`;
    return this.word(node.value).map((w) => ({
      text: node.text,
      value: w.tilde || w.value === undefined ? undefined : head + w.value,
      likely: w.likely?.map((l) => head + l),
      prefix: head + w.prefix,
      kind: w.tilde ? "split" : w.kind,
      tilde: false,
    }));
  }

  name(name: string, offset: number): void {
    if (isLoadedName(name)) this.doubt("sets-loaded-name", name, offset);
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) this.doubt("evaluated-text", name, offset);
  }

  subscript(index: Word): void {
    this.word(index);
    if (!/^(?:\d+|@|\*)$/.test(index.text)) this.doubt("evaluated-text", index.text, index.pos);
  }

  word(word: Word): readonly ShellWord[] {
    for (const part of word.parts ?? []) this.part(part);
    return resolveWord(word, this.constants);
  }

  part(part: WordPart): void {
    switch (part.type) {
      case "Literal":
      case "SingleQuoted":
      case "AnsiCQuoted":
      case "SimpleExpansion":
        return;
      case "Glob":
      case "ExtendedGlob":
      case "BraceExpansion":
        for (const inner of part.parts ?? []) this.part(inner);
        if (part.parts === undefined && /[$`]/.test(part.text)) this.doubt("not-constant", part.text, part.pos);
        return;
      case "DoubleQuoted":
      case "LocaleString":
        for (const inner of part.parts) this.part(inner);
        return;
      case "CommandExpansion":
      case "ProcessSubstitution":
        if (part.script === undefined) return this.doubt("syntax", part.text, part.pos);
        return this.substitution(part.script, part.pos);
      case "ArithmeticExpansion":
        return readArithmetic(this, part.expression, part.text, part.pos);
      case "ParameterExpansion":
        return readParameter(this, part);
      default:
        return this.doubt("unknown-syntax", (part as { type: string }).type, 0);
    }
  }

  /** A substitution's commands are judged like any other; its directory changes stay its own. */
  substitution(script: ParsedScript | Script, offset: number): void {
    if (this.depth >= MAX_DEPTH) return this.doubt("too-deep", "", offset);
    this.depth++;
    const directories = this.directories;
    const before = this.source;
    if ("source" in script && script.source !== undefined) this.source = script.source;
    this.script(script, offset);
    this.source = before;
    this.directories = directories;
    this.depth--;
  }

  doubt(code: string, text: string, offset: number): void {
    if (this.unknown.length < 50) this.unknown.push({ code, text: text.slice(0, 200), offset });
  }
}

const EMPTY: ShellWord = { text: "", value: "", likely: [""], prefix: "", kind: "constant", tilde: false };

function isRedirection(node: { readonly type: string }): node is Redirection {
  return node.type === "Redirect" || node.type === "HereString" || node.type === "HereDoc";
}
