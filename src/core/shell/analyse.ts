// Shell text → Facts: every simple command at every depth (DESIGN 7 rule 3). The tree is unbash's; what it means is decided here, in
// the readers beside it and in program.ts. Anything not known to them is `unknown`, so a new kind of node can only tighten.
import { type ParsedScript, parse, type Script, type Word, type WordPart } from "unbash";
import { isBuiltin } from "./builtin.ts";
import type { Command, Facts, ShellContext, ShellWord, Unknown } from "./facts.ts";
import { Flow } from "./flow.ts";
import { isLoadedName } from "./names.ts";
import { isNumber } from "./number.ts";
import { readPart } from "./part.ts";
import { notPosix } from "./posix.ts";
import { describeProgram } from "./program.ts";
import type { NewCommand, Reader, Use } from "./reader.ts";
import { readStatement } from "./statement.ts";
import type { Standard } from "./use.ts";
import { resolveWord } from "./word.ts";

/**
 * Characters that a person does not see, or that one parser takes for a space and another does not; and half a surrogate pair, which is another
 * character by the time it runs.
 */
const NOT_PLAIN =
  /[\0-\x08\x0b-\x1f\x7f-\x9f\u00a0\u00ad\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff\p{Cs}]/u;
const MAX_DEPTH = 12;
const MAX_COMMANDS = 5000;
const MAX_UNKNOWN = 50;

/** Everything a text would do. Total: it never throws on any text. */
export function analyse(text: string, context: ShellContext): Facts {
  let walk = walked(text, context);
  const proved = walk.unknown.length === 0 ? walk.flow.folders.provable() : NONE;
  if (proved.size > 0) walk = walked(text, context, proved);
  for (const use of walk.flow.brokenNumbers()) walk.doubt("evaluated-text", use.text, use.offset);
  for (const use of walk.flow.brokenCalls()) walk.doubt("changes-shell", use.text, use.offset);
  return { commands: walk.commands, unknown: walk.unknown };
}

const NONE: ReadonlySet<string> = new Set();

/** One reading. Which variables hold a folder's names is proved by a whole one, so a second one makes use of it. */
function walked(text: string, context: ShellContext, proved: ReadonlySet<string> = NONE): Walk {
  const walk = new Walk(context, proved);
  try {
    walk.read(text, 0);
  } catch (error) {
    // the one thing that can go wrong: a text nested deeper than the stack, in the parser or here
    if (!(error instanceof RangeError)) throw error;
    walk.doubt("too-deep", text, 0);
  }
  return walk;
}

/** Most wrappers hand their standard input on, some do not: what is in it is enough for a deny, never for an allow. */
function passed(stdin: Standard): Standard {
  return stdin?.kind === "text" ? { kind: "unknown", likely: stdin.text } : stdin;
}

/** One analysis: collects commands in the order of the text. A class because every reader adds to the same two lists. */
class Walk implements Reader {
  readonly commands: Command[] = [];
  readonly unknown: Unknown[] = [];
  readonly flow: Flow;
  input: Standard;
  private readonly context: ShellContext;
  private depth = 0;
  private count = 0;
  private source = "";
  private patterns = false;
  /** True where bash reads the text, false where it may be any shell of that kind. */
  private bash = true;

  constructor(context: ShellContext, proved: ReadonlySet<string>) {
    this.context = context;
    this.flow = new Flow(context.cwd, context.home, proved);
  }

