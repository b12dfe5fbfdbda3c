// The data types of SSH (RFC 4251 section 5), read strictly: a message that is short, or has anything behind its end, is none.

/** Reads one message from its beginning. Every method throws `ShortMessage` where the bytes do not suffice. */
export class SshReader {
  private readonly bytes: Buffer;
  private at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    return this.take(1).readUInt8();
  }

  /** Only 0 and 1: what a sender of something else means is its secret. */
  boolean(): boolean {
    const value = this.byte();
    if (value > 1) throw new ShortMessage();
    return value === 1;
  }

  uint32(): number {
    return this.take(4).readUInt32BE();
  }

  string(): Buffer {
    return this.take(this.uint32());
  }

  text(): string {
    return this.string().toString("latin1");
  }

  /** Throws where anything is left. */
  end(): void {
    if (this.at !== this.bytes.length) throw new ShortMessage();
  }

  private take(length: number): Buffer {
    if (length > this.bytes.length - this.at) throw new ShortMessage();
    const part = this.bytes.subarray(this.at, this.at + length);
    this.at += length;
    return part;
  }
}

/** The message is not what it should be. */
export class ShortMessage extends Error {}

/** What `read` makes of a message, or `undefined` where it is none. */
export function parsed<T>(bytes: Buffer, read: (reader: SshReader) => T): T | undefined {
  try {
    const reader = new SshReader(bytes);
    const value = read(reader);
    reader.end();
    return value;
  } catch (error) {
    if (error instanceof ShortMessage) return undefined;
    throw error;
  }
}

/** A string with its length. */
export function sshString(content: Buffer | string): Buffer {
  const bytes = Buffer.from(content as string);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

/** A number of four bytes. */
export function sshUint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
