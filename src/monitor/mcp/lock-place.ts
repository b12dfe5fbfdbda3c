// Where the lock of a project is, as its policy says.
import { resolve } from "node:path";
import { expandHome } from "#core/sandbox";

/** The absolute path. What is relative is so to the workspace. */
export function lockFilePlace(
  text: string,
  { workspace, home }: { readonly workspace: string; readonly home: string },
): string {
  return resolve(workspace, expandHome(text, home));
}
