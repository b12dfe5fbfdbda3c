// Whatever a program of the person's prints: `gh auth token`, `op read …`, `pass show …`. Only a trusted layer of the policy names one (PERM-6).
import { ok } from "#core";
import { Secret } from "../secret.ts";
import { type Printing, printed } from "./run.ts";
import type { Source, SourceDeps } from "./source.ts";

/** Runs it at each fetch. */
export function openCommand(wish: Printing, deps: SourceDeps): Source {
  return {
    fetch: async () => {
      const text = await printed(wish, deps);
      return text.ok ? ok(new Secret({ value: text.value })) : text;
    },
  };
}
