// What makes the programs inside accept the session's certificates: one bundle (this host's roots, the person's corporate ones, the session's authority)
// that the variables name and that lies over the system's own, and the same as a Java store. Certificates only; the authority's key is in neither.
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Authority } from "./authority.ts";
import { javaStore, readJavaStore } from "./java-store.ts";
import { BUNDLE_MOST, isCertificate, parseBundle, type Roots, uniqueCertificates } from "./roots.ts";
import type { TrustPlaces } from "./trust-places.ts";
import { trustVariables } from "./trust-variables.ts";

/** Where the variables point, inside. */
export const INSIDE_BUNDLE = "/run/ringfence/ca-certificates.crt";

/** What the fence gets, read-only. */
export interface Trust {
  readonly env: Readonly<Record<string, string>>;
  readonly files: readonly { readonly source: string; readonly target: string }[];
}

/** What it is made of. */
export interface TrustParts {
  readonly roots: Roots;
  readonly authority: Authority;
  readonly places: TrustPlaces;
  /** The session's own; made here. */
  readonly folder: string;
  readonly now: Date;
}

/** Writes both files and says where they lie inside. Throws what the disk throws. */
export function layTrust({ roots, authority, places, folder, now }: TrustParts): Trust {
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const bundle = join(folder, "ca-certificates.crt");
  writeFileSync(bundle, roots.pem + authority.certificate, { mode: 0o444 });
  const files = [INSIDE_BUNDLE, ...places.bundles].map((target) => ({ source: bundle, target }));
  if (places.javaStores.length > 0) {
    const store = join(folder, "cacerts");
    const own = parseBundle(authority.certificate).certificates;
    const all = uniqueCertificates([...roots.certificates, ...own, ...places.javaStores.flatMap(storedIn)]);
    const trusted = roots.certificates.length + own.length; // what they hold besides has been read by nobody yet
    const certificates = all.filter((der, at) => at < trusted || isCertificate(der));
    writeFileSync(store, javaStore(certificates, now), { mode: 0o444 });
    files.push(...places.javaStores.map((target) => ({ source: store, target })));
  }
  return { env: trustVariables(INSIDE_BUNDLE), files };
}

function storedIn(file: string): readonly Buffer[] {
  return statSync(file).size > BUNDLE_MOST ? [] : readJavaStore(readFileSync(file));
}
