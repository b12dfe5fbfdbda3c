// A body whose chunks are signed one by one (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD`): each chunk's signature is verified with the placeholder key and made
// anew with the real one. Signatures have one length, so the body keeps its own. One chunk at a time is held.
import { chunkSignature, type Scope, signingKey } from "#core/credentials";
import { AWS_HASH } from "./aws-hash.ts";
import type { Body, Refused } from "./exchange.ts";

/** A key, and the signature that the first chunk's covers. */
export interface ChunkKey {
  readonly secret: string;
  readonly seed: string;
}

const LINE_MOST = 200;
const CHUNK_MOST = 16 * 1024 * 1024;
const BAD: Refused = {
  reason: "credential-signature",
  hint: "a chunk of the body was not signed with this session's placeholder keys",
};

/** Signs the chunks anew. */
export function chunkSigner(parts: {
  readonly time: string;
  readonly scope: Scope;
  readonly inside: ChunkKey;
  readonly real: ChunkKey;
}): Body {
  const { inside, real, scope, time } = parts;
  const keys = { inside: signingKey(scope, inside.secret, AWS_HASH), real: signingKey(scope, real.secret, AWS_HASH) };
  let [before, after] = [inside.seed, real.seed];
  let held: Buffer = Buffer.alloc(0);
  let isOver = false;

  /** The next whole chunk of what is held, signed anew; `undefined` while it is not whole. */
  const next = (): Buffer | Refused | undefined => {
    const end = held.indexOf("\r\n");
    if (end < 0) return held.length > LINE_MOST ? BAD : undefined;
    const line = /^([0-9a-f]{1,8});chunk-signature=([0-9a-f]{64})$/i.exec(held.toString("latin1", 0, end));
    const size = Number.parseInt(line?.[1] ?? "", 16);
    if (line === null || size > CHUNK_MOST) return BAD;
    const from = end + 2;
    if (held.length < from + size + 2) return undefined;
    const data = held.subarray(from, from + size);
    if (held.toString("latin1", from + size, from + size + 2) !== "\r\n") return BAD;
    const own = chunkSignature({ time, scope, before, data }, keys.inside, AWS_HASH);
    if (own !== line[2]) return BAD;
    before = own;
    after = chunkSignature({ time, scope, before: after, data }, keys.real, AWS_HASH);
    isOver = size === 0;
    const made = Buffer.concat([Buffer.from(`${line[1]};chunk-signature=${after}\r\n`), data, Buffer.from("\r\n")]);
    held = held.subarray(from + size + 2);
    return made;
  };

  return {
    keepsLength: true,
    take: (piece) => {
      held = Buffer.concat([held, piece]);
      const out: Buffer[] = [];
      while (held.length > 0) {
        if (isOver) return BAD;
        const made = next();
        if (made === undefined) break;
        if (!Buffer.isBuffer(made)) return made;
        out.push(made);
      }
      return out;
    },
    end: () => (isOver && held.length === 0 ? [] : BAD),
  };
}
