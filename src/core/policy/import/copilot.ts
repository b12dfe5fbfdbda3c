// GitHub Copilot CLI: its settings.json or config.json, or a file of its flags as a script has them (facts: docs/import.md).
import type { Problem } from "../../result.ts";
import { copilotFlags } from "./copilot-flags.ts";
import type { Draft } from "./draft.ts";
import { readJson } from "./jsonc.ts";
import { addHost, webRule } from "./network.ts";
import PREFERENCES from "./preferences.json" with { type: "json" };
import type { ImportSource } from "./source.ts";
import { always, type Handlers, map, none, preferences, silent, texts, walk } from "./walk.ts";

/** The importer: JSON when the text starts like it. */
export function importCopilot(source: ImportSource, draft: Draft): readonly Problem[] {
  if (!/\.json$/i.test(source.path) && !/^\uFEFF?\s*(?:\{|\/\/|\/\*)/.test(source.text))
    return copilotFlags(source, draft);
  const tree = readJson(source.file, source.text);
  if (!tree.ok) return [tree.error];
  walk(tree.value, "", settings(draft), draft);
  return [];
}

function settings(draft: Draft): Handlers {
  const trusted = texts(draft, (text, at, key) =>
    draft.say(
      `${key}: ${text}`,
      at,
      "works there without a question",
      "needs no rule: the workspace is where `ringfence run` starts; its policy loosens only after `ringfence policy trust`",
    ),
  );
  const url = (list: "allow" | "deny"): ReturnType<typeof texts> =>
    texts(draft, (text, at, key) => webRule(list, text, key, at, draft));
  return {
    $schema: silent,
    trusted_folders: trusted,
    trustedFolders: trusted,
    allowed_urls: url("allow"),
    allowedUrls: url("allow"),
    denied_urls: url("deny"),
    deniedUrls: url("deny"),
    sandbox: map(draft, sandbox(draft)),
    disabledMcpServers: texts(draft, (name, at) => void draft.rule("deny", `mcp__${name}`, at)),
    disabled_mcp_servers: texts(draft, (name, at) => void draft.rule("deny", `mcp__${name}`, at)),
    hooks: none(
      draft,
      "runs commands of the agent's own there",
      "not carried over: keep them in the agent's settings; they run inside the fence",
    ),
    disableAllHooks: none(draft, "switches hooks off there", "not carried over: Ringfence's own hook must stay on"),
    storeTokenPlaintext: none(
      draft,
      "keeps the login in a file there",
      "not carried over: the agent's state is private to the fence",
    ),
    ...preferences(draft, ...PREFERENCES.copilot),
  };
}

function sandbox(draft: Draft): Handlers {
  const paths = (key: "allowRead" | "allowWrite" | "denyRead"): ReturnType<typeof texts> =>
    texts(draft, (text, at, full) => {
      if (!/^(?:\/.|~\/.)/.test(text) || (key !== "denyRead" && /[*?[]/.test(text))) {
        if (key === "denyRead") return void draft.rule("deny", `Read(${text.startsWith("/") ? `/${text}` : text})`, at);
        return draft.say(
          `${full}: ${text}`,
          at,
          "opened there",
          "not carried over: name one folder by its absolute path",
        );
      }
      const path = (text.startsWith("/") ? `//${text.replace(/^\/+/, "")}` : text).replace(/\/+$/, "");
      if (key === "denyRead") draft.rule("deny", `Read(${path})`, at);
      draft.add({ key: `sandbox.filesystem.${key}`, value: path, at });
    });
  return {
    enabled: always(
      draft,
      true,
      "commands run outside the agent's sandbox there",
      "stricter here: everything runs in the fence",
    ),
    allowBypass: always(
      draft,
      false,
      "a command may leave the sandbox there",
      "stricter here: nothing leaves the fence",
    ),
    addCurrentWorkingDirectory: always(
      draft,
      true,
      "the working directory is not writable there",
      "the workspace is writable here; set `sandbox.mode: read-only` if it should not be",
    ),
    allowDevToolAccess: always(
      draft,
      false,
      "caches and configuration of tools are open there",
      "stricter here: toolchains are read-only, caches private",
    ),
    sandboxMcpServers: silent,
    sandboxLspServers: silent,
    auth: none(
      draft,
      "hands logins of git and gh to the sandbox there",
      "not carried over: see `credentials` in docs/policy.md",
    ),
    credentials: none(
      draft,
      "masks credentials there, and puts them back for named hosts",
      "stricter here: they are not in the fence; see `credentials` in docs/policy.md",
    ),
    userPolicy: map(draft, {
      filesystem: map(draft, {
        readwritePaths: paths("allowWrite"),
        readonlyPaths: paths("allowRead"),
        deniedPaths: paths("denyRead"),
        clearPolicyOnExit: silent,
      }),
      network: map(draft, {
        allowOutbound: always(
          draft,
          false,
          "the whole network is open there",
          "stricter here: name the hosts in `sandbox.network.allow`",
        ),
        allowLocalNetwork: always(
          draft,
          false,
          "the local network is open there",
          "stricter here: private addresses are refused but for `allowPrivate`",
        ),
        proxy: none(draft, "names a proxy there", "not carried over: the fence has a proxy of its own"),
        allowedHosts: texts(draft, (text, at, key) => addHost({ list: "allow", text, key, at, anyPort: true }, draft)),
        blockedHosts: texts(draft, (text, at, key) => addHost({ list: "deny", text, key, at }, draft)),
      }),
    }),
  };
}
