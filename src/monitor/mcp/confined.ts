// Whether a server's fence has a way out for what the server is told.
import type { EgressPlan } from "#core/net";
import { isService } from "../guard/guard.ts";

/** True where nothing is reachable, or only the registries that programs are installed from: reading there tells nobody anything. */
export function isConfined({ allow, mode }: Pick<EgressPlan, "allow" | "mode">): boolean {
  return mode === "enforce" && allow.every(({ text }) => isService(text));
}
