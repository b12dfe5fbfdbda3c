// Letters that stand alone, however they are set apart: `**q**`, `>q<`, `s[7]='q'`, `char 7 is q`. A text of words has few; one that says a secret letter by
// letter has all of it.

const ALPHANUMERIC: Uint8Array = Uint8Array.from({ length: 256 }, (_, byte) =>
  /[0-9A-Za-z]/.test(String.fromCharCode(byte)) ? 1 : 0,
);

/** The ASCII letters and digits that have none beside them, one after the other. */
export function singles(bytes: Uint8Array): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  // Of the two bytes before, and this one.
  let run = 0;
  for (let at = 0; at <= bytes.length; at += 1) {
    const isOne = at < bytes.length ? (ALPHANUMERIC[bytes[at] as number] as number) : 0;
    run = ((run << 1) | isOne) & 7;
    if (run === 2) out[length++] = bytes[at - 1] as number;
  }
  return out.subarray(0, length);
}
