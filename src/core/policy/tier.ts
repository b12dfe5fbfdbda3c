// What a tier does not go with (DESIGN 8): said before anything runs, never quietly put right.

import { EVERY_HOST, splitPort } from "../net/grammar.ts";
import type { Problem } from "../result.ts";
import type { Merged, Part } from "./merge.ts";

/** Words of the merged policy that its tier refuses. */
export function againstTier({ parts }: Merged): readonly Problem[] {
  const [tier] = parts.get("tier") ?? [];
  if (tier?.value !== "high") return [];
  const refused = (message: string, { at }: Part, hint: string): Problem => ({
    code: "tier-refuses",
    message: `${message}, and tier \`high\` does not go with that`,
    ...{ at, hint },
  });
  return [
    ...(parts.get("sandbox.network.mode") ?? [])
      .slice(0, 1)
      .filter(({ value }) => value === "report")
      .map((part) =>
        refused(
          "`sandbox.network.mode: report` lets pass what no rule allows",
          part,
          "use `enforce`; `ringfence policy learn SESSION` proposes rules while everything is enforced",
        ),
      ),
    ...(parts.get("sandbox.network.allow") ?? [])
      .filter(({ value }) => isEveryHost(value))
      .map((part) => refused('`host: "*"` reaches every name', part, "name the hosts")),
  ];
}

function isEveryHost(entry: unknown): boolean {
  const host = typeof entry === "object" && entry !== null && "host" in entry ? entry.host : entry;
  return typeof host === "string" && splitPort(host).name === EVERY_HOST;
}
