// Logins by SSH of one phase of a run (CRED-4): whose keys at which hosts, what the fence is shown of it, and the agent that serves it. The host keys are
// the person's own known_hosts; a host that is in none of them is refused before anything runs, because nobody could tell it from another.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { type SshCredential, sshCredentials } from "#core/credentials";
import type { Append, Json } from "#core/log";
import type { Policy } from "#core/policy";
import type { Mount } from "#core/sandbox";
import { forTerminal } from "#core/text";
import { keysOfHost, openSshAgent, type SshAgent, type SshGrant } from "#credentials";
import type { RunRequest } from "../request.ts";

/** What the fence is shown, and what serves it. */
export interface SshLogins {
  readonly socketPath: string;
  readonly upstream: string;
  readonly grants: readonly SshGrant[];
  readonly mounts: readonly Mount[];
  readonly env: Readonly<Record<string, string>>;
  /** As `session.open` tells them. */
  readonly data: readonly Json[];
}

const INSIDE_SOCKET = "/run/ringfence/ssh-agent.sock";

/** Those of a phase; `undefined` where it has none. */
export function planSshLogins(
  policy: Policy,
  { caller }: Pick<RunRequest, "caller">,
  { phase, folder }: { readonly phase: "setup" | "agent"; readonly folder: string },
): Result<SshLogins | undefined, Problem> {
  const ofSetup = (name: string): boolean => policy.setup.credentials.includes(name);
  const named = sshCredentials(policy.credentials).filter(({ name }) => ofSetup(name) === (phase === "setup"));
  const [first] = named;
  if (first === undefined) return ok(undefined);
  const upstream = caller.env["SSH_AUTH_SOCK"] ?? "";
  if (!upstream.startsWith("/"))
    return err({
      code: "ssh-no-agent",
      message: `credential \`${first.name}\` is a key of your SSH agent, and none runs (SSH_AUTH_SOCK is not set)`,
      at: first.at,
      hint: 'start one: `eval "$(ssh-agent)"; ssh-add`',
    });
  const texts = [".ssh/known_hosts", ".ssh/known_hosts2"].map((file) => join(caller.home, file));
  const known = [...texts, "/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2"].map(textOf);
  const grants: SshGrant[] = [];
  const lines: string[] = [];
  for (const { name, keys, hosts, at } of named) {
    const places: SshGrant["hosts"][number][] = [];
    for (const { host, port } of hosts) {
      const found = keysOfHost(known, host, port);
      const shown = port === 22 ? host : `[${host}]:${port}`;
      if (found.length === 0) return err(unknownHost({ name, at }, { host, port }));
      places.push({ host: shown, keys: found.map(({ blob }) => blob) });
      lines.push(...found.map(({ kind, blob }) => `${shown} ${kind} ${blob.toString("base64")}`));
    }
    grants.push({ name, keys, hosts: places });
  }
  const socketPath = join(folder, `ssh-${phase}.sock`);
  return ok({
    ...{ socketPath, upstream, grants },
    env: { SSH_AUTH_SOCK: INSIDE_SOCKET },
    data: grants.map(({ hosts, keys, name }) => ({ name, ssh: [...keys], hosts: hosts.map(({ host }) => host) })),
    mounts: [
      { kind: "ro-bind", source: socketPath, target: INSIDE_SOCKET },
      { kind: "file", target: "/etc/ssh/ssh_known_hosts", content: `${[...new Set(lines)].join("\n")}\n` },
      { kind: "file", target: "/etc/ssh/ssh_config", content: CONFIGURATION },
    ],
  });
}

// An agent that is led on signs for nobody, and host keys are learnt outside.
const CONFIGURATION = "Host *\n\tForwardAgent no\n\tUpdateHostKeys no\n\tStrictHostKeyChecking yes\n";

/** Serves them; nothing where there are none. */
export async function serveSshLogins(
  logins: SshLogins | undefined,
  append: Append,
): Promise<Result<SshAgent | undefined, Problem>> {
  if (logins === undefined) return ok(undefined);
  const { grants, socketPath, upstream } = logins;
  return openSshAgent({ socketPath, upstream, grants, append });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // none there
  }
}

function unknownHost(
  { name, at }: Pick<SshCredential, "name" | "at">,
  { host, port }: { readonly host: string; readonly port: number },
): Problem {
  const shown = forTerminal(host, { max: 120 });
  return {
    code: "ssh-unknown-host",
    message: `credential \`${name}\` is for \`${shown}\`, and no key of that host is in your known_hosts`,
    at,
    hint: `connect once outside: \`ssh ${port === 22 ? "" : `-p ${port} `}${shown}\``,
  };
}
