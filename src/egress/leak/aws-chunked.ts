// The framing that AWS's tools put around an upload and name as a content coding (`aws-chunked`): sizes with extensions, pieces, and trailers. Undone
// strictly, so that a secret that is parted by it is whole again; what stands in extensions and trailers is looked through behind the data.

/** The data, then the extensions and trailers. Throws for anything else, and for more than `maxOutputLength` bytes. */
export function undoAwsChunked(bytes: Uint8Array, { maxOutputLength }: { readonly maxOutputLength: number }): Buffer {
  if (bytes.length > maxOutputLength) throw new Error("too long");
  const whole = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const data: Buffer[] = [];
  const beside: string[] = [];
  let at = 0;
  const line = (): string => {
    const end = whole.indexOf("\r\n", at);
    if (end < 0 || end - at > 8192) throw new Error("no line");
    const text = whole.toString("latin1", at, end);
    at = end + 2;
    return text;
  };
  for (;;) {
    const [, digits = "", extension = ""] = /^([0-9a-fA-F]{1,8})(;[\x20-\x7e]*)?$/.exec(line()) ?? [];
    if (digits === "") throw new Error("no size");
    beside.push(extension);
    const size = Number.parseInt(digits, 16);
    if (size === 0) break;
    if (at + size + 2 > whole.length || whole.toString("latin1", at + size, at + size + 2) !== "\r\n")
      throw new Error("cut off");
    data.push(whole.subarray(at, at + size));
    at += size + 2;
  }
  while (at < whole.length) beside.push(line());
  return Buffer.concat([...data, Buffer.from(`\n${beside.join("\n")}`, "latin1")]);
}
