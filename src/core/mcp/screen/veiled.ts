// What is written for agents, whoever may read it, and what a page holds that nobody sees: an order in either is no talk among people.
import { TURNS } from "./shapes.ts";
import type { Signal } from "./signal.ts";
import { signalsOf } from "./text.ts";
import type { Work } from "./work.ts";

/** A skill's or an agent's profile, by its head (a page of documentation has a `title` and no `name`), or the role that a prompt gives. */
const FOR_AGENTS =
  /^\s*---\n(?:(?=(?:[^\n]*\n){0,8}?name:)(?=(?:[^\n]*\n){0,8}?description:)|(?:[^\n]*\n){0,8}?(?:governance|allowed-tools|capabilities|model):)|^\s*you are (?:an? |the )[^.\n]{0,80}\b(?:assistant|agent|copilot|bot)\b/i;
const HEAD = 600;

/** Whether a page of a text tells an agent what to do: of a skill, a profile or a prompt, or where somebody plays the system. */
export function isForAgents(page: string, text: string): boolean {
  return FOR_AGENTS.test(text.slice(0, HEAD)) || TURNS.test(page);
}

/** A comment of HTML, or of Markdown. One begins anew at each `<!--`: a page of nothing else is read once. */
const VEILED = /<!--((?:(?!<!--)[\s\S]){12,1200}?)-->|^\[\/\/\]: # \(([^\n]{12,600})\)$/gm;

/** What is said to a model in such a place. */
const ORDERED: ReadonlySet<string> = new Set([
  ...["instruction-override", "model-address", "concealment", "covert-action", "secret-theft", "context-theft"],
  ...["guard-weakening", "download-and-run", "cross-tool-order"],
]);

/** The orders in what a page does not show: what would be sure of a definition is sure there. */
export function* veiledIn(text: string, at: string): Work<readonly Signal[]> {
  const all: Signal[] = [];
  for (const [, comment, note] of text.matchAll(VEILED)) {
    const veiled = comment ?? note ?? "";
    const inner = yield* signalsOf(veiled, { at, origin: "definition", beside: ["p.aside"] });
    const orders = inner.filter(
      ({ kind, isHard, weight }) => (ORDERED.has(kind) && (isHard || weight >= 1)) || kind === "shell-order",
    );
    if (orders.length === 0) continue;
    const isHard = orders.some((one) => one.isHard);
    all.push({ kind: "veiled-order", weight: 1, isHard, at, text: veiled });
    all.push(...orders.map((one) => ({ ...one, isHard: false })));
  }
  return all;
}
