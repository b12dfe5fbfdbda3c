// Codex config.toml and requirements.toml: who is asked, what the sandbox lets, and permission profiles (codex-profile.ts).
import { profile } from "./codex-profile.ts";
import { prefixRule, words } from "./codex-rules.ts";
import type { Draft } from "./draft.ts";
import { environment } from "./env.ts";
import { addHost } from "./network.ts";
import { braced, isTooWide } from "./path-pattern.ts";
import PREFERENCES from "./preferences.json" with { type: "json" };
import { flagOf, get, shown, type Tree, textOf } from "./tree.ts";
import { always, type Handler, type Handlers, map, none, preferences, texts, walk } from "./walk.ts";

/** Both files; their keys do not meet. */
export function codexConfig(tree: Tree, draft: Draft): void {
  walk(tree, "", { ...config(tree, draft), ...requirements(draft) }, draft);
}

const APPROVALS = ["untrusted", "on-request", "on-failure", "never"];
const MODES = ["read-only", "workspace-write", "danger-full-access"];

function config(tree: Tree, draft: Draft): Handlers {
  const own = none(draft, "belongs to Codex itself", "has no equal here: stays in its own settings");
  const chosen = textOf(get(tree, "default_permissions"));
  return {
    approval_policy: (value, key, at) => {
      const word = textOf(value);
      if (word !== undefined && APPROVALS.includes(word)) draft.add({ key: "approvals.policy", value: word, at });
      else
        draft.say(
          `${key}: ${shown(value)}`,
          at,
          "a policy by kinds of question there",
          "not carried over: every question is asked (`on-request`)",
        );
    },
    sandbox_mode: (value, key, at) => mode(textOf(value), `${key}: ${shown(value)}`, { draft, at }),
    sandbox_workspace_write: map(draft, {
      writable_roots: texts(draft, (text, at, key) => {
        if (/^(?:\/|~)/.test(text) && isTooWide(text))
          draft.say(
            `${key}: ${text}`,
            at,
            "writable there",
            "not carried over: that is too much to be written from inside; name the one folder that is needed",
          );
        else if (/^(?:\/|~\/)/.test(text))
          draft.add({
            key: "sandbox.filesystem.allowWrite",
            value: text.startsWith("/") ? `//${text.replace(/^\/+/, "")}` : text,
            at,
          });
        else
          draft.say(
            `${key}: ${text}`,
            at,
            "writable there",
            "not carried over: name it as an absolute path in `sandbox.filesystem.allowWrite`",
          );
      }),
      network_access: always(
        draft,
        false,
        "the whole network is open there",
        "stricter here: name the hosts in `sandbox.network.allow`",
      ),
      exclude_tmpdir_env_var: always(
        draft,
        true,
        "the temporary folder is writable there",
        "private here: the fence has a /tmp of its own",
      ),
      exclude_slash_tmp: always(draft, true, "/tmp is writable there", "private here: the fence has a /tmp of its own"),
    }),
    default_permissions: (value, key, at) => {
      const name = textOf(value) ?? "";
      if (name.startsWith(":")) profile(tree, name, { draft, at });
      else if (get(tree, "permissions", name) === undefined)
        draft.say(`${key}: ${shown(value)}`, at, "names a profile that is not in this file", "not carried over");
    },
    permissions: (value, key) => {
      walk(value, key, { filesystem: map(draft, { deny_read: denyRead(draft) }) }, draft, (_inner, full, at) => {
        const name = full.slice(key.length + 1);
        if (name === chosen) profile(tree, name, { draft, at });
        else
          draft.say(
            full,
            at,
            "a profile that is not the chosen one",
            "not carried over: only `default_permissions` is",
          );
      });
    },
    shell_environment_policy: map(draft, {
      set: environment(draft),
      inherit: none(
        draft,
        "which variables commands inherit there",
        "stricter here: the environment is built from nothing; name more in `env.pass`",
      ),
      include_only: none(
        draft,
        "which variables commands keep there",
        "not carried over as patterns: name them in `env.pass`",
      ),
      exclude: none(
        draft,
        "which variables commands lose there",
        "needs no rule: the environment is built from nothing",
      ),
      ignore_default_excludes: always(
        draft,
        false,
        "secrets are inherited there",
        "stricter here: the environment is built from nothing",
      ),
      experimental_use_profile: none(
        draft,
        "runs the person's shell profile there",
        "not carried over: the home inside is fresh",
      ),
    }),
    mcp_servers: (value, key) =>
      walk(value, key, {}, draft, (server, full, at) =>
        mcpServer(server, full, full.slice(key.length + 1), { draft, at }),
      ),
    web_search: (value, key, at) => {
      if (textOf(value) === "disabled") draft.rule("deny", "web_search", at);
      else
        draft.say(
          `${key}: ${shown(value)}`,
          at,
          "the model's own web search there",
          "runs at the provider, not in the fence: nothing here can see it",
        );
    },
    tools: map(
      draft,
      {
        web_search: (value, key, at) =>
          flagOf(value) === false
            ? void draft.rule("deny", "web_search", at)
            : draft.say(
                `${key}: ${shown(value)}`,
                at,
                "the model's own web search there",
                "runs at the provider, not in the fence: nothing here can see it",
              ),
      },
      own,
    ),
    projects: map(draft, {}, (_value, key, at) =>
      draft.say(
        key,
        at,
        "whether the settings of that folder count there",
        "needs no rule: a policy inside a workspace loosens only after `ringfence policy trust`",
      ),
    ),
    hooks: none(
      draft,
      "runs commands of the agent's own there",
      "not carried over: keep them in the agent's settings; they run inside the fence",
    ),
    notify: none(
      draft,
      "a command that the agent starts by itself there",
      "not carried over: it runs inside the fence",
    ),
    features: own,
    profiles: own,
    model_providers: own,
    otel: own,
    apps: own,
    plugins: own,
    ...preferences(draft, ...PREFERENCES.codex),
  };
}

