// Which observation sets which leg of the Rule of Two (TRI-1, TRI-2), as policy: the key `legs` of a policy file, and its defaults.
// A: content that outsiders can write was read. B: private data or a sensitive system was reached. C: state outside changed, or data left.

/** The three legs. */
export type Leg = "A" | "B" | "C";

/** Every source of a leg, with what it stands for. The words are the policy's. */
export const LEG_SOURCES = {
  web: "a page or an answer of a host on the network",
  search: "results of a web search",
  issue: "issues, pull requests, comments and reviews on a code host",
  clone: "a repository that was just fetched from somewhere",
  dependency: "files that packages brought (node_modules, vendor, site-packages) or a registry's own texts",
  "foreign-file":
    "files of a clone that its user has never committed to, and of the paths that the policy calls foreign",
  "mcp-result": "the answer of an MCP tool",
  "workspace-file": "files of the workspace itself",
  "secret-file": "files whose name says that they hold a secret",
  "outside-file": "files of the person outside the workspace: other projects, settings, documents",
  credential: "a credential, a secret store, or the use of a secret",
  database: "a database",
  "private-host":
    "a host inside: a private address, a name without a public suffix, or one that the policy calls private",
  "sensitive-system": "a cloud account, a cluster, another machine",
  environment: "the whole environment of the person's own shell",
  "mcp-private": "an MCP tool that reads mail, documents, chats, private code or other private stores",
  push: "commits sent to a remote repository",
  publish: "a package, an image or a release made public",
  deploy: "infrastructure or a running service changed",
  upload: "data sent to a host",
  "remote-write": "something changed on a host by its own program (a comment, a pull request, a row)",
  "mcp-write": "an MCP tool that is not plainly a reader",
  "outside-write": "a file changed outside the workspace",
} as const;

/** One source. */
export type LegSource = keyof typeof LEG_SOURCES;

/** `untrusted`: what it answers, outsiders write. `private`: it reads what is private. `outside`: its tools that are not plainly readers change something. */
export type ServerSource = "untrusted" | "private" | "outside";

/** The policy's `legs`. A source may stand under several legs, and one that stands under none is not counted. */
export interface LegPolicy {
  readonly A: readonly LegSource[];
  readonly B: readonly LegSource[];
  readonly C: readonly LegSource[];
  /** Hosts (`host`, `*.host`) whose content the person vouches for, and where data may go: neither `web` nor `upload`. */
  readonly trustedHosts: readonly string[];
  /** Hosts that are private though their names and addresses are public. */
  readonly privateHosts: readonly string[];
  /** Files, as patterns of `Read(…)`, that are private wherever they stand: source `secret-file`. */
  readonly privatePaths: readonly string[];
  /** Files, as patterns of `Read(…)`, that others write: source `foreign-file`. */
  readonly foreignPaths: readonly string[];
  /** MCP tools, as `mcp__server__tool` with `*`, that only read: not `mcp-write`. */
  readonly readingTools: readonly string[];
  /** What an MCP server stands for, by its name, instead of what its name and its tools' names make one think. */
  readonly servers: Readonly<Record<string, readonly ServerSource[]>>;
  /** Whether the workspace's own files are the person's: `auto` asks the history of the clone (session/clone.ts). */
  readonly workspace: "auto" | "own" | "foreign";
}

/** What holds where the policy says nothing. Quiet: reading, building, testing, committing and installing from a registry set no leg. */
export const DEFAULT_LEG_POLICY: LegPolicy = {
  A: ["web", "search", "issue", "clone", "dependency", "foreign-file", "mcp-result"],
  B: [
    "secret-file",
    "outside-file",
    "credential",
    "database",
    "private-host",
    "sensitive-system",
    "environment",
    "mcp-private",
  ],
  C: ["web", "push", "publish", "deploy", "upload", "remote-write", "mcp-write", "outside-write"],
  trustedHosts: [],
  privateHosts: [],
  privatePaths: [],
  foreignPaths: [],
  readingTools: [],
  servers: {},
  workspace: "auto",
};

/** The legs that a source sets under a policy. */
export function legsOf(source: LegSource, policy: LegPolicy): readonly Leg[] {
  return (["A", "B", "C"] as const).filter((leg) => policy[leg].includes(source));
}
