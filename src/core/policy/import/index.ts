// What comes from other agents' settings (PERM-7). A door of its own: `run` and `check` do not load it.
export type { DraftPart, Unequal } from "./draft.ts";
export { type Imported, importPolicy, NATIVE_FORMS, type NativeForm } from "./import.ts";
export { printPolicy } from "./print.ts";
export type { ImportSource } from "./source.ts";
