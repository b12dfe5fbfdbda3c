// A Java trust store in Sun's JKS format, which every JDK reads as its `cacerts` whatever its default type is. It holds certificates only.
// Format: sun.security.provider.JavaKeyStore; the digest at the end keeps accidents out, not attackers: the file is read-only inside.
import { createHash } from "node:crypto";

const MAGIC = 0xfeedfeed;
const VERSION = 2;
const TRUSTED = 2;
/** The password that every JDK's own `cacerts` has; only keytool asks for it. */
const PASSWORD = "changeit";

/** The file's bytes. `made` is the date that keytool shows. */
export function javaStore(certificates: readonly Buffer[], made: Date): Buffer {
  const parts = [uint32(MAGIC), uint32(VERSION), uint32(certificates.length)];
  certificates.forEach((der, at) => {
    parts.push(uint32(TRUSTED), utf(`ringfence-${at}`), date(made), utf("X.509"), uint32(der.length), der);
  });
  const content = Buffer.concat(parts);
  const digest = createHash("sha1")
    .update(Buffer.from(PASSWORD, "utf16le").swap16())
    .update("Mighty Aphrodite")
    .update(content)
    .digest();
  return Buffer.concat([content, digest]);
}

/** The trusted certificates of such a file; none of one that is in another format. Key entries end the reading: `cacerts` has none. */
export function readJavaStore(file: Buffer): readonly Buffer[] {
  const found: Buffer[] = [];
  try {
    if (file.readUInt32BE(0) !== MAGIC || file.readUInt32BE(4) !== VERSION) return [];
    let at = 12;
    const skipText = (): void => {
      at += 2 + file.readUInt16BE(at);
    };
    for (let left = file.readUInt32BE(8); left > 0; left -= 1) {
      if (file.readUInt32BE(at) !== TRUSTED) break;
      at += 4;
      skipText();
      at += 8;
      skipText();
      const length = file.readUInt32BE(at);
      const der = file.subarray(at + 4, at + 4 + length);
      if (der.length !== length) break;
      found.push(der);
      at += 4 + length;
    }
  } catch {
    // A file that is cut off: what came before counts.
  }
  return found;
}

function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** Java's modified UTF-8 is plain for ASCII. */
function utf(ascii: string): Buffer {
  const bytes = Buffer.alloc(2 + ascii.length);
  bytes.writeUInt16BE(ascii.length);
  bytes.write(ascii, 2, "latin1");
  return bytes;
}

function date(at: Date): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(at.getTime()));
  return bytes;
}
