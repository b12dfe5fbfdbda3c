// `filesystem` and `network` as sandbox-runtime has them; Claude Code's `sandbox` holds the same two.
import type { Span } from "../../result.ts";
import type { Draft } from "./draft.ts";
import { addHost } from "./network.ts";
import { isTooWide } from "./path-pattern.ts";
import { flagOf, get, shown, type Tree, textOf } from "./tree.ts";
import { always, type Handler, type Handlers, map, none, preferences, silent, texts, walk } from "./walk.ts";

/** How far the lists reach in the tool that is imported. */
export interface Reach {
  /** The list of writable folders is the whole list: without `.` the working directory is read-only. */
  readonly writesOnlyListed?: boolean;
  /** What is denied to processes is denied to the agent's own file and web tools too. */
  readonly toolsToo?: boolean;
}

interface PathEntry {
  readonly text: string;
  readonly at: Span;
}

/** `filesystem`. */
export function sandboxFilesystem(draft: Draft, reach: Reach = {}): Handler {
  return (value, key) => {
    const lists = { denyRead: [], allowRead: [], allowWrite: [], denyWrite: [] } as Record<string, PathEntry[]>;
    const collect = (name: string): Handlers => ({
      [name]: (list, full) => {
        for (const item of list.kind === "list" ? list.items : [list]) {
          const literal = flagOf(get(item, "literal")) === true;
          const text = textOf(item) ?? textOf(get(item, "path"));
          if (text === undefined || text.trim() === "")
            draft.say(full, item.at, `holds ${shown(item)} where a path belongs`, "not carried over");
          else if (literal && /[*?[\]]/.test(text))
            lists[name]?.push({ text: text.replace(/[*?[\]]/g, "?"), at: item.at });
          else lists[name]?.push({ text: text.trim(), at: item.at });
        }
      },
    });
    walk(
      value,
      key,
      {
        ...collect("denyRead"),
        ...collect("allowRead"),
        ...collect("allowWrite"),
        ...collect("denyWrite"),
        disabled: always(draft, false, "switches the file walls off there", "stricter here: they are always on"),
        allowGitConfig: always(
          draft,
          false,
          "lets commands write .git/config there",
          "stricter here: it is private to the fence, and plain changes are merged at the end",
        ),
        allowManagedReadPathsOnly: none(
          draft,
          "only managed paths count there",
          "put the policy in /etc/ringfence/policy.yaml: a list that gives is whole where the managed file sets it",
        ),
      },
      draft,
    );
    reads(lists["denyRead"] ?? [], lists["allowRead"] ?? [], key, draft, reach);
    writes(
      lists["allowWrite"] ?? [],
      lists["denyWrite"] ?? [],
      { key, writable: get(value, "allowWrite"), reach },
      draft,
    );
  };
}

