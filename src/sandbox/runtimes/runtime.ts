// One runtime as the sandbox room knows it: what it claims, the trial that proves the claim on this machine, and the start of a fence in it.
// The fence is the handle: further commands (`announce`), signals, events and the end go through it. Copying in and out needs nothing: the
// session's folders are folders of the host in every runtime of this version. The only way out of any of them is the plan's bridge.
import type { Problem, Result } from "#core";
import type { RuntimeFacts, SandboxPlan } from "#core/sandbox";
import type { Fence } from "../fence.ts";
import type { LaunchDeps } from "../launch.ts";

/** What came of a runtime's probe: a program run in it for real, and an act that it must refuse. */
export interface RuntimeProbe {
  readonly available: boolean;
  /** True when ordinary programs also ran without a fault; `auto` takes no other. */
  readonly complete: boolean;
  readonly reason: string;
  /** What was done and what came back. */
  readonly evidence: string;
}

/** Where a probe may work. */
export interface ProbePlaces {
  readonly stateDir: string;
  readonly helper: string;
}

/** A way to run a plan. */
export interface SandboxRuntime {
  readonly facts: RuntimeFacts;
  /**
   * Files whose change makes an earlier probe worthless: programs and kernels that this runtime uses, absolute paths, also where they are not there.
   * Empty: the probe is never remembered.
   */
  readonly reliesOn: readonly string[];
  /** Acts it out. Takes seconds, changes nothing, leaves nothing. */
  probe(places: ProbePlaces): Promise<RuntimeProbe>;
  /** Starts the plan in it, whole or not at all. */
  start(plan: SandboxPlan, deps: LaunchDeps): Promise<Result<Fence, Problem>>;
}
