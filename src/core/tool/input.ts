// A tool's input as it comes from a model: read field by field, never trusted. Agents give one thing different names, and an input may
// hold several of them; which one the tool obeys is not known here, so all of them are.

/** Reads the fields of one input. */
export interface ToolInput {
  /** What stands in these fields, of whatever type, without what is null. */
  values(...names: readonly string[]): readonly unknown[];
  /** The first text among these fields. */
  text(...names: readonly string[]): string | undefined;
  /** The texts of all these fields, also of lists; `undefined` when one of them is there and is neither. */
  texts(...names: readonly string[]): readonly string[] | undefined;
  /** True when one of these fields is there and is not false, null or empty. */
  asks(...names: readonly string[]): boolean;
}

/** The fields that hold a path. */
export const PATH_FIELDS = [
  "file_path",
  "filePath",
  "path",
  "absolute_path",
  "absolutePath",
  "notebook_path",
  "target_file",
  "target_notebook",
  "relative_workspace_path",
  "dir_path",
  "directory",
  "target_directory",
  "target_directories",
  "paths",
  "file_paths",
  "filePaths",
] as const;

const MOST_TEXTS = 1000;

/** An input that is not an object has no fields. */
export function toolInput(input: unknown): ToolInput {
  const fields =
    typeof input === "object" && input !== null && !Array.isArray(input)
      ? (input as Readonly<Record<string, unknown>>)
      : {};
  const field = (name: string): unknown => (Object.hasOwn(fields, name) ? fields[name] : undefined);
  const values = (names: readonly string[]): readonly unknown[] =>
    names.map(field).filter((value) => value !== undefined && value !== null);
  return {
    values: (...names) => values(names),
    text: (...names) => names.map(field).find((value): value is string => typeof value === "string"),
    texts: (...names) => {
      const texts = values(names).flat();
      return texts.length <= MOST_TEXTS && texts.every((value): value is string => typeof value === "string")
        ? [...new Set(texts)]
        : undefined;
    },
    asks: (...names) => values(names).some((value) => value !== false && value !== ""),
  };
}
