// `ringfence check` alone: a bundle of its own (dist/check.cjs), because scripts start it once a decision.
import { checkCommand } from "./check.ts";
import { startProgram } from "./program.ts";

startProgram({ check: () => Promise.resolve(checkCommand()) }, process.argv);
