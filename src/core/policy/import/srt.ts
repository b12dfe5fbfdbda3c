// sandbox-runtime's settings: walls for one process tree, no rules for tools. Its write list is exhaustive, its network closed by default.
import type { Problem } from "../../result.ts";
import type { Draft } from "./draft.ts";
import { readJson } from "./jsonc.ts";
import type { ImportSource } from "./source.ts";
import { sandboxFilesystem, sandboxNetwork } from "./srt-parts.ts";
import { get, type Tree, textOf } from "./tree.ts";
import { always, map, none, preferences, silent, walk } from "./walk.ts";

const REACH = { writesOnlyListed: true, toolsToo: true } as const;

/** The importer. */
export function importSrt(source: ImportSource, draft: Draft): readonly Problem[] {
  const tree = readJson(source.file, source.text);
  if (!tree.ok) return [tree.error];
  const weaker = always(
    draft,
    false,
    "weakens the sandbox there",
    "stricter here: there is no weaker fence of that name",
  );
  walk(
    tree.value,
    "",
    {
      $schema: silent,
      network: sandboxNetwork(draft, REACH),
      filesystem: sandboxFilesystem(draft, REACH),
      credentials: map(
        draft,
        { files: (value, key) => files(value, key, draft), envVars: (value, key) => variables(value, key, draft) },
        none(draft, "hands credentials to requests there", "not carried over: see `credentials` in docs/policy.md"),
      ),
      ignoreViolations: none(draft, "hides reports there", "not carried over: every refusal is recorded"),
      enableWeakerNestedSandbox: weaker,
      enableWeakerNetworkIsolation: weaker,
      allowNestedUserNamespaces: weaker,
      allowAppleEvents: weaker,
      mandatoryDenySearchDepth: none(
        draft,
        "how deep protected names are looked for there",
        "needs no rule: they are protected at any depth",
      ),
      allowPty: silent,
      ...preferences(draft, "bwrapPath", "socatPath", "seccomp", "ripgrep", "javaAgentJarPath", "windows", "git"),
    },
    draft,
  );
  return [];
}

/** Credential files: denied ones are denied here; a masked one cannot be read either. */
function files(value: Tree, key: string, draft: Draft): void {
  for (const item of value.kind === "list" ? value.items : [value]) {
    const path = textOf(get(item, "path")) ?? textOf(get(item, "name"));
    if (path === undefined) {
      draft.say(key, item.at, "names no path", "not carried over");
      continue;
    }
    const pattern = path.startsWith("/") ? `/${path}` : path;
    draft.add({ key: "sandbox.filesystem.denyRead", value: pattern, at: item.at });
    draft.rule("deny", `Read(${pattern})`, item.at, { note: "for the agent's own tools too" });
    const mode = textOf(get(item, "mode"));
    if (mode !== "deny")
      draft.say(
        `${key}: ${path}`,
        item.at,
        `${mode ?? "handled"} there, and its secret put back for named hosts`,
        "stricter here: it cannot be read at all",
      );
  }
}

/** Credential variables: the environment is built from nothing, so a denied one is gone anyway. */
function variables(value: Tree, key: string, draft: Draft): void {
  for (const item of value.kind === "list" ? value.items : [value]) {
    const name = textOf(get(item, "name")) ?? "?";
    if (textOf(get(item, "mode")) !== "deny")
      draft.say(
        `${key}: ${name}`,
        item.at,
        "masked there, and put back for named hosts",
        "stricter here: the variable is not in the fence; see `credentials` in docs/policy.md",
      );
  }
}
