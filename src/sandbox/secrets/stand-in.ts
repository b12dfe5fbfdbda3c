// What git shows in place of a masked blob: a few words under the blob's own name. No git checks a name against the content when it reads an
// object that it has, so history, checkout, commit and repacking go on as before, and whoever looks at the file is told why.
import { deflateSync } from "node:zlib";

/** The words. A file of exactly this content, inside, was checked out from a masked blob. */
export const STAND_IN: string =
  "This file is masked by Ringfence. Its content stays outside of this session; a person can show it with `ringfence run --show-secret PATH`.\n";

/** A loose object of that content. */
export function looseStandIn(): Buffer {
  return deflateSync(`blob ${STAND_IN.length}\0${STAND_IN}`);
}

/** One entry of a pack (gitformat-pack): type 3 and the size, seven bits a byte after the first four, then the content. */
export function packedStandIn(): Buffer {
  const size = STAND_IN.length;
  const head: number[] = [(3 << 4) | (size & 15)];
  for (let rest = size >> 4; rest > 0; rest >>= 7) {
    head[head.length - 1] = (head.at(-1) ?? 0) | 0x80;
    head.push(rest & 0x7f);
  }
  return Buffer.concat([Buffer.from(head), deflateSync(STAND_IN)]);
}
