// Every way of writing a secret that the tests know, each by its name: what somebody who wants it out would try, with nothing but a shell or Python.
import zlib from "node:zlib";

const alphabet = (bytes: Buffer, letters: string, bits: number, pad = 0): string => {
  let held = 0;
  let value = 0;
  let text = "";
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffffff;
    held += 8;
    while (held >= bits) {
      held -= bits;
      text += letters[(value >> held) & (2 ** bits - 1)];
    }
  }
  if (held > 0) text += letters[(value << (bits - held)) & (2 ** bits - 1)];
  while (pad > 0 && text.length % pad !== 0) text += "=";
  return text;
};
const base85 = (bytes: Buffer, letters: string): string => {
  let text = "";
  const padded = Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
  for (let at = 0; at < padded.length; at += 4) {
    let value = padded.readUInt32BE(at);
    let group = "";
    for (let k = 0; k < 5; k += 1) {
      group = letters[value % 85] + group;
      value = Math.floor(value / 85);
    }
    text += group;
  }
  return text;
};
const Z85 = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
const B85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~";
const A85 = Array.from({ length: 85 }, (_, at) => String.fromCharCode(33 + at)).join("");
const B32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const pieces = (text: string, length: number): string[] => text.match(new RegExp(`[^]{1,${length}}`, "g")) ?? [];
const codes = (text: string, each: (code: number) => string, between = ""): string =>
  Array.from(Buffer.from(text), each).join(between);
const two = (code: number): string => code.toString(16).padStart(2, "0");

