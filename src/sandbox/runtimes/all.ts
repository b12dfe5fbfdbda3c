// Every runtime of this version, the weakest first.
import { containerRuntime } from "./container.ts";
import { gvisorRuntime } from "./gvisor.ts";
import { kataRuntime } from "./kata.ts";
import { processRuntime } from "./process.ts";
import type { SandboxRuntime } from "./runtime.ts";
import { unbuiltRuntime } from "./unbuilt.ts";

/** All of them. */
export const RUNTIMES: readonly SandboxRuntime[] = [
  processRuntime,
  containerRuntime,
  gvisorRuntime,
  kataRuntime,
  unbuiltRuntime("microvm", "microvm", "this version does not start virtual machines"),
];
