// Text in two or four bytes a character (UTF-16, UTF-32, either order): letters with NULs between.

const LEAST = 8;
const NOTHING = new Uint8Array(0);

/** The letters of such text; nothing where there is none. */
export function narrowed(bytes: Uint8Array): Uint8Array {
  let at = bytes.indexOf(0);
  if (at < 0) return NOTHING;
  const out = new Uint8Array(bytes.length);
  let length = 0;
  let from = 0;
  for (at = Math.max(0, at - 1); at < bytes.length; ) {
    const byte = bytes[at] as number;
    if (byte === 0) {
      at += 1;
      continue;
    }
    out[length++] = byte;
    let nuls = 0;
    while (nuls < 4 && bytes[at + 1 + nuls] === 0) nuls += 1;
    at += 1 + nuls;
    if (nuls === 1 || nuls === 3) continue;
    if (length - from < LEAST) length = from;
    else out[length++] = 0x0a;
    from = length;
  }
  if (length - from < LEAST) length = from;
  return out.subarray(0, length);
}
