// What the first bits exclude, zlib excludes too; and no stream that somebody made is excluded.
import zlib from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { mayInflate } from "#core/leak";

/** Whether zlib makes a byte of it, or would with more of it. */
function inflates(bytes: Uint8Array): boolean {
  for (let end = bytes.length; end > 0; end -= 1) {
    try {
      const made = zlib.inflateRawSync(bytes.subarray(0, end), { finishFlush: zlib.constants.Z_SYNC_FLUSH });
      if (made.length > 0) return true;
    } catch {
      // it breaks before this end
    }
  }
  return false;
}

describe("the head of a deflate stream", () => {
  it("is seen wherever zlib makes anything of it", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 80 }), (bytes) => {
        if (!mayInflate(bytes)) expect(inflates(bytes)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("is seen in every stream that is made, cut off anywhere", () => {
    const options = fc.record({ level: fc.integer({ min: 0, max: 9 }), strategy: fc.integer({ min: 0, max: 4 }) });
    const text = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.lorem({ maxCount: 80 }).map((words) => Buffer.from(words)),
    );
    fc.assert(
      fc.property(text, options, fc.nat(), (bytes, how, cut) => {
        const packed = zlib.deflateRawSync(bytes, how);
        expect(mayInflate(packed)).toBe(true);
        expect(mayInflate(packed.subarray(0, 1 + (cut % packed.length)))).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("is excluded for most of what chance makes", () => {
    const noise = fc.sample(fc.uint8Array({ minLength: 40, maxLength: 40 }), { numRuns: 2_000, seed: 7 });
    expect(noise.filter(mayInflate).length).toBeLessThan(noise.length / 2);
  });
});
