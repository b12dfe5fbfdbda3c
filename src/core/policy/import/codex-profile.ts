// A permission profile of Codex (`[permissions.NAME]`): file access by path and network by host.
import type { Draft } from "./draft.ts";
import { addHost } from "./network.ts";
import { braced } from "./path-pattern.ts";
import { flagOf, get, shown, type Tree, textOf } from "./tree.ts";
import { always, map, none, walk } from "./walk.ts";

interface Place {
  readonly draft: Draft;
  readonly at: Tree["at"];
}

const BUILT_IN: Readonly<Record<string, string>> = { ":read-only": "read-only", ":workspace": "workspace-write" };

/** The profile `name`; a built-in one sets the sandbox mode. `tree` is the whole file, since a profile may extend another. */
export function profile(tree: Tree, name: string, { draft, at }: Place, extended: readonly string[] = []): void {
  if (name.startsWith(":")) {
    const mode = Object.hasOwn(BUILT_IN, name) ? BUILT_IN[name] : undefined;
    if (mode !== undefined) draft.add({ key: "sandbox.mode", value: mode, at });
    else
      draft.say(
        name,
        at,
        "a built-in profile there",
        "stricter here: `workspace-write`; choose another `sandbox.mode` by hand if you must",
      );
    return;
  }
  const found = get(tree, "permissions", name);
  if (found === undefined || extended.includes(name) || extended.length > 8)
    return draft.say(
      `permissions.${name}`,
      at,
      "a profile that is not in this file, or extends itself",
      "not carried over",
    );
  const prefix = `permissions.${name}`;
  walk(
    found,
    prefix,
    {
      extends: (value, _key, place) => profile(tree, textOf(value) ?? "", { draft, at: place }, [...extended, name]),
      description: () => undefined,
      filesystem: (value, key) => filesystem(value, key, draft),
      network: map(
        draft,
        {
          enabled: (value, key, place) => {
            if (flagOf(value) === true && get(found, "network", "domains") === undefined)
              draft.say(
                key,
                place,
                "the whole network is open there",
                "stricter here: name the hosts in `sandbox.network.allow`",
              );
          },
          domains: (value, key) => domains(value, key, draft, textOf(get(found, "network", "mode")) === "limited"),
          mode: () => undefined,
          allow_local_binding: () => undefined,
          unix_sockets: (value, key) => {
            walk(value, key, {}, draft, (word, full, place) => {
              if (textOf(word) === "allow")
                draft.add({
                  key: "sandbox.unixSockets",
                  value: full.slice(key.length + 1).replace(/^\//, "//"),
                  at: place,
                });
            });
          },
          dangerously_allow_all_unix_sockets: always(
            draft,
            false,
            "every Unix socket is open there",
            "stricter here: name each socket in `sandbox.unixSockets`",
          ),
        },
        none(draft, "how the proxy works there", "not carried over: the fence has a proxy of its own"),
      ),
    },
    draft,
  );
}

/** In mode `limited` only methods that read pass, for every host. */
function domains(value: Tree, key: string, draft: Draft, limited: boolean): void {
  walk(value, key, {}, draft, (word, full, at) => {
    const text = full.slice(key.length + 1).replace(/^\*\*\./, "*.");
    const decision = textOf(word);
    if (decision === "allow" || decision === "deny")
      addHost(
        {
          list: decision,
          text,
          key,
          at,
          anyPort: decision === "allow",
          ...(limited ? { methods: ["GET", "HEAD", "OPTIONS"] } : {}),
        },
        draft,
      );
    else
      draft.say(
        `${full}: ${shown(word)}`,
        at,
        "is neither allow nor deny",
        "not carried over: a host that no rule allows is refused",
      );
  });
}

const ROOTS = [":project_roots", ":workspace_roots", ":cwd"];

function filesystem(value: Tree, key: string, draft: Draft): void {
  walk(value, key, { glob_scan_max_depth: () => undefined }, draft, (access, full, at) => {
    const path = full.slice(key.length + 1);
    if (access.kind === "map") {
      const base = ROOTS.includes(path)
        ? "./"
        : /^(?:\/|~)/.test(path)
          ? `${place(path).replace(/\/+$/, "")}/`
          : undefined;
      if (base === undefined)
        return draft.say(full, at, "rules below a special folder there", "not carried over: the fence has its own");
      for (const entry of access.entries)
        one(
          entry.key === "." ? base : `${base}${entry.key.replace(/^\.\//, "")}`,
          textOf(entry.value),
          `${full}.${entry.key}`,
          { draft, at: entry.at },
        );
      return;
    }
    if (ROOTS.includes(path)) return one("./", textOf(access), full, { draft, at });
    if (path === ":root" || path === ":minimal") {
      if (path === ":root" && textOf(access) !== "deny" && textOf(access) !== "none")
        draft.say(
          full,
          at,
          "the whole disk is readable there",
          "stricter here: the fence shows the workspace, the system, toolchains and what `allowRead` names",
        );
      return;
    }
    if (path === ":tmpdir" || path === ":slash_tmp")
      return draft.say(
        `${full}: ${shown(access)}`,
        at,
        "what becomes of the temporary folder there",
        "private here: the fence has a /tmp of its own",
      );
    one(place(path), textOf(access), full, { draft, at });
  });
}

function place(path: string): string {
  if (path.startsWith("/")) return `//${path.replace(/^\/+/, "")}`;
  return path;
}

function one(path: string, access: string | undefined, key: string, { draft, at }: Place): void {
  const workspace = path === "./";
  if (access === "deny" || access === "none") {
    if (workspace)
      return draft.say(
        key,
        at,
        "the workspace is not readable there",
        "not carried over: a session without its workspace is none",
      );
    for (const form of braced(path)) draft.rule("deny", `Read(${form})`, at);
  } else if (access === "read") {
    if (workspace) draft.add({ key: "sandbox.mode", value: "read-only", at });
    else if (path.startsWith("./")) draft.add({ key: "sandbox.filesystem.denyWrite", value: path, at });
    else if (/[*?[]/.test(path))
      draft.say(key, at, "readable by a pattern there", "not carried over: the fence shows whole folders; name one");
    else draft.add({ key: "sandbox.filesystem.allowRead", value: path, at });
  } else if (access === "write") {
    if (path.startsWith("./")) return;
    if (/[*?[]/.test(path) || !/^(?:\/\/.|~\/.)/.test(path))
      draft.say(
        key,
        at,
        "writable there",
        "not carried over: name one folder by its absolute path in `sandbox.filesystem.allowWrite`",
      );
    else draft.add({ key: "sandbox.filesystem.allowWrite", value: path, at });
  } else draft.say(key, at, "an access that is not known here", "not carried over");
}
