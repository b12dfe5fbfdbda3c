// A difference as a person reads it: which definition, which field, which place in it, what stood there and what stands there now. All of it: what is
// equal may be left out, what differs never. Every text of it comes from an adversary and is exact (I10).
import { beyondAscii, exactText } from "../text/index.ts";
import { canonicalText } from "./canonical.ts";
import type { DescriptionDiff } from "./description-diff.ts";
import type { Change, FieldChange } from "./diff.ts";
import { isList, isObject, type Json, type JsonObject } from "./json.ts";
import { readJsonText } from "./json-read.ts";
import { pointer } from "./lock-text.ts";

/** A text in another script has more of its own than anybody compares. */
const LETTERS_MOST = 24;

/** One line. `mark` says what it is, so that it can be coloured; the text is safe to print. */
export interface ChangeLine {
  readonly mark: "head" | "place" | "before" | "after" | "equal" | "note";
  readonly text: string;
}

/** The lines of a difference. */
export function changeLines({ changes, information }: DescriptionDiff): readonly ChangeLine[] {
  return [
    ...changes.flatMap(linesOfChange),
    ...information.map((what): ChangeLine => ({ mark: "note", text: `for information: ${exactText(what)} differs` })),
  ];
}

/** The lines of one change. */
export function linesOfChange(change: Change): readonly ChangeLine[] {
  const name = change.name === "" ? "" : ` ${exactText(change.name)}`;
  const was = change.was === undefined ? "" : ` (it was ${exactText(change.was)})`;
  const head: ChangeLine = {
    mark: "head",
    text: `${WORDS[change.change]} ${NAMES[change.kind] ?? exactText(change.kind)}${name}${was}`,
  };
  return [head, ...change.fields.flatMap(linesOfField)];
}

const WORDS: Readonly<Record<Change["change"], string>> = {
  added: "new",
  removed: "gone",
  changed: "changed",
  renamed: "renamed",
  duplicate: "said twice",
};

const NAMES: Readonly<Record<string, string>> = {
  resourceTemplate: "resource template",
  serverInfo: "the server's own name",
  further: "what no description has",
};

/** A place in a field where two values differ. */
export interface Difference {
  readonly at: readonly string[];
  readonly before?: Json;
  readonly after?: Json;
}

/** Every place where a field's two values differ, as deep as they have the same shape. */
export function differences({ field, before, after }: FieldChange): readonly Difference[] {
  return between(valueOfText(before), valueOfText(after), [field]);
}

function between(before: Json | undefined, after: Json | undefined, at: readonly string[]): readonly Difference[] {
  if (before !== undefined && after !== undefined) {
    if (canonicalText(before) === canonicalText(after)) return [];
    if (isObject(before) && isObject(after)) {
      const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort();
      return keys.flatMap((key) => between(own(before, key), own(after, key), [...at, key]));
    }
    if (isList(before) && isList(after) && before.length === after.length)
      return before.flatMap((item, index) => between(item, after[index], [...at, String(index)]));
  }
  return [{ at, ...(before === undefined ? {} : { before }), ...(after === undefined ? {} : { after }) }];
}

function own(object: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(object, key) ? object[key] : undefined;
}

function valueOfText(text: string | undefined): Json | undefined {
  const read = text === undefined ? undefined : readJsonText(text);
  return read?.ok === true ? read.value : undefined;
}

function linesOfField(change: FieldChange): readonly ChangeLine[] {
  return differences(change).flatMap(({ at, before, after }): readonly ChangeLine[] => {
    const lines = typeof before === typeof after || before === undefined || after === undefined ? textLines : jsonLines;
    const [old, now] = [lines(before), lines(after)];
    const head = commonHead(old, now);
    const end = commonTail(old.slice(head), now.slice(head));
    return [
      { mark: "place", text: `  ${exactText(pointer(at))}` },
      ...equal(head),
      ...marked("before", old.slice(head, old.length - end)),
      ...marked("after", now.slice(head, now.length - end)),
      ...equal(end),
      ...lookalikes(old, now),
    ];
  });
}

/** Letters that came in and may look like others. */
function lookalikes(old: readonly string[], now: readonly string[]): readonly ChangeLine[] {
  const known = new Set(beyondAscii(old.join(" ")));
  const came = beyondAscii(now.join(" ")).filter((letter) => !known.has(letter));
  if (came.length === 0) return [];
  const more = came.length > LETTERS_MOST ? ` and ${came.length - LETTERS_MOST} more` : "";
  return [{ mark: "note", text: `      (not ASCII, and new here: ${came.slice(0, LETTERS_MOST).join(" ")}${more})` }];
}

function marked(mark: "before" | "after", lines: readonly string[]): readonly ChangeLine[] {
  const sign = mark === "before" ? "-" : "+";
  // Nobody sees a blank at the end of a line.
  const shown = (line: string): string => exactText(line).replace(/ +$/, (blanks) => "\\u{20}".repeat(blanks.length));
  return lines.map((line) => ({ mark, text: `    ${sign} ${shown(line)}` }));
}

function equal(count: number): readonly ChangeLine[] {
  if (count === 0) return [];
  return [{ mark: "equal", text: `      (${count} ${count === 1 ? "line" : "lines"} as before)` }];
}

/** A text as it stands; anything else as JSON. */
function textLines(value: Json | undefined): readonly string[] {
  if (value === undefined) return [];
  return typeof value === "string" ? value.split("\n") : jsonLines(value);
}

/** JSON, objects over several lines: `5` and `"5"` are told apart. */
function jsonLines(value: Json | undefined): readonly string[] {
  return value === undefined ? [] : spread(value, "");
}

function spread(value: Json, indent: string): readonly string[] {
  const inner = `${indent}  `;
  if (isObject(value) && Object.keys(value).length > 0) {
    const members = Object.keys(value)
      .sort()
      .flatMap((key) => {
        const [first = "", ...rest] = spread(value[key] ?? null, inner);
        return [`${inner}${JSON.stringify(key)}: ${first.trimStart()}`, ...rest];
      });
    return [`${indent}{`, ...members, `${indent}}`];
  }
  if (isList(value) && value.some((item) => isObject(item) || isList(item)))
    return [`${indent}[`, ...value.flatMap((item) => spread(item, inner)), `${indent}]`];
  return [`${indent}${canonicalText(value)}`];
}

function commonHead(a: readonly string[], b: readonly string[]): number {
  let count = 0;
  while (count < a.length && count < b.length && a[count] === b[count]) count += 1;
  return count;
}

function commonTail(a: readonly string[], b: readonly string[]): number {
  return commonHead([...a].reverse(), [...b].reverse());
}
