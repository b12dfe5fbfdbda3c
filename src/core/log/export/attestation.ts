// OCSF's record_integrity profile: each event carries a fingerprint over itself (RFC 8785 form, without the fingerprint) and the one of the
// event before it, so that who receives the stream can see that nothing was taken out of it or changed, without our log. The chain is one
// of the export: which events it has is the receiver's to remember. What the machine signed is the log itself, whose leaf is in raw_data_hash.

import { toHex } from "../base64.ts";
import type { Sha256 } from "../merkle.ts";
import { jcs } from "./jcs.ts";
import type { Members } from "./plain.ts";

/** Where a chain stands: what the next event names as the one before it. */
export interface ChainPlace {
  readonly uid: string;
  readonly typeUid: number;
  readonly fingerprint: string;
}

/** An event with its attestation, and the chain behind it. */
export interface Attested {
  readonly event: Members;
  readonly place: ChainPlace;
}

/** Attests an event. `chain` names the stream; `before` is absent for its first event. */
export function attest(
  event: Members,
  chain: { readonly uid: string; readonly authority: string; readonly before?: ChainPlace | undefined },
  sha256: Sha256,
): Attested {
  const { before } = chain;
  const attestation: Members = {
    ...{ authority_uid: chain.authority, chain_uid: chain.uid },
    ...(before === undefined
      ? {}
      : { prev_event: { uid: before.uid, type_uid: before.typeUid, fingerprint: fingerprint(before.fingerprint) } }),
  };
  const value = toHex(sha256(new TextEncoder().encode(jcs({ ...event, attestation_list: [attestation] }))));
  const attested = { ...event, attestation_list: [{ ...attestation, fingerprint: fingerprint(value) }] };
  return { event: attested, place: { uid: uidOf(event), typeUid: numberOf(event["type_uid"]), fingerprint: value } };
}

function fingerprint(value: string): Members {
  return {
    ...{ algorithm_id: 3, algorithm: "SHA-256", encoding_id: 1, encoding: "Hex" },
    ...{ serialization_id: 2, serialization: "JCS", value },
  };
}

function uidOf(event: Members): string {
  const metadata = event["metadata"];
  const uid = typeof metadata === "object" && metadata !== null && "uid" in metadata ? metadata["uid"] : undefined;
  return typeof uid === "string" ? uid : "";
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}
