// The ways out of a setup, open as long as its commands run: its own proxy, with the same eyes on what leaves as the agent's, and its own logins by SSH.
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import { observationsOfRecord } from "#core/session";
import { credentialFilter } from "#credentials";
import { type Consult, type Egress, openEgress, readOutsideProxy } from "#egress";
import type { Guard } from "../guard/guarded-session.ts";
import type { LegBook } from "../guard/leg-book.ts";
import { leakOptions } from "../leaks/run-secrets.ts";
import { programDigests } from "../network/program-digest.ts";
import type { RecentDials } from "../network/recent-dials.ts";
import { inspectorOption } from "../prepare/inspection.ts";
import type { Prepared } from "../prepare/prepare.ts";
import { serveSshLogins } from "../prepare/ssh-logins.ts";
import type { RunRequest } from "../request.ts";
import type { PreparedSetup } from "./setup-plan.ts";

/** What they need. */
export interface SetupDoorParts {
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly setup: PreparedSetup;
  readonly append: Append;
  readonly dials: RecentDials;
  readonly legs: LegBook;
  readonly guard: () => Guard;
}

/** The open ones. */
export interface SetupDoors {
  /** What was refused so far. */
  blocked(): ReturnType<Egress["summary"]>["blocked"];
  close(): Promise<void>;
}

/** Opens all, or closes what it had opened and says why. */
export async function openSetupDoors(parts: SetupDoorParts): Promise<Result<SetupDoors, Problem>> {
  const { append, prepared, request, setup } = parts;
  const outside = readOutsideProxy(request.caller.env);
  if (!outside.ok) return outside;
  const plan = (): PreparedSetup["egressPlan"] => setup.egressPlan;
  const { broker } = setup.credentials;
  const credentials = broker === undefined ? [] : [credentialFilter({ broker, append })];
  const { looks, nameGuard } = leakOptions({
    ...{ secrets: prepared.leaks, plan, canRead: prepared.inspection !== undefined },
    ...{ network: prepared.policy.sandbox.network, broker, append },
    tell: request.progress,
  });
  const egress = await openEgress({
    ...{ plan: setup.egressPlan, socketPath: setup.folders.proxy, preface: true, append },
    programAt: (address, port) => parts.dials.programAt(address, port),
    digestOf: programDigests(),
    ...(outside.value === undefined ? {} : { outside: outside.value }),
    ...inspectorOption(prepared.inspection, plan, { must: credentials, may: looks }),
    ...{ filters: [...looks, ...credentials], nameGuard },
    consult: consult(parts),
  });
  if (!egress.ok) return egress;
  const ssh = await serveSshLogins(setup.ssh, append);
  if (!ssh.ok) {
    await egress.value.close();
    return err(ssh.error);
  }
  return ok({
    blocked: () => egress.value.summary().blocked,
    close: async () => {
      await ssh.value?.close();
      await egress.value.close();
    },
  });
}

/** The setup is the person's own words: no question waits in it. What it reads of others stays in the workspace, so the agent begins with that leg. */
function consult({ guard, legs }: SetupDoorParts): Consult {
  return async ({ host, port, address, rule }) => {
    const { legs: context, policy } = onlyReading(guard());
    const body = { type: "net.connect", origin: "observed", data: { host, port, address, rule } } as const;
    await legs.take(observationsOfRecord(body, context), policy.legs);
    return undefined;
  };
}

/** Only the leg of reading is taken over: the setup's secrets are gone, and what it sent was the person's to send. */
export function onlyReading(guard: Guard): Guard {
  return { ...guard, policy: { ...guard.policy, legs: { ...guard.policy.legs, B: [], C: [] } } };
}
