// What of a secret file is looked for, as a table; and keys, of which only the private half is.
import { generateKeyPairSync } from "node:crypto";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { LeakSearch, readSecretFile } from "#core/leak";
import { unpack } from "#egress";
import { KEY_PART, privateParts } from "../../../src/monitor/leaks/key-material.ts";

interface Case {
  readonly name: string;
  readonly text: string;
  readonly want: Readonly<Record<string, string>>;
}

const CASES = readFileSync("tests/cases/leak/secret-files.jsonl", "utf8")
  .split("\n")
  .filter((line) => line !== "")
  .map((line) => JSON.parse(line) as Case);

describe("values", () => {
  it.each(CASES.map((one) => [one.name, one] as const))("of %s", (_name, { text, want }) => {
    const found = readSecretFile(text).values.map(({ name, text: value }) => [name, value]);
    expect(Object.fromEntries(found)).toEqual(want);
  });
});

describe("private keys", () => {
  const pem = { format: "pem" } as const;
  const keys = {
    rsa: generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", ...pem },
      privateKeyEncoding: { type: "pkcs8", ...pem },
    }),
    "rsa of PKCS 1": generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", ...pem },
      privateKeyEncoding: { type: "pkcs1", ...pem },
    }),
    ec: generateKeyPairSync("ec", {
      namedCurve: "P-256",
      publicKeyEncoding: { type: "spki", ...pem },
      privateKeyEncoding: { type: "sec1", ...pem },
    }),
    ed25519: generateKeyPairSync("ed25519", {
      publicKeyEncoding: { type: "spki", ...pem },
      privateKeyEncoding: { type: "pkcs8", ...pem },
    }),
    encrypted: generateKeyPairSync("rsa", {
      modulusLength: 2048,
      publicKeyEncoding: { type: "spki", ...pem },
      privateKeyEncoding: { type: "pkcs8", cipher: "aes-256-cbc", passphrase: "x", ...pem },
    }),
  };
  const look = (key: string, sent: string): string => {
    const secrets = privateParts(key).map((value) => ({ name: "key", value, enough: KEY_PART }));
    return new LeakSearch(secrets, unpack).request().look(Buffer.from(sent), true).kind;
  };

  it.each(Object.entries(keys))(
    "of %s are seen, their public halves and other keys are not",
    (kind, { privateKey, publicKey }) => {
      expect(readSecretFile(privateKey).keys).toHaveLength(1);
      expect(readSecretFile(`KEY="${privateKey.replaceAll("\n", "\\n")}"`).keys).toHaveLength(1);
      for (const sent of [
        privateKey,
        JSON.stringify({ key: privateKey }),
        Buffer.from(privateKey).toString("base64"),
        encodeURIComponent(privateKey),
      ])
        expect(look(privateKey, sent)).toBe("secret");
      expect(look(privateKey, publicKey)).toBe("clean");
      for (const [other, pair] of Object.entries(keys))
        if (other !== kind) expect(look(privateKey, pair.privateKey)).toBe("clean");
    },
  );
});
