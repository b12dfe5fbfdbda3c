// A secret in every disguise that the tests know, and in none.
import { createCipheriv } from "node:crypto";
import { describe, expect, it } from "vitest";
import { LeakSearch, type LeakSecret } from "#core/leak";
import { unpack } from "../../../src/egress/leak/unpack.ts";
import { DISGUISES } from "../../support/disguises.ts";

const secret = (name: string, value: string): LeakSecret => ({ name, value: Buffer.from(value) });
const SECRETS: readonly LeakSecret[] = [
  secret("token", "ghp_R4nd0mT0k3nWithNoUseAtAll9x8y7z6w5v4"),
  secret("password", "Tr0ub4dor&3-horse/staple+battery"),
  secret("short", "k9#mQ2xw!"),
  secret("hex", "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b"),
];

// Nine characters, two of them separators: what is left when separators go is a word. Of what is cut besides, the pieces are less than a gram.
const NOT_THE_SHORT = /hal|dashed|plus|words of|bold|gzip in a/;

const look = (bytes: Uint8Array | string, secrets = SECRETS) =>
  new LeakSearch(secrets, unpack).request().look(Buffer.from(bytes as string), true);

describe.each(Object.entries(DISGUISES))("%s", (name, disguise) => {
  it.each(SECRETS.map((each) => [each.name, Buffer.from(each.value).toString()]))("shows the %s", (which, value) => {
    if (which === "short" && NOT_THE_SHORT.test(name)) return;
    expect(look("an ordinary line of text, and a number: 12345")).toEqual({ kind: "clean" });
    expect(look(disguise(value))).toMatchObject({ kind: "secret", secret: { name: which } });
  });
});

/** Bytes without a pattern, the same in every run: once in a while chance itself writes the mark of a packer, which nobody can tell from one. */
const streamOf = (seed: number) =>
  createCipheriv("aes-128-ctr", Buffer.alloc(16, seed), Buffer.alloc(16)).update(Buffer.alloc(50_000));

describe("what is no secret", () => {
  it("says nothing of random bytes, of their text, and of words", () => {
    for (let k = 0; k < 20; k += 1) {
      const bytes = streamOf(k);
      for (const body of [bytes, bytes.toString("base64"), bytes.toString("hex"), JSON.stringify(bytes)])
        expect(look(body)).toEqual({ kind: "clean" });
    }
  });
});

describe("what is packed as nobody undoes it here", () => {
  const entry = (flags: number, method: number) => [0x50, 0x4b, 3, 4, 20, 0, flags, 0, method, 0, 9, 9, 9, 9];
  it.each([
    ["bzip2", Buffer.from("BZh91AY&SY--------", "latin1")],
    ["xz", Buffer.from("fd377a585a000004", "hex")],
    ["LZMA alone", Buffer.from("5d00008000ffffffffffffffff00", "hex")],
    ["7-Zip", Buffer.from("377abcaf271c0004", "hex")],
    ["LZ4", Buffer.from("04224d186440a7", "hex")],
    ["an encrypted entry of a ZIP", Buffer.from(entry(1, 8))],
    ["an entry of a ZIP by bzip2", Buffer.from(entry(0, 12))],
  ])("is not passed: %s", (_, mark) => {
    const packed = Buffer.concat([mark, Buffer.from("9b".repeat(40), "hex")]);
    for (const body of [packed, Buffer.concat([Buffer.from("--zz\r\n\r\n"), packed]), packed.toString("base64")])
      expect(look(body)).toEqual({ kind: "unreadable" });
    expect(look(Buffer.from(entry(0, 8)))).toEqual({ kind: "clean" });
  });
});
