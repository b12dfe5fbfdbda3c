// A container by podman, rootless whoever calls: the engine works in a nest (native/nest.h) where it is root of a user namespace that holds the caller
// alone, and where it can change nothing of the host. In the container the same helper finishes the same fence, so every feature of a session holds.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { err, type Problem, type Result } from "#core";
import {
  type Architecture,
  containerPlan,
  containerProfile,
  hasSeccompTable,
  nestArguments,
  type RuntimeFacts,
  type SandboxPlan,
  unfitPlan,
} from "#core/sandbox";
import type { Fence } from "../fence.ts";
import { type LaunchDeps, launch } from "../launch.ts";
import { isExecutable, run } from "../trial.ts";
import { tryRuntime } from "./attempt.ts";
import { containerProblem } from "./container-problem.ts";
import type { RuntimeProbe, SandboxRuntime } from "./runtime.ts";

/** Absolute, as bubblewrap's: no PATH chooses what makes the walls. */
const PODMAN_PLACES = ["/usr/bin/podman", "/usr/local/bin/podman", "/run/current-system/sw/bin/podman"];
const DOCKER_PLACES = ["/usr/bin/docker", "/usr/local/bin/docker"];
const OCI_PLACES = ["/usr/bin/crun", "/usr/local/bin/crun", "/run/current-system/sw/bin/crun"];

const FACTS: RuntimeFacts = {
  name: "container",
  isolation: "container",
  lacks: {},
  mend: "sudo apt-get install -y podman crun",
};

/** The `container` runtime. */
export const containerRuntime: SandboxRuntime = {
  facts: FACTS,
  reliesOn: [...PODMAN_PLACES, ...OCI_PLACES, "/usr/bin/conmon"],
  async probe(places): Promise<RuntimeProbe> {
    const missing = missingEngine();
    if (missing !== undefined) return { available: false, complete: false, ...missing, ...withDocker(missing) };
    return tryRuntime({ ...places, start, ownKernel: false });
  },
  start,
};

/** Which part of the engine is not here, in words. */
function missingEngine(): { readonly reason: string; readonly evidence: string } | undefined {
  for (const [name, places] of [
    ["podman", PODMAN_PLACES],
    ["crun", OCI_PLACES],
  ] as const) {
    if (places.some(isExecutable)) continue;
    return { reason: `${name} is not installed`, evidence: `not in ${places.join(", ")}` };
  }
  return undefined;
}

/** Docker is no way out: its daemon passes no descriptors on, gives a container no user namespace of its own, and is root. */
function withDocker(missing: { readonly reason: string; readonly evidence: string }): {
  readonly reason: string;
  readonly evidence: string;
} {
  const docker = DOCKER_PLACES.find(isExecutable);
  if (docker === undefined) return missing;
  const trial = run(docker, ["info", "--format", "{{.ServerVersion}} {{.SecurityOptions}}"]);
  return {
    reason: `${missing.reason}; docker is, but it passes no descriptors into a container and its daemon is root`,
    evidence: `${missing.evidence}; docker info: ${trial.worked ? trial.output : trial.said}`,
  };
}

async function start(plan: SandboxPlan, deps: LaunchDeps): Promise<Result<Fence, Problem>> {
  const unfit = unfitPlan(plan, FACTS);
  if (unfit !== undefined) return err(unfit);
  const podman = PODMAN_PLACES.find(isExecutable);
  const ociRuntime = OCI_PLACES.find(isExecutable);
  if (podman === undefined || ociRuntime === undefined) {
    const message = missingEngine()?.reason ?? "podman is not installed";
    return err({ code: "runtime-missing", message, hint: FACTS.mend });
  }
  if (!hasSeccompTable(process.arch)) return launch(plan, deps); // which refuses it in its words
  const architecture: Architecture = process.arch;
  const folder = mkdtempSync(join(deps.scratch ?? tmpdir(), "container-"));
  const profile = join(folder, "seccomp.json");
  writeFileSync(profile, containerProfile(architecture), { mode: 0o600 });
  const container = containerPlan(plan);
  const launched = await launch(plan, deps, {
    argv: [deps.helper, ...nestArguments(container, { profile, podman, ociRuntime, hostname: plan.hostname })],
    root: container.root,
    levels: 3, // the nest has one of its own
    problem: containerProblem,
  });
  // The nest has it bound by now, or there is none.
  rmSync(folder, { recursive: true, force: true });
  return launched;
}
