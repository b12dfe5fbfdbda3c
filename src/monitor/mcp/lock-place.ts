// Where the lock of a project is, as its policy says.
import { join, resolve } from "node:path";

/** The absolute path. What is relative is so to the workspace. */
export function lockFilePlace(
  text: string,
  { workspace, home }: { readonly workspace: string; readonly home: string },
): string {
  return text.startsWith("~/") ? join(home, text.slice(2)) : resolve(workspace, text);
}
