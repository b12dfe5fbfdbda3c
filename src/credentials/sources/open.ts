// The sources by kind: one function each.
import type { CredentialSource } from "#core/credentials";
import { openAws } from "./aws.ts";
import { openCommand } from "./command.ts";
import { openFile } from "./file.ts";
import { openGithubApp } from "./github-app.ts";
import { openKeyring } from "./keyring.ts";
import type { Source, SourceDeps } from "./source.ts";
import { openVariable } from "./variable.ts";
import { openVault } from "./vault.ts";

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
