// One policy file as the schema accepts it, before trust and merging. `Policy` (policy.ts) is what is left of all of them.
import type { CredentialEntry } from "../credentials/index.ts";
import type { LegSource } from "../session/leg-policy.ts";
import type { Verdict } from "../verdict.ts";
import type { McpFile } from "./file-mcp.ts";
import type { EnvFile, List, NetworkEntry, SandboxFile } from "./file-sandbox.ts";
import type { ApprovalPolicy, Mode, RuleOfTwo, Tier } from "./policy.ts";

/** One entry of `permissions.allow|ask|deny`: the rule alone, or with examples that are checked at load. */
export type RuleEntry =
  | string
  | {
      readonly rule: string;
      readonly match?: readonly string[] | undefined;
      readonly notMatch?: readonly string[] | undefined;
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
  readonly sandbox?: SandboxFile | undefined;
  readonly env?: EnvFile | undefined;
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
