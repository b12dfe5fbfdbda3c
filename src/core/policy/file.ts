// One policy file as the schema accepts it, before trust and merging. `Policy` (policy.ts) is what is left of all of them.
import type { CredentialEntry } from "../credentials/index.ts";
import type { LegSource } from "../session/leg-policy.ts";
import type { Verdict } from "../verdict.ts";
import type { McpFile } from "./file-mcp.ts";
import type { ApplyWhen, ApprovalPolicy, Mode, RuleOfTwo, SandboxMode, Tier, WorkspaceKind } from "./policy.ts";

/** One entry of `permissions.allow|ask|deny`: the rule alone, or with examples that are checked at load. */
export type RuleEntry =
  | string
  | {
      readonly rule: string;
      readonly match?: readonly string[] | undefined;
      readonly notMatch?: readonly string[] | undefined;
    };

/** One entry of `sandbox.network.allow|deny`. */
export type NetworkEntry =
  | string
  | {
      readonly host: string;
      readonly methods?: readonly string[] | undefined;
      readonly paths?: readonly string[] | undefined;
      readonly protocols?: readonly string[] | undefined;
      readonly programs?:
        | readonly (string | { readonly exe: string; readonly sha256?: string | undefined })[]
        | undefined;
    };

/** One entry of `approvals.channels`. */
export type ChannelEntry =
  | "terminal"
  | "desktop"
  | "console"
  | { readonly webhook: string; readonly secretEnv: string };

/** One entry of `tests`, and one line of a `*.cases.jsonl` file beside a policy. */
export type TestEntry = {
  readonly name?: string | undefined;
  readonly want: Verdict;
  /** From the workspace's root. */
  readonly cwd?: string | undefined;
  readonly mode?: Mode | undefined;
} & ({ readonly command: string } | { readonly tool: string; readonly input: unknown });

/** A list that may be missing. */
type List<T = string> = readonly T[] | undefined;

/** One policy file. Every key is optional; an empty file is the closed default. */
export interface PolicyFile {
  readonly version?: 1 | undefined;
  readonly tier?: Tier | undefined;
  readonly permissions?:
    | {
        readonly mode?: Mode | undefined;
        /** Claude Code's name for `mode`; `manual` is its newer word for `default`. */
        readonly defaultMode?: Mode | "manual" | undefined;
        /** Claude Code's switch: in any layer, accepted or not, it ends `bypassPermissions`. */
        readonly disableBypassPermissionsMode?: "disable" | undefined;
        readonly allow?: List<RuleEntry>;
        readonly ask?: List<RuleEntry>;
        readonly deny?: List<RuleEntry>;
      }
    | undefined;
  readonly sandbox?:
    | {
        readonly mode?: SandboxMode | undefined;
        readonly runtime?: string | undefined;
        readonly workspace?: WorkspaceKind | undefined;
        readonly apply?: ApplyWhen | undefined;
        readonly filesystem?:
          | {
              readonly allowRead?: List;
              readonly denyRead?: List;
              readonly allowWrite?: List;
              readonly denyWrite?: List;
              readonly showSecrets?: List;
            }
          | undefined;
        readonly network?:
          | {
              readonly allow?: List<NetworkEntry>;
              readonly deny?: List<NetworkEntry>;
              readonly allowPrivate?: List<{ readonly host: string; readonly cidr: string; readonly reason: string }>;
              readonly mode?: "enforce" | "report" | undefined;
              readonly inspect?: "auto" | "all" | "rules" | undefined;
              readonly inspectExcept?: List;
              readonly tokens?: "block" | "off" | undefined;
              readonly budget?:
                | { readonly up?: string | number | undefined; readonly requests?: string | undefined }
                | undefined;
              /** The names of Claude Code and srt for `allow`, `deny` and `sandbox.unixSockets`. */
              readonly allowedDomains?: List;
              readonly deniedDomains?: List;
              readonly allowUnixSockets?: List;
            }
          | undefined;
        readonly limits?:
          | {
              readonly timeout?: string | undefined;
              readonly memory?: string | number | undefined;
              readonly pids?: number | undefined;
              readonly cpus?: number | undefined;
              readonly fileSize?: string | number | undefined;
              readonly disk?: string | number | undefined;
              readonly files?: number | undefined;
              readonly openFiles?: number | undefined;
              readonly connections?: number | undefined;
              readonly logBytes?: string | number | undefined;
              readonly eventRate?: number | undefined;
            }
          | undefined;
        readonly ports?: List<number>;
        readonly unixSockets?: List;
        readonly devices?: List;
        readonly caches?: "private" | "none" | undefined;
        readonly canaries?: "on" | "off" | undefined;
        readonly landlock?: "auto" | "require" | undefined;
        readonly undo?: { readonly size?: string | number | undefined } | undefined;
        readonly idle?: { readonly pause?: string | undefined; readonly stop?: string | undefined } | undefined;
      }
    | undefined;
  readonly env?: { readonly pass?: List; readonly set?: Readonly<Record<string, string>> | undefined } | undefined;
  readonly approvals?:
    | {
        readonly policy?: ApprovalPolicy | undefined;
        readonly timeout?: string | undefined;
        readonly channels?: List<ChannelEntry>;
      }
    | undefined;
  readonly ruleOfTwo?: RuleOfTwo | undefined;
  readonly legs?:
    | {
        readonly A?: List<LegSource>;
        readonly B?: List<LegSource>;
        readonly C?: List<LegSource>;
        readonly trustedHosts?: List;
        readonly privateHosts?: List;
        readonly privatePaths?: List;
        readonly foreignPaths?: List;
        readonly readingTools?: List;
        readonly workspace?: "auto" | "own" | "foreign" | undefined;
      }
    | undefined;
  /** What the policy is meant to answer: checked by `policy test`, and no part of what it does. */
  readonly tests?: List<TestEntry>;
  readonly lifecycle?: { readonly webhook: string; readonly secretEnv: string } | undefined;
  readonly auto?: { readonly classifier?: string | undefined; readonly timeout?: string | undefined } | undefined;
  readonly setup?:
    | {
        readonly run?: List;
        readonly network?: { readonly allow?: List<NetworkEntry>; readonly deny?: List<NetworkEntry> } | undefined;
        readonly credentials?: List;
        readonly expose?: List;
        readonly cache?: "auto" | "off" | undefined;
      }
    | undefined;
  /** Features of later versions: checked for shape here, refused by name at run time (unbuilt.ts). */
  readonly credentials?: List<CredentialEntry>;
  readonly audit?:
    | {
        readonly reads?: string | undefined;
        readonly retention?: string | undefined;
        readonly witness?: List;
        readonly telemetry?: "on" | "off" | undefined;
      }
    | undefined;
  readonly mcp?: McpFile | undefined;
  readonly review?:
    | {
        readonly secrets?: string | undefined;
        readonly deletions?: number | undefined;
        readonly workflows?: string | undefined;
        readonly packages?: string | undefined;
      }
    | undefined;
  readonly budget?: Readonly<Record<string, number | undefined>> | undefined;
}
