// The private strings of a key in OpenSSH's own format (PROTOCOL.key of OpenSSH): what stands in its private half and not in its public one.

const MAGIC = Buffer.from("openssh-key-v1\0");
const LEAST = 16;

/** They; the whole encrypted half of a key with a passphrase; `undefined` for bytes of another format. */
export function opensshPrivateParts(bytes: Buffer): readonly Uint8Array[] | undefined {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const outer = new Strings(bytes.subarray(MAGIC.length));
  const cipher = outer.next()?.toString();
  outer.next();
  outer.next();
  outer.skip(4);
  const open = outer.next();
  const closed = outer.next();
  if (open === undefined || closed === undefined) return undefined;
  if (cipher !== "none") return [closed];
  const inner = new Strings(closed.subarray(8));
  const parts: Buffer[] = [];
  for (let part = inner.next(); part !== undefined; part = inner.next()) {
    // ed25519 writes the seed and the public key as one.
    const own = part.length === 64 && open.includes(part.subarray(32)) ? part.subarray(0, 32) : part;
    // Its comment is no secret.
    if (own.length >= LEAST && !open.includes(own) && own.some((byte) => byte < 0x20 || byte > 0x7e)) parts.push(own);
  }
  return parts;
}

/** Strings with their length in front (RFC 4251 section 5). */
class Strings {
  private rest: Buffer;

  constructor(bytes: Buffer) {
    this.rest = bytes;
  }

  next(): Buffer | undefined {
    if (this.rest.length < 4) return undefined;
    const length = this.rest.readUInt32BE(0);
    if (length > this.rest.length - 4) return undefined;
    const part = this.rest.subarray(4, 4 + length);
    this.rest = this.rest.subarray(4 + length);
    return part;
  }

  skip(bytes: number): void {
    this.rest = this.rest.subarray(bytes);
  }
}
