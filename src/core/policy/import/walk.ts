// A settings file against a table of its keys: each known key has its handler, and a key that nobody handles is said, so nothing is ignored.
import type { Span } from "../../result.ts";
import type { Draft } from "./draft.ts";
import { flagOf, shown, type Tree, textOf } from "./tree.ts";

/** What to do with the value of one key. `key` is its dotted name. */
export type Handler = (value: Tree, key: string, at: Span) => void;

/** Keys and their handlers. */
export type Handlers = Readonly<Record<string, Handler>>;

/** Hands every key of a map to its handler. `other` takes the keys that the table does not know. */
export function walk(tree: Tree, prefix: string, handlers: Handlers, draft: Draft, other?: Handler): void {
  const name = (key: string): string => (prefix === "" ? key : `${prefix}.${key}`);
  if (tree.kind !== "map") {
    draft.say(prefix === "" ? "the file" : prefix, tree.at, `is ${shown(tree)}, not a map of keys`, "not carried over");
    return;
  }
  // a key that stands twice: these tools take the last, so the first ones mean nothing
  const last = new Map(tree.entries.map((entry) => [entry.key, entry]));
  for (const entry of last.values()) {
    const handler = Object.hasOwn(handlers, entry.key) ? handlers[entry.key] : other;
    if (handler !== undefined) handler(entry.value, name(entry.key), entry.at);
    else
      draft.say(
        name(entry.key),
        entry.at,
        `a key that is not known here (${shown(entry.value)})`,
        "not carried over; look up what it does there",
      );
  }
}

/** A map below. */
export function map(draft: Draft, handlers: Handlers, other?: Handler): Handler {
  return (value, key) => walk(value, key, handlers, draft, other);
}

/** Every text of a list; one text alone counts as a list of one. Whatever is no text is said. */
export function texts(draft: Draft, each: (text: string, at: Span, key: string) => void): Handler {
  return (value, key) => {
    const items = value.kind === "list" ? value.items : [value];
    for (const item of items) {
      const text = textOf(item);
      if (text !== undefined) each(text, item.at, key);
      else draft.say(key, item.at, `holds ${shown(item)} where a text belongs`, "not carried over");
    }
  };
}

/** A key without an equal: one line, with its value. */
export function none(draft: Draft, there: string, here: string): Handler {
  return (value, key, at) => draft.say(`${key}: ${shown(value)}`, at, there, here);
}

/** A switch that is always on here: only the other setting is worth a line. */
export function always(draft: Draft, on: boolean, there: string, here: string): Handler {
  return (value, key, at) => {
    if (flagOf(value) !== on) draft.say(`${key}: ${shown(value)}`, at, there, here);
  };
}

/** Keys that have nothing to do with what an agent may do. */
export function preferences(draft: Draft, ...keys: readonly string[]): Handlers {
  const say = none(draft, "a preference of the agent, not a permission", "stays in the agent's own settings");
  return Object.fromEntries(keys.map((key) => [key, say]));
}

/** Nothing to say and nothing to carry. */
export const silent: Handler = () => undefined;
