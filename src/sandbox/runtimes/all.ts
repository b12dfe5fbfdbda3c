// Every runtime of this version, the weakest first.
import { containerRuntime } from "./container.ts";
import { gvisorRuntime } from "./gvisor.ts";
import { kataRuntime } from "./kata.ts";
import { microvmRuntime } from "./microvm.ts";
import { processRuntime } from "./process.ts";
import type { SandboxRuntime } from "./runtime.ts";

/** All of them. */
export const RUNTIMES: readonly SandboxRuntime[] = [
  processRuntime,
  containerRuntime,
  gvisorRuntime,
  kataRuntime,
  microvmRuntime,
];
