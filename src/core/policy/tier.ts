// What a tier does not go with (DESIGN 8): said before anything runs, never quietly put right.
import type { Problem } from "../result.ts";
import type { Merged } from "./merge.ts";

/** Words of the merged policy that its tier refuses. */
export function againstTier({ parts }: Merged): readonly Problem[] {
  const [tier] = parts.get("tier") ?? [];
  const [mode] = parts.get("sandbox.network.mode") ?? [];
  if (tier?.value !== "high" || mode?.value !== "report") return [];
  return [
    {
      code: "tier-refuses",
      message: "`sandbox.network.mode: report` lets pass what no rule allows, and tier `high` does not go with that",
      at: mode.at,
      hint: "use `enforce`; `ringfence policy learn SESSION` proposes rules while everything is enforced",
    },
  ];
}
