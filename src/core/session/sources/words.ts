// One command's words against the table of programs: what it speaks of. Words that are not constant are never taken for harmless ones.
import type { LegSource } from "../leg-policy.ts";
import type { LegContext } from "./context.ts";
import { hostKind, hostOfUrl } from "./hosts.ts";
import type { LegProgram } from "./programs.ts";

/** A word: its constant value, or what of it is constant. */
export interface LegWord {
  readonly value: string | undefined;
  readonly prefix: string;
}

/** How many operands may hold the subcommand; behind them are names that only look like one. */
const SUBCOMMAND_MOST = 3;

const SQL_WRITES =
  /\b(?:insert|update|delete|drop|alter|create|truncate|grant|revoke|merge|copy|call|set|del|flushall|flushdb|eval|lpush|rpush|hset|incr|expire|rename|deleteMany|insertOne|updateOne|remove)\b/i;

/** What the words after the program's name speak of. */
export function programSources(
  program: LegProgram,
  words: readonly LegWord[],
  context: LegContext,
): readonly LegSource[] {
  const operands = words.filter((w) => w.value === undefined || (!w.value.startsWith("-") && w.value !== ""));
  const [first] = operands;
  const nothing = words.length === 0 && program.always === undefined;
  if (nothing || (words.length > 0 && words.every((w) => /^-(?:-version|-help|[vVh])?$/.test(w.value ?? ""))))
    return [];
  if (first !== undefined && has(program.quiet, first.value)) return [];
  const found = new Set<string>();
  const add = (sources: readonly string[] = []): void => {
    for (const source of sources) found.add(source);
  };
  if (program.always !== undefined && isRemote(program, operands, context)) add(program.always);
  // what stands before the last operand comes from there
  if (program.remote === "colon" && isRemote(program, operands.slice(0, -1), context)) add(program.reads);
  if (program.writes === true && words.some((w) => SQL_WRITES.test(w.value ?? w.prefix) || w.value === undefined))
    add(["remote-write"]);
  const heads = operands.slice(0, SUBCOMMAND_MOST);
  const before = found.size;
  const listed = heads.flatMap(({ value }) => {
    const own = program.words;
    return value !== undefined && own !== undefined && Object.hasOwn(own, value) ? (own[value] ?? []) : [];
  });
  add(listed);
  add(subcommandSources(program, heads, words) ?? (listed.length > 0 ? [] : fallback(program)));
  const changed = found.size > before;
  if (program.urls !== undefined && !changed && leadsElsewhere(program, words, context)) add(program.urls);
  return [...found] as readonly LegSource[];
}

/** What a reader or a changer among the first words speaks of; `undefined` where there is neither. */
function subcommandSources(
  program: LegProgram,
  heads: readonly LegWord[],
  words: readonly LegWord[],
): readonly string[] | undefined {
  const pattern = program.readingPattern === undefined ? undefined : new RegExp(program.readingPattern);
  const isReader = (value: string): boolean => has(program.readers, value) || pattern?.test(value) === true;
  if (heads.some((w) => has(program.changers, w.value)) || hasOption(program.writingOptions, words))
    return program.changes ?? [];
  return heads.some((w) => w.value !== undefined && isReader(w.value)) ? (program.reads ?? []) : undefined;
}

function fallback({ otherwise, reads = [], changes = [] }: LegProgram): readonly string[] {
  return otherwise ?? [...reads, ...changes];
}

/** True unless every operand is plainly of this machine. */
function isRemote(program: LegProgram, operands: readonly LegWord[], context: LegContext): boolean {
  if (program.remote === undefined) return true;
  if (program.remote === "colon")
    return operands.some(
      (w) => w.value === undefined || (/^[^/\s]*[^/\s\\]:/.test(w.value) && !isLocal(w.value, context)),
    );
  const hosts = operands.filter(
    (w) => w.value === undefined || /[a-z[]/i.test(w.value) || /^\d+(?:\.\d+){3}$/.test(w.value),
  );
  return (
    operands.length > 0 && !(hosts.length > 0 && hosts.every((w) => w.value !== undefined && isLocal(w.value, context)))
  );
}

function isLocal(text: string, context: LegContext): boolean {
  const name = text.replace(/^.*@/, "").replace(/^(?:tcp|udp|tcp4|tcp6)(?:-connect)?:/i, "");
  const kind = hostKind(hostOfUrl(text, false) ?? name.replace(/:.*$/s, ""), context);
  return kind === "local" || kind === "trusted";
}

/** An operand that names a URL of another machine, `git@host:path`, or an option that points the program at one. */
function leadsElsewhere(program: LegProgram, words: readonly LegWord[], context: LegContext): boolean {
  if (hasOption(program.redirectedBy, words)) return true;
  return words.some((w) => {
    const text = (w.value ?? w.prefix).replace(/^(?:git|hg|svn)\+/, "").replace(/^-{1,2}[\w-]+=/, "");
    // what somebody else proposed, from a code host that is not the registry
    if (/^\+?(?:refs\/)?(?:pull|pull-requests|merge-requests)\/|^(?:github|gitlab|bitbucket|gist):/.test(text))
      return true;
    const named = hostOfUrl(text, false) ?? /^[\w.-]+@([\w.-]+):/.exec(text)?.[1];
    if (named === undefined) return w.value === undefined && /^(?:git\+|[a-z]+:\/\/)/i.test(w.prefix);
    const kind = hostKind(named, context);
    return kind !== "local" && kind !== "trusted" && kind !== "service" && !text.startsWith("file:");
  });
}

/** Does an option of this list stand among the words, alone, with `=`, attached, or among clustered letters? */
export function hasOption(list: string | undefined, words: readonly LegWord[]): boolean {
  if (list === undefined) return false;
  const names = list.split(" ");
  return words.some((w) => {
    const text = w.value ?? w.prefix;
    if (text.startsWith("--")) return names.includes(text.slice(2).replace(/=.*$/s, ""));
    return text.startsWith("-") && names.some((n) => (n.length === 1 ? clustered(text, n) : text === `-${n}`));
  });
}

/** `-sXPOST`: the letter among those before a value begins. Letters are looked for up to the first that is no letter. */
function clustered(text: string, letter: string): boolean {
  return (/^-([A-Za-z]+)/.exec(text)?.[1] ?? "").includes(letter);
}

function has(list: string | undefined, value: string | undefined): boolean {
  return list !== undefined && value !== undefined && ` ${list} `.includes(` ${value} `) && !value.includes(" ");
}
