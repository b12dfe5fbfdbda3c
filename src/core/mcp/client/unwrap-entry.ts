// One entry, unwrapped: from its own words, and to the last byte with what was remembered when it was wrapped. Whatever else a person changed in
// it since stays.
import { CLIENTS, type ClientForm, type ClientId } from "./client.ts";
import { quoted } from "./entries.ts";
import { type Edit, type Entry, type Leaf, leafAt, leavesBelow, textAt, textsOf } from "./entry.ts";
import { readVector, type Vector } from "./vector.ts";
import { type Hints, rename } from "./wrap-entry.ts";

/** What an entry of ours says of itself, or undefined for any other. */
export function vectorOf(
  client: ClientId,
  entry: Entry,
): { readonly vector: Vector; readonly length: number } | undefined {
  const command = leafAt(entry, "command")?.node;
  if (CLIENTS[client].command === "split")
    return readVector(textAt(entry, "command"), textsOf(leafAt(entry, "args")?.node) ?? []);
  const [program, ...words] = textsOf(command) ?? [];
  return readVector(program, words);
}

/** The changes that take our words out again; undefined where the entry was changed in a way that leaves no certain way back. */
export function unwrapEntry(client: ClientId, text: string, entry: Entry, hints: Hints): readonly Edit[] | undefined {
  const form = CLIENTS[client];
  const found = vectorOf(client, entry);
  const command = leafAt(entry, "command");
  const list = form.command === "joined" ? command : leafAt(entry, "args");
  if (found === undefined || command === undefined || list === undefined) return undefined;
  const own = form.command === "joined" ? found.length + 1 : found.length;
  const scene: Scene = { form, text, entry, command, list, own };
  return found.vector.kind === "run" ? unwrapProgram(scene, hints) : unwrapHttp(scene, found.vector.headers, hints);
}

interface Scene {
  readonly form: ClientForm;
  readonly text: string;
  readonly entry: Entry;
  readonly command: Leaf;
  /** The list whose first `own` members are ours. */
  readonly list: Leaf;
  readonly own: number;
}

function unwrapProgram({ form, text, command, list, own }: Scene, hints: Hints): readonly Edit[] | undefined {
  const members = list.node.kind === "list" ? list.node.members : [];
  const [first, old] = [members[0], members[own]];
  if (first === undefined || old === undefined) return undefined;
  if (form.command === "joined") return [{ start: first.start, end: old.start, text: "" }];
  const back: Edit = { start: command.node.start, end: command.node.end, text: slice(text, old) };
  const next = members[own + 1];
  if (next !== undefined) return [back, { start: first.start, end: next.start, text: "" }];
  // Nothing follows: a list that was made goes, and one that was empty stays.
  const gap = text.slice(command.node.end, list.keys[0]?.start ?? 0);
  if (hints.argsMade === true && isBetween(form, gap))
    return [back, { start: command.node.end, end: list.node.end, text: "" }];
  const comma = list.node.kind === "list" ? (list.node.commas[own] ?? -1) : -1;
  return [back, { start: first.start, end: comma < 0 ? old.end : comma + 1, text: "" }];
}

function unwrapHttp(
  { form, text, entry, command, list, own }: Scene,
  headers: readonly (readonly [string, string])[],
  hints: Hints,
): readonly Edit[] | undefined {
  const members = list.node.kind === "list" ? list.node.members : [];
  const url = members[own];
  const gap = text.slice(command.node.end, list.keys[0]?.start ?? 0);
  const isLast = members.length === own + 1;
  if (url === undefined || !isLast || (form.command === "split" && !isBetween(form, gap))) return undefined;
  const variables = leavesBelow(entry, form.env);
  const names = headersBack(form, variables, headers, hints);
  if (names === undefined) return undefined;
  const type = leafAt(entry, "type");
  const bearer = leafAt(entry, "env_vars");
  const token = bearer?.node.kind === "list" && bearer.node.members.length === 1 ? bearer.node.members[0] : undefined;
  if (bearer !== undefined && token === undefined) return undefined;
  return [
    spell(command, 0, hints.urlKey) ?? rename(form, command, 0, form.urls[0] ?? "url"),
    { start: command.node.start, end: list.node.end, text: slice(text, url) },
    ...(type === undefined
      ? []
      : [{ start: type.node.start, end: type.node.end, text: hints.type ?? quoted(form.httpTypes[0] ?? "http") }]),
    ...names,
    ...(bearer === undefined || token === undefined
      ? []
      : [
          spell(bearer, 0, hints.bearerKey) ?? rename(form, bearer, 0, "bearer_token_env_var"),
          { start: bearer.node.start, end: bearer.node.end, text: slice(text, token) },
        ]),
  ];
}

// Variables that a person added meanwhile belong to a program and have no place among headers.
function headersBack(
  form: ClientForm,
  variables: readonly Leaf[],
  headers: readonly (readonly [string, string])[],
  hints: Hints,
): readonly Edit[] | undefined {
  const edits: Edit[] = [];
  // As they were written, unless the variables are others now.
  const spelled = hints.headers?.length === variables.length ? hints.headers : [];
  for (const [at, leaf] of variables.entries()) {
    edits.push(spell(leaf, 0, spelled[at]?.[0]) ?? rename(form, leaf, 0, form.headers));
    if (leaf.path.length === 1) continue;
    const header = headers.find(([, variable]) => variable === leaf.path[1])?.[0];
    if (header === undefined) return undefined;
    edits.push(spell(leaf, 1, spelled[at]?.[1] ?? quoted(header)) ?? rename(form, leaf, 1, header));
  }
  return edits;
}

function spell(leaf: Leaf, level: number, text: string | undefined): Edit | undefined {
  const place = leaf.keys[level];
  return text === undefined || place === undefined ? undefined : { start: place.start, end: place.end, text };
}

// What stands between a command and the list that was written behind it: a comma, space, and in TOML the keys above.
function isBetween(form: ClientForm, gap: string): boolean {
  return form.text === "json" ? /^\s*,\s*$/.test(gap) : /^(?:\s*,\s*|[ \t]*\r?\n\s*)(?:[\w."' -]+\.\s*)?$/.test(gap);
}

function slice(text: string, { start, end }: { readonly start: number; readonly end: number }): string {
  return text.slice(start, end);
}
