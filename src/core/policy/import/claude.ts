// Claude Code's settings.json, settings.local.json and managed-settings.json (permissions, sandbox, env; facts: docs/import.md).
import type { Problem } from "../../result.ts";
import { joinPath } from "../../shell/index.ts";
import { importClaudeRule } from "./claude-rule.ts";
import type { Draft, RuleList } from "./draft.ts";
import { environment } from "./env.ts";
import { addFolder } from "./folder.ts";
import { readJson } from "./jsonc.ts";
import { baseOf } from "./path-pattern.ts";
import PREFERENCES from "./preferences.json" with { type: "json" };
import type { ImportSource } from "./source.ts";
import { sandboxFilesystem, sandboxNetwork } from "./srt-parts.ts";
import { textOf } from "./tree.ts";
import { always, type Handlers, map, none, preferences, silent, texts, walk } from "./walk.ts";

const MODES = ["default", "acceptEdits", "plan", "auto", "dontAsk", "bypassPermissions"];

/** The importer. */
export function importClaude(source: ImportSource, draft: Draft): readonly Problem[] {
  const tree = readJson(source.file, source.text);
  if (!tree.ok) return [tree.error];
  walk(tree.value, "", { ...permissionKeys(source, draft), ...otherKeys(draft), ...managedKeys(draft) }, draft);
  return [];
}

function permissionKeys(source: ImportSource, draft: Draft): Handlers {
  const base = baseOf(source.path, source.home, [".claude"]);
  const rules = (list: RuleList): Handlers => ({
    [list]: texts(draft, (text, at) => importClaudeRule({ list, text, at, base }, draft)),
  });
  const permissions = map(draft, {
    ...rules("allow"),
    ...rules("ask"),
    ...rules("deny"),
    defaultMode: (value, key, at) => {
      const mode = textOf(value) === "manual" ? "default" : textOf(value);
      if (mode !== undefined && MODES.includes(mode)) draft.add({ key: "permissions.mode", value: mode, at });
      else draft.say(key, at, "a mode that is not known here", "not carried over: the mode is `default`");
    },
    additionalDirectories: texts(draft, (text, at, key) => {
      const project = base === "./" ? source.path.replace(/\/[^/]+\/[^/]+$/, "") : undefined;
      addFolder(/^[/~]/.test(text) || project === undefined ? text : joinPath(project, text), key, at, draft);
    }),
    disableBypassPermissionsMode: (value, key, at) => {
      if (textOf(value) === "disable")
        draft.add({ key: "permissions.disableBypassPermissionsMode", value: "disable", at });
      else draft.say(key, at, "a word that is not known here", "not carried over; the word is `disable`");
    },
    disableAutoMode: none(
      draft,
      "switches the mode auto off there",
      "set `permissions.mode` in /etc/ringfence/policy.yaml: lower layers cannot loosen it",
    ),
  });
  return { permissions };
}

