// The way in to inspection. Its code, the certificate library above all, is loaded by the first session that reads TLS, not at every start.
import type { Inspection, InspectionOptions } from "./inspection.ts";
import type { RootPlaces } from "./roots.ts";

/** Makes a session's inspection: a new authority, and the roots as they are now. */
export async function openInspection(options: InspectionOptions): Promise<Inspection> {
  const { makeInspection } = await import("./inspection.ts");
  return makeInspection(options);
}

/** Whom this host and its person trust, as PEM, for connections that the house itself makes. */
export async function trustedRoots(places: RootPlaces): Promise<string> {
  const { readRoots } = await import("./roots.ts");
  return readRoots(places).pem;
}
