// Which runtime a session gets: what the policy asks for, what this machine can prove. Decided before anything of the session exists.
import { ok, type Problem, type Result } from "#core";
import type { Policy } from "#core/policy";
import {
  candidateRuntimes,
  chooseRuntime,
  lackingFeatures,
  type RuntimeStanding,
  type SandboxPlan,
  unfitPlan,
} from "#core/sandbox";
import type { RuntimeOutcome } from "#core/session";
import { landlockVersion, NO_LANDLOCK, RUNTIMES, type SandboxRuntime, standingOf } from "#sandbox";

/** The chosen one. */
export interface ChosenRuntime {
  readonly runtime: SandboxRuntime;
  /** For the record, the summary and `--json`. */
  readonly shown: RuntimeOutcome;
  /** What a person should know before the command starts. */
  readonly notice?: string;
}

/** Chooses it, or says what is missing and how to have it. */
export async function runtimeFor(
  policy: Policy,
  places: { readonly stateDir: string; readonly helper: string },
): Promise<Result<ChosenRuntime, Problem>> {
  const wish = { tier: policy.tier, runtime: policy.sandbox.runtime };
  const standings: RuntimeStanding[] = [];
  for (const name of candidateRuntimes(wish)) {
    const runtime = RUNTIMES.find(({ facts }) => facts.name === name);
    if (runtime === undefined) continue;
    const standing = await standingHere(runtime, places);
    standings.push(standing);
    if (chooseRuntime(wish, standings).ok) break; // the strongest comes first: the others need not be tried
  }
  const chosen = chooseRuntime(wish, standings);
  if (!chosen.ok) return chosen;
  const runtime = RUNTIMES.find(({ facts }) => facts.name === chosen.value.facts.name);
  if (runtime === undefined) throw new Error(`a standing of no runtime: ${chosen.value.facts.name}`);
  const { facts, complete, reason } = chosen.value;
  return ok({
    runtime,
    shown: {
      name: facts.name,
      isolation: facts.isolation,
      lacks: Object.fromEntries(lackingFeatures(facts).map(({ feature, why }) => [feature, why])),
    },
    ...(complete ? {} : { notice: `${facts.name}: ${reason}` }),
  });
}

/** `process` is what every run was before: its own start is the proof, and costs no second one. */
async function standingHere(
  runtime: SandboxRuntime,
  places: { readonly stateDir: string; readonly helper: string },
): Promise<RuntimeStanding> {
  if (runtime.facts.name !== "process") return standingOf(runtime, places);
  const { facts } = runtime;
  const lacks = landlockVersion(places.helper) > 0 ? facts.lacks : { ...facts.lacks, landlock: NO_LANDLOCK };
  return { facts: { ...facts, lacks }, available: true, complete: true, reason: "proved by its start" };
}

/** Why this plan cannot be carried out whole in it, if so. */
export function unfitFor(plan: SandboxPlan, { runtime }: ChosenRuntime): Problem | undefined {
  return unfitPlan(plan, runtime.facts);
}
