// What an agent reads when it is refused (DESIGN 8): what was refused, by which rule, that routing around is useless, and what the person can do.
// Never a warning in the model's text beyond that (TRI-2), and never a raw control character (I10).
import { forTerminal } from "#core/text";

/** The answer to what passes. */
export const ALLOWED = "allowed by the Ringfence policy";

const LINES_MOST = 8;

/** One refusal. `why`: half sentences with rule and place; `advice`: what the person can type, most useful first. */
export function refusalText(why: readonly string[], advice: readonly string[]): string {
  const lines = [
    `Ringfence refused this: ${listed(why)}.`,
    "Another way to the same thing is refused as well: do something else, or ask the person you work for.",
    ...(advice.length === 0 ? [] : ["They can change it:", ...advice.map((line) => `  ${line}`)]),
  ];
  return lines.map((line) => forTerminal(line, { max: 1_000 })).join("\n");
}

/** A refusal for want of a person's yes: the rule or cause as well, and what came of the question, which says what to type; `advice` where it does not. */
export function askedRefusalText(why: readonly string[], answer: string, advice: readonly string[] = []): string {
  return [`Ringfence refused this: ${listed(why)}.`, answer, ...advice]
    .map((line) => forTerminal(line, { max: 1_000 }))
    .join("\n");
}

/** The words under a question that the agent's own prompt shows. */
export function questionText(why: readonly string[]): string {
  return forTerminal(`Ringfence asks: ${[...new Set(why)].slice(0, LINES_MOST).join("; ")}`, { max: 1_000 });
}

function listed(why: readonly string[]): string {
  const all = [...new Set(why)];
  const more = all.length - LINES_MOST;
  return `${all.slice(0, LINES_MOST).join("; ")}${more > 0 ? `; and ${more} more reasons` : ""}`;
}