  read(text: string, offset: number): void {
    if (this.depth >= MAX_DEPTH) return this.doubt("too-deep", text, offset);
    if (NOT_PLAIN.test(text)) return this.doubt("control-character", text, offset);
    // `${ cmd; }` runs cmd from bash 5.3 on and is an error before
    if (/\$\{[\s|]/.test(text)) this.doubt("syntax", "${ …; }", offset);
    // bash joins the lines before it looks for expansions: `$`, backslash, newline, `(touch x)`
    if (text.includes("$\\\n")) this.doubt("syntax", "$", offset);
    this.depth++;
    const script = parse(text);
    const own = this.bash ? undefined : notPosix(script);
    if (own !== undefined) this.doubt("bash-only", text.slice(own.pos, own.end), offset);
    this.script(script, text, offset);
    this.depth--;
  }

  /** Another process reads the text. */
  private process(text: string, bash: boolean, offset: number): readonly Command[] {
    const before = this.bash;
    this.bash = bash;
    // shells of other kinds have further ways to set a variable
    if (!bash && /\bfor\b/.test(text)) this.flow.folders.unsettle();
    const commands = this.apart(() => this.flow.process(() => this.read(text, offset)));
    this.bash = before;
    return commands;
  }

  private script(script: ParsedScript | Script, source: string, offset: number): void {
    const before = this.source;
    this.source = source;
    if ("errors" in script && script.errors?.length)
      this.doubt("syntax", script.errors[0]?.message ?? "", offset + (script.errors[0]?.pos ?? 0));
    for (const statement of script.commands) readStatement(this, statement);
    this.source = before;
  }

  deeper(inside: () => void, offset: number): void {
    if (this.depth >= MAX_DEPTH * 4) return this.doubt("too-deep", "", offset);
    this.depth++;
    inside();
    this.depth--;
  }

  text(from: number, to: number = from + 64): string {
    return this.source.slice(from, to);
  }

  evaluated(text: string, offset: number): readonly Command[] {
    return this.apart(() => this.flow.called(() => this.read(text, offset)));
  }

  run(use: Use): void {
    const { words, stdin, offset } = use;
    if (++this.count > MAX_COMMANDS) return this.doubt("too-many-commands", "", offset);
    const depth = use.depth ?? this.depth;
    const described = describeProgram({
      words,
      stdin,
      directories: this.flow.directories,
      context: this.context,
      shellText: (text, shell) => this.process(text, shell === "bash", offset),
      sameShell: (text) => this.evaluated(text, offset),
      inner: (rest) =>
        this.apart(() =>
          depth >= MAX_DEPTH
            ? this.doubt("too-deep", "", offset)
            : this.run({ words: rest, effects: [], stdin: passed(stdin), offset, depth: depth + 1 }),
        ),
    });
    this.add({
      words,
      text: words.map((w) => w.text).join(" "),
      offset,
      effects: [...use.effects, ...described.effects],
      free: described.free,
      readOnly: described.readOnly,
      fileCommand: described.fileCommand,
      alsoKnownAs: described.alsoKnownAs,
    });
    const name = words[0]?.value;
    // a builtin that is not understood may set anything; so may a program that is not known, if it is one
    if (name === undefined || (isBuiltin(name) && described.effects.some((effect) => effect.kind === "gadget")))
      this.flow.folders.unsettle();
    if (described.entersDirectory !== undefined && !this.flow.enter(described.entersDirectory))
      this.doubt("directory-not-known", described.entersDirectory, offset);
    if (name === "popd") this.flow.back();
    for (const set of described.setsNames) {
      this.name(set, offset, name === "export" || name === "declare" || name === "typeset");
      if (!use.keeps?.has(set)) this.flow.forget(set);
      if (name === "unset") this.flow.unset(set);
    }
  }

  /** Runs `inside` and takes the commands it added out of the list: they become the inner commands of an effect. */
  private apart(inside: () => void): readonly Command[] {
    const from = this.commands.length;
    const { directories } = this.flow;
    inside();
    this.flow.directories = directories;
    return this.commands.splice(from);
  }

  add(command: NewCommand): void {
    this.commands.push({
      readOnly: false,
      fileCommand: false,
      alsoKnownAs: [],
      directories: this.flow.directories,
      ...command,
    });
  }

  name(name: string, offset: number, exported: boolean): void {
    if (isLoadedName(name, exported)) this.doubt("sets-loaded-name", name, offset);
    else if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) this.doubt("evaluated-text", name, offset);
  }

  subscript(index: Word): void {
    this.word(index);
    if (!/^(?:\d+|@|\*)$/.test(index.text) && !isNumber(this, index))
      this.doubt("evaluated-text", index.text, index.pos);
  }

  word(word: Word): readonly ShellWord[] {
    this.glued(word);
    for (const part of word.parts ?? []) this.part(part);
    return resolveWord(word, this.flow);
  }

  /** The parser takes `1<(evil)` for text; bash runs it wherever the two characters stand unquoted in a word. */
  private glued(word: Word): void {
    const texts = word.parts?.map((part) => (part.type === "Literal" ? part.text : "")) ?? [word.text];
    const found = texts.find((text) => /[<>]\(/.test(text.replaceAll(/\\[\s\S]/g, "")));
    if (found !== undefined) this.doubt("syntax", found, word.pos);
  }

  pattern(word: Word): void {
    this.glued(word);
    const before = this.patterns;
    this.patterns = true;
    for (const part of word.parts ?? []) this.part(part);
    this.patterns = before;
  }

  part(part: WordPart): void {
    // outside `[[ ]]` and `${…}` these are a syntax error, until `shopt -s extglob` makes them patterns
    if (part.type === "ExtendedGlob" && !this.patterns) this.doubt("syntax", part.text, part.pos);
    readPart(this, part);
  }

  /** A substitution's commands are judged like any other; what they change stays their own. */
  substitution(script: ParsedScript | Script, offset: number): void {
    if (this.depth >= MAX_DEPTH) return this.doubt("too-deep", "", offset);
    this.depth++;
    const patterns = this.patterns;
    this.patterns = false;
    this.flow.subshell(() => this.script(script, ("source" in script && script.source) || this.source, offset));
    this.patterns = patterns;
    this.depth--;
  }

  doubt(code: string, text: string, offset: number): void {
    if (this.unknown.length < MAX_UNKNOWN || code === "too-deep")
      this.unknown.push({ code, text: text.slice(0, 200), offset });
  }
}
