// A virtual machine: the agent's kernel is a Linux that qemu boots, and qemu is an ordinary program in the fence of the `process` runtime, under the
// agent's own filter, Landlock rules and limits. What the guest can reach is the fence's view by 9p, and the fence's bridge.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { hasSeccompTable, machinePlan, type RuntimeFacts, type SandboxPlan, unfitPlan } from "#core/sandbox";
import type { Fence, FenceExit } from "../fence.ts";
import { type LaunchDeps, launch } from "../launch.ts";
import { BWRAP_PLACES, isExecutable } from "../trial.ts";
import { tryRuntime } from "./attempt.ts";
import { findKernel, KERNEL_PLACES } from "./kernel.ts";
import type { SandboxRuntime } from "./runtime.ts";
import { awaitSign } from "./sign-of-life.ts";

/** Absolute, as bubblewrap's. */
const QEMU_PLACES = ["/usr/bin/qemu-system-x86_64"];

/** Half of the host's memory at most: the guest takes what it uses, and gives nothing back. */
const MEMORY_MOST = 4 * 2 ** 30;
const PROCESSORS_MOST = 8;

const ALONE = "the guest takes one command, from its start to its end";

const FACTS: RuntimeFacts = {
  name: "microvm",
  isolation: "microvm",
  lacks: {
    recorder: "the host's kernel sees qemu, not the programs in it; connections are recorded by the proxy",
    direct: "protected names cannot be refused live, because qemu opens files for the agent",
    terminal: "the guest's streams are pipes",
    commands: ALONE,
    hooks: "sockets of the host lead nowhere in the guest",
    pause: "not proved with a machine: its clock goes on",
    transparent: "the guest has a loopback alone",
    programs: "the host's kernel sees qemu's sockets",
    ports: "the bridge of the guest leads outwards only",
  },
  mend: "sudo apt-get install -y qemu-system-x86 linux-image-amd64",
};

/** The `microvm` runtime. */
export const microvmRuntime: SandboxRuntime = {
  facts: FACTS,
  reliesOn: [...QEMU_PLACES, ...BWRAP_PLACES, ...KERNEL_PLACES.map((place) => join(place, "boot"))],
  async probe(places) {
    const missing = whatIsMissing();
    if (missing !== undefined) return { available: false, complete: false, reason: missing, evidence: missing };
    const tried = await tryRuntime({ ...places, start, ownKernel: true });
    if (!tried.available) return tried;
    // Not complete to `auto`: an agent at a terminal would be refused, and each start costs seconds. Who wants it names it.
    return { ...tried, complete: false, reason: `${tried.reason}, by software emulation and without a terminal` };
  },
  start,
};

function findQemu(): string | undefined {
  return QEMU_PLACES.find(isExecutable);
}

function whatIsMissing(): string | undefined {
  if (process.arch !== "x64") return "guests are started on x86-64 only";
  if (findQemu() === undefined) return `qemu is not installed (${QEMU_PLACES.join(", ")})`;
  if (findKernel() !== undefined) return undefined;
  return `no kernel with its 9p driver in ${KERNEL_PLACES.join(" or ")} (boot/vmlinuz-*, lib/modules)`;
}

async function start(plan: SandboxPlan, deps: LaunchDeps): Promise<Result<Fence, Problem>> {
  const unfit = unfitPlan(plan, FACTS);
  if (unfit !== undefined) return err(unfit);
  const missing = whatIsMissing();
  const [qemu, kernel, architecture] = [findQemu(), findKernel(), process.arch];
  if (missing !== undefined || qemu === undefined || kernel === undefined || !hasSeccompTable(architecture))
    return err({ code: "runtime-missing", message: missing ?? "no virtual machine can be made", hint: FACTS.mend });
  const folder = deps.scratch ?? mkdtempSync(join(tmpdir(), "ringfence-machine-"));
  const begun = join(folder, "machine.sock");
  const sign = await awaitSign(begun);
  if (!sign.ok) return sign;
  // Further commands would run beside qemu, not in the guest: there is no socket for them.
  const { commandSocket: _, ...alone } = deps;
  const machine = machinePlan(plan, {
    ...{ qemu, kernel: kernel.image, helper: deps.helper, begun, architecture },
    ...sizeFor(plan),
    init: readFileSync(deps.helper),
    drivers: kernel.drivers.map(({ name, path }) => ({ name, content: readFileSync(path) })),
  });
  const launched = await launch(machine, alone);
  const early = launched.ok
    ? await Promise.race([sign.value.begun.then(() => undefined), launched.value.exited])
    : undefined;
  sign.value.close();
  if (deps.scratch === undefined) rmSync(folder, { recursive: true, force: true });
  if (!launched.ok) return launched;
  if (early !== undefined) return err(notBegun(early));
  return ok({
    ...launched.value,
    announce: async (token) => deps.onEvent?.({ kind: "failed", token, problem: NO_MORE }),
  });
}

const NO_MORE: Problem = {
  code: "runtime-lacks",
  message: `\`runtime: microvm\` takes no further commands: ${ALONE}`,
  hint: "`--runtime process` or `--runtime gvisor` takes them",
};

function sizeFor({ limits }: SandboxPlan): { readonly memoryBytes: number; readonly processors: number } {
  const { watchMemoryBytes, processors } = limits;
  const most = Math.min(MEMORY_MOST, totalmem() / 2);
  return {
    memoryBytes: watchMemoryBytes === 0 ? most : Math.min(most, watchMemoryBytes),
    processors: Math.min(PROCESSORS_MOST, processors === 0 ? availableParallelism() : processors),
  };
}

function notBegun(exit: FenceExit): Problem {
  return {
    code: "engine-failed",
    message: `the virtual machine ended with ${exit.code} before the command could start; what it said stands above`,
    hint: "`ringfence doctor` tries it again and says why",
  };
}
