// Why a log's signatures are believed: from the one machine key that somebody trusts, over the machine's later keys and the
// certificate of the log, to the key of each of its epochs. The notes travel with a folder, a receipt or a bundle.
import { openCertificate } from "./certificate.ts";
import { type Epoch, openEpochs, splitEpochNotes } from "./epoch.ts";
import { isLogOf } from "./log-name.ts";
import type { VerifierKey } from "./note.ts";
import type { NoteCrypto } from "./statement.ts";

/** The notes as they stand in files: those of several epochs end to end, empty where there are none. */
export interface Provenance {
  /** Absent for the machine's ledger, which the trusted key signs itself. */
  readonly certificate?: string;
  /** The machine's epochs 1, 2, … up to the one that signed the certificate. */
  readonly authority: string;
  /** The log's own epochs 1, 2, …. */
  readonly epochs: string;
}

/** The notes as one line of JSON. */
export function formatProvenance({ certificate, authority, epochs }: Provenance): string {
  return JSON.stringify({ ...(certificate === undefined ? {} : { certificate }), authority, epochs });
}

/** Reads what `formatProvenance` writes; undefined for anything else, another spelling included. */
export function parseProvenance(text: string): Provenance | undefined {
  try {
    const provenance = provenanceFrom(JSON.parse(text) as { [field: string]: unknown });
    return provenance !== undefined && formatProvenance(provenance) === text ? provenance : undefined;
  } catch {
    return undefined;
  }
}

/** The notes among the fields of a JSON object; undefined when they are not all there. Throws for what is no object. */
export function provenanceFrom(fields: { readonly [field: string]: unknown }): Provenance | undefined {
  const { certificate, authority, epochs } = fields;
  if (typeof authority !== "string" || typeof epochs !== "string") return undefined;
  if (certificate !== undefined && typeof certificate !== "string") return undefined;
  return { ...(certificate === undefined ? {} : { certificate }), authority, epochs };
}

/** A log whose keys are known. */
export interface KnownLog {
  readonly origin: string;
  /** Absent for the ledger. */
  readonly session?: string;
  readonly epochs: readonly Epoch[];
  /** The trusted key that everything leads back to. */
  readonly root: VerifierKey;
  /** Machine epoch that signed the certificate. */
  readonly certifiedBy?: number;
}

/** The keys of a log, or the first note that is not believed. `foreign`: signed, but not by who is trusted. */
export type OpenedProvenance =
  | { readonly ok: true; readonly log: KnownLog }
  | { readonly ok: false; readonly fault: "foreign" | "sig" | "epoch"; readonly file: string };

/** Follows the notes from a trusted key. Total. */
export function openProvenance(
  provenance: Provenance,
  trusted: readonly VerifierKey[],
  crypto: NoteCrypto,
): OpenedProvenance {
  const results = trusted.map((root) => openFrom(root, provenance, crypto));
  return (
    results.find(({ ok }) => ok) ?? results.find(isNotForeign) ?? { ok: false, fault: "foreign", file: "certificate" }
  );
}

function isNotForeign(result: OpenedProvenance): boolean {
  return !result.ok && result.fault !== "foreign";
}

function openFrom(root: VerifierKey, provenance: Provenance, crypto: NoteCrypto): OpenedProvenance {
  const { certificate } = provenance;
  const genesis = { key: root, start: "" };
  if (certificate === undefined) {
    const own = chain(provenance.epochs, genesis, { crypto });
    return own.ok ? { ok: true, log: { origin: root.name, epochs: own.epochs, root } } : own;
  }
  const machine = chain(provenance.authority, genesis, { crypto });
  if (!machine.ok) return { ...machine, file: "authority" };
  const authority = machine.epochs.map(({ key }) => key);
  const opened = openCertificate(certificate, authority, crypto);
  if (!opened.ok) return { ok: false, fault: opened.fault === "unknown-key" ? "foreign" : "sig", file: "certificate" };
  const { session, key, start } = opened.certificate;
  if (!isLogOf(key.name, root.name, session)) return { ok: false, fault: "sig", file: "certificate" };
  const own = chain(provenance.epochs, { key, start }, { crypto, authority });
  if (!own.ok) return own;
  return {
    ok: true,
    log: { origin: key.name, session, epochs: own.epochs, root, certifiedBy: authority.indexOf(opened.by) },
  };
}

type Chain =
  | { readonly ok: true; readonly epochs: readonly Epoch[] }
  | { readonly ok: false; readonly fault: "sig" | "epoch" | "foreign"; readonly file: string };

function chain(
  text: string,
  genesis: { key: VerifierKey; start: string },
  trust: Parameters<typeof openEpochs>[2],
): Chain {
  const notes = splitEpochNotes(text);
  if (notes === undefined) return { ok: false, fault: "sig", file: "epochs" };
  const opened = openEpochs(notes, genesis, trust);
  if (opened.ok) return opened;
  const file = `epochs/${opened.epoch}`;
  if (opened.fault === "unknown-key") return { ok: false, fault: opened.epoch === 1 ? "foreign" : "epoch", file };
  return { ok: false, fault: opened.fault === "order" ? "epoch" : "sig", file };
}
