// Which runtimes stand on this machine. A probe takes a second, so what came of it is remembered as long as the machine is the same: this boot,
// this kernel, these programs. What is remembered only chooses: a start that then fails refuses the run, it never falls back to something weaker.
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";
import type { RuntimeStanding } from "#core/sandbox";
import type { ProbePlaces, RuntimeProbe, SandboxRuntime } from "./runtime.ts";

/** The runtime's standing, from memory where nothing has changed, else by its probe. */
export async function standingOf(runtime: SandboxRuntime, places: ProbePlaces): Promise<RuntimeStanding> {
  const machine = machineFacts([...runtime.reliesOn, places.helper]);
  const remembered = runtime.reliesOn.length === 0 ? undefined : recall(runtime, places, machine);
  if (remembered !== undefined) return asStanding(runtime, remembered);
  const probed = await runtime.probe(places);
  // Only what worked: somebody who has just installed what was missing is not told of yesterday.
  if (probed.available && runtime.reliesOn.length > 0) remember(runtime, places, { machine, ...probed });
  return asStanding(runtime, probed);
}

function asStanding({ facts }: SandboxRuntime, { available, complete, reason }: RuntimeProbe): RuntimeStanding {
  return { facts, available, complete, reason };
}

/** Who this machine is to a probe: another word here makes the old answer worthless. */
function machineFacts(files: readonly string[]): string {
  const stamp = (file: string): string => {
    try {
      const { dev, ino, size, mtimeMs, mode } = statSync(file);
      return [file, dev, ino, size, mtimeMs, mode].join(":");
    } catch {
      return `${file}:absent`;
    }
  };
  return [release(), bootId(), process.getuid?.() ?? "", ...files.map(stamp)].join(" ");
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return `${process.pid}.${performance.timeOrigin}`; // never the same again: nothing is remembered
  }
}

type Memory = RuntimeProbe & { readonly machine: string };

function place(runtime: SandboxRuntime, { stateDir }: ProbePlaces): string {
  return join(stateDir, "runtimes", `${runtime.facts.name}.json`);
}

function recall(runtime: SandboxRuntime, places: ProbePlaces, machine: string): RuntimeProbe | undefined {
  try {
    const memory = JSON.parse(readFileSync(place(runtime, places), "utf8")) as Partial<Memory>;
    const { available, complete, evidence, reason } = memory;
    if (memory.machine !== machine || available !== true) return undefined;
    if (typeof complete !== "boolean" || typeof reason !== "string" || typeof evidence !== "string") return undefined;
    return { available, complete, evidence, reason };
  } catch {
    return undefined;
  }
}

function remember(runtime: SandboxRuntime, places: ProbePlaces, memory: Memory): void {
  const file = place(runtime, places);
  const fresh = `${file}.${process.pid}`;
  try {
    mkdirSync(join(places.stateDir, "runtimes"), { recursive: true, mode: 0o700 });
    writeFileSync(fresh, JSON.stringify(memory), { mode: 0o600 });
    renameSync(fresh, file);
  } catch {
    rmSync(fresh, { force: true }); // the next start probes again
  }
}