/** Keys that any settings file may hold. */
function otherKeys(draft: Draft): Handlers {
  const disabled = texts(draft, (name, at) => void denyServer(name, at.file, draft, at));
  return {
    $schema: silent,
    env: environment(draft),
    sandbox: map(draft, {
      enabled: always(
        draft,
        true,
        "commands run outside the agent's sandbox there",
        "stricter here: everything runs in the fence",
      ),
      failIfUnavailable: always(
        draft,
        true,
        "without a sandbox commands run anyway there",
        "stricter here: without a fence nothing runs",
      ),
      allowUnsandboxedCommands: always(
        draft,
        false,
        "a command may leave the sandbox there",
        "stricter here: nothing leaves the fence",
      ),
      autoAllowBashIfSandboxed: always(
        draft,
        false,
        "sandboxed commands need no rule there",
        "stricter here: rules are asked in the fence too; allow what should pass",
      ),
      excludedCommands: texts(draft, (text, at, key) =>
        draft.say(
          `${key}: ${text}`,
          at,
          "runs outside the sandbox there",
          "stricter here: nothing runs outside the fence",
        ),
      ),
      filesystem: sandboxFilesystem(draft),
      network: sandboxNetwork(draft),
      credentials: none(
        draft,
        "hides or masks credentials there",
        "needs no rule: no credential is in the fence unless the policy hands it in",
      ),
      ignoreViolations: none(draft, "hides reports there", "not carried over: every refusal is recorded"),
      enableWeakerNestedSandbox: always(
        draft,
        false,
        "weakens the sandbox there",
        "stricter here: there is no weaker fence of that name",
      ),
      enableWeakerNetworkIsolation: always(
        draft,
        false,
        "weakens the sandbox there",
        "stricter here: there is no weaker fence of that name",
      ),
      allowAppleEvents: always(
        draft,
        false,
        "lets commands script other programs there",
        "stricter here: the fence has no such door",
      ),
      ...preferences(draft, "ripgrep", "bwrapPath", "socatPath", "seccomp"),
    }),
    hooks: (value, key, at) => {
      const events = value.kind === "map" ? value.entries : [];
      for (const event of events)
        draft.say(
          `${key}.${event.key}`,
          event.at,
          "runs commands of the agent's own there",
          "not carried over: keep them in the agent's settings; they run inside the fence",
        );
      if (events.length === 0) draft.say(key, at, "holds no hooks", "not carried over");
    },
    disabledMcpjsonServers: disabled,
    enabledMcpjsonServers: texts(draft, (text, at, key) =>
      draft.say(
        `${key}: ${text}`,
        at,
        "starts that server without a question there",
        "not carried over: each tool asks; allow `mcp__SERVER__TOOL`",
      ),
    ),
    enableAllProjectMcpServers: always(
      draft,
      false,
      "starts every server of the project there",
      "stricter here: each tool asks",
    ),
    ...Object.fromEntries(
      [
        "apiKeyHelper",
        "awsAuthRefresh",
        "awsCredentialExport",
        "gcpAuthRefresh",
        "otelHeadersHelper",
        "statusLine",
        "fileSuggestion",
      ].map((key) => [
        key,
        none(
          draft,
          "a command that the agent starts by itself there",
          "not carried over: it runs inside the fence, if its program is there",
        ),
      ]),
    ),
    disableAllHooks: none(draft, "switches hooks off there", "not carried over: Ringfence's own hook must stay on"),
    ...preferences(draft, ...PREFERENCES.claude),
  };
}

/** Keys that only count in the managed file there. */
function managedKeys(draft: Draft): Handlers {
  const managed =
    "put the policy in /etc/ringfence/policy.yaml: a list that gives is whole where the managed file sets it";
  return {
    allowManagedPermissionRulesOnly: none(
      draft,
      "only managed rules count there",
      `${managed} (write \`allow: []\` for none)`,
    ),
    allowManagedHooksOnly: none(
      draft,
      "only managed hooks run there",
      "has no equal: hooks of the agent run inside the fence and cannot loosen it",
    ),
    allowManagedMcpServersOnly: none(
      draft,
      "only managed servers start there",
      "has no equal yet: MCP tools ask unless a rule allows them",
    ),
    allowedMcpServers: none(
      draft,
      "the servers that may start there",
      "has no equal yet: allow their tools with `mcp__SERVER`; the others ask",
    ),
    deniedMcpServers: (value, key, at) => {
      for (const item of value.kind === "list" ? value.items : []) {
        const name = item.kind === "map" ? textOf(item.entries.find((e) => e.key === "serverName")?.value) : undefined;
        if (name !== undefined) denyServer(name, key, draft, item.at);
        else
          draft.say(
            key,
            item.at,
            "denies a server by its command or address there",
            "not carried over: name it, `deny: [mcp__SERVER]`; unknown servers ask",
          );
      }
      if (value.kind !== "list") draft.say(key, at, "is no list", "not carried over");
    },
    ...Object.fromEntries(
      [
        "allowAllClaudeAiMcps",
        "allowedChannelPlugins",
        "blockedMarketplaces",
        "channelsEnabled",
        "disableCommandPluginSources",
        "disableSideloadFlags",
        "forceRemoteSettingsRefresh",
        "parentSettingsBehavior",
        "pluginSuggestionMarketplaces",
        "pluginTrustMessage",
        "policyHelper",
        "strictKnownMarketplaces",
        "strictPluginOnlyCustomization",
        "allowedHttpHookUrls",
        "httpHookAllowedEnvVars",
        "disableAutoMode",
        "disableBypassPermissionsMode",
      ].map((key) => [
        key,
        none(draft, "governs the agent itself there", "has no equal here: keep it in the agent's managed settings"),
      ]),
    ),
  };
}

function denyServer(name: string, key: string, draft: Draft, at: Parameters<Draft["say"]>[1]): void {
  if (/^[A-Za-z0-9_.-]+$/.test(name)) draft.rule("deny", `mcp__${name}`, at);
  else
    draft.say(
      `${key}: ${name}`,
      at,
      "denied there",
      "not carried over: no rule can hold that name; unknown servers ask",
    );
}
