// What has a shape rather than words: paths of secrets, files that agents obey, addresses, shell commands, the control tokens of chat templates.
// Each place found in a text becomes a word of its own, so that a rule may ask for it as it asks for any other idea.
import { once } from "../../once.ts";
import table from "./shapes.json" with { type: "json" };

const places: () => readonly { readonly mark: string; readonly hint: RegExp; readonly pattern: RegExp }[] = once(() =>
  table.places.map(({ mark, hint, pattern }) => ({
    mark,
    hint: new RegExp(hint, "i"),
    pattern: new RegExp(pattern, "gi"),
  })),
);

/** Nothing of the table can begin without one of these: plain prose is spared ten searches. */
const MAY_HOLD = /[./\\@|=~$]|\bcrontab\b|launch|wallet|login data|chmod|powershell|systemd|mkfs|approve|permission/i;

/** Control tokens of chat templates: no manual of a tool needs them. */
export const TOKENS: RegExp = new RegExp(table.tokens, "i");
/** A turn of somebody else's, played in a text. */
export const TURNS: RegExp = new RegExp(table.turns);
/** Tags that ask for a model's ear. */
export const TAGS: RegExp = new RegExp(table.tags, "i");
/** A picture whose address is filled in by whoever shows it. */
export const PICTURE: RegExp = new RegExp(table.picture, "i");

const NAME_OF_TOOL =
  /\b(?:[a-z][a-z0-9]{0,40}(?:_[a-z0-9]{1,40}){1,12}|[a-z][a-z0-9]{1,40}(?:[A-Z][a-z0-9]{1,40}){1,8}|mcp__\w{1,120})\b/g;
/** What the environment calls a secret. */
const VARIABLE =
  /[$%]?\{?\b(?:[A-Z][A-Z0-9]*_)+(?:API_?KEY|KEY|TOKEN|SECRET|PASSWORD|PASSWD|PRIVATE_KEY|CREDENTIALS?|ACCESS_KEY(?:_ID)?|PAT)\b\}?/g;
const QUOTED_NAME = /[`'"\u2018\u201c]([a-z][a-z0-9]*(?:[-_][a-z0-9]+){1,5})[`'"\u2019\u201d]/gi;

/** The text with a word for each shape in it. The shapes themselves are gone; names of tools keep their words. */
export function withShapes(text: string): string {
  let shaped = text;
  if (MAY_HOLD.test(text))
    for (const { mark, hint, pattern } of places()) if (hint.test(text)) shaped = shaped.replace(pattern, ` ${mark} `);
  if (shaped.includes("_")) shaped = shaped.replace(VARIABLE, " qqenvvar ");
  return shaped.replace(QUOTED_NAME, " qqname $1 ").replace(NAME_OF_TOOL, (name) => ` qqname ${name} `);
}

/** The names of tools that a text speaks of, as they are written. */
export function namesIn(text: string): readonly string[] {
  return [...text.matchAll(NAME_OF_TOOL)]
    .map(([name]) => name)
    .concat([...text.matchAll(QUOTED_NAME)].map(([, name]) => name ?? ""));
}
