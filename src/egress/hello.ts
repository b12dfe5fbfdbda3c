// Reads the server name out of a TLS ClientHello (RFC 8446 section 4.1.2, RFC 6066 section 3) without ending the TLS: enough to see
// that a tunnel leads where it was said to lead (NET-6). Bytes come from an adversary; anything odd is `malformed`.

/** What the first bytes of a tunnel are. */
export type Hello =
  | { readonly kind: "incomplete" }
  | { readonly kind: "not-tls" }
  | { readonly kind: "malformed" }
  /** `name` is absent when the client named no server. */
  | { readonly kind: "hello"; readonly name?: string };

/** A ClientHello larger than this is not read further (post-quantum key shares make about 2 KB). */
export const MAX_HELLO_BYTES: number = 32 * 1024;

/** Looks at everything the client has sent so far. */
export function readHello(bytes: Buffer): Hello {
  if (bytes.length === 0) return { kind: "incomplete" };
  if (bytes[0] !== 0x16 || (bytes.length > 1 && bytes[1] !== 3)) return { kind: "not-tls" };
  let message: Buffer = Buffer.alloc(0);
  for (let at = 0; bytes.length >= at + 5; ) {
    if (bytes[at] !== 0x16 || bytes[at + 1] !== 3) return { kind: "malformed" };
    const length = bytes.readUInt16BE(at + 3);
    if (length === 0 || length > 16_384) return { kind: "malformed" };
    message = Buffer.concat([message, bytes.subarray(at + 5, at + 5 + length)]);
    // What follows a complete hello in the same read (early data, a compatibility record) is not ours to read.
    if (message.length >= 4 && message.length >= 4 + message.readUIntBE(1, 3)) break;
    at += 5 + length;
  }
  if (message.length < 4) return bytes.length > MAX_HELLO_BYTES ? { kind: "malformed" } : { kind: "incomplete" };
  if (message[0] !== 1) return { kind: "malformed" };
  const length = message.readUIntBE(1, 3);
  if (length > MAX_HELLO_BYTES) return { kind: "malformed" };
  if (message.length < 4 + length)
    return bytes.length > 2 * MAX_HELLO_BYTES ? { kind: "malformed" } : { kind: "incomplete" };
  try {
    return parseHello(message.subarray(4, 4 + length));
  } catch {
    return { kind: "malformed" }; // a read beyond the end: RangeError
  }
}

function parseHello(body: Buffer): Hello {
  let at = 2 + 32;
  const skip = (size: 1 | 2): void => {
    at += size + body.readUIntBE(at, size);
  };
  skip(1); // legacy session id
  skip(2); // cipher suites
  skip(1); // compression methods
  if (at === body.length) return { kind: "hello" };
  const end = at + 2 + body.readUInt16BE(at);
  if (end !== body.length) return { kind: "malformed" };
  at += 2;
  let name: string | undefined;
  let seen = false;
  while (at < end) {
    const type = body.readUInt16BE(at);
    const length = body.readUInt16BE(at + 2);
    const data = body.subarray(at + 4, at + 4 + length);
    if (data.length !== length) return { kind: "malformed" };
    if (type === 0) {
      if (seen) return { kind: "malformed" };
      seen = true;
      name = serverName(data);
      if (name === undefined) return { kind: "malformed" };
    }
    at += 4 + length;
  }
  if (at !== end) return { kind: "malformed" };
  return name === undefined ? { kind: "hello" } : { kind: "hello", name };
}

/** Exactly one entry, of type host_name. */
function serverName(data: Buffer): string | undefined {
  if (data.length < 5 || data.readUInt16BE(0) !== data.length - 2 || data[2] !== 0) return undefined;
  const length = data.readUInt16BE(3);
  return length > 0 && 5 + length === data.length ? data.toString("latin1", 5) : undefined;
}
