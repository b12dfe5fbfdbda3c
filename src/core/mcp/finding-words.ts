// What screening found, in plain words of ours: which kind of thing, and where. No word of the text that was screened is in it, its keys neither, so that a
// refusal does not carry what it refuses.
import table from "./finding-words.json" with { type: "json" };
import type { Finding } from "./screen/finding.ts";

const WORDS: ReadonlyMap<string, string> = new Map(Object.entries(table));

/** Fields that the specification has. Any other name is the server's own word. */
const PLACES: ReadonlyMap<string, string> = new Map([
  ["name", "in its name"],
  ["title", "in its title"],
  ["description", "in its description"],
  ["inputSchema", "in its input schema"],
  ["outputSchema", "in its output schema"],
  ["arguments", "in an argument"],
  ["annotations", "in its annotations"],
  ["icons", "in an icon"],
  ["_meta", "in its metadata"],
  ["uriTemplate", "in its address"],
  ["instructions", "in the server's instructions"],
  ["capabilities", "in its capabilities"],
  ["serverInfo", "in the server's own name"],
  ["content", "in its text"],
  ["contents", "in its text"],
  ["structuredContent", "in its structured part"],
  ["messages", "in its messages"],
  ["message", "in its message"],
  ["systemPrompt", "in its system prompt"],
  ["requestedSchema", "in a field of its form"],
  ["url", "in its address"],
  ["data", "in its data"],
]);
const LISTS = /^\/(?:tools|prompts|resources|resourceTemplates)\/\d+(?=\/|$)/;
const NAMED_MOST = 3;

/** `it says to keep something from the user, in its description; …`: the hard ones first. Empty for none. */
export function findingWords(findings: readonly Finding[]): string {
  const isHard = (one: Finding): number => (one.severity === "hard" ? 0 : 1);
  const all = [...new Set([...findings].sort((a, b) => isHard(a) - isHard(b)).map(wordsOf))];
  const more = all.length - NAMED_MOST;
  return `${all.slice(0, NAMED_MOST).join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

function wordsOf({ kind, at }: Finding): string {
  return `it ${WORDS.get(kind) ?? `has a sign of ${kind.replaceAll("-", " ")}`}${placeOf(at)}`;
}

function placeOf(at: string): string {
  const [, first = "", second] = at.replace(LISTS, "").split("/");
  if (first === "") return "";
  if (first === "inputSchema" && second === "properties") return ", in a parameter";
  return `, ${PLACES.get(first) ?? "in one of its fields"}`;
}
