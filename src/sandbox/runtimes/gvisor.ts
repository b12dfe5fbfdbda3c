// gVisor: the agent's system calls are answered by a kernel of its own (runsc), which itself runs inside the fence of the `process` runtime. Both
// have to fail before the host's kernel is reached. What the session needs of the fence (view, workspace, bridge, terminal, limits, end) stays as it is.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import {
  type Architecture,
  hasSeccompTable,
  type RuntimeFacts,
  runscCommand,
  runscPlan,
  type SandboxPlan,
  unfitPlan,
} from "#core/sandbox";
import type { Fence, FenceExit } from "../fence.ts";
import { type LaunchDeps, launch } from "../launch.ts";
import { BWRAP_PLACES, isExecutable } from "../trial.ts";
import { tryRuntime } from "./attempt.ts";
import type { SandboxRuntime } from "./runtime.ts";
import { awaitSign } from "./sign-of-life.ts";

/** Absolute, as bubblewrap's: no PATH chooses what makes the walls. */
const RUNSC_PLACES = ["/usr/bin/runsc", "/usr/local/bin/runsc", "/run/current-system/sw/bin/runsc"];

// Debian 12's is of December 2022, before gVisor knew AT_NO_AUTOMOUNT, which ls and stat ask with.
const NEWER = "a gVisor of 2024 or later mends it (gvisor.dev/docs/user_guide/install)";

const OUTSIDE = "the host's kernel sees the engine, not the programs in it";

const FACTS: RuntimeFacts = {
  name: "gvisor",
  isolation: "user-kernel",
  lacks: {
    recorder: `${OUTSIDE}; connections are recorded by the proxy, tool calls by the hooks`,
    direct: "protected names cannot be refused live, because the engine opens files for the agent",
    programs: "the host's kernel sees the engine's sockets",
    landlock: "the engine makes mounts, which Landlock forbids",
  },
  mend: "sudo apt-get install -y runsc",
};

/** The `gvisor` runtime. */
export const gvisorRuntime: SandboxRuntime = {
  facts: FACTS,
  reliesOn: [...RUNSC_PLACES, ...BWRAP_PLACES],
  async probe(places) {
    const runsc = findRunsc();
    if (runsc === undefined) {
      const evidence = `not in ${RUNSC_PLACES.join(", ")}`;
      return { available: false, complete: false, reason: "runsc is not installed", evidence };
    }
    const tried = await tryRuntime({ ...places, start, ownKernel: true });
    return tried.available && !tried.complete ? { ...tried, reason: `${tried.reason}; ${NEWER}` } : tried;
  },
  start,
};

function findRunsc(): string | undefined {
  return RUNSC_PLACES.find(isExecutable);
}

async function start(plan: SandboxPlan, deps: LaunchDeps): Promise<Result<Fence, Problem>> {
  const unfit = unfitPlan(plan, FACTS);
  if (unfit !== undefined) return err(unfit);
  const runsc = findRunsc();
  if (runsc === undefined) return err({ code: "runtime-missing", message: "runsc is not installed", hint: FACTS.mend });
  if (!hasSeccompTable(process.arch)) return launch(plan, deps); // which refuses it in its words
  const folder = deps.scratch ?? mkdtempSync(join(tmpdir(), "ringfence-engine-"));
  const path = join(folder, "engine.sock");
  const sign = await awaitSign(path);
  if (!sign.ok) return sign;
  const architecture: Architecture = process.arch;
  const launched = await launch(runscPlan(plan, { runsc, helper: deps.helper, begun: path, architecture }), deps);
  const early = launched.ok
    ? await Promise.race([sign.value.begun.then(() => undefined), launched.value.exited])
    : undefined;
  sign.value.close();
  if (deps.scratch === undefined) rmSync(folder, { recursive: true, force: true });
  if (!launched.ok) return launched;
  if (early !== undefined) return err(notBegun(early));
  const fence = launched.value;
  return ok({ ...fence, announce: (token, command) => fence.announce(token, runscCommand(plan, command)) });
}

function notBegun(exit: FenceExit): Problem {
  return {
    code: "engine-failed",
    message: `gVisor ended with ${exit.code} before the command could start; what it said stands above`,
    hint: "`ringfence doctor` tries it again and says why",
  };
}