interface Place {
  readonly draft: Draft;
  readonly at: Tree["at"];
}

function mode(word: string | undefined, key: string, { draft, at }: Place): void {
  if (word === "danger-full-access")
    draft.say(
      key,
      at,
      "no sandbox at all there",
      "stricter here: `workspace-write`; choose `danger-full-access` by hand if you must",
    );
  else if (word !== undefined && MODES.includes(word)) draft.add({ key: "sandbox.mode", value: word, at });
  else draft.say(key, at, "a mode that is not known here", "not carried over: the mode is `workspace-write`");
}

function denyRead(draft: Draft): Handler {
  return texts(draft, (text, at) => {
    const pattern = text.startsWith("/")
      ? `//${text.replace(/^\/+/, "")}`
      : text.startsWith("**/")
        ? `//${text}`
        : text;
    for (const form of braced(pattern)) draft.rule("deny", `Read(${form})`, at);
  });
}

function requirements(draft: Draft): Handlers {
  const managed = none(
    draft,
    "governs the agent itself there",
    "has no equal here: keep it in the agent's requirements",
  );
  const bound = "put the policy in /etc/ringfence/policy.yaml, so that nothing below it is looser";
  return {
    allowed_approval_policies: (value, key, at) => {
      const all = value.kind === "list" ? value.items.flatMap((item) => textOf(item) ?? []) : [];
      const strict =
        ["untrusted", "on-request", "on-failure"].find((word) => all.includes(word)) ??
        (all.includes("never") ? "never" : undefined);
      const chosen = all.includes("on-request") ? "on-request" : strict;
      if (chosen !== undefined) draft.add({ key: "approvals.policy", value: chosen, at });
      draft.say(
        `${key}: ${all.join(", ")}`,
        at,
        "the policies that may be chosen there",
        `${chosen === undefined ? "not carried over" : `became \`${chosen}\``}; ${bound}`,
      );
    },
    allowed_sandbox_modes: (value, key, at) => {
      const all = value.kind === "list" ? value.items.flatMap((item) => textOf(item) ?? []) : [];
      const chosen = all.includes("workspace-write")
        ? "workspace-write"
        : all.includes("read-only")
          ? "read-only"
          : undefined;
      if (chosen !== undefined) draft.add({ key: "sandbox.mode", value: chosen, at });
      draft.say(
        `${key}: ${all.join(", ")}`,
        at,
        "the modes that may be chosen there",
        `${chosen === undefined ? "not carried over" : `became \`${chosen}\``}; ${bound}`,
      );
    },
    rules: map(draft, {
      prefix_rules: (value, key) => {
        for (const item of value.kind === "list" ? value.items : []) {
          const note = textOf(get(item, "justification"));
          // an allow by requirement is refused there
          prefixRule(
            {
              pattern: words(get(item, "pattern")),
              decision: get(item, "decision") ?? { kind: "plain", at: item.at, value: "prompt" },
              justification: note,
              at: item.at,
            },
            draft,
          );
        }
        if (value.kind !== "list") draft.say(key, value.at, `is ${shown(value)}, not a list`, "not carried over");
      },
    }),
    experimental_network: map(
      draft,
      {
        enabled: always(
          draft,
          true,
          "the network is closed there",
          "closed here too but for what `sandbox.network.allow` names",
        ),
        allowed_domains: texts(draft, (text, at, key) =>
          addHost({ list: "allow", text: text.replace(/^\*\*\./, "*."), key, at, anyPort: true }, draft),
        ),
        denied_domains: texts(draft, (text, at, key) =>
          addHost({ list: "deny", text: text.replace(/^\*\*\./, "*."), key, at }, draft),
        ),
        managed_allowed_domains_only: none(draft, "only managed hosts count there", bound),
      },
      none(draft, "how the proxy works there", "not carried over: the fence has a proxy of its own"),
    ),
    allowed_web_search_modes: (value, key, at) => {
      const all = value.kind === "list" ? value.items.flatMap((item) => textOf(item) ?? []) : [];
      if (all.every((word) => word === "disabled")) draft.rule("deny", "web_search", at);
      else
        draft.say(
          `${key}: ${all.join(", ")}`,
          at,
          "the model's own web search there",
          "runs at the provider, not in the fence: nothing here can see it",
        );
    },
    allowed_permission_profiles: managed,
    allowed_approvals_reviewers: managed,
    allow_managed_hooks_only: managed,
    allow_remote_control: managed,
    guardian_policy_config: managed,
    enforce_residency: managed,
  };
}

function mcpServer(server: Tree, key: string, name: string, { draft, at }: Place): void {
  const fit = /^[A-Za-z0-9_.-]+$/.test(name);
  if (!fit)
    return draft.say(key, at, "an MCP server there", "not carried over: no rule can hold that name; its tools ask");
  const rule = (list: "allow" | "ask" | "deny"): Handler =>
    texts(draft, (tool, place) => void draft.rule(list, `mcp__${name}__${tool}`, place));
  const start = none(
    draft,
    "how the server is started there",
    "not carried over: Codex starts it inside the fence, and its tools ask",
  );
  walk(
    server,
    key,
    {
      disabled_tools: rule("deny"),
      enabled_tools: none(
        draft,
        "the only tools of the server there",
        "stricter by asking: tools that no rule allows ask here",
      ),
      enabled: (value, full, place) =>
        (flagOf(value) === false ? void draft.rule("deny", `mcp__${name}`, place) : undefined) ?? void full,
      command: start,
      url: start,
      default_tools_approval_mode: (value, full, place) => approval(`mcp__${name}`, value, full, { draft, at: place }),
      tools: map(draft, {}, (tool, full, place) =>
        approval(`mcp__${name}__${full.slice(full.lastIndexOf(".") + 1)}`, get(tool, "approval_mode"), full, {
          draft,
          at: place,
        }),
      ),
      ...Object.fromEntries(
        [
          "args",
          "cwd",
          "startup_timeout_sec",
          "startup_timeout_ms",
          "tool_timeout_sec",
          "required",
          "scopes",
          "oauth_resource",
          "http_headers",
          "env_http_headers",
          "bearer_token_env_var",
          "env",
          "env_vars",
          "supports_parallel_tool_calls",
        ].map((part) => [part, () => undefined]),
      ),
    },
    draft,
  );
}

function approval(rule: string, value: Tree | undefined, key: string, { draft, at }: Place): void {
  const word = textOf(value);
  if (word === "approve") draft.rule("allow", rule, at);
  else if (word === "prompt") draft.rule("ask", rule, at);
  else draft.say(`${key}: ${word ?? "?"}`, at, "asked about as the tool describes itself there", "asks here");
}
