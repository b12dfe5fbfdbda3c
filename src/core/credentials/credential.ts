// One credential as the policy names it (CRED-2, CRED-3): where the real value comes from, where it may go, and what the fence holds instead.
// Plain data; the value itself is never part of it.
import type { Span } from "../result.ts";

/** One file inside. */
export interface CredentialFile {
  /** Absolute or `~/`. */
  readonly path: string;
  readonly shape: FileShape;
}

/** A tool's own form of a login. */
export type FileShape = "npm" | "netrc" | "docker" | "aws" | { readonly template: string };

/** Where a value of a session's own environment or disk is read, outside the fence. */
export type ValuePlace =
  | { readonly env: string }
  /** Absolute or `~/`. `field`: a dotted path into JSON, or the NAME of a `NAME=value` line; the whole file otherwise. */
  | { readonly file: string; readonly field?: string };

/** Where the real value comes from. Each kind is one file under `src/credentials/sources/`. */
export type CredentialSource =
  | ({ readonly kind: "env" } & Extract<ValuePlace, { env: string }>)
  | ({ readonly kind: "file" } & Extract<ValuePlace, { file: string }>)
  /** A program outside, without a shell: its standard output is the value. `pass` names variables of the caller it needs. */
  | {
      readonly kind: "command";
      readonly argv: readonly string[];
      readonly timeoutMs: number;
      readonly pass: readonly string[];
    }
  /** The Secret Service, by attributes. */
  | { readonly kind: "keyring"; readonly attributes: Readonly<Record<string, string>> }
  | ({ readonly kind: "vault" } & VaultSource)
  | ({ readonly kind: "aws" } & AwsSource)
  | ({ readonly kind: "githubApp" } & GithubAppSource);

/** A read from HashiCorp Vault or OpenBao. */
export interface VaultSource {
  /** `https://…`, or `http://` on loopback. */
  readonly address: string;
  /** The path of its API behind `/v1/`, for example `secret/data/ci` (KV version 2). */
  readonly path: string;
  readonly field: string;
  readonly namespace?: string;
  readonly caFile?: string;
  readonly auth:
    | { readonly token: ValuePlace }
    | { readonly appRole: { readonly roleId: string; readonly secretId: ValuePlace; readonly mount?: string } };
}

/** Short-lived keys from AWS STS. The base keys are the caller's: environment, or a profile of `~/.aws/credentials`. */
export interface AwsSource {
  readonly profile?: string;
  readonly region: string;
  /** AssumeRole with it; GetSessionToken without. */
  readonly role?: string;
  readonly externalId?: string;
  /** A session policy, as JSON text: narrows what the role may do. */
  readonly sessionPolicy?: string;
  readonly durationSeconds: number;
  /** Another endpoint than `https://sts.REGION.amazonaws.com`. */
  readonly endpoint?: string;
}

/** An installation token of a GitHub App. */
export interface GithubAppSource {
  readonly appId: string;
  readonly installationId: string;
  readonly key: ValuePlace;
  /** Names without owner; every repository of the installation where none is named. */
  readonly repositories: readonly string[];
  readonly permissions: Readonly<Record<string, string>>;
  /** Another API than `https://api.github.com`. */
  readonly api?: string;
}

/** A host pattern of an injection, parsed. */
export interface CredentialHost {
  readonly host: string;
  readonly wildcard: boolean;
  /** Empty: 443. */
  readonly ports: readonly number[];
  readonly text: string;
}

/** Where the real value may go, and in which place of a request. */
export interface Injection {
  readonly hosts: readonly CredentialHost[];
  /** Lower-case header names it may stand in. */
  readonly headers: readonly string[];
  /** Upper case; every method where none is named. */
  readonly methods: readonly string[];
  /** Patterns such as `/repos/acme/**`; every path where none is named. */
  readonly paths: readonly string[];
  /** Names of query parameters it may stand in. */
  readonly query: readonly string[];
  /** True: also in bodies. */
  readonly body: boolean;
  /** True: the first of `headers` is added where the client sends no credential at all. */
  readonly always: boolean;
  /** True: also without TLS, to a host that is not this machine. */
  readonly plainHttp: boolean;
  /** For Basic: the user name that goes with it; what the client sent otherwise. */
  readonly user?: string;
  /** AWS requests are signed anew instead (Signature Version 4). Empty lists: any. */
  readonly sign?: { readonly services: readonly string[]; readonly regions: readonly string[] };
}

/** One of them, complete. */
export interface Credential {
  readonly name: string;
  readonly source: CredentialSource;
  readonly inject: Injection;
  /** Variables of the fence that hold the placeholder; of AWS keys the first is the key id, the second the secret key. */
  readonly env: readonly string[];
  /** Files of the fence that hold it, in their tools' forms. */
  readonly files: readonly CredentialFile[];
  /** True: git is answered it for its hosts. */
  readonly git: boolean;
  /** The rule's place, for records and refusals (I9). */
  readonly at: Span;
}

/** `credential github (policy.yaml:12)`: how refusals and records name one. */
export function placeOfCredential({ name, at }: Pick<Credential, "name" | "at">): string {
  return `credential ${name} (${at.file}:${at.line})`;
}
