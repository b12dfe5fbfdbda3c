// One header of a tar archive (POSIX ustar): regular files only, owned by nobody in particular, the same bytes every time.

/** Length of a header, and what contents are padded to. */
export const TAR_BLOCK = 512;

/** What a header says. */
export interface TarEntry {
  /** At most 255 bytes, cut at a slash where it is longer than 100. */
  readonly name: string;
  readonly size: number;
  /** Seconds since 1970. */
  readonly mtime: number;
  /** Permission bits. */
  readonly mode: number;
}

/** The 512 bytes in front of a file. Throws `RangeError` for what ustar cannot say. */
export function tarHeader({ name, size, mtime, mode }: TarEntry): Uint8Array {
  const header = new Uint8Array(TAR_BLOCK);
  const [prefix, last] = cutName(name);
  put(header, 0, 100, last);
  put(header, 100, 8, octal(mode, 7));
  put(header, 108, 8, octal(0, 7));
  put(header, 116, 8, octal(0, 7));
  put(header, 124, 12, octal(size, 11));
  put(header, 136, 12, octal(mtime, 11));
  put(header, 148, 8, "        ");
  put(header, 156, 1, "0");
  put(header, 257, 8, "ustar\u000000");
  put(header, 345, 155, prefix);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(header, 148, 8, `${octal(sum, 6)}\u0000 `);
  return header;
}

/** How many zero bytes follow a content of this size. */
export function tarPadding(size: number): number {
  return (TAR_BLOCK - (size % TAR_BLOCK)) % TAR_BLOCK;
}

function cutName(name: string): [prefix: string, last: string] {
  if (!/^[!-~]+$/.test(name)) throw new RangeError("a name in an archive is plain ASCII");
  if (name.length <= 100) return ["", name];
  const cut = name.indexOf("/", name.length - 101);
  if (cut < 1 || cut > 155) throw new RangeError("a name is too long for an archive");
  return [name.slice(0, cut), name.slice(cut + 1)];
}

function octal(value: number, digits: number): string {
  const text = value.toString(8).padStart(digits, "0");
  if (text.length > digits || value < 0) throw new RangeError("a number is too large for an archive");
  return text;
}

function put(header: Uint8Array, at: number, room: number, text: string): void {
  header.set(new TextEncoder().encode(text).subarray(0, room), at);
}
