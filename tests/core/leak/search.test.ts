// A secret in every disguise that the tests know, and in none.
import { randomBytes } from "node:crypto";
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

// Nine characters, two of them separators: what is left when separators go is a word.
const NOT_THE_SHORT = /hal|dashed|plus/;

const look = (bytes: Uint8Array | string, secrets = SECRETS) =>
  new LeakSearch(secrets, unpack).request().look(Buffer.from(bytes as string), true);

describe.each(Object.entries(DISGUISES))("%s", (name, disguise) => {
  it.each(SECRETS.map((each) => [each.name, Buffer.from(each.value).toString()]))("shows the %s", (which, value) => {
    if (which === "short" && NOT_THE_SHORT.test(name)) return;
    expect(look("an ordinary line of text, and a number: 12345")).toEqual({ kind: "clean" });
    expect(look(disguise(value))).toMatchObject({ kind: "secret", secret: { name: which } });
  });
});

describe("what is no secret", () => {
  it("says nothing of random bytes, of their text, and of words", () => {
    for (let k = 0; k < 20; k += 1) {
      const bytes = randomBytes(50_000);
      for (const body of [bytes, bytes.toString("base64"), bytes.toString("hex"), JSON.stringify(bytes)])
        expect(look(body)).toEqual({ kind: "clean" });
    }
  });
});
