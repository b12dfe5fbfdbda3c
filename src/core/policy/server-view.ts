// The policy of one MCP server: the same layers, in which each layer's words for that server stand where its words for the agent stood. So every rule
// of merging holds for servers too, without one of its own: who outranks whom, what a file that nobody accepted may not loosen, what the managed file
// fixes. What takes away from the agent takes away from its servers; what was given to the agent was not given to them (least privilege).
import type { Span } from "../result.ts";
import type { DocumentPath, PolicyDocument } from "./document.ts";
import type { PolicyFile } from "./file.ts";
import type { McpFile } from "./file-mcp.ts";
import type { ParsedLayer } from "./merge.ts";
import type { PrivateHost, WorkspaceKind } from "./policy.ts";

/** A server, and what it gets where no layer speaks of it. */
export interface ServerWords {
  readonly name: string;
  readonly workspace: WorkspaceKind;
  /** Where its own program stands. */
  readonly allowRead: readonly string[];
  /** Network rules, such as the registry of the program that fetches it, and who says so. */
  readonly allow: readonly string[];
  readonly allowPrivate: readonly Omit<PrivateHost, "at">[];
  readonly because: string;
}

/** A session of a server lasts as long as its client's, whatever the agent's own may. */
const TIMEOUT = "7d";

/** What a layer says of the agent that holds for servers as well: limits of every kind, and what is no matter of one program. */
const CARRIED: readonly string[] = [
  ...[
    "version",
    "tier",
    "permissions",
    "approvals",
    "ruleOfTwo",
    "legs",
    "tests",
    "lifecycle",
    "auto",
    "audit",
    "review",
    "budget",
  ],
  ...["sandbox.mode", "sandbox.runtime", "sandbox.filesystem.denyRead", "sandbox.filesystem.denyWrite"],
  ...["sandbox.network.deny", "sandbox.network.deniedDomains", "sandbox.network.inspect", "sandbox.network.budget"],
  ...["memory", "pids", "cpus", "fileSize", "disk", "files", "openFiles", "connections", "logBytes", "eventRate"].map(
    (limit) => `sandbox.limits.${limit}`,
  ),
  ...["sandbox.caches", "sandbox.canaries", "sandbox.landlock", "sandbox.undo"],
];

/** In the managed file these bound servers, too. */
const BOUNDS: readonly string[] = ["sandbox.workspace", "sandbox.apply", "sandbox.limits.timeout"];

/** Lists that give. The managed file's own for agents are no server's; but where it fixes one, no other file gives servers more either. */
const RIGHTS: readonly (readonly string[])[] = [
  ...["allowRead", "allowWrite", "showSecrets"].map((key) => ["sandbox", "filesystem", key]),
  ...["allow", "allowedDomains", "allowPrivate", "inspectExcept"].map((key) => ["sandbox", "network", key]),
  ["env", "pass"],
];

/** The default layer's values that every policy needs. */
const VALUES: readonly string[] = ["sandbox.apply", "sandbox.network", "setup"];

/** Keys of a server's entry that stand elsewhere in a file. */
const OF_SANDBOX: ReadonlySet<string> = new Set(["filesystem", "network", "limits", "workspace", "runtime"]);

const OF_FENCE: ReadonlySet<string> = new Set([...OF_SANDBOX, "env", "credentials"]);

/** The layers as they speak to the server. */
export function serverLayers(layers: readonly ParsedLayer[], server: ServerWords): readonly ParsedLayer[] {
  const granted = new Set(layers.flatMap(({ trusted, document }) => (trusted ? namesOf(document, server.name) : [])));
  const described = new Set(
    layers.flatMap(({ document }) => document.value.credentials?.map(({ name }) => name) ?? []),
  );
  return layers.map((layer) => ({ ...layer, document: viewOf(layer, { server, granted, described }) }));
}

interface Around {
  readonly server: ServerWords;
  /** Names of credentials that some accepted layer gives to the server. */
  readonly granted: ReadonlySet<string>;
  readonly described: ReadonlySet<string>;
}

