// Exits 0 when node_modules holds exactly what package-lock.json says, else 1. npm writes its own hidden lock file last, so an interrupted
// installation has none; comparing the two by content also holds after a checkout that changed the times.
import { readFileSync } from "node:fs";

/** @param {string} file */
function packagesOf(file) {
  try {
    return JSON.parse(readFileSync(new URL(`../${file}`, import.meta.url), "utf8")).packages;
  } catch {
    return undefined;
  }
}

const wanted = packagesOf("package-lock.json");
const present = packagesOf("node_modules/.package-lock.json");
const same =
  wanted !== undefined &&
  present !== undefined &&
  Object.entries(wanted).every(
    ([path, entry]) =>
      path === "" || // the project itself
      (entry.optional === true && present[path] === undefined) || // another platform's binary
      present[path]?.integrity === entry.integrity,
  );
process.exit(same ? 0 : 1);
