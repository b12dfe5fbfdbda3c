// What lies in a folder that may not be there yet.
import { readdirSync } from "node:fs";

/** The names in a folder; none where nothing was ever kept, or it cannot be read. */
export function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
