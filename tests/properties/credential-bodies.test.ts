// The guards of bodies at a host with a credential: what they let through is what came, however it was cut; and a foreign text is found however it was.
import fc from "fast-check";
import { expect, test } from "vitest";
import { bodyGuard } from "../../src/credentials/body-guard.ts";
import { type ObjectText, ObjectTexts } from "../../src/credentials/object-texts.ts";

const THIEF = "glpat-Thief-9876543210zyxw";
const place = {
  host: "git.test",
  placeholders: ["glpat-PLACEHOLDER-0123456789"],
  inBodies: false,
  readsObjects: true,
  rule: "r",
};
const TYPES = [
  "application/json",
  "text/plain",
  "application/octet-stream",
  "multipart/form-data; boundary=b",
  "multipart/mixed; boundary=b",
  "application/x-www-form-urlencoded",
];

/** What passes, or the reason of the refusal. */
function passed(type: string, pieces: readonly Buffer[]): Buffer | string {
  const guard = bodyGuard({ method: "POST", fields: [{ name: "Content-Type", value: type }] }, place);
  if (guard === undefined) return Buffer.concat(pieces);
  const out: Buffer[] = [];
  for (const made of [...pieces.map((piece) => () => guard.take(piece)), () => guard.end()].map((ask) => ask())) {
    if ("reason" in made) return made.reason;
    out.push(...made);
  }
  return Buffer.concat(out);
}

function cut(bytes: Buffer, sizes: readonly number[]): readonly Buffer[] {
  const pieces: Buffer[] = [];
  let from = 0;
  for (const size of sizes) {
    pieces.push(Buffer.from(bytes.subarray(from, from + size)));
    from += size;
  }
  return [...pieces, Buffer.from(bytes.subarray(from))];
}

const sizes = fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 60 });
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 300 }).map((list) => Buffer.from(list)),
  fc.json({ maxDepth: 6 }).map((text) => Buffer.from(text)),
  fc
    .array(fc.constantFrom(..."{}[]\":,\\ \0\n-=&;ab'/*#01"), { maxLength: 120 })
    .map((list) => Buffer.from(list.join(""))),
);

test("what passes is what came", () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), bytes, sizes, (type, body, cuts) => {
      const out = passed(type, cut(body, cuts));
      if (typeof out !== "string") expect(out.equals(body)).toBe(true);
    }),
  );
});

test("it is the same however it was cut", () => {
  fc.assert(
    fc.property(fc.constantFrom(...TYPES), bytes, sizes, (type, body, cuts) => {
      expect(passed(type, cut(body, cuts))).toEqual(passed(type, [body]));
    }),
  );
});

test("a foreign token is found in every object, under every name, however it was cut", () => {
  const around = fc.tuple(fc.string({ maxLength: 20 }), fc.json({ maxDepth: 3 }), fc.json({ maxDepth: 3 }), sizes);
  fc.assert(
    fc.property(around, fc.integer({ min: 0, max: 2 }), ([name, before, after, cuts], depth) => {
      let text = `{"a":${before},${JSON.stringify(name)}:"${THIEF}","b":${after}}`;
      for (let level = 0; level < depth; level += 1) text = level % 2 === 0 ? `[${text}]` : `{"x":${text}}`;
      expect(passed("application/json", cut(Buffer.from(text), cuts))).toBe("foreign-credential");
    }),
  );
});

/** As JSON means them; a list counts as a level, and its texts have its name. */
function textsOf(value: unknown, name: string, depth: number): readonly ObjectText[] {
  if (typeof value === "string") return [{ name, value, depth }];
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((one) => textsOf(one, name, depth + 1));
  return Object.entries(value).flatMap(([key, one]) => textsOf(one, key, depth + 1));
}

test("what lenient readers take changes nothing about objects in plain JSON", () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 5, stringUnit: "binary" }), fc.boolean(), (text, isSpaced) => {
      const found: ObjectText[] = [];
      const value: unknown = JSON.parse(text);
      new ObjectTexts().take(Buffer.from(JSON.stringify(value, null, isSpaced ? 2 : 0)), (one) => {
        found.push(one);
        return false;
      });
      expect(found).toEqual(textsOf(value, "", 0));
    }),
  );
});
