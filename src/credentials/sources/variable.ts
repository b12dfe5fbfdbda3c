// A variable of the caller's environment.
import { err, ok } from "#core";
import { Secret } from "../secret.ts";
import type { Source, SourceDeps } from "./source.ts";

/** Reads it by name. */
export function openVariable({ env: name }: { readonly env: string }, deps: Pick<SourceDeps, "env">): Source {
  return {
    fetch: async () => {
      const value = deps.env[name];
      if (value !== undefined && value !== "") return ok(new Secret({ value }));
      return err({
        code: "credential-missing",
        message: `the variable \`${name}\` is not set`,
        hint: `export ${name} in the shell that starts ringfence, or take the credential out`,
      });
    },
  };
}
