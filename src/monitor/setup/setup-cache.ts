// The cache of one session's setup: asked before it runs, filled after it. What is decided is on record, with the reason where nothing is kept.
import type { Append, Json } from "#core/log";
import { readUpper } from "#sandbox";
import type { Prepared } from "../prepare/prepare.ts";
import { projectName } from "../prepare/project.ts";
import type { RunRequest } from "../request.ts";
import { setupKey } from "./setup-key.ts";
import { dependencyTrees } from "./setup-layer.ts";
import type { PreparedSetup } from "./setup-plan.ts";
import { findKept, forgetSetup, keepSetup, putBack } from "./setup-store.ts";

/** What it needs of the session. */
export interface SetupCacheParts {
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly setup: PreparedSetup;
  readonly append: Append;
}

/** The cache of one setup. */
export interface SetupCache {
  /** True when what an earlier setup installed is in the session's layer: nothing has to run. */
  use(): Promise<boolean>;
  /** After a setup that succeeded and was checked. */
  keep(): Promise<void>;
}

/** Made before the setup changes anything: the key speaks of the workspace as it is found. */
export function setupCache({ append, prepared, request, setup }: SetupCacheParts): SetupCache {
  const { plan, policy, paths, runtime } = prepared;
  const places = { stateDir: request.stateDir, helper: request.installation.helper };
  const project = projectName(prepared.workspace.root);
  const tell = (data: { readonly [key: string]: Json }): Promise<number> =>
    append({ type: "setup.cache", origin: "observed", data });
  const lower = plan.workspace.kind === "overlay" ? (plan.workspace.lower ?? plan.workspace.root) : undefined;
  const found =
    policy.setup.cache === "off"
      ? { why: "`setup.cache: off`" }
      : lower === undefined
        ? { why: "in this workspace the setup's changes are live" }
        : setupKey({
            ...{ lower, policy, runtime: runtime.shown.name, version: request.installation.version },
            cwd: plan.cwd.slice(prepared.workspace.root.length + 1),
            env: setup.commands[0]?.plan.env ?? {},
          });
  const key = "key" in found ? found.key : undefined;
  return {
    async use() {
      const kept = key === undefined ? undefined : findKept(places.stateDir, project, key);
      if (key === undefined || lower === undefined || kept === undefined) return false;
      const back = await putBack(places, project, kept, { upper: paths.upper, lower });
      const { bytes, files } = kept;
      const digests = Object.fromEntries(kept.trees.map(({ path, digest }) => [path, digest]));
      if (back.ok) {
        await tell({ state: "used", key, bytes, files, digests });
        return true;
      }
      await tell({ state: "damaged", key, why: back.error.message, digests });
      request.progress(`the kept setup is not used: ${back.error.message}`);
      await forgetSetup(places, project, key);
      return false;
    },
    async keep() {
      if (key === undefined || lower === undefined) {
        await tell({ state: "not-kept", why: "why" in found ? found.why : "" });
        return;
      }
      const upper = await readUpper(places.helper, paths.upper);
      const part = upper.ok ? dependencyTrees(upper.value, lower) : { why: upper.error.message };
      const kept = "why" in part ? undefined : await keepSetup(places, project, { key, ...part, upper: paths.upper });
      if (kept?.ok === true) {
        const { bytes, files, trees } = kept.value;
        await tell({
          state: "kept",
          key,
          bytes,
          files,
          digests: Object.fromEntries(trees.map((t) => [t.path, t.digest])),
        });
      } else await tell({ state: "not-kept", key, why: "why" in part ? part.why : (kept?.error.message ?? "") });
    },
  };
}
