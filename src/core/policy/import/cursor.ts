// Cursor: permissions.json (allow lists that are only a convenience there), sandbox.json, and cli-config.json / cli.json (facts: docs/import.md).
import type { Problem, Span } from "../../result.ts";
import type { Draft, RuleList } from "./draft.ts";
import { readJson } from "./jsonc.ts";
import { addHost } from "./network.ts";
import { allowPattern, braced, isCommon } from "./path-pattern.ts";
import PREFERENCES from "./preferences.json" with { type: "json" };
import { bashRule, splitWords } from "./shell-words.ts";
import type { ImportSource } from "./source.ts";
import { flagOf, shown, textOf } from "./tree.ts";
import { always, type Handler, type Handlers, map, none, preferences, silent, texts, walk } from "./walk.ts";

/** The importer. The three files share no key, so one table reads them all. */
export function importCursor(source: ImportSource, draft: Draft): readonly Problem[] {
  const tree = readJson(source.file, source.text);
  if (!tree.ok) return [tree.error];
  walk(tree.value, "", { $schema: silent, version: silent, ...lists(draft), ...sandbox(draft), ...cli(draft) }, draft);
  return [];
}

/** permissions.json. */
function lists(draft: Draft): Handlers {
  return {
    terminalAllowlist: texts(draft, (text, at, key) => shell("allow", text, `${key}: ${text}`, at, draft)),
    mcpAllowlist: texts(draft, (text, at, key) => mcp("allow", text, `${key}: ${text}`, at, draft)),
    autoRun: map(
      draft,
      {
        allow_instructions: none(
          draft,
          "tells a model what may pass there",
          "not carried over: rules decide here, not sentences",
        ),
        block_instructions: none(
          draft,
          "tells a model what to hold there",
          "not carried over as sentences: write `ask` or `deny` rules",
        ),
      },
      none(draft, "how much runs by itself there", "not carried over: see `permissions.mode`"),
    ),
  };
}

