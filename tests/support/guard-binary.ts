// The guard compiled alone, around any command: tests/support/native/guard-main.c says how it is called.
import { execFileSync } from "node:child_process";
import path from "node:path";

const ROOT = path.resolve(import.meta.dirname, "../..");

/** Compiles it to `to`. */
export function compileGuard(to: string): void {
  const parts =
    "before_log guard guard_before guard_bind guard_caller guard_calls guard_filter guard_names guard_open guard_place guard_walk service control record_calls record_exec record_image record_line record_place record_process record_tell record trap trap_filter";
  const sources = parts.split(" ").map((name) => path.join(ROOT, "native", `${name}.c`));
  const flags = ["-O2", "-static", "-Wall", "-Wextra", "-Werror"];
  execFileSync("gcc", [...flags, path.join(ROOT, "tests/support/native/guard-main.c"), ...sources, "-o", to]);
}
