// Findings as a file of ours keeps them.
import { isList, isObject, type Json } from "./json.ts";
import type { Finding } from "./screen/finding.ts";

/** Findings as JSON says them, else undefined. */
export function readFindings(value: Json | undefined): readonly Finding[] | undefined {
  if (!isList(value)) return undefined;
  const findings = value.flatMap((one): readonly Finding[] => {
    const { severity, kind, at, excerpt } = isObject(one) ? one : {};
    if (severity !== "hard" && severity !== "soft") return [];
    if (typeof kind !== "string" || typeof at !== "string" || typeof excerpt !== "string") return [];
    return [{ severity, kind, at, excerpt }];
  });
  return findings.length === value.length ? findings : undefined;
}
