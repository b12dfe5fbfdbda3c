// What sessions write on the host. Nothing that stands there is believed by a later session: no tool's settings, no certificate (NET-1).
import { realpathSync } from "node:fs";
import { expandHome } from "#core/sandbox";

/** The workspace, and what `allowWrite` names; links followed. */
export function writtenFolders(
  allowWrite: readonly { readonly text: string }[],
  { root, home }: { readonly root: string; readonly home: string },
): readonly string[] {
  const named = allowWrite.map(({ text }) => namedPath(text, home));
  return [root, ...named].map((path) => {
    try {
      return realpathSync(path);
    } catch {
      return path; // not there: refused where it is shown
    }
  });
}

/** The folder or file that a line of `allowRead` or `allowWrite` means. */
export function namedPath(text: string, home: string): string {
  return expandHome(text.replace(/^\/\//, "/").replace(/\/\*\*$/, ""), home);
}
