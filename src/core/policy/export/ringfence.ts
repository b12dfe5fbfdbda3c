// → one policy file of our own: what is left of all layers, flattened, each line with the place it came from.
import { type DraftPart, printPolicy } from "../import/index.ts";
import { parseRule } from "../rule.ts";
import { type Exporter, patternOf } from "./native.ts";

/** The exporter. It holds every key. */
export const exportRingfence: Exporter = ({ merged }) => {
  const parts: DraftPart[] = [...merged.parts].flatMap(([key, all]) =>
    all
      .filter((part) => part.layer !== "default")
      .map(({ value, at }) => ({ key, value: key.startsWith("permissions.") ? placed(value, at.file) : value, at })),
  );
  const { text } = printPolicy(parts, ["Written by `ringfence policy export`: what is left of all layers."]);
  return { files: [{ name: ".ringfence/policy.yaml", text }], holds: [...merged.parts.keys()] };
};

/** A path rule no longer means the folder of the file that it stood in. */
function placed(value: unknown, file: string): unknown {
  if (typeof value === "object" && value !== null && "rule" in value)
    return { ...value, rule: placed(value.rule, file) };
  if (typeof value !== "string") return value;
  const rule = parseRule(value);
  if (
    !rule.ok ||
    !["Read", "Write", "Edit"].includes(rule.value.tool) ||
    !("specifier" in rule.value) ||
    rule.value.specifier === undefined
  )
    return value;
  return rule.value.specifier.startsWith("/") && !rule.value.specifier.startsWith("//")
    ? `${rule.value.tool}(${patternOf(rule.value.specifier, file)})`
    : value;
}
