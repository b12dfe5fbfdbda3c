// Whom this host and its person trust, as one list: the system's bundle, and what the person's own settings add to it (a corporate authority).
// The same list verifies the servers outside and goes into the fence: nothing that was trusted before is lost there.
import { X509Certificate } from "node:crypto";
import { readFileSync, realpathSync, statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { rootCertificates } from "node:tls";
import { isBelow } from "../tools/user-file.ts";
import { pemOf } from "./certificate.ts";

/** The trusted certificates, each once. Never empty. */
export interface Roots {
  readonly certificates: readonly Buffer[];
  /** The same as PEM. */
  readonly pem: string;
  /** Blocks that were no certificate. */
  readonly malformed: number;
}

/** Where a system keeps its bundle. The first that is there is this system's. */
export const SYSTEM_BUNDLES: readonly string[] = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

/** A bundle is some hundred kilobytes; what is named by mistake is not read to its end. */
export const BUNDLE_MOST: number = 8 * 1024 * 1024;
const BLOCK = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/g;
const BEGINS = /-----BEGIN CERTIFICATE-----/g;

/** What `readRoots` looks at. */
export interface RootPlaces {
  /** Files that the person's own settings name; absent ones are no error. */
  readonly files: readonly string[];
  /** What sessions write, the workspace first: no file there is trusted, whoever names it (NET-1). */
  readonly written: readonly string[];
  /** For tests. */
  readonly systemBundles?: readonly string[];
}

/** Reads them. Where the system has no bundle, the authorities that Node ships with stand in: a list without any would lock everything out. */
export function readRoots(places: RootPlaces): Roots {
  const bundles = places.systemBundles ?? SYSTEM_BUNDLES;
  const system = bundles.map((file) => readBundle(file, places.written)).find((text) => text !== undefined);
  const added = places.files.flatMap((file) => readBundle(file, places.written) ?? []);
  const read = parseBundle([system ?? "", ...added].join("\n"));
  const all =
    system === undefined || read.certificates.length === 0 ? [...shipped(), ...read.certificates] : read.certificates;
  const unique = uniqueCertificates(all);
  return { certificates: unique, pem: unique.map(pemOf).join(""), malformed: read.malformed };
}

/** The certificates in PEM text, and how many blocks were none. Text around them is ignored, as every reader of bundles does. */
export function parseBundle(text: string): { readonly certificates: readonly Buffer[]; readonly malformed: number } {
  // A bundle is often named twice, and reading a certificate is what takes the time.
  const verdicts = new Map<string, boolean>();
  const certificates = [...text.matchAll(BLOCK)].flatMap(([, body = ""]) => {
    const der = Buffer.from(body, "base64");
    const holds = verdicts.get(body) ?? isCertificate(der);
    verdicts.set(body, holds);
    return holds ? [der] : [];
  });
  return { certificates, malformed: (text.match(BEGINS) ?? []).length - certificates.length };
}

/** Each once, in order. */
export function uniqueCertificates(certificates: readonly Buffer[]): readonly Buffer[] {
  return [...new Map(certificates.map((der) => [der.toString("base64"), der])).values()];
}

/** True for exactly one certificate's bytes. */
export function isCertificate(der: Buffer): boolean {
  try {
    // What follows the certificate's own length would go along unread.
    return new X509Certificate(der).raw.length === der.length;
  } catch {
    return false; // counted by the caller
  }
}

function shipped(): readonly Buffer[] {
  return parseBundle(rootCertificates.join("\n")).certificates;
}

function readBundle(file: string, written: readonly string[]): string | undefined {
  try {
    const real = isAbsolute(file) ? realpathSync(file) : "";
    const found = statSync(real);
    if (isBelow(real, written) || !found.isFile() || found.size > BUNDLE_MOST) return undefined;
    return readFileSync(real, "latin1");
  } catch {
    return undefined; // absent or unreadable: not a source
  }
}