function viewOf({ name: layer, document }: ParsedLayer, { server, granted, described }: Around): PolicyDocument {
  const view = new View(document);
  const carried = [...CARRIED, ...(layer === "managed" ? BOUNDS : []), ...(layer === "default" ? VALUES : [])];
  for (const key of carried) view.carry(key.split("."));
  view.carry(["mcp"]);
  view.put(["mcp", "servers"], withoutFences(document.value.mcp?.servers ?? {}), ["mcp", "servers"]);
  if (layer === "managed")
    for (const path of RIGHTS) if (valueAt(document.value, path) !== undefined) view.put(path, [], path);
  if (document.value.sandbox?.mode === "danger-full-access") view.put(["sandbox", "mode"], undefined, []); // there is always a fence
  const own = document.value.mcp?.servers?.[server.name] ?? {};
  const from = ["mcp", "servers", server.name];
  for (const [key, value] of Object.entries(own)) {
    if (key === "env") view.add([key], value, [...from, key]);
    if (OF_SANDBOX.has(key) && value !== undefined) view.add(["sandbox", key], value, [...from, key]);
  }
  const { credentials } = document.value;
  const kept = (credentials ?? []).flatMap((entry, index) =>
    granted.has(entry.name) ? [{ entry, from: ["credentials", index] as DocumentPath }] : [],
  );
  const known = namesOf(document, server.name).flatMap((name, index) =>
    described.has(name) ? [] : [{ entry: { name }, from: [...from, "credentials", index] as DocumentPath }],
  );
  if (credentials !== undefined || known.length > 0) view.list(["credentials"], [...kept, ...known]);
  if (layer === "default") {
    view.put(["sandbox", "workspace"], server.workspace, []);
    view.put(["sandbox", "limits", "timeout"], TIMEOUT, []);
    view.made(["sandbox", "filesystem", "allowRead"], server.allowRead, server.because);
    view.made(["sandbox", "network", "allow"], server.allow, server.because);
    view.made(["sandbox", "network", "allowPrivate"], server.allowPrivate, server.because);
  }
  return view;
}

/** What of each server's entry is no matter of its fence, and so stays where it stands. */
function withoutFences(servers: NonNullable<McpFile["servers"]>): NonNullable<McpFile["servers"]> {
  return Object.fromEntries(
    Object.entries(servers).map(([name, entry]) => [
      name,
      Object.fromEntries(Object.entries(entry).filter(([key]) => !OF_FENCE.has(key))),
    ]),
  );
}

function namesOf({ value }: PolicyDocument, server: string): readonly string[] {
  return value.mcp?.servers?.[server]?.credentials ?? [];
}

function valueAt(root: unknown, path: readonly string[]): unknown {
  return path.reduce<unknown>((node, step) => (node as Tree | undefined)?.[step], root);
}

type Tree = { [key: string]: unknown };

/** Lists that take away: a server's own come to the agent's. */
const LIMITS: ReadonlySet<string> = new Set(["denyRead", "denyWrite", "deny", "deniedDomains"]);

/** A document put together from another's parts; each keeps its place there. */
class View implements PolicyDocument {
  readonly file: string;
  readonly value: PolicyFile = {};
  private readonly source: PolicyDocument;
  private readonly origins = new Map<string, DocumentPath | Span>();

  constructor(source: PolicyDocument) {
    this.source = source;
    this.file = source.file;
  }

  at(path: DocumentPath): Span {
    for (let length = path.length; length > 0; length--) {
      const origin = this.origins.get(JSON.stringify(path.slice(0, length)));
      if (origin === undefined) continue;
      return "file" in origin ? origin : this.source.at([...origin, ...path.slice(length)]);
    }
    return this.source.at([]);
  }

  /** The source's value at its own place. */
  carry(path: readonly string[]): void {
    const value = valueAt(this.source.value, path);
    if (value !== undefined) this.put(path, value, path);
  }

  put(path: readonly string[], value: unknown, from: DocumentPath): void {
    const parents = path.slice(0, -1);
    const last = path.at(-1) ?? "";
    const node = parents.reduce<Tree>((above, step) => {
      const below = { ...(above[step] as Tree | undefined) };
      above[step] = below;
      return below;
    }, this.value as Tree);
    if (value === undefined) delete node[last];
    else node[last] = value;
    this.origins.set(JSON.stringify(path), from);
  }

  /** The same, part by part: what is there and not said again stays. */
  add(path: readonly string[], value: unknown, from: DocumentPath): void {
    const there = valueAt(this.value, path);
    if (Array.isArray(value) && Array.isArray(there) && LIMITS.has(path.at(-1) ?? "")) {
      const placed = (entries: readonly unknown[], at: DocumentPath): readonly Placed[] =>
        entries.map((entry, index) => ({ entry, from: [...at, index] }));
      this.list(path, [...placed(there, path), ...placed(value, from)]);
    } else if (typeof value === "object" && value !== null && !Array.isArray(value)) {
      for (const [key, part] of Object.entries(value)) this.add([...path, key], part, [...from, key]);
    } else this.put(path, value, from);
  }

  /** A list whose entries come from several places. */
  list(path: readonly string[], entries: readonly Placed[]): void {
    this.put(
      path,
      entries.map(({ entry }) => entry),
      path,
    );
    for (const [index, { from }] of entries.entries()) this.origins.set(JSON.stringify([...path, index]), from);
  }

  /** What stands in no file. */
  made(path: readonly string[], value: readonly unknown[], because: string): void {
    this.put(path, value, path);
    this.origins.set(JSON.stringify(path), { file: because, line: 1, column: 1 });
  }
}

interface Placed {
  readonly entry: unknown;
  readonly from: DocumentPath;
}
