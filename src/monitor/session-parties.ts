// Who has a say in a session beside its walls: the guard that judges acts, whoever is told of them, the witnesses of its record. Nothing starts before
// each of them is known to be usable.
import type { WitnessPlace } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import { findBubblewrap } from "#sandbox";
import { compileGuard } from "./guard/guard.ts";
import type { Guard } from "./guard/guarded-session.ts";
import type { Announcer } from "./lifecycle/announcer.ts";
import { announcerOfRun } from "./lifecycle/announcer-of-run.ts";
import type { Prepared } from "./prepare/prepare.ts";
import type { RunRequest } from "./request.ts";
import { witnessesOf } from "./witnessed.ts";

/** All of them. */
export interface Parties {
  /** The program that makes the fence. */
  readonly bwrap: string;
  /** Made anew for each act that is judged. */
  readonly guard: () => Guard;
  readonly announcer: Announcer | undefined;
  readonly witnesses: readonly WitnessPlace[];
}

/** Finds them, or says what is missing. `append` is called only once the record is open. */
export function findParties({
  id,
  request,
  prepared,
  append,
}: {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly append: Append;
}): Result<Parties, readonly Problem[]> {
  const { policy, workspace, egressPlan } = prepared;
  const bwrap = findBubblewrap();
  if (bwrap === undefined) return err([NO_BUBBLEWRAP]);
  const places = { root: workspace.root, home: request.caller.home, contained: true, reachable: egressPlan.allow };
  const guard = compileGuard(policy, places);
  if (!guard.ok) return err(guard.error);
  const announcer = announcerOfRun({ id, policy, workspace: workspace.root, request, append });
  if (!announcer.ok) return err([announcer.error]);
  const witnesses = witnessesOf(policy);
  if (!witnesses.ok) return err([witnesses.error]);
  return ok({ bwrap, guard: guard.value, announcer: announcer.value, witnesses: witnesses.value });
}

const NO_BUBBLEWRAP: Problem = {
  code: "bubblewrap-missing",
  message: "bubblewrap is not installed",
  hint: "apt-get install bubblewrap",
};
