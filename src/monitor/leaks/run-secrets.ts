// The secrets of one run, and the look at what leaves that they are for: collected before the fence is made, because whether TLS is read hangs on them.
import type { LeakSecret } from "#core/leak";
import type { Append } from "#core/log";
import { type EgressPlan, readingOf } from "#core/net";
import type { Policy } from "#core/policy";
import { forTerminal } from "#core/text";
import { type Broker, secretsOf } from "#credentials";
import {
  type BudgetHit,
  type EgressOptions,
  type HttpFilter,
  hostBudget,
  type Leak,
  leakFilter,
  nameGuard,
  tokenFilter,
} from "#egress";
import type { RunRequest } from "../request.ts";
import { collectSecrets, type SessionSecrets } from "./session-secrets.ts";

/** What a run's secrets are collected from. */
export interface RunSecretParts {
  readonly request: RunRequest;
  readonly policy: Policy;
  readonly broker: Broker | undefined;
  readonly planted: readonly LeakSecret[];
  /** Masked files below the folder that is shown, absolute. */
  readonly files: readonly string[];
  readonly lower: string;
}

/** Collects them. */
export function secretsOfRun({ request, policy, broker, planted, files, lower }: RunSecretParts): SessionSecrets {
  const { env } = request.caller;
  return collectSecrets({
    files: files.map((path) => ({ path, name: path.slice(lower.length + 1) })),
    values: () => [...planted, ...(broker === undefined ? [] : secretsOf(broker))],
    placeholders: () => Object.values(broker?.env ?? {}),
    shown: [...policy.env.pass.flatMap((name) => env[name] ?? []), ...Object.values(policy.env.set)],
    notice: (line) => request.progress(line),
  });
}

/** What the proxy is opened with to look at what leaves, and to keep it within bounds. */
export function leakOptions(parts: {
  readonly secrets: SessionSecrets;
  readonly network: Policy["sandbox"]["network"];
  readonly broker: Broker | undefined;
  readonly append: Append;
  readonly plan: () => EgressPlan;
  /** False for a session whose programs were not told of its authority. */
  readonly canRead: boolean;
  readonly tell: (line: string) => void;
}): Required<Pick<EgressOptions, "nameGuard">> & {
  readonly looks: readonly HttpFilter[];
} {
  const options = {
    search: () => parts.secrets.search(),
    mayRead: (host: string, port: number) =>
      parts.canRead && readingOf(parts.plan(), { host, port }, { must: false, may: true }) === "yes",
    onLeak: (leak: Leak) => parts.tell(leakText(leak)),
  };
  const { budget, tokens } = boundsOf(parts);
  // A planted key looks like anybody's too: what the session knows speaks first, so that it is an alarm.
  return { looks: [...budget, leakFilter(options), ...tokens], nameGuard: nameGuard(options) };
}

/** The filters that the policy asks for by a key of its own. */
function boundsOf({
  append,
  broker,
  network,
  plan,
  secrets,
  tell,
}: Parameters<typeof leakOptions>[0]): Readonly<Record<"budget" | "tokens", readonly HttpFilter[]>> {
  const { budget, tokens } = network;
  const shown = [...secrets.shown, ...Object.values(broker?.env ?? {})];
  const isCounted = budget.upBytes !== undefined || budget.requestsPerMinute !== undefined;
  const onHit = ({ limit, host, most }: BudgetHit): void => {
    tell(`the ${limit} budget for ${forTerminal(host, { max: 120 })} is used up (${most})`);
    append({ type: "limit.hit", origin: "observed", data: { limit, host, most } }).catch(() => undefined); // refused all the same
  };
  return {
    budget: isCounted ? [hostBudget({ ...budget, now: Date.now, onHit })] : [],
    tokens: tokens === "off" ? [] : [tokenFilter({ trusts: (host) => isOwn(plan(), host), shown: () => shown })],
  };
}

/** The agent's own model is told everything anyway: its preset opened it. */
function isOwn({ allow }: EgressPlan, name: string): boolean {
  return allow.some(({ at, host }) => host === name && at.file.startsWith("preset "));
}

function leakText({ host, place, secret }: Leak): string {
  const name = forTerminal(secret.name, { max: 120 });
  const where = place === "host" ? "" : ` for ${forTerminal(host, { max: 120 })}`;
  return secret.isCanary === true
    ? `alarm: the planted \`${name}\` stood in a ${place}${where}: somebody inside takes credentials along; it did not leave`
    : `\`${name}\` stood in a ${place}${where}: it did not leave`;
}
