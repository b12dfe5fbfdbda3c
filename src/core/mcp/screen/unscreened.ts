// What nobody has read to its end is not known to be harmless: it is held like what is known to do harm, and a person or its asker can do something about it.
import { definitionsOf, type ServerDescription } from "../description.ts";
import type { Finding } from "./finding.ts";

/** Letters of one definition. The longest of published servers have thirty thousand, and a model reads each of them at every turn. */
export const DEFINITION_MOST: number = 1 << 20;

/** Says of an answer that it was not read to its end. */
export function unscreenedAnswer(): Finding {
  return { severity: "hard", kind: "unscreened-answer", at: "", excerpt: "" };
}

/** The same of one definition. */
export function unscreenedDefinition(at = ""): Finding {
  return { severity: "hard", kind: "unscreened", at, excerpt: "" };
}

/** The same of everything that a server says of itself. */
export function unscreenedDescription(description: ServerDescription): readonly Finding[] {
  const resources = description.resources.map((_, index) => `/resources/${index}`);
  const words = description.instructions === undefined ? [] : ["/instructions"];
  const own = description.serverInfo === undefined ? [] : ["/serverInfo"];
  const all = [...definitionsOf(description).map(({ at }) => at), ...resources, ...words, ...own];
  // a server that says nothing at all has nothing that waits
  return all.map((at) => unscreenedDefinition(at));
}
