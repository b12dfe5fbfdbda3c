// `ringfence run` alone: a bundle of its own (dist/run.cjs), half of the program, because it starts with every session.
import { startProgram } from "./program.ts";
import { runCommand } from "./run.ts";

startProgram({ run: () => Promise.resolve(runCommand()) }, process.argv);
