// What goes to other agents' settings (PERM-7). A door of its own, as import has.
export { EXPORT_FORMS, type Exported, type ExportForm, exportPolicy } from "./export.ts";
export type { NativeFile, Unenforced } from "./native.ts";