/** sandbox.json. */
function sandbox(draft: Draft): Handlers {
  const folders = (key: "allowRead" | "allowWrite"): Handler =>
    texts(draft, (text, at, full) => {
      if (!/^(?:\/.|~\/.)/.test(text) || /[*?[]/.test(text))
        return draft.say(
          `${full}: ${text}`,
          at,
          "opened there",
          "not carried over: name one folder by its absolute path",
        );
      draft.add({
        key: `sandbox.filesystem.${key}`,
        value: (text.startsWith("/") ? `//${text.replace(/^\/+/, "")}` : text).replace(/\/+$/, ""),
        at,
      });
    });
  return {
    type: (value, key, at) => {
      const mode = { workspace_readwrite: "workspace-write", workspace_readonly: "read-only" }[textOf(value) ?? ""];
      if (mode !== undefined) draft.add({ key: "sandbox.mode", value: mode, at });
      else
        draft.say(
          `${key}: ${shown(value)}`,
          at,
          textOf(value) === "insecure_none" ? "no sandbox at all there" : "a sandbox that is not known here",
          "stricter here: `workspace-write`",
        );
    },
    additionalReadwritePaths: folders("allowWrite"),
    additionalReadonlyPaths: folders("allowRead"),
    additionalReadPaths: folders("allowRead"),
    readBoundary: none(
      draft,
      "what may be read there",
      "of the disk the fence shows the workspace, the system, toolchains and what `allowRead` names",
    ),
    disableTmpWrite: always(
      draft,
      true,
      "the temporary folder is writable there",
      "private here: the fence has a /tmp of its own",
    ),
    enableSharedBuildCache: always(
      draft,
      false,
      "caches are shared with the host there",
      "stricter here: caches are private",
    ),
    networkPolicy: map(draft, {
      default: (value, key, at) => {
        if (textOf(value) !== "deny")
          draft.say(
            `${key}: ${shown(value)}`,
            at,
            "what no list names is open there",
            "stricter here: a host that no rule allows is refused",
          );
      },
      allow: texts(draft, (text, at, key) => addHost({ list: "allow", text, key, at, anyPort: true }, draft)),
      deny: texts(draft, (text, at, key) => {
        addHost({ list: "deny", text, key, at }, draft);
        if (/^[A-Za-z0-9.*-]+$/.test(text) && text !== "*")
          draft.rule("deny", `WebFetch(domain:${text})`, at, { note: "for the agent's own tools too" });
      }),
    }),
  };
}

/** cli-config.json and .cursor/cli.json. */
function cli(draft: Draft): Handlers {
  const rules = (list: RuleList): Handlers => ({
    [list]: texts(draft, (text, at, key) => rule(list, text, `${key}: ${text}`, at, draft)),
  });
  return {
    permissions: map(draft, { ...rules("allow"), ...rules("deny") }),
    approvalMode: (value, key, at) => {
      if (textOf(value) !== "allowlist")
        draft.say(
          `${key}: ${shown(value)}`,
          at,
          "how much runs by itself there",
          "not carried over: what no rule allows asks",
        );
    },
    sandbox: map(draft, {
      mode: (value, key, at) => {
        if (textOf(value) !== "enabled")
          draft.say(
            `${key}: ${shown(value)}`,
            at,
            "commands run outside the agent's sandbox there",
            "stricter here: everything runs in the fence",
          );
      },
      networkAccess: (value, key, at) => {
        if (flagOf(value) !== false && textOf(value) !== "allowlist")
          draft.say(
            `${key}: ${shown(value)}`,
            at,
            "how far the network is open there",
            "stricter here: name the hosts in `sandbox.network.allow`",
          );
      },
    }),
    hooks: none(
      draft,
      "runs commands of the agent's own there",
      "not carried over: keep them in the agent's settings; they run inside the fence",
    ),
    ...preferences(draft, ...PREFERENCES.cursor),
  };
}

/** `Shell(ls)`, `Read(src/**)`, `Write(**)`, `WebFetch(*.x.org)`, `Mcp(server:tool)`. */
function rule(list: RuleList, text: string, label: string, at: Span, draft: Draft): void {
  const match = /^([A-Za-z]+)\(([\s\S]*)\)$/.exec(text.trim());
  const [, kind, raw = ""] = match ?? [];
  const inner = raw.trim();
  const done = list === "allow" ? "allowed there" : "denied there";
  switch (kind?.toLowerCase()) {
    case "shell":
      return shell(list, inner, label, at, draft);
    case "mcp":
      return mcp(list, inner, label, at, draft);
    case "webfetch": {
      if (inner === "*" && list === "allow") return void draft.rule("allow", "WebFetch", at);
      return void draft.rule(
        list,
        inner === "*" ? "WebFetch" : `WebFetch(domain:${inner.replace(/^https?:\/\//, "").replace(/[:/].*$/s, "")})`,
        at,
      );
    }
    case "read":
    case "write": {
      const tool = kind?.toLowerCase() === "read" ? "Read" : "Edit";
      if (inner === "") return draft.say(label, at, done, "not carried over: it names no path");
      const forms = list === "allow" ? [inner] : braced(inner);
      if (!forms.every(isCommon) && !(forms.length > 1 && forms.slice(1).every(isCommon))) {
        const why = "a pattern here has no negation, escape, brace or extended glob";
        if (list === "allow") return draft.say(label, at, done, `not carried over: ${why}`);
        draft.say(label, at, done, `became \`${tool}\` as a whole: ${why}`);
        return void draft.rule(list, tool, at);
      }
      for (const form of forms) {
        const path = form.startsWith("/") ? `/${form}` : form;
        draft.rule(list, `${tool}(${list === "allow" ? allowPattern(path) : path})`, at);
      }
      return;
    }
    default:
      return draft.say(label, at, done, "not carried over: a rule of a kind that is not known here");
  }
}

/** A command, with everything that may follow; `curl:*` and `npm:install` name the arguments behind a colon. */
function shell(list: RuleList, text: string, label: string, at: Span, draft: Draft): void {
  if (text.trim() === "*" || text.trim() === "**") return void draft.rule(list, "Bash", at);
  const colon = /^([^\s:]+):(.*)$/s.exec(text.trim());
  const spelled = colon === null ? text.trim() : `${colon[1]} ${colon[2]}`;
  const plain = spelled.replace(/(?:\s+|(?<=\s))\*+$/, "").trim();
  if (/[*?]/.test(plain)) {
    if (list === "allow")
      return draft.say(
        label,
        at,
        "allowed by a pattern there",
        "not carried over: write the words of the command, then ` *`",
      );
    return void draft.rule(list, `Bash(${plain.replaceAll("?", "*")}*)`, at, { note: `was ${text}` });
  }
  const words = splitWords(plain);
  const made = words === undefined ? undefined : bashRule(words, true);
  if (made === undefined)
    return draft.say(
      label,
      at,
      list === "allow" ? "allowed there" : "denied there",
      "not carried over: no rule can hold that command",
    );
  draft.rule(list, made, at);
}

/** `server:tool`, `server:*`, `*:*`. */
function mcp(list: RuleList, text: string, label: string, at: Span, draft: Draft): void {
  const match = /^([A-Za-z0-9_.*-]+):([A-Za-z0-9_.*-]+)$/.exec(text.trim());
  const [, server, tool] = match ?? [];
  if (server === undefined || tool === undefined)
    return draft.say(
      label,
      at,
      list === "allow" ? "allowed there" : "denied there",
      "not carried over: it is not of the form `server:tool`",
    );
  if (server.includes("*") && list === "allow")
    return draft.say(label, at, "allowed for every server there", "not carried over: name the server");
  draft.rule(list, tool === "*" ? `mcp__${server}` : `mcp__${server}__${tool}`, at);
}