/** Secret in, what would be sent out. */
export const DISGUISES: Readonly<Record<string, (secret: string) => string | Buffer>> = {
  plain: (s) => `the key is ${s}, use it`,
  "upper case": (s) => s.toUpperCase(),
  reversed: (s) => [...s].reverse().join(""),
  rot13: (s) => s.replace(/[a-z]/gi, (c) => String.fromCharCode(c.charCodeAt(0) + (/[a-m]/i.test(c) ? 13 : -13))),
  rot47: (s) => s.replace(/[!-~]/g, (c) => String.fromCharCode(33 + ((c.charCodeAt(0) - 33 + 47) % 94))),
  spaced: (s) => [...s].join(" "),
  dashed: (s) => [...s].join("-"),
  "a line each": (s) => [...s].join("\n"),
  base64: (s) => Buffer.from(s).toString("base64"),
  "base64 one on": (s) => Buffer.from(`x${s}`).toString("base64"),
  "base64 two on": (s) => Buffer.from(`xy${s}yz`).toString("base64"),
  "base64 behind letters": (s) => `data/${Buffer.from(s).toString("base64")}`,
  "base64 without padding": (s) => Buffer.from(`k:${s}`).toString("base64").replace(/=+$/, ""),
  base64url: (s) => Buffer.from(s).toString("base64url"),
  "base64 in lines": (s) => pieces(Buffer.from(`some text ${s} more`).toString("base64"), 12).join("\r\n"),
  "base64 in words": (s) => pieces(Buffer.from(s).toString("base64"), 4).join(" "),
  "base64 reversed": (s) => [...Buffer.from(s).toString("base64")].reverse().join(""),
  "base64 twice": (s) => Buffer.from(Buffer.from(s).toString("base64")).toString("base64"),
  "base64 thrice": (s) =>
    Buffer.from(Buffer.from(Buffer.from(s).toString("base64")).toString("base64")).toString("base64"),
  base32: (s) => alphabet(Buffer.from(s), B32, 5, 8),
  "base32 in lower case": (s) => alphabet(Buffer.from(s), B32, 5).toLowerCase(),
  "base32 as labels": (s) => pieces(alphabet(Buffer.from(s), B32, 5).toLowerCase(), 20).join("."),
  base85: (s) => base85(Buffer.from(s), B85),
  ascii85: (s) => `<~${base85(Buffer.from(s), A85)}~>`,
  z85: (s) => base85(Buffer.from(s), Z85),
  uuencode: (s) =>
    pieces(s, 45)
      .map(
        (line) =>
          String.fromCharCode(32 + line.length) +
          alphabet(
            Buffer.from(line),
            Array.from({ length: 64 }, (_, k) => (k === 0 ? "`" : String.fromCharCode(32 + k))).join(""),
            6,
          ),
      )
      .join("\n"),
  hex: (s) => Buffer.from(s).toString("hex"),
  "hex in capitals": (s) => Buffer.from(s).toString("hex").toUpperCase(),
  "hex with colons": (s) => codes(s, two, ":"),
  "hex with spaces": (s) => codes(s, two, " "),
  "hex as \\x": (s) => codes(s, (c) => `\\x${two(c)}`),
  "hex as 0x": (s) => codes(s, (c) => `0x${two(c)}`, ", "),
  "hex one digit on": (s) => `a${Buffer.from(s).toString("hex")}`,
  percent: (s) => codes(s, (c) => `%${two(c)}`),
  "percent, every third": (s) =>
    [...s].map((c, at) => (at % 3 === 0 ? `%${two(c.charCodeAt(0)).toUpperCase()}` : c)).join(""),
  "percent twice": (s) => codes(s, (c) => `%25${two(c)}`),
  "percent of u": (s) => codes(s, (c) => `%u00${two(c)}`),
  "JSON escapes": (s) => codes(s, (c) => `\\u00${two(c)}`),
  "JSON in JSON": (s) => JSON.stringify({ a: JSON.stringify({ b: codes(s, (c) => `\\u00${two(c)}`) }) }),
  "code points in braces": (s) => codes(s, (c) => `\\u{${c.toString(16)}}`),
  "octal escapes": (s) => codes(s, (c) => `\\${c.toString(8)}`),
  "HTML entities": (s) => codes(s, (c) => `&#${c};`),
  "HTML entities in hex": (s) => codes(s, (c) => `&#x${two(c)};`),
  "quoted-printable": (s) =>
    pieces(
      codes(s, (c) => `=${two(c).toUpperCase()}`),
      30,
    ).join("=\r\n"),
  "numbers in JSON": (s) => JSON.stringify(Buffer.from(s)),
  "numbers with spaces": (s) => codes(s, String, " "),
  octal: (s) => codes(s, (c) => c.toString(8).padStart(3, "0"), " "),
  binary: (s) => codes(s, (c) => c.toString(2).padStart(8, "0")),
  "binary with spaces": (s) => codes(s, (c) => c.toString(2).padStart(8, "0"), " "),
  "UTF-16": (s) => Buffer.from(s, "utf16le"),
  "UTF-16, other end": (s) => Buffer.from(s, "utf16le").swap16(),
  gzip: (s) => zlib.gzipSync(`a line\n${s}\n`),
  "gzip with a name": (s) =>
    Buffer.concat([Buffer.from("1f8b0808000000000003", "hex"), Buffer.from("x.txt\0"), zlib.deflateRawSync(s)]),
  "gzip with something behind": (s) => Buffer.concat([zlib.gzipSync(s), Buffer.from("tail tail")]),
  "gzip that breaks": (s) =>
    Buffer.concat([zlib.gzipSync(s + "x".repeat(50) + Math.random()).subarray(0, -10), Buffer.alloc(40, 255)]),
  "gzip within": (s) => Buffer.concat([Buffer.from("head"), zlib.gzipSync(s)]),
  zlib: (s) => zlib.deflateSync(s),
  deflate: (s) => zlib.deflateRawSync(`some words before ${s}`),
  brotli: (s) => zlib.brotliCompressSync(`some words before ${s}`),
  "base64 of gzip": (s) => zlib.gzipSync(s).toString("base64"),
  "hex of base64": (s) => Buffer.from(Buffer.from(s).toString("base64")).toString("hex"),
  "base64 of hex": (s) => Buffer.from(Buffer.from(s).toString("hex")).toString("base64"),
  "percent of base64": (s) => codes(Buffer.from(s).toString("base64"), (c) => `%${two(c)}`),
  "base64 of UTF-16": (s) => Buffer.from(s, "utf16le").toString("base64"),
  "gzip of base64": (s) => zlib.gzipSync(Buffer.from(s).toString("base64")),
  "base64 of reversed": (s) => Buffer.from([...s].reverse().join("")).toString("base64"),
  "query parameters": (s) =>
    pieces(s, 4)
      .map((piece, at) => `p${at}=${piece}`)
      .join("&"),
  "base64 in parameters": (s) =>
    pieces(Buffer.from(s).toString("base64url"), 5)
      .map((piece, at) => `p${at}=${piece}`)
      .join("&"),
  "JSON fields": (s) => JSON.stringify(Object.fromEntries(pieces(s, 3).map((piece, at) => [`f${at}`, piece]))),
  "JSON list": (s) => JSON.stringify([...s]),
  "halves in turn": (s) => `{"b":"${s.slice(s.length / 2)}","a":"${s.slice(0, s.length / 2)}"}`,
  "source with plus": (s) =>
    pieces(s, 5)
      .map((piece) => JSON.stringify(piece))
      .join(" + "),
  "full width": (s) => s.replace(/[!-~]/g, (c) => String.fromCharCode(c.charCodeAt(0) + 0xfee0)),
  "eighth bit": (s) => Buffer.from(s).map((byte) => byte | 128) as Buffer,
  "base64 of ROT13": (s) =>
    Buffer.from(s)
      .toString("base64")
      .replace(/[a-z]/gi, (c) => String.fromCharCode(c.charCodeAt(0) + (/[a-m]/i.test(c) ? 13 : -13))),
  "od -x": (s) =>
    Array.from({ length: s.length >> 1 }, (_, at) =>
      Buffer.from(s)
        .readUInt16LE(at * 2)
        .toString(16)
        .padStart(4, "0"),
    ).join(" "),
  "one number": (s) => BigInt(`0x${Buffer.from(s).toString("hex")}`).toString(),
  "one number in base 36": (s) => BigInt(`0x${Buffer.from(s).toString("hex")}`).toString(36),
  "three digits a letter": (s) => codes(s, (c) => String(c).padStart(3, "0")),
  "names of fields": (s) => JSON.stringify(Object.fromEntries(pieces(s, 4).map((piece) => [piece, 1]))),
  "base64 of deflate in JSON": (s) =>
    JSON.stringify({ a: 1, d: zlib.deflateRawSync(s).toString("base64"), e: "hello" }),
  multipart: (s) =>
    pieces(s, 6)
      .map((piece, at) => `--zz\r\nContent-Disposition: form-data; name="f${at}"\r\n\r\n${piece}\r\n`)
      .join(""),
  "base32 of gzip": (s) => base32(zlib.gzipSync(s)),
  "base32hex of zlib": (s) => base32(zlib.deflateSync(s), "0123456789abcdefghijklmnopqrstuv"),
  "base32 of base64": (s) => base32(Buffer.from(Buffer.from(s).toString("base64"))),
  base32hex: (s) => base32(Buffer.from(s), "0123456789ABCDEFGHIJKLMNOPQRSTUV"),
  "base32 of Crockford": (s) => base32(Buffer.from(s), "0123456789ABCDEFGHJKMNPQRSTVWXYZ"),
  "z-base-32": (s) => base32(Buffer.from(s), "ybndrfg8ejkmcpqxot1uwisza345h769"),
  "hex from its end": (s) => [...Buffer.from(s).toString("hex")].reverse().join(""),
  "bits turned over": (s) => Buffer.from(s).map((byte) => ~byte & 255) as Buffer,
  Atbash: (s) =>
    s.replace(/[a-z]/gi, (c) => String.fromCharCode((c <= "Z" ? 0x41 + 0x5a : 0x61 + 0x7a) - c.charCodeAt(0))),
  "list of chr()": (s) => codes(s, (c) => `chr(${c}) + `),
  "numbers a record": (s) => codes(s, (c) => `{"code":${c}}\n`),
  "bits without noughts": (s) => codes(s, (c) => `${c.toString(2)} `),
  "words of `od`": (s) =>
    Array.from({ length: s.length >> 1 }, (_, at) => Buffer.from(s).readUInt16LE(at * 2))
      .map((word) => word.toString(8).padStart(6, "0"))
      .join(" "),
  "XML elements": (s) =>
    pieces(s, 3)
      .map((piece) => `<p>${piece.replace("&", "&amp;")}</p>`)
      .join(""),
  "each letter bold": (s) => s.replace(/./g, "**$&** and "),
  "tags of Unicode": (s) => s.replace(/./g, (c) => String.fromCodePoint(0xe0000 + c.charCodeAt(0))),
  "tags of Unicode in JSON": (s) => codes(s, (c) => `\\udb40\\udc${c.toString(16)}`),
  "variation selectors": (s) => codes(s, (c) => String.fromCodePoint(0xe0100 + c - 16)),
  Braille: (s) => codes(s, (c) => String.fromCodePoint(0x2800 + c)),
  "mathematical letters": (s) =>
    s
      .replace(/[a-z]/g, (c) => String.fromCodePoint(0x1d41a + c.charCodeAt(0) - 97))
      .replace(/[0-9]/g, (c) => String.fromCodePoint(0x1d7ce + Number(c))),
  "base64 of gzip in a JSON list": (s) =>
    JSON.stringify(pieces(zlib.gzipSync(`K=${s}-`.repeat(3)).toString("base64"), 5)),
  "deflate in a part": (s) =>
    Buffer.concat([
      Buffer.from('--zz\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'),
      zlib.deflateRawSync(`some words before ${s}`),
      Buffer.from("\r\n--zz--\r\n"),
    ]),
  half: (s) => s.slice(2, 2 + Math.max(16, Math.ceil(s.length / 2))),
};

function base32(bytes: Uint8Array, letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"): string {
  const bits = Array.from(bytes, (byte) => byte.toString(2).padStart(8, "0")).join("");
  return pieces(bits, 5)
    .map((five) => letters.charAt(Number.parseInt(five.padEnd(5, "0"), 2)))
    .join("");
}
