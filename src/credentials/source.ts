// Where real values come from: one function a kind, each with a bounded time, each answering a secret or the reason there is none.
import type { Problem, Result } from "#core";
import type { CredentialSource } from "#core/credentials";
import type { Secret } from "./secret.ts";
import type { Reach } from "./sources/ask.ts";
import { openAws } from "./sources/aws.ts";
import { openCommand } from "./sources/command.ts";
import { openFile } from "./sources/file.ts";
import { openGithubApp } from "./sources/github-app.ts";
import { openKeyring } from "./sources/keyring.ts";
import { openVariable } from "./sources/variable.ts";
import { openVault } from "./sources/vault.ts";

/** What a source may know of the caller. */
export interface SourceDeps {
  /** The caller's environment: read by name only. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly home: string;
  /** No value is read from a file in there: the agent reads it too. */
  readonly workspace: string;
  readonly session: string;
  readonly now: () => number;
  /** The way to servers where the person's network has a proxy of its own. */
  readonly reach?: Reach | undefined;
}

/** One opened source. */
export interface Source {
  /** The value as it is now; asked again before it expires. */
  fetch(): Promise<Result<Secret, Problem>>;
  /** Ends what `fetch` was given, where the source can. The problem is why it goes on living. */
  revoke?(): Promise<Problem | undefined>;
}

/** The source of a kind. */
export function openSource(source: CredentialSource, deps: SourceDeps): Source {
  switch (source.kind) {
    case "env":
      return openVariable(source, deps);
    case "file":
      return openFile(source, deps);
    case "command":
      return openCommand(source, deps);
    case "keyring":
      return openKeyring(source, deps);
    case "vault":
      return openVault(source, deps);
    case "aws":
      return openAws(source, deps);
    case "githubApp":
      return openGithubApp(source, deps);
    default:
      return source satisfies never;
  }
}
