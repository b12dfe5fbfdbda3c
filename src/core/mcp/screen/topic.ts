// What a tool is about, from its name and its server's: a tool for SSH speaks of keys, one for mail of recipients, and neither is a thief for it.
// Only what is soft is weighed by it: a name is the server's own word.
import type { Signal } from "./signal.ts";
import table from "./topics.json" with { type: "json" };

const TOPICS: Readonly<Record<string, RegExp>> = Object.fromEntries(
  Object.entries(table).map(([topic, pattern]) => [topic, new RegExp(pattern, topic === "pure" ? "" : "i")]),
);

/** The kinds of sign that each topic explains. */
const EXPLAINS: Readonly<Record<string, readonly string[]>> = {
  keeper: ["secret-theft"],
  memory: ["persistence"],
  recall: ["session-order"],
  models: ["context-theft", "sink-parameter", "model-address"],
  mail: ["cross-tool-order"],
  guards: ["shell-order"],
};

/** What is left of a sign that the tool's own subject explains. */
const EXPLAINED = 0.45;

/** A topic of the table. */
export type Topic = keyof typeof table;

/** Whether a name is of that topic. */
export function isAbout(topic: Topic, names: string): boolean {
  return TOPICS[topic]?.test(names) ?? false;
}

/** The signs as they weigh in a tool of these names. */
export function weighed(signals: readonly Signal[], names: string): readonly Signal[] {
  return signals.map((signal) =>
    !signal.isHard &&
    Object.entries(EXPLAINS).some(([topic, kinds]) => kinds.includes(signal.kind) && TOPICS[topic]?.test(names))
      ? { ...signal, weight: signal.weight * EXPLAINED }
      : signal,
  );
}
