// The way in to inspection. Its code, the certificate library above all, is loaded by the first session that reads TLS, not at every start.
import type { Inspection, InspectionOptions } from "./inspection.ts";

/** Makes a session's inspection: a new authority, and the roots as they are now. */
export async function openInspection(options: InspectionOptions): Promise<Inspection> {
  const { makeInspection } = await import("./inspection.ts");
  return makeInspection(options);
}
