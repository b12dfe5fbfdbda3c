// A disclosure: one private value, what opens its commitment, and the receipt of the record that commits to it, in one file. Who has the public key sees
// that exactly this was said, at this place of the log, and learns nothing else of the session.
import { fromBase64, toBase64 } from "./base64.ts";
import { commitmentOf, opensCommitment, type PrivateValue } from "./commitment.ts";
import type { VerifierKey } from "./note.ts";
import { checkReceipt, type ReceiptReport } from "./receipt.ts";
import type { Json } from "./record.ts";
import type { NoteCrypto } from "./statement.ts";

/** First line of a disclosure. */
export const DISCLOSURE_HEAD = "ringfence/disclosure v1";

/** The file: head, what is disclosed in base64, an empty line, the receipt as it is. */
export function formatDisclosure({ path, salt, value }: PrivateValue, receipt: string): string {
  return `${DISCLOSURE_HEAD}\nopens ${toBase64(new TextEncoder().encode(JSON.stringify({ path, salt, value })))}\n\n${receipt}`;
}

/** What a disclosure shows: its receipt's report, and the value when everything holds. */
export interface DisclosureReport extends ReceiptReport {
  readonly disclosed?: { readonly path: string; readonly value: Json };
}

/** Checks one with trusted keys and nothing else. Total. */
export function checkDisclosure(text: string, trusted: readonly VerifierKey[], crypto: NoteCrypto): DisclosureReport {
  const cut = text.indexOf("\n\n");
  const [head, opens = "", ...more] = text.slice(0, Math.max(0, cut)).split("\n");
  const said = opens.startsWith("opens ") ? parseOpening(opens.slice(6)) : undefined;
  if (cut < 0 || head !== DISCLOSURE_HEAD || more.length > 0 || said === undefined) return bad(0);
  const report = checkReceipt(text.slice(cut + 2), trusted, crypto);
  if (report.record === undefined) return report;
  const { seq, data } = report.record;
  const commitment = said.path.startsWith("data.") ? commitmentOf(data[said.path.slice(5)]) : undefined;
  if (commitment === undefined) return bad(seq);
  return opensCommitment(commitment, said, crypto.sha256)
    ? { ...report, disclosed: { path: said.path, value: said.value } }
    : { verdict: { word: "TAMPERED", kind: "blob", seq, file: "disclosure" } };
}

function parseOpening(base64: string): PrivateValue | undefined {
  const bytes = fromBase64(base64);
  if (bytes === undefined) return undefined;
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
    const { path, salt, value } = JSON.parse(text) as { readonly [key: string]: Json | undefined };
    if (typeof path !== "string" || typeof salt !== "string" || value === undefined) return undefined;
    // One spelling only: two readers must not read two values.
    return JSON.stringify({ path, salt, value }) === text ? { path, salt, value } : undefined;
  } catch {
    return undefined;
  }
}

function bad(seq: number): DisclosureReport {
  return { verdict: { word: "TAMPERED", kind: "framing", seq, file: "disclosure" } };
}
