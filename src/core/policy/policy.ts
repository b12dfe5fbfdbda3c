// The effective policy: what is left when every layer is read, trusted and merged. Rooms get their part of it as plain data.
import type { CredentialText } from "../credentials/index.ts";
import type { Span } from "../result.ts";
import type { LegPolicy } from "../session/leg-policy.ts";

/** Risk class of a repository; sets minimums for everything below (DESIGN 6 and 8). */
export type Tier = "low" | "medium" | "high";
/** The six permission modes (PERM-2). */
export type Mode = "default" | "acceptEdits" | "plan" | "auto" | "dontAsk" | "bypassPermissions";
/** What the fence lets the agent write (PERM-3). */
export type SandboxMode = "read-only" | "workspace-write" | "danger-full-access";
/** When a person is asked at all (PERM-3), beside what the rules say. */
export type ApprovalPolicy = "untrusted" | "on-request" | "on-failure" | "never";
/** What happens at the third leg (TRI-2). */
export type RuleOfTwo = "ask" | "deny" | "off";
/** Where a question is shown (APP-1). */
export type ApprovalChannel =
  | { readonly kind: "terminal" | "desktop" | "console" }
  /** `url` is https, or http on loopback; the variable of the caller's environment holds the shared secret. */
  | { readonly kind: "webhook"; readonly url: string; readonly secretEnv: string };
/** What the agent edits (SAND-7). */
export type WorkspaceKind = "overlay" | "direct" | "worktree" | "clone" | "read-only";
/** When a clean diff reaches the host. */
export type ApplyWhen = "end" | "live" | "ask";
/** Where a layer comes from, strongest first: its denies can only be added to by the ones below. */
export type LayerName = "managed" | "command-line" | "local" | "project" | "user" | "default";

/** One permission rule as written, for example `Bash(git push *)`, with its place. */
export interface RuleText {
  readonly text: string;
  readonly at: Span;
  readonly layer: LayerName;
  /** Examples checked at load: commands this rule must, or must not, match. */
  readonly match?: readonly string[];
  readonly notMatch?: readonly string[];
}

/** A path pattern of `sandbox.filesystem` as written, with its place. */
export interface PathText {
  readonly text: string;
  readonly at: Span;
}

/** One entry of `sandbox.network.allow` or `deny` as written. Presets stay names until egress resolves them. */
export interface NetworkRuleText {
  /** `host`, `*.host`, either with `:port`, or `preset:NAME`. */
  readonly text: string;
  /** What limits it to some requests, protocols (`core/net` Protocol) or programs. */
  readonly methods?: readonly string[];
  readonly paths?: readonly string[];
  readonly protocols?: readonly string[];
  readonly programs?: readonly (string | { readonly exe: string; readonly sha256?: string })[];
  readonly at: Span;
}

/** A named host that may live on a non-public address (NET-3). */
export interface PrivateHost {
  readonly host: string;
  /** One address block; a single address (`/32`, `/128`) also serves when the name does not resolve. */
  readonly cidr: string;
  readonly reason: string;
  readonly at: Span;
}

/** Every limit is optional in a file; the loader fills the defaults, so here each has a value. */
export interface Limits {
  readonly timeoutMs: number;
  readonly memoryBytes: number;
  readonly pids: number;
  readonly cpus: number;
  readonly fileSizeBytes: number;
  readonly diskBytes: number;
  /** Files and folders, each inode once. */
  readonly files: number;
  /** In one process. */
  readonly openFiles: number;
  readonly connections: number;
  readonly logBytes: number;
  /** Records a second; ten seconds' worth may come at once. */
  readonly eventRate: number;
}

/** What runs before the agent, in fences of its own (NET-7). */
export interface SetupPolicy {
  /** Shell commands, in order. */
  readonly run: readonly { readonly text: string; readonly at: Span }[];
  /** `allow` is absent where nobody says what the setup reaches: then it reaches what the agent does. */
  readonly network: { readonly allow?: readonly NetworkRuleText[]; readonly deny: readonly NetworkRuleText[] };
  /** Names of `credentials` that serve the setup, and only it. */
  readonly credentials: readonly string[];
  /** Variables whose real values the setup sees; that they are gone is checked before the agent starts. */
  readonly expose: readonly string[];
  /** Whether what the setup installed is kept for the next session with the same lockfiles. */
  readonly cache: "auto" | "off";
}

/** What an MCP server may ask of its client. */
export interface McpServerPolicy {
  readonly sampling: "deny" | "ask" | "allow";
  /** `deny`, or `ask`: plain forms go on to the client, an address is asked about here, and a form that wants a secret never passes. */
  readonly elicitation: "deny" | "ask";
}

