// Having a log's newest checkpoint time-stamped (RFC 3161 over HTTP, section 3.4): the authority sees a digest and nothing else.
import { createHash, randomBytes, type X509Certificate } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AsnConvert, OctetString } from "@peculiar/asn1-schema";
import { MessageImprint, TimeStampReq, TimeStampReqVersion } from "@peculiar/asn1-tsp";
import { AlgorithmIdentifier } from "@peculiar/asn1-x509";
import { err, ok, type Problem, type Result } from "#core";
import { publishFile } from "../files.ts";
import type { SignedLog } from "../receipt.ts";
import { askOutside } from "./ask-outside.ts";
import { checkTimestamp, type TimestampWord } from "./token.ts";

/** An authority as its clients know it. */
export interface TimestampAuthority {
  readonly url: string;
  /** Its certificate, or those of who certified it. */
  readonly trusted: readonly X509Certificate[];
}

/** A checkpoint that was stamped. */
export interface Timestamped extends Omit<TimestampWord, "nonce"> {
  readonly size: number;
  /** What was stamped, for `log verify --anchor`. */
  readonly checkpoint: string;
  /** The reply, for `log verify --timestamp`. */
  readonly reply: string;
}

const SHA256 = "2.16.840.1.101.3.4.2.1";
const HEADERS = { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" };

/** Stamps it and keeps checkpoint and reply beside the log, in `timestamps/`. A reply that does not hold is not kept. */
export async function timestampLog(
  signed: SignedLog,
  authority: TimestampAuthority,
): Promise<Result<Timestamped, Problem>> {
  const stamped = Buffer.from(signed.checkpoint, "utf8");
  const nonce = positive(randomBytes(16));
  const answer = await askOutside(authority.url, { body: timestampQuery(stamped, nonce), headers: HEADERS });
  if (!answer.ok) return err(refused("timestamp-refused", authority, answer.error));
  const word = checkTimestamp(answer.value, stamped, authority.trusted);
  if (!word.ok) return err(refused("timestamp-wrong", authority, word.error));
  if (word.value.nonce === undefined || !nonce.equals(word.value.nonce))
    return err(refused("timestamp-wrong", authority, "it answers another question"));
  const folder = join(signed.dir, "timestamps");
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const [checkpoint, reply] = [join(folder, `${signed.size}.checkpoint`), join(folder, `${signed.size}.tsr`)];
  await publishFile(checkpoint, signed.checkpoint);
  await publishFile(reply, answer.value);
  const { time, authority: name } = word.value;
  return ok({ size: signed.size, checkpoint, reply, time, authority: name });
}

/** The question (section 2.4.1), which asks for the authority's certificates too. */
export function timestampQuery(stamped: Uint8Array, nonce: Uint8Array): Uint8Array {
  const query = new TimeStampReq({
    version: TimeStampReqVersion.v1,
    messageImprint: new MessageImprint({
      hashAlgorithm: new AlgorithmIdentifier({ algorithm: SHA256, parameters: null }),
      hashedMessage: new OctetString(createHash("sha256").update(stamped).digest()),
    }),
    nonce: new Uint8Array(nonce).buffer,
    certReq: true,
  });
  return new Uint8Array(AsnConvert.serialize(query));
}

/** An INTEGER of that many bytes: not negative, not shorter. */
function positive(bytes: Buffer): Buffer {
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes;
}

function refused(code: string, { url }: TimestampAuthority, why: string): Problem {
  return {
    code,
    message: `the authority at \`${url}\` gave no time stamp that holds: ${why}`,
    hint: "`--tsa` takes the authority's certificates as PEM, as it publishes them",
  };
}
