// The laws of the look at what leaves: how a body is cut into pieces changes nothing; what is clean comes out byte for byte; a secret anywhere is found, and
// then not one of its pieces has come out.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { LeakSearch } from "#core/leak";
import { unpack } from "#egress";
import { HeldMemory } from "../../src/egress/leak/held-memory.ts";
import { LeakBody } from "../../src/egress/leak/leak-body.ts";
import type { Turns } from "../../src/egress/leak/turns.ts";

/** Without turns: what a look says is known at once. */
const AT_ONCE: Pick<Turns, "run"> = {
  run: (steps) => {
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
    }
  },
};
const NO = { reason: "secret-in-body", hint: "" };
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-".split("");
const secretText = fc
  .array(fc.constantFrom(...letters), { minLength: 16, maxLength: 60 })
  .map((parts) => parts.join(""))
  .filter((text) => new Set(text).size >= 12);

/** What came out of it, and whether it was refused. */
function pass(secret: string, pieces: readonly Buffer[]): { readonly out: Buffer; readonly isRefused: boolean } {
  const search = new LeakSearch([{ name: "s", value: Buffer.from(secret) }], unpack);
  const body = new LeakBody({
    ...{ look: search.request(), codings: [], memory: new HeldMemory(), turns: AT_ONCE },
    refuse: () => NO,
    unreadable: () => ({ reason: "unreadable-body", hint: "" }),
  });
  const out: Buffer[] = [];
  for (const step of [...pieces.map((piece) => () => body.take(piece)), () => body.end()]) {
    const made = step();
    if (made instanceof Promise) throw new Error("it was asked for at once");
    if ("reason" in made) return { out: Buffer.concat(out), isRefused: true };
    out.push(...made);
  }
  return { out: Buffer.concat(out), isRefused: false };
}

function cut(bytes: Buffer, cuts: readonly number[]): readonly Buffer[] {
  const at = [0, ...[...cuts].map((each) => each % (bytes.length + 1)).sort((a, b) => a - b), bytes.length];
  return at.slice(1).map((end, k) => bytes.subarray(at[k], end));
}

const cuts = fc.array(fc.nat(), { maxLength: 12 });
const junk = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  fc.string({ maxLength: 2_000, unit: "binary" }).map((text) => Buffer.from(text)),
  fc.json().map((text) => Buffer.from(text)),
);
const way = fc.constantFrom<(text: string) => string>(
  (text) => text,
  (text) => Buffer.from(text).toString("base64"),
  (text) => Buffer.from(text).toString("hex"),
  (text) => [...text].reverse().join(""),
  (text) => text.replace(/./g, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
);

describe("a body", () => {
  it("that holds a secret is refused however it is cut, and nothing that was sent holds a part of it", () => {
    fc.assert(
      fc.property(secretText, way, junk, junk, cuts, (secret, write, before, after, where) => {
        const said = write(secret);
        const body = Buffer.concat([before, Buffer.from(`\n${said}\n`), after]);
        const { isRefused, out } = pass(secret, cut(body, where));
        expect(isRefused).toBe(true);
        expect(out.includes(said.slice(0, 8))).toBe(before.includes(said.slice(0, 8)));
      }),
      { numRuns: 150 },
    );
  });

  it("that holds none comes out as it came in, also a long one in segments", () => {
    fc.assert(
      fc.property(secretText, junk, fc.nat({ max: 400_000 }), cuts, (secret, piece, size, where) => {
        const body = Buffer.concat([piece, Buffer.alloc(size, "an ordinary line of text, again and again\n")]);
        const { isRefused, out } = pass(secret, cut(body, where));
        expect(isRefused).toBe(false);
        expect(out.equals(body)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("of anything at all is looked at without a throw", () => {
    fc.assert(
      fc.property(secretText, fc.uint8Array({ maxLength: 5_000 }), (secret, bytes) => {
        pass(secret, [Buffer.from(bytes)]);
        pass(secret, [Buffer.concat([Buffer.from("1f8b0800000000000003", "hex"), Buffer.from(bytes)])]);
        pass(secret, [Buffer.concat([Buffer.from("789c", "hex"), Buffer.from(bytes)])]);
      }),
      { numRuns: 150 },
    );
  });
});
