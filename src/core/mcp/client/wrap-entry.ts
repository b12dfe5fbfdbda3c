// One entry, wrapped: the changes of its text. The old command, address and header values are moved or left where they stand, never copied
// out of the file, so a secret in it gets to no further place.
import { CLIENTS, type ClientForm, type ClientId } from "./client.ts";
import { quoted } from "./entries.ts";
import { type Edit, type Entry, type Leaf, leafAt, leavesBelow } from "./entry.ts";
import type { HttpServer, ProgramServer } from "./kinds.ts";
import { type Vector, vectorWords } from "./vector.ts";

/** What unwrapping cannot see in the wrapped entry: spellings, and whether a list was there. None of it is a secret. */
export interface Hints {
  /** The list of arguments was made. */
  readonly argsMade?: true;
  /** The value of `type` as it was written. */
  readonly type?: string;
  /** The key of the address as it was written. */
  readonly urlKey?: string;
  /** The key of the bearer token's variable as it was written. */
  readonly bearerKey?: string;
  /** For each leaf of the headers, its keys as they were written. */
  readonly headers?: readonly (readonly string[])[];
}

/** The changes of one entry. */
export interface EntryChange {
  readonly edits: readonly Edit[];
  readonly hints: Hints;
}

/** What wrapping needs to know. */
export interface WrapContext {
  readonly client: ClientId;
  readonly text: string;
  /** The absolute path of Ringfence. */
  readonly program: string;
}

/** Wraps a program: it becomes the last words of ours. */
export function wrapProgram(context: WrapContext, entry: Entry, server: ProgramServer): EntryChange {
  const { client, text, program } = context;
  const vector: Vector = { kind: "run", server: entry.name, client, env: server.env };
  const words = vectorWords(vector).map(quoted);
  const command = leafAt(entry, "command");
  if (command === undefined) throw new Error("a program without a command");
  if (CLIENTS[client].command === "joined")
    return { edits: [prepend(command, [quoted(program), ...words])], hints: {} };
  const old = text.slice(command.node.start, command.node.end);
  const replaced: Edit = { ...placeOf(command), text: quoted(program) };
  const args = leafAt(entry, "args");
  if (args !== undefined) return { edits: [replaced, prepend(args, [...words, old])], hints: {} };
  const { start, end } = command.node;
  const made = `${quoted(program)}${sibling(context, command, [...words, old])}`;
  return { edits: [{ start, end, text: made }], hints: { argsMade: true } };
}

/** Wraps a Streamable HTTP server: its headers become variables of the entry, values untouched. */
export function wrapHttp(context: WrapContext, entry: Entry, server: HttpServer): EntryChange {
  const { client, text, program } = context;
  const form = CLIENTS[client];
  const url = leafAt(entry, server.urlKey);
  if (url === undefined) throw new Error("a server without an address");
  const variables = server.headers.map((_, at) => `RINGFENCE_HEADER_${at + 1}`);
  const vector: Vector = {
    kind: "proxy",
    server: entry.name,
    client,
    headers: server.headers.map((header, at) => [header, variables[at] ?? ""] as const),
    ...(server.bearer === undefined ? {} : { bearer: server.bearer }),
  };
  const words = [...vectorWords(vector).map(quoted), text.slice(url.node.start, url.node.end)];
  const value =
    form.command === "joined"
      ? `[${[quoted(program), ...words].join(", ")}]`
      : `${quoted(program)}${sibling(context, url, words)}`;
  const headers = leavesBelow(entry, form.headers);
  const type = leafAt(entry, "type");
  const bearer = leafAt(entry, "bearer_token_env_var");
  const edits: readonly Edit[] = [
    rename(form, url, 0, "command"),
    { ...placeOf(url), text: value },
    ...(type === undefined ? [] : [{ ...placeOf(type), text: quoted(form.programTypes[0] ?? "stdio") }]),
    ...headers.map((leaf) => rename(form, leaf, 0, form.env)),
    ...headers.filter(({ path }) => path.length === 2).map((leaf, at) => rename(form, leaf, 1, variables[at] ?? "")),
    ...(bearer === undefined || server.bearer === undefined
      ? []
      : [rename(form, bearer, 0, "env_vars"), ...inBrackets(bearer)]),
  ];
  const spelled = (leaf: Leaf): readonly string[] => leaf.keys.map(({ start, end }) => text.slice(start, end));
  return {
    edits,
    hints: {
      urlKey: spelled(url).join("."),
      ...(type === undefined ? {} : { type: text.slice(type.node.start, type.node.end) }),
      ...(bearer === undefined ? {} : { bearerKey: spelled(bearer).join(".") }),
      ...(headers.length === 0 ? {} : { headers: headers.map(spelled) }),
    },
  };
}

/** A key in another word. */
export function rename(form: ClientForm, leaf: Leaf, level: number, word: string): Edit {
  const { start, end } = leaf.keys[level] ?? { start: 0, end: 0 };
  return { start, end, text: form.text === "json" ? quoted(word) : word };
}

function placeOf({ node }: Leaf): { readonly start: number; readonly end: number } {
  return { start: node.start, end: node.end };
}

function inBrackets({ node }: Leaf): readonly Edit[] {
  return [
    { start: node.start, end: node.start, text: "[" },
    { start: node.end, end: node.end, text: "]" },
  ];
}

// Before the first member, so that whatever stands around it (line ends, comments) keeps its place.
function prepend({ node }: Leaf, words: readonly string[]): Edit {
  const first = node.kind === "list" ? node.members[0] : undefined;
  const at = first?.start ?? node.start + 1;
  return { start: at, end: at, text: first === undefined ? words.join(", ") : `${words.join(", ")}, ` };
}

function sibling({ client }: WrapContext, { beside }: Leaf, words: readonly string[]): string {
  const key = CLIENTS[client].text === "json" ? quoted("args") : "args";
  return `${beside.before}${key}${beside.assign}[${words.join(", ")}]`;
}
