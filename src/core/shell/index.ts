export { analyse } from "./analyse.ts";
export { isInside, joinPath } from "./directory.ts";
export type { Command, Effect, Facts, ShellContext, ShellWord, Unknown } from "./facts.ts";
export { allPrograms, type ProgramEntry } from "./table.ts";
