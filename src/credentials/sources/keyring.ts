// The desktop's keyring (Secret Service), asked by `secret-tool`, which is part of libsecret.
import { existsSync } from "node:fs";
import { err, ok } from "#core";
import { Secret } from "../secret.ts";
import { printed } from "./run.ts";
import type { Source, SourceDeps } from "./source.ts";

const TOOL = "/usr/bin/secret-tool";
/** Long enough for a person to unlock it. */
const TIMEOUT_MS = 60_000;

/** Looks an item up by its attributes. `tool` is for tests. */
export function openKeyring(
  { attributes }: { readonly attributes: Readonly<Record<string, string>> },
  deps: SourceDeps,
  tool: string = TOOL,
): Source {
  return {
    fetch: async () => {
      if (!existsSync(tool))
        return err({
          code: "credential-keyring",
          message: "the keyring is read by `secret-tool`, which is not installed",
          hint: "apt-get install libsecret-tools",
        });
      const argv = [tool, "lookup", ...Object.entries(attributes).flat()];
      const text = await printed({ argv, timeoutMs: TIMEOUT_MS, pass: ["DISPLAY", "WAYLAND_DISPLAY"] }, deps);
      if (text.ok) return ok(new Secret({ value: text.value }));
      return err({ ...text.error, hint: `try it: secret-tool lookup ${Object.keys(attributes).join(" … ")} …` });
    },
  };
}
