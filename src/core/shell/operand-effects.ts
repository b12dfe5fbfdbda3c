// What a program does with its operands, by the role that the table gives them.
import type { Effect, ShellWord } from "./facts.ts";
import { valuesOf } from "./options.ts";
import type { Operand, ReadOptions } from "./read-options.ts";
import type { OperandRole, ProgramEntry } from "./table.ts";

type Change = Effect & { readonly kind: "write" | "delete" };

const TREE = { tree: true } as const;
const RENAMED = { renamed: true } as const;

/** The effects of operands by their role. */
export function operandEffects(entry: ProgramEntry, read: ReadOptions): readonly Effect[] {
  const role: OperandRole = entry.operands ?? "text";
  const recursive = entry.recursive === "always" || (entry.recursive ?? []).some((name) => read.seen.has(name));
  let operands = read.operands;
  if (role === "pattern-read" && !(entry.patternOptions ?? []).some((name) => read.seen.has(name)))
    operands = operands.slice(1);
  const reads = (o: Operand, content: boolean): Effect => ({
    kind: "read",
    path: o.word,
    index: o.index,
    content,
    ...(recursive ? { recursive } : {}),
  });
  const changes = (o: Operand, kind: "write" | "delete"): Change => ({
    kind,
    path: o.word,
    index: o.index,
    inherent: true,
  });
  /** What becomes of a source: read; read and gone; or read and, under its further name, written. */
  const fromThere = (o: Operand, by: { readonly role: OperandRole; readonly links: boolean }): readonly Effect[] => {
    if (by.links)
      return [
        { ...reads(o, true), ...RENAMED },
        { ...changes(o, "write"), ...TREE },
      ];
    return by.role === "move"
      ? [
          { ...reads(o, true), ...RENAMED },
          { ...changes(o, "delete"), ...TREE },
        ]
      : [reads(o, true)];
  };
  switch (role) {
    case "text":
      return [];
    case "list":
      return operands.map((o) => reads(o, false));
    case "read":
      return operands.map((o) => reads(o, true));
    case "project":
      return operands.flatMap((o) => [
        ...(o.word.value === "-" ? [{ kind: "gadget", code: "standard-input", index: o.index } as const] : []),
        reads(o, true),
        { kind: "directory", path: o.word, index: o.index } as const,
      ]);
    case "pattern-read":
      return operands.length === 0 && recursive
        ? [{ kind: "read", path: HERE, index: 0, recursive, content: true }]
        : operands.map((o) => reads(o, true));
    case "write":
    case "make":
      return operands.map((o) => ({ ...changes(o, "write"), ...wiping(entry, recursive) }));
    case "pattern-write":
      return operands.slice(1).map((o) => ({ ...changes(o, "write"), ...wiping(entry, recursive) }));
    case "delete":
      return operands.map((o) => ({ ...changes(o, "delete"), ...(recursive ? TREE : {}) }));
    case "copy":
    case "move":
    case "link": {
      const links = role === "link" || (entry.linking ?? []).some((name) => read.seen.has(name));
      const named = valuesOf(read, "t", "target-directory");
      const into = named.length > 0 ? named : operands.slice(-1);
      const from = operands.filter((o) => !into.includes(o));
      const opens = (word: ShellWord): boolean => entry.slashOpens === true && word.value?.endsWith("/") === true;
      const brings = from.map(({ word }) => (opens(word) ? { ...word, value: `${word.value ?? ""}.` } : word));
      const has = (...names: readonly string[]): boolean => names.some((name) => read.seen.has(name));
      const symbolic = role === "link" && has("s", "symbolic") && !has("r", "relative");
      const sources = symbolic ? from.flatMap((o) => targetsOf(o, into[0]?.word)) : from;
      return [
        ...sources.flatMap((o) => fromThere(o, { role, links })),
        ...into.map((o) => ({
          ...changes(o, "write"),
          brings,
          ...(recursive || links || role === "move" ? TREE : {}),
        })),
      ];
    }
    case "archive":
      return operands.map((o, i) =>
        i > 0 ? reads(o, true) : { kind: "write", path: o.word, index: o.index, inherent: false },
      );
    case "read-then-write":
      return operands.map((o, i) =>
        i === 0 ? reads(o, true) : { kind: "write", path: o.word, index: o.index, inherent: false },
      );
    case "run":
      // the words after the program's file are the program's own
      return operands.slice(0, 1).map((o) => ({ kind: "gadget", code: "runs-file", index: o.index }));
    case "code":
      return operands.map((o) => ({ kind: "gadget", code: "runs-code", index: o.index }));
    default:
      return role satisfies never;
  }
}

function wiping({ wipes }: ProgramEntry, recursive: boolean): Pick<Change, "wipes"> {
  return wipes === undefined || (wipes === "rights" && !recursive) ? {} : { wipes };
}

/** A symbolic link's relative text counts from where the link stands: beside its name, or in the folder of that name. */
function targetsOf(source: Operand, into: ShellWord | undefined): readonly Operand[] {
  const { value, tilde } = source.word;
  const name = into?.value;
  if (value === undefined || name === undefined || into?.tilde === true || tilde || value.startsWith("/"))
    return [source];
  const beside = /^([\s\S]*\/)?[^/]+\/*$/.exec(name)?.[1] ?? "";
  return [...new Set([`${beside}${value}`, `${name}/${value}`])].map((path) => ({
    ...source,
    word: { ...source.word, value: path, likely: [path], prefix: path },
  }));
}

const HERE: ShellWord = { text: ".", value: ".", likely: ["."], prefix: ".", kind: "constant", tilde: false };
