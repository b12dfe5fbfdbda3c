// What is remembered of texts that were looked at changes no answer: only those are, in which nothing resembled any part of a secret.
import { describe, expect, it } from "vitest";
import { LeakSearch } from "#core/leak";
import { unpack } from "#egress";
import { QuietTexts } from "../../../src/core/leak/quiet-texts.ts";

const SECRET = "q7Zr2mXv9LkT4pWc8NsB1dYh6GfJ3aUe";
const PIECES = [SECRET.slice(0, 10), SECRET.slice(20, 30)] as const;
const search = (): LeakSearch => new LeakSearch([{ name: "s", value: Buffer.from(SECRET) }], unpack);

describe("a text that is said again", () => {
  it("is as clean, and as secret, as the first time", () => {
    const known = search();
    for (let time = 0; time < 3; time += 1) {
      expect(known.request().says("Accept: application/json").kind).toBe("clean");
      expect(known.request().says(`Authorization: Bearer ${SECRET}`).kind).toBe("secret");
    }
  });

  it("adds its piece of a secret to every request that says it", () => {
    for (let time = 0; time < 3; time += 1) {
      const known = search();
      // A secret of this kind is put together over requests, too: each time it is a new session.
      const first = known.request();
      expect(first.says(`X-One: ${PIECES[0]}`).kind).toBe("clean");
      expect(first.says(`X-One: ${PIECES[0]}`).kind).toBe("clean");
      expect(first.look(Buffer.from(`and ${PIECES[1]}`), true).kind).toBe("secret");
    }
  });

  it("is forgotten when many others came after it, and a long one is never remembered", () => {
    const texts = new QuietTexts();
    texts.add("first");
    texts.add("x".repeat(9_000));
    expect([texts.has("first"), texts.has("x".repeat(9_000))]).toEqual([true, false]);
    for (let at = 0; at < 255; at += 1) texts.add(`text ${at}`);
    expect(texts.has("first")).toBe(true);
    for (let at = 0; at < 256; at += 1) texts.add(`other ${at}`);
    expect(texts.has("first")).toBe(false);
  });
});
