// What of the host is seen inside (DESIGN 8): a short list, built from nothing. Pure: the facts about this host come in,
// the ordered mounts go out. What no line here names does not exist in the fence.
import type { Mount } from "./plan.ts";
import view from "./view.json" with { type: "json" };

/** What was found on this host, by looking (`sandbox/host-facts.ts`). Every path absolute. */
export interface HostFacts {
  readonly home: string;
  /** The caller's PATH, split; entries may be anything. */
  readonly path: readonly string[];
  /** Existing candidates of `viewCandidates`: folders and files as such, links with their target as written. */
  readonly present: ReadonlyMap<string, { readonly link: string | undefined }>;
  /** Files with credential names found in toolchain folders: an empty file covers each. */
  readonly credentialFiles: readonly string[];
}

/** Folders that one session owns and that become the writable places besides the workspace. */
export interface SessionFolders {
  readonly home: string;
  readonly tmp: string;
  /** Cache or state folders kept between sessions: host folder → place inside, as `~/…` or absolute. */
  readonly kept: readonly { readonly source: string; readonly target: string }[];
  /** The session's copies of a toolchain's starters, which its version manager writes anew: they lie over it. */
  readonly shims: readonly { readonly source: string; readonly target: string }[];
}

/** The one user that exists inside. */
export interface InsideUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

const HOME_PREFIX = /^~(?=\/)/;

/** `~/x` → `/home/me/x`; anything else unchanged. */
export function expandHome(path: string, home: string): string {
  return path.replace(HOME_PREFIX, home);
}

/** Every path that `HostFacts.present` must answer for; the last ones depend on the caller's PATH. */
export function viewCandidates(home: string, path: readonly string[]): readonly string[] {
  return [
    ...view.system,
    ...view.kernel,
    ...view.etc.map((name) => `/etc/${name}`),
    ...view.covered,
    ...view.toolchains.map((toolchain) => expandHome(toolchain.path, home)),
    ...optFolders(path),
  ];
}

/** Names that a toolchain folder must not show, for example `credentials.toml`. */
export const credentialNames: readonly string[] = view.credentialNames;

/** Per-project caches (`caches: private`): a name for the host folder and the place inside. */
export const cachePlaces: readonly { readonly name: string; readonly path: string }[] = view.caches;

/** Toolchain folders of this home, expanded. */
export function toolchainFolders(home: string): readonly string[] {
  return view.toolchains.map((toolchain) => expandHome(toolchain.path, home));
}

/** Folders of starters that a version manager writes anew after an install (`pyenv rehash`), expanded. */
export function shimFolders(home: string): readonly string[] {
  return view.shims.map((path) => expandHome(path, home));
}

/** `/opt/NAME` for each entry of PATH below /opt: software outside the system folders is seen only when it is used. */
function optFolders(path: readonly string[]): readonly string[] {
  const names = path.flatMap((entry) => /^\/opt\/[^/]+(?=\/|$)/.exec(entry)?.[0] ?? []);
  return [...new Set(names)];
}

/** True for folders that can never be a workspace: whole systems, everybody's homes. */
export function isNeverWorkspace(path: string): boolean {
  return view.notWorkspaces.includes(path) || /^\/(proc|sys|dev)(\/|$)/.test(path);
}

/** The mounts in order. Later ones lie over earlier ones; the workspace and its masks come after all of these. */
export function viewMounts(facts: HostFacts, folders: SessionFolders, user: InsideUser): readonly Mount[] {
  const seen = (path: string): Mount[] => {
    const found = facts.present.get(path);
    if (found === undefined) return [];
    // Only the system's own top-level links (/bin → usr/bin) are recreated; every other link is followed when bound.
    return found.link !== undefined && view.system.includes(path)
      ? [{ kind: "symlink", to: found.link, target: path }]
      : [{ kind: "ro-bind", source: path, target: path }];
  };
  const inHome = (path: string): string => expandHome(path, facts.home);
  return [
    ...view.system.flatMap(seen),
    ...view.kernel.flatMap(seen),
    { kind: "dir", target: "/etc", mode: 0o755 },
    ...view.etc.flatMap((name) => seen(`/etc/${name}`)),
    ...identityFiles(facts, user),
    { kind: "bind", source: folders.tmp, target: "/tmp" },
    { kind: "dir", target: "/var", mode: 0o755 },
    // Not a link: what is bound below it (a workspace, a folder of `allowRead`) could then not be made, bubblewrap being still outside.
    { kind: "bind", source: folders.tmp, target: "/var/tmp" },
    { kind: "dir", target: "/run", mode: 0o755 },
    { kind: "bind", source: folders.home, target: facts.home },
    ...folders.kept.map((kept): Mount => ({ kind: "bind", source: kept.source, target: inHome(kept.target) })),
    ...optFolders(facts.path).flatMap(seen),
    ...toolchainFolders(facts.home).flatMap(seen),
    ...folders.shims.map((shims): Mount => ({ kind: "bind", ...shims })),
    // Settings of the whole machine that may hold a registry's login; what is no secret of them is handed in apart.
    ...view.covered.flatMap((target): Mount[] =>
      facts.present.has(target) ? [{ kind: "file", target, content: "" }] : [],
    ),
    ...facts.credentialFiles.map((target): Mount => ({ kind: "file", target, content: "" })),
  ];
}

// The fence's own name server: every name has an address that leads to the proxy, which looks it up outside once a rule allows it (native/names.h).
const RESOLVER = "nameserver 127.0.0.1\n";
const SWITCH = "passwd: files\ngroup: files\nshadow: files\nhosts: files dns\nservices: files\nprotocols: files\n";

/** /etc as one user's machine: no other accounts, no names of the network outside. */
function identityFiles(facts: HostFacts, user: InsideUser): readonly Mount[] {
  const file = (name: string, content: string): Mount => ({ kind: "file", target: `/etc/${name}`, content });
  return [
    file(
      "passwd",
      `${user.name}:x:${user.uid}:${user.gid}:${user.name}:${facts.home}:/bin/bash\nnobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n`,
    ),
    file("group", `${user.name}:x:${user.gid}:\nnogroup:x:65534:\n`),
    file("hosts", "127.0.0.1 localhost ringfence\n::1 localhost ringfence\n"),
    file("hostname", "ringfence\n"),
    file("resolv.conf", RESOLVER),
    file("nsswitch.conf", SWITCH),
  ];
}

/** The PATH inside: the caller's entries that exist inside (below `shown` too, the workspace and what a person shows), in the caller's order, then the system's. */
export function insidePath(facts: HostFacts, shown: readonly string[]): string {
  const visible = [...facts.present.keys(), ...shown];
  const below = (entry: string): boolean => visible.some((root) => entry === root || entry.startsWith(`${root}/`));
  const kept = facts.path.filter((entry) => entry.startsWith("/") && !entry.includes("/../") && below(entry));
  return [...new Set([...kept, ...view.standardPath])].join(":");
}
