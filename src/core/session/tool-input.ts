// What a tool call says of itself: its input is on record as JSON text, since an agent's JSON may hold numbers that a record has no form for.
import type { Json } from "../log/index.ts";

/** The fields of an input; none where it is no object. */
export function inputFields(input: Json | undefined): { readonly [key: string]: Json } {
  if (typeof input !== "string") return {};
  try {
    const value = JSON.parse(input) as Json;
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as { readonly [key: string]: Json })
      : {};
  } catch {
    return {};
  }
}

/** The shell text that a call runs. */
export function commandIn(input: { readonly [key: string]: Json }): string | undefined {
  return firstText(input, ["command", "cmd", "script"])?.trim();
}

/** The file that a file tool names, as it names it. */
export function pathIn(input: { readonly [key: string]: Json }): string | undefined {
  return firstText(input, ["file_path", "filePath", "path", "absolute_path", "notebook_path"]);
}

function firstText(input: { readonly [key: string]: Json }, keys: readonly string[]): string | undefined {
  return keys.map((key) => input[key]).find((value): value is string => typeof value === "string" && value !== "");
}

/** A tool's or a server's name without what only divides its words: agents write `mcp__s__t`, `s-t`, `s_t`. */
export function nameLetters(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
}
