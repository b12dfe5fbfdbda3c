// Logins by SSH as the policy names them (CRED-4): which of the person's keys, at which hosts. The keys stay with the person's own agent.
import type { Span } from "../result.ts";
import type { CredentialText } from "./entry.ts";

/** One of them. */
export interface SshCredential {
  readonly name: string;
  /** Fingerprints (`SHA256:…`), or comments as `ssh-add -l` shows them. */
  readonly keys: readonly string[];
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly at: Span;
}

/** Those of the policy; the strongest layer's of each name. */
export function sshCredentials(texts: readonly CredentialText[]): readonly SshCredential[] {
  const made = new Map<string, SshCredential>();
  for (const { entry, at } of texts) {
    if (entry.ssh === undefined || made.has(entry.name)) continue;
    const hosts = entry.ssh.hosts.map((text) => {
      const [, host = text, port = "22"] = /^(.*?)(?::(\d+))?$/.exec(text.toLowerCase()) ?? [];
      return { host, port: Number(port) };
    });
    made.set(entry.name, { name: entry.name, keys: entry.ssh.keys, hosts, at });
  }
  return [...made.values()];
}
