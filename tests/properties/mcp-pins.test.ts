// The laws of pins: any change of any value at any depth is one, the order of keys and of definitions is none, and no lock that was written over says
// anything else than what somebody approved.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  diffDescriptions,
  type Json,
  type JsonObject,
  type Lock,
  lockOf,
  lockText,
  pinsOf,
  pinText,
  readDescription,
  readJsonText,
  readLock,
  type ServerDescription,
  verifyDescription,
  writeJson,
} from "#core/mcp";

const sha256 = (data: Uint8Array): Uint8Array => createHash("sha256").update(data).digest();

const key = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 6 }),
  fc.constantFrom("__proto__", "constructor", "type", "0", "a/b"),
);
const scalar = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 12 }),
  fc.integer(),
  fc.boolean(),
  fc.constant(null),
) as fc.Arbitrary<Json>;
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { depthSize: "small", withCrossShrink: true },
    scalar,
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(key, tie("value")), { maxLength: 4 }).map((entries) => Object.fromEntries(entries)),
  ),
})).value;

const body = fc
  .array(
    fc.tuple(
      fc.constantFrom("title", "description", "inputSchema", "annotations", "_meta", "icons", "__proto__", "x"),
      json,
    ),
    { maxLength: 6 },
  )
  .map((entries) => Object.fromEntries(entries) as JsonObject);
const names = fc.uniqueArray(fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }), {
  minLength: 1,
  maxLength: 5,
});
const description: fc.Arbitrary<ServerDescription> = fc
  .record({
    names,
    bodies: fc.array(body, { minLength: 5, maxLength: 5 }),
    capabilities: body,
    instructions: fc.string(),
  })
  .map(({ names: all, bodies, capabilities, instructions }) => ({
    capabilities,
    instructions,
    tools: all.map((name, index) => ({ ...bodies[index], name })),
    prompts: [],
    resources: [],
    resourceTemplates: [{ ...bodies[0], uriTemplate: "x://{a}" }],
  }));

const whole = (found: ServerDescription) => ({ description: found, further: {} });
const asJson = (found: ServerDescription): Json => ({ ...found });

/** Every place of a value, with what to put there instead. */
function places(value: Json, at: readonly string[] = []): readonly (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [at];
  return [at, ...Object.entries(value).flatMap(([k, v]) => places(v as Json, [...at, k]))];
}

function replaced(value: Json, at: readonly string[], by: (old: Json) => Json): Json {
  const [first, ...rest] = at;
  if (first === undefined) return by(value);
  if (Array.isArray(value))
    return value.map((item: Json, index) => (String(index) === first ? replaced(item, rest, by) : item));
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([k, v]) => [k, k === first ? replaced(v, rest, by) : v]),
  );
}

function shuffled(value: Json, seed: number): Json {
  if (Array.isArray(value)) return value.map((item: Json) => shuffled(item, seed));
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([k, v]): [string, Json] => [k, shuffled(v as Json, seed)]);
  const turn = entries.length === 0 ? 0 : seed % entries.length;
  return Object.fromEntries([...entries.slice(turn), ...entries.slice(0, turn)].reverse());
}

describe("a pin", () => {
  it("sees any change of any value at any depth of a definition", () => {
    fc.assert(
      fc.property(description, fc.nat(), json, (found, pick, other) => {
        const all = places(found.tools as unknown as Json).slice(1);
        const at = all[pick % all.length] ?? [];
        let isOther = false;
        const tools = replaced(found.tools as unknown as Json, at, (old) => {
          const next = at.length === 1 ? { ...(old as JsonObject), more: other } : other;
          isOther = canonical(next) !== canonical(old);
          return next;
        });
        fc.pre(isOther);
        const read = readDescription({ ...(asJson(found) as JsonObject), tools });
        if (!read.ok) throw new Error(read.error);
        expect(diffDescriptions(whole(found), read.value).changes).not.toEqual([]);
        const { held, description: served } = verifyDescription(read.value.description, lockOf(found, {}), "ask", []);
        expect(held.length).toBeGreaterThan(0);
        const approved = new Set(pinsOf(found).map(pinText));
        for (const pin of pinsOf(served)) expect(approved).toContain(pinText(pin));
      }),
    );
  });

  it("does not see the order of keys and of definitions", () => {
    fc.assert(
      fc.property(description, fc.nat(), (found, seed) => {
        const read = readDescription(
          shuffled({ ...(asJson(found) as JsonObject), tools: found.tools.toReversed() }, seed),
        );
        if (!read.ok) throw new Error(read.error);
        expect(diffDescriptions(whole(found), read.value).changes).toEqual([]);
        expect(verifyDescription(read.value.description, lockOf(found, {}), "frozen", []).held).toEqual([]);
      }),
    );
  });

  it("tells numbers apart by their words", () => {
    const tool = (number: string): ServerDescription => {
      const read = readJsonText(`{"tools":[{"name":"a","n":${number}}]}`);
      const found = read.ok ? readDescription(read.value) : read;
      if (!found.ok) throw new Error("unread");
      return found.value.description;
    };
    const numbers = [
      "12345678901234567890",
      "12345678901234567891",
      "1",
      "1.0",
      "1e0",
      "-0",
      "0",
      "1e400",
      "1e401",
      '"1"',
    ];
    for (const a of numbers)
      for (const b of numbers)
        expect(diffDescriptions(whole(tool(a)), whole(tool(b))).changes.length === 0).toBe(a === b);
  });
});

describe("a lock", () => {
  const lock = description.map((found): Lock => new Map([["s/~", lockOf(found, { target: { argv: ["x"] } })]]));

  it("is read as it was written, and lets through exactly what it was made of", () => {
    fc.assert(
      fc.property(description, (found) => {
        const text = lockText(new Map([["s", lockOf(found, {})]]), sha256);
        const read = readLock(text, { file: "f", sha256 });
        if (!read.ok) throw new Error(read.error.message);
        expect(lockText(read.value, sha256)).toBe(text);
        expect(verifyDescription(found, read.value.get("s"), "frozen", [])).toMatchObject({ held: [], removed: [] });
      }),
    );
  });

  it("is refused, or says the same, whatever one character of it becomes", () => {
    fc.assert(
      fc.property(
        lock,
        fc.nat(),
        fc.constantFrom("", " ", '"', "x", "0", ",", "\\", "{", "\n", "/"),
        (written, pick, by) => {
          const text = lockText(written, sha256);
          const at = pick % text.length;
          const read = readLock(text.slice(0, at) + by + text.slice(at + 1), { file: "f", sha256 });
          if (!read.ok) return;
          const approved = new Set([...written.values()].flatMap(({ pins }) => pins.map(pinText)));
          for (const { pins } of read.value.values()) for (const pin of pins) expect(approved).toContain(pinText(pin));
        },
      ),
      { numRuns: 500 },
    );
  });
});

function canonical(value: Json): string {
  return pinText({ fields: new Map([["v", writeJson(sorted(value))]]) });
}

function sorted(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => sorted(item));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([k, v]) => [k, sorted(v as Json)]),
  );
}
