// The laws of putting placeholders back into answers: however a stream is parted, the result is the same, and the value is in it in no form.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { placeholderFor } from "#core/credentials";
import { scrubberOf } from "../../src/credentials/scrub.ts";

const secret = fc.string({
  minLength: 16,
  maxLength: 60,
  unit: fc.constantFrom(..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./+="),
});
const FORMS: readonly ((text: string) => string)[] = [
  (text) => text,
  encodeURIComponent,
  (text) => Buffer.from(text).toString("hex").replace(/../g, "%$&").toUpperCase(),
  (text) => Buffer.from(text).toString("hex").replace(/../g, "\\u00$&"),
  (text) => text.replace(/.{7}/g, "$&\r\n "),
  (text) => Buffer.from(text).toString("hex"),
  (text) => Buffer.from(`a:${text}`).toString("base64"),
  (text) => Buffer.from(`abc:${text}z`).toString("base64url"),
  (text) => JSON.stringify({ text }),
];

describe("a scrubbed stream", () => {
  it("is the same however it is parted, keeps every other byte, and holds the value in no form", () => {
    fc.assert(
      fc.property(
        secret,
        fc.array(fc.tuple(fc.string({ unit: "binary-ascii", maxLength: 20 }), fc.nat(FORMS.length - 1)), {
          maxLength: 6,
        }),
        fc.array(fc.nat(40), { maxLength: 30 }),
        (real, parts, cuts) => {
          const placeholder = placeholderFor(real, randomBytes);
          const scrubber = scrubberOf([{ real, placeholder }]);
          const whole = Buffer.from(
            parts.map(([before, form]) => before + (FORMS[form]?.(real) ?? "")).join(""),
            "latin1",
          );
          const at = scrubber.body();
          const out: Buffer[] = [];
          let from = 0;
          for (const size of cuts) {
            out.push(...(at.take(Buffer.from(whole.subarray(from, from + size))) as Buffer[]));
            from += size;
          }
          out.push(...(at.take(Buffer.from(whole.subarray(from))) as Buffer[]), ...(at.end() as Buffer[]));
          const parted = Buffer.concat(out);
          expect(parted.toString("latin1")).toBe(scrubber.text(whole.toString("latin1")));
          expect(scrubber.finds(parted)).toBe(false);
          if (scrubber.keepsLength) expect(parted.length).toBe(whole.length);
          // scrubbing back is the identity on what is the same length; a mark behind a backslash stays
          const back = scrubberOf([{ real: placeholder, placeholder: real }]);
          if (scrubber.keepsLength && back.keepsLength && !/\\[-_./+=]/.test(whole.toString("latin1")))
            expect(back.text(parted.toString("latin1"))).toBe(whole.toString("latin1"));
        },
      ),
      { numRuns: 500 },
    );
  });

  it("of bytes without the value is untouched", () => {
    fc.assert(
      fc.property(secret, fc.uint8Array({ maxLength: 2000 }), (real, bytes) => {
        const scrubber = scrubberOf([{ real, placeholder: placeholderFor(real, randomBytes) }]);
        const at = scrubber.body();
        const out = Buffer.concat([...(at.take(Buffer.from(bytes)) as Buffer[]), ...(at.end() as Buffer[])]);
        expect(out.equals(Buffer.from(bytes))).toBe(true);
      }),
    );
  });
});