/** How MCP servers are held. `servers` names those that a file speaks of; `mcpServer` answers for every name. */
export interface McpPolicy extends McpServerPolicy {
  /** The lock file, as written. */
  readonly lock: PathText;
  readonly mode: "frozen" | "ask" | "off";
  /** What becomes of a result with soft findings: a person is asked, or they are only on record and shown. */
  readonly results: "hold" | "mark";
  readonly servers: Readonly<Record<string, McpServerPolicy>>;
}

/** The merged policy of one session. */
export interface Policy {
  readonly version: 1;
  readonly tier: Tier;
  readonly permissions: {
    readonly mode: Mode;
    /** True when any layer says `disableBypassPermissionsMode: disable`: then `mode` is never `bypassPermissions`. */
    readonly bypassDisabled: boolean;
    readonly allow: readonly RuleText[];
    readonly ask: readonly RuleText[];
    readonly deny: readonly RuleText[];
  };
  readonly sandbox: {
    readonly mode: SandboxMode;
    readonly runtime: string;
    readonly workspace: WorkspaceKind;
    readonly apply: ApplyWhen;
    readonly filesystem: {
      readonly allowRead: readonly PathText[];
      readonly denyRead: readonly PathText[];
      readonly allowWrite: readonly PathText[];
      readonly denyWrite: readonly PathText[];
      /** Secrets by name that are shown all the same, and then called exposed. A deny outweighs them. */
      readonly showSecrets: readonly PathText[];
    };
    readonly network: {
      readonly allow: readonly NetworkRuleText[];
      readonly deny: readonly NetworkRuleText[];
      readonly allowPrivate: readonly PrivateHost[];
      /** `report` lets pass to public names what no rule allows, and says so. */
      readonly mode: "enforce" | "report";
      readonly modeAt: Span;
      readonly inspect: "auto" | "all" | "rules";
      /** Hosts whose TLS is never ended. */
      readonly inspectExcept: readonly NetworkRuleText[];
      /** Whether well-known credentials are refused towards hosts that did not give them out. */
      readonly tokens: "block" | "off";
      /** For each host; never where it is not said. */
      readonly budget: { readonly upBytes?: number; readonly requestsPerMinute?: number };
    };
    readonly limits: Limits;
    readonly ports: readonly number[];
    readonly unixSockets: readonly PathText[];
    readonly devices: readonly string[];
    readonly caches: "private" | "none";
    /** Whether false credentials are planted in the fence's home. */
    readonly canaries: "on" | "off";
    /** The second layer behind the mounts: where the kernel has it, or no run without it. */
    readonly landlock: "auto" | "require";
    /** Most bytes of before-images that the guard of a `direct` workspace keeps in one session. */
    readonly undo: { readonly bytes: number };
    /** After how long without work a session is paused, or ended; never where it is not said. */
    readonly idle: { readonly pauseMs?: number; readonly stopMs?: number };
  };
  readonly approvals: {
    readonly policy: ApprovalPolicy;
    /** A question without an answer for this long is denied. */
    readonly timeoutMs: number;
    readonly channels: readonly ApprovalChannel[];
  };
  readonly setup: SetupPolicy;
  readonly ruleOfTwo: RuleOfTwo;
  /** Which source sets which leg, the defaults of `core/session` included. */
  readonly legs: LegPolicy;
  /** Mode `auto` (PERM-9): the classifier is asked after the deterministic classes, and its word can only tighten. */
  readonly auto: { readonly classifier?: { readonly url: string; readonly timeoutMs: number } };
  /** Where the lifecycle of sessions is told; the variable of the caller's environment holds the shared secret. */
  readonly lifecycle?: { readonly url: string; readonly secretEnv: string };
  /**
   * Which opens for reading go on record; who cosigns a session's end, as `URL VKEY`; how long records are kept at least; whether agents are told to
   * leave their telemetry.
   */
  readonly audit: {
    readonly telemetry: "on" | "off";
    readonly reads: "none" | "secrets" | "all";
    readonly witness: readonly string[];
    readonly retentionMs?: number;
  };
  readonly mcp: McpPolicy;
  /** As written, strongest layer first; `core/credentials` makes whole ones of them. */
  readonly credentials: readonly CredentialText[];
  /** True where the managed file lists them all: then an agent's own keys are not added. */
  readonly credentialsFixed: boolean;
  readonly env: { readonly pass: readonly string[]; readonly set: Readonly<Record<string, string>> };
  /** The layers it was made of, strongest first, each with the SHA-256 of its bytes (hex). */
  readonly layers: readonly { readonly name: LayerName; readonly file: string; readonly digest: string }[];
}
