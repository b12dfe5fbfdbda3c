// What changed between two descriptions of a server: every pin, and beside them what is not pinned because it comes and goes as data does.
import type { ServerDescription } from "./description.ts";
import type { ReadDescription } from "./description-read.ts";
import { type Change, diffThings } from "./diff.ts";
import type { JsonObject } from "./json.ts";
import { fieldsOf, pinsOf, type Thing } from "./pin.ts";

/** A difference between two descriptions. */
export interface DescriptionDiff {
  /** Empty when the two say the same. */
  readonly changes: readonly Change[];
  /** What differs and says nothing to anybody: versions, the order of lists. */
  readonly information: readonly string[];
}

/** What a server says of its answer and not of itself: for how long it holds, where the next page begins. */
const OF_THE_ANSWER: ReadonlySet<string> = new Set([
  "ttlMs",
  "cacheScope",
  "nextCursor",
  "resultType",
  "supportedVersions",
]);

/** Compares two. */
export function diffDescriptions(before: ReadDescription, after: ReadDescription): DescriptionDiff {
  const [was, is] = [before.description, after.description];
  const information = [
    ...(textOf(was.serverInfo?.["version"]) === textOf(is.serverInfo?.["version"]) ? [] : ["serverInfo.version"]),
    ...(was.protocolVersion === is.protocolVersion ? [] : ["protocolVersion"]),
    ...orders(was, is),
  ];
  return { changes: diffThings(thingsOf(before), thingsOf(after)), information };
}

/** The names that a short list of changes is made of: fields of definitions, and lists of which the members changed. */
export function changedFields(changes: readonly Change[]): readonly string[] {
  const names = changes.flatMap(({ kind, change, fields }) => {
    if (!Object.hasOwn(LIST_OF, kind)) return kind === "further" ? fields.map(({ field }) => field) : [kind];
    if (change === "changed" || change === "renamed") return fields.map(({ field }) => field);
    return [LIST_OF[kind] ?? kind];
  });
  return [...new Set(names)].sort();
}

const LIST_OF: Readonly<Record<string, string>> = {
  tool: "tools",
  prompt: "prompts",
  resource: "resources",
  resourceTemplate: "resourceTemplates",
};

function thingsOf({ description, further }: ReadDescription): readonly Thing[] {
  const resources = description.resources.map((body) => ({
    kind: "resource",
    name: textOf(body["uri"]) ?? "",
    fields: fieldsOf(body),
  }));
  const rest = Object.fromEntries(Object.entries(further).filter(([key]) => !OF_THE_ANSWER.has(key)));
  const beside = Object.keys(rest).length === 0 ? [] : [{ kind: "further", name: "", fields: fieldsOf(rest) }];
  return [...pinsOf(description), ...resources, ...beside];
}

function orders(was: ServerDescription, is: ServerDescription): readonly string[] {
  return (["tools", "prompts", "resources", "resourceTemplates"] as const).flatMap((list) => {
    const [a, b] = [was[list].map(labelOf), is[list].map(labelOf)];
    return a.join("\n") !== b.join("\n") && [...a].sort().join("\n") === [...b].sort().join("\n")
      ? [`order of ${list}`]
      : [];
  });
}

function labelOf(body: JsonObject): string {
  return textOf(body["uriTemplate"]) ?? textOf(body["uri"]) ?? textOf(body["name"]) ?? "";
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}
