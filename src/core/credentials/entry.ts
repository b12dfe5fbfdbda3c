// One entry of the policy's `credentials`, as written and accepted by its schema. What is left out is filled in by resolve.ts.
import type { Span } from "../result.ts";
import type { ValuePlace } from "./credential.ts";

/** A word, or several. */
type Words = string | readonly string[];

/** Where the real value comes from: exactly one of the kinds. */
export interface SourceEntry {
  readonly env?: string | undefined;
  readonly file?: string | undefined;
  /** With `file`: which part of it. */
  readonly field?: string | undefined;
  readonly command?: Words | undefined;
  /** With `command`: how long it may take, and variables of the caller that it needs. */
  readonly timeout?: string | undefined;
  readonly pass?: readonly string[] | undefined;
  /** The item's `service`, or all of its attributes. */
  readonly keyring?: string | Readonly<Record<string, string>> | undefined;
  readonly vault?:
    | {
        readonly address: string;
        readonly path: string;
        readonly field: string;
        readonly namespace?: string | undefined;
        readonly caFile?: string | undefined;
        readonly auth:
          | { readonly token: PlaceEntry }
          | {
              readonly appRole: {
                readonly roleId: string;
                readonly secretId: PlaceEntry;
                readonly mount?: string | undefined;
              };
            };
      }
    | undefined;
  readonly aws?:
    | {
        readonly region: string;
        readonly profile?: string | undefined;
        readonly role?: string | undefined;
        readonly externalId?: string | undefined;
        readonly sessionPolicy?: string | undefined;
        readonly duration?: string | undefined;
        readonly endpoint?: string | undefined;
      }
    | undefined;
  readonly githubApp?:
    | {
        readonly appId: string | number;
        readonly installationId: string | number;
        readonly key: PlaceEntry;
        readonly repositories?: readonly string[] | undefined;
        readonly permissions?: Readonly<Record<string, string>> | undefined;
        readonly api?: string | undefined;
      }
    | undefined;
}

/** A value beside the credential itself, such as the secret half of a login. */
export type PlaceEntry = { readonly env: string } | { readonly file: string; readonly field?: string | undefined };

/** Where it may go. */
export interface InjectEntry {
  readonly hosts: readonly string[];
  readonly header?: Words | undefined;
  readonly methods?: readonly string[] | undefined;
  readonly paths?: readonly string[] | undefined;
  readonly query?: Words | undefined;
  readonly body?: boolean | undefined;
  readonly always?: boolean | undefined;
  readonly plainHttp?: boolean | undefined;
  readonly user?: string | undefined;
  readonly sign?:
    | { readonly services?: readonly string[] | undefined; readonly regions?: readonly string[] | undefined }
    | undefined;
}

/** One entry. Without `source` it is one of the known ones (known.json), or names one that another layer describes. */
export interface CredentialEntry {
  readonly name: string;
  readonly source?: SourceEntry | undefined;
  readonly inject?: InjectEntry | undefined;
  readonly env?: Words | undefined;
  readonly files?: readonly FileEntry[] | undefined;
  readonly git?: boolean | undefined;
  /** A login by SSH instead: it stands alone. */
  readonly ssh?: { readonly keys: readonly string[]; readonly hosts: readonly string[] } | undefined;
}

/** A file of the fence: a tool's form at its usual place or another one, or a text with `{placeholder}`, `{host}`, `{user}`. */
export interface FileEntry {
  readonly shape?: "npm" | "netrc" | "docker" | "aws" | undefined;
  readonly path?: string | undefined;
  readonly template?: string | undefined;
}

/** An entry with its place. */
export interface CredentialText {
  readonly entry: CredentialEntry;
  readonly at: Span;
}

/** A place as the sources read it. */
export function placeOf(entry: PlaceEntry): ValuePlace {
  if ("env" in entry) return entry;
  return { file: entry.file, ...(entry.field === undefined ? {} : { field: entry.field }) };
}