function reads(
  denied: readonly PathEntry[],
  allowed: readonly PathEntry[],
  key: string,
  draft: Draft,
  reach: Reach,
): void {
  for (const { text, at } of denied) {
    const path = placed(text);
    const below = allowed.some((a) => isBelow(placed(a.text), path));
    if (path === "~" || path === "//" || below) {
      draft.say(
        `${key}.denyRead: ${text}`,
        at,
        below ? "denied there but for what allowRead names below it" : "denied there as a whole",
        "needs no rule: of the disk the fence shows the workspace, the system, toolchains and what allowRead names",
      );
      continue;
    }
    draft.add({ key: "sandbox.filesystem.denyRead", value: path, at });
    if (reach.toolsToo) draft.rule("deny", `Read(${path})`, at, { note: "for the agent's own tools too" });
  }
  for (const { text, at } of allowed) {
    const path = placed(text);
    if (isWorkspace(path)) continue;
    if (/[*?[]/.test(path))
      draft.say(
        `${key}.allowRead: ${text}`,
        at,
        "a pattern of readable paths there",
        "not carried over: the fence shows whole folders; name one",
      );
    else if (path === "~" || path === "//")
      draft.say(
        `${key}.allowRead: ${text}`,
        at,
        "readable as a whole there",
        "not carried over: name the folders that are needed",
      );
    else draft.add({ key: "sandbox.filesystem.allowRead", value: path, at });
  }
}

function writes(
  allowed: readonly PathEntry[],
  denied: readonly PathEntry[],
  from: { readonly key: string; readonly writable: Tree | undefined; readonly reach: Reach },
  draft: Draft,
): void {
  const { key, writable, reach } = from;
  if (reach.writesOnlyListed && writable !== undefined && !allowed.some((a) => ["./", "."].includes(placed(a.text)))) {
    draft.add({
      key: "sandbox.mode",
      value: "read-only",
      at: writable.at,
      note: "allowWrite does not name the working directory",
    });
    for (const { text, at } of allowed)
      if (isWorkspace(placed(text)))
        draft.say(
          `${key}.allowWrite: ${text}`,
          at,
          "the only writable part of the working directory there",
          "stricter here: the workspace is written as a whole or not at all, so it is read-only",
        );
  }
  for (const { text, at } of allowed) {
    const path = placed(text);
    if (isWorkspace(path)) continue;
    const say = (here: string): void => draft.say(`${key}.allowWrite: ${text}`, at, "writable there", here);
    if (/^\/\/(?:private\/)?(?:var\/)?tmp(?:\/|$)|^\/\/dev\//.test(path))
      say("private here: the fence has a /tmp and a /dev of its own");
    else if (/[*?[]/.test(path)) say("not carried over: the fence opens whole folders; name one");
    else if (isTooWide(path))
      say("not carried over: that is too much to be written from inside; name the one folder that is needed");
    else draft.add({ key: "sandbox.filesystem.allowWrite", value: path, at });
  }
  for (const { text, at } of denied) {
    const path = placed(text);
    draft.add({ key: "sandbox.filesystem.denyWrite", value: path, at });
    if (reach.toolsToo) draft.rule("deny", `Edit(${path})`, at, { note: "for the agent's own tools too" });
  }
}

/** Paths there: absolute, `~/…`, or from the working directory; never "at any depth". */
function placed(text: string): string {
  const path = text.length > 1 ? text.replace(/\/+$/, "") : text;
  if (path === "" || path === "/") return "//";
  if (path.startsWith("/")) return `//${path.replace(/^\/+/, "")}`;
  if (path === "~" || path.startsWith("~/")) return path;
  const home = /^\$\{?HOME\}?(?:\/(.*))?$/.exec(path);
  if (home !== null) return home[1] === undefined ? "~" : `~/${home[1]}`;
  return path === "." || path.startsWith("./") || path.startsWith("**/") ? path : `./${path}`;
}

function isWorkspace(path: string): boolean {
  return path === "." || (!path.startsWith("/") && !path.startsWith("~") && !/(?:^|\/)\.\.(?:\/|$)/.test(path));
}

function isBelow(path: string, folder: string): boolean {
  if (folder === "//" || folder === ".") return true;
  return (
    path === folder || path.startsWith(`${folder}/`) || (folder === "~" && (path.startsWith("~/") || isWorkspace(path)))
  );
}

/** `network`. */
export function sandboxNetwork(draft: Draft, reach: Reach = {}): Handler {
  const hosts = (list: "allow" | "deny"): Handler =>
    texts(draft, (text, at, key) => {
      addHost({ list, text, key, at, anyPort: true }, draft);
      const domain = /^[^:/\s]+$/.test(text) ? text : undefined;
      if (reach.toolsToo && list === "deny" && domain !== undefined)
        draft.rule("deny", `WebFetch(domain:${domain})`, at, { note: "for the agent's own tools too" });
    });
  const proxy = none(draft, "names a proxy there", "not carried over: the fence has a proxy of its own");
  return map(draft, {
    allowedDomains: hosts("allow"),
    deniedDomains: hosts("deny"),
    deniedDomainReasons: silent,
    strictAllowlist: always(
      draft,
      true,
      "other hosts may be asked about there",
      "stricter here: a host that no rule allows is refused",
    ),
    allowManagedDomainsOnly: none(
      draft,
      "only managed hosts count there",
      "put the policy in /etc/ringfence/policy.yaml: a list that gives is whole where the managed file sets it",
    ),
    allowUnixSockets: texts(draft, (text, at) =>
      draft.add({
        key: "sandbox.unixSockets",
        value: text.startsWith("/") ? `//${text.replace(/^\/+/, "")}` : text,
        at,
      }),
    ),
    allowAllUnixSockets: always(
      draft,
      false,
      "opens every Unix socket there",
      "stricter here: name each socket in `sandbox.unixSockets`",
    ),
    allowLocalBinding: silent,
    allowMachLookup: none(draft, "opens services of macOS there", "has no equal on Linux"),
    deniedResolvedAddresses: none(
      draft,
      "refuses addresses after resolution there",
      "needs no rule: every address that is not public is refused after resolution",
    ),
    refuseOpaqueTunnels: always(
      draft,
      true,
      "lets unknown protocols through a tunnel there",
      "stricter here: tunnels that are not TLS need a rule with a port",
    ),
    requireHostMatch: always(
      draft,
      true,
      "does not compare SNI, Host and CONNECT there",
      "stricter here: they must agree",
    ),
    httpProxyPort: proxy,
    socksProxyPort: proxy,
    mitmProxy: proxy,
    parentProxy: proxy,
    tlsTerminate: none(draft, "opens TLS to look inside there", "not carried over: needs method and path rules"),
    ...preferences(draft, "allowPlaintextHeaderSet", "stripResponseHeaders", "ambiguousRequestTarget", "filterRequest"),
  });
}
