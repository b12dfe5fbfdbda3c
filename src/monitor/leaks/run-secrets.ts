// The secrets of one run, and the look at what leaves that they are for: collected before the fence is made, because whether TLS is read hangs on them.
import { type EgressPlan, readingOf } from "#core/net";
import type { Policy } from "#core/policy";
import { forTerminal } from "#core/text";
import { type Broker, secretsOf } from "#credentials";
import { type EgressOptions, type HttpFilter, type Leak, leakFilter, nameGuard } from "#egress";
import type { RunRequest } from "../request.ts";
import { collectSecrets, type SessionSecrets } from "./session-secrets.ts";

/** What a run's secrets are collected from. */
export interface RunSecretParts {
  readonly request: RunRequest;
  readonly policy: Policy;
  readonly broker: Broker | undefined;
  /** Masked files below the folder that is shown, absolute. */
  readonly files: readonly string[];
  readonly lower: string;
}

/** Collects them. */
export function secretsOfRun({ request, policy, broker, files, lower }: RunSecretParts): SessionSecrets {
  const { env } = request.caller;
  return collectSecrets({
    files: files.map((path) => ({ path, name: path.slice(lower.length + 1) })),
    values: () => (broker === undefined ? [] : secretsOf(broker)),
    shown: [...policy.env.pass.flatMap((name) => env[name] ?? []), ...Object.values(policy.env.set)],
    notice: (line) => request.progress(line),
  });
}

/** What the proxy is opened with to look at what leaves. */
export function leakOptions(parts: {
  readonly secrets: SessionSecrets;
  readonly plan: () => EgressPlan;
  /** False for a session whose programs were not told of its authority. */
  readonly canRead: boolean;
  readonly tell: (line: string) => void;
}): Required<Pick<EgressOptions, "nameGuard">> & { readonly leaks: HttpFilter } {
  const options = {
    search: () => parts.secrets.search(),
    mayRead: (host: string, port: number) =>
      parts.canRead && readingOf(parts.plan(), { host, port }, { must: false, may: true }) === "yes",
    onLeak: (leak: Leak) => parts.tell(leakText(leak)),
  };
  return { leaks: leakFilter(options), nameGuard: nameGuard(options) };
}

function leakText({ host, place, secret }: Leak): string {
  const name = forTerminal(secret.name, { max: 120 });
  const where = place === "host" ? "" : ` for ${forTerminal(host, { max: 120 })}`;
  return secret.isCanary === true
    ? `alarm: the planted \`${name}\` stood in a ${place}${where}: somebody inside takes credentials along; it did not leave`
    : `\`${name}\` stood in a ${place}${where}: it did not leave`;
}
