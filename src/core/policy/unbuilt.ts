// Keys that parse today and are enforced by later versions. What a policy asks for and this version cannot do is refused
// by name (`not-built`), never ignored; a value that asks for nothing passes.
import type { Problem } from "../result.ts";
import type { Merged, Part } from "./merge.ts";

type Passes = (value: unknown) => boolean;
const only =
  (...words: readonly unknown[]): Passes =>
  (value) =>
    words.includes(value);
const nothing: Passes = () => false;

/** For each key the values this version does; every other value is refused. */
const DOES: Readonly<Record<string, Passes>> = {
  "sandbox.runtime": only("auto", "process", "container", "gvisor", "kata", "microvm"),
  "sandbox.unixSockets": nothing,
  "sandbox.devices": nothing,
  "approvals.channels": (value) => Array.isArray(value) && !value.includes("desktop") && !value.includes("console"),
  "review.secrets": only("off"),
  "review.deletions": nothing,
  "review.workflows": only("off"),
  "review.packages": only("off"),
  "budget.tokens": nothing,
  "budget.costUsd": nothing,
  "budget.toolCalls": nothing,
  "budget.repeats": nothing,
};

/** What the merged policy asks for and this version cannot do. `run` refuses to start while the list is not empty. */
export function unbuiltParts(merged: Merged): readonly Problem[] {
  return Object.entries(DOES).flatMap(([key, does]) =>
    (merged.parts.get(key) ?? []).filter((part) => !does(part.value)).map((part) => notBuilt(key, part)),
  );
}

function notBuilt(key: string, part: Part): Problem {
  const words = (Array.isArray(part.value) ? part.value : [part.value]).filter((v) => typeof v !== "object");
  const shown = words.length > 0 ? `${key}: ${words.join(", ")}` : key;
  return {
    code: "not-built",
    message: `\`${shown}\` asks for something this version does not enforce yet`,
    at: part.at,
    hint: `take \`${key}\` out of the policy, or wait for the version that enforces it`,
  };
}
