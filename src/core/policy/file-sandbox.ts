// `sandbox` and `env` of one policy file as the schema accepts them: of the agent's fence, and of a server's.
import type { ApplyWhen, SandboxMode, WorkspaceKind } from "./policy.ts";

/** A list that may be missing. */
export type List<T = string> = readonly T[] | undefined;

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

/** The key `sandbox`. */
export interface SandboxFile {
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

/** The key `env`. */
export interface EnvFile {
  readonly pass?: List;
  readonly set?: Readonly<Record<string, string>> | undefined;
}
