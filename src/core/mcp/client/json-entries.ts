// The servers of a JSON file, with places.
import { ok, type Problem, type Result } from "../../result.ts";
import { type JsonMember, type JsonNode, parseJsonText } from "../../settings/json-text.ts";
import type { Entry, Leaf, Place } from "./entry.ts";

/** Every server below the roots. A root that is no object holds none, as for the client. */
export function readJsonEntries(
  text: string,
  file: string,
  roots: readonly (readonly string[])[],
): Result<readonly Entry[], Problem> {
  if (text.replace(/^\ufeff/, "").trim() === "") return ok([]);
  const root = parseJsonText(text, file);
  if (!root.ok) return root;
  return ok(roots.flatMap((path) => entriesAt(text, root.value, path, [])));
}

function entriesAt(text: string, node: JsonNode, path: readonly string[], walked: readonly string[]): readonly Entry[] {
  const members = node.kind === "object" ? node.members : [];
  const [key, ...rest] = path;
  if (key !== undefined)
    return members
      .filter((member) => key === "*" || member.key === key)
      .flatMap((member) => entriesAt(text, member.value, rest, [...walked, member.key]));
  return members
    .filter(({ value }) => value.kind === "object")
    .map(({ key: name, value }) => ({ name, place: [...walked, name], leaves: leavesOf(text, value, [], []) }));
}

function leavesOf(text: string, node: JsonNode, path: readonly string[], keys: readonly Place[]): readonly Leaf[] {
  return (node.kind === "object" ? node.members : []).flatMap((member): readonly Leaf[] => {
    const inner = [...path, member.key];
    const places = [...keys, { start: member.start, end: member.keyEnd }];
    const { value } = member;
    return value.kind === "object" && value.members.length > 0
      ? leavesOf(text, value, inner, places)
      : [{ path: inner, keys: places, node: value, beside: besideMember(text, member) }];
  });
}

// As this member is written: on a line of its own or not, with or without a space behind the colon.
function besideMember(text: string, member: JsonMember): Leaf["beside"] {
  let at = member.start;
  while (text[at - 1] === " " || text[at - 1] === "\t") at--;
  const line = text.slice(at - 2, at) === "\r\n" ? 2 : text[at - 1] === "\n" || text[at - 1] === "\r" ? 1 : 0;
  const lead = line === 0 ? undefined : text.slice(at - line, member.start);
  const colon = text.slice(member.keyEnd, member.value.start);
  return { before: `,${lead ?? " "}`, assign: /^\s*:[ \t]*$/.test(colon) ? colon : ": " };
}
