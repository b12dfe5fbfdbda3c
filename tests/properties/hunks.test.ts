// The laws of hunks: all of them are the whole change, none of them is none, and the order in which they come does not matter.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hunksOf, withHunks, withoutHunks } from "#review";

const line = fc.constantFrom("a\n", "b\n", "c\n", "\n", "\r\n", "\u00e9\u00ff\n");
const common = fc.array(fc.constantFrom("1\n", "2\n", "3\n"), { minLength: 0, maxLength: 9 });
/** Two texts with parts in common, with or without a line feed at the end. */
const pair = fc
  .array(fc.tuple(common, fc.array(line, { maxLength: 3 }), fc.array(line, { maxLength: 3 })), { maxLength: 6 })
  .chain((parts) => {
    const old = parts.map(([same, before]) => [...same, ...before].join("")).join("");
    const now = parts.map(([same, , after]) => [...same, ...after].join("")).join("");
    return fc.tuple(fc.constantFrom(old, `${old}end`), fc.constantFrom(now, `${now}end`, `${now}fin`));
  });

describe("hunks", () => {
  it("all are the change, none is none", () => {
    fc.assert(
      fc.property(pair, ([old, now]) => {
        const hunks = hunksOf(old, now) ?? [];
        const all = new Set(hunks.map(({ number }) => number));
        expect(withHunks(old, hunks, all)).toBe(now);
        expect(withHunks(old, hunks, new Set())).toBe(old);
        expect(withoutHunks(now, hunks, all)).toBe(old);
        expect(hunks.length > 0).toBe(old !== now);
      }),
    );
  });

  it("one by one, in any order, they come to the whole; taking the others back is the same as taking these", () => {
    fc.assert(
      fc.property(pair, fc.infiniteStream(fc.nat()), ([old, now], order) => {
        let host = old;
        for (let rest = hunksOf(host, now) ?? []; rest.length > 0; rest = hunksOf(host, now) ?? []) {
          const at = (order.next().value as number) % rest.length;
          const chosen = new Set([rest[at]?.number ?? 0]);
          const others = new Set(rest.map(({ number }) => number).filter((number) => !chosen.has(number)));
          const next = withHunks(host, rest, chosen);
          expect(withoutHunks(now, rest, others)).toBe(next);
          host = next;
        }
        expect(host).toBe(now);
      }),
    );
  });
});
