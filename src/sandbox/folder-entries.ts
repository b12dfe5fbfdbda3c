// What lies in a folder that may not be there.
import { type Dirent, readdirSync } from "node:fs";

/** The entries of a folder; none where it is not one, is not there or cannot be read. */
export function entriesIn(folder: string): readonly Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
