// The small parts of the export: RFC 8785, times, RFC 5424 and its framing, waiting before another try.
import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Json } from "#core/log";
import { asciiJson, jcs, ocsfEvent, octetCounted, retryAfterMs, retryDelay, syslogMessage } from "#core/log/export";
import { exported, SAMPLES, STREAM } from "../../../support/exported.ts";

describe("RFC 8785", () => {
  it("sorts by UTF-16 units and escapes as its own example does", () => {
    // Section 3.2.3, without its numbers: our events have integers only.
    const value = {
      "\u20ac": "Euro",
      "\r": "CR",
      "\ufb33": "Dalet",
      "1": "One",
      "\ud83d\ude00": "Smiley",
      "\u0080": "Control",
      "\u00f6": "o",
    };
    expect(jcs(value)).toBe(
      '{"\\r":"CR","1":"One","\u0080":"Control","\u00f6":"o","\u20ac":"Euro","\ud83d\ude00":"Smiley","\ufb33":"Dalet"}',
    );
    expect(jcs({ b: '\u20ac$\u000f\nA\'B"\\\\"/', a: [null, true, -0, 9_007_199_254_740_991] })).toBe(
      '{"a":[null,true,0,9007199254740991],"b":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("refuses what has no one form", () => {
    for (const value of [1.5, 2 ** 53, Number.NaN, "\ud800", { "\udc00": 1 }])
      expect(() => jcs(value)).toThrow(RangeError);
    expect(jcs("\\ud800 spelled out")).toBe('"\\\\ud800 spelled out"');
  });

  it("means the same whatever the order of keys", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.oneof(fc.string(), fc.maxSafeInteger(), fc.boolean())), (value) => {
        const turned = Object.fromEntries(Object.entries(value).reverse());
        expect(jcs(turned)).toBe(jcs(value));
        expect(JSON.parse(jcs(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

it("counts milliseconds as the platform's calendar does", () => {
  const event = (ts: string): Json | undefined => {
    const one = exported("prompt");
    return ocsfEvent({ ...one, record: { ...one.record, ts } }, STREAM)["time"];
  };
  const dates = fc.date({ min: new Date(0), max: new Date("9999-12-31T23:59:59.999Z"), noInvalidDate: true });
  fc.assert(fc.property(dates, (date) => event(date.toISOString()) === date.getTime()));
  expect(event("2024-02-29T00:00:00.000Z")).toBe(Date.parse("2024-02-29T00:00:00.000Z"));
});

describe("syslog", () => {
  const context = { stream: STREAM, host: "ho st\n", pid: 7 };
  it("has the header of RFC 5424", () => {
    const message = syslogMessage(exported("net.blocked", SAMPLES["net.blocked"]?.[0], { seq: 41 }), "{}", context);
    // Facility 13, severity 4: 108.
    expect(message).toBe(
      '<108>1 2026-11-25T14:51:18.553Z host ringfence 7 net.blocked [meta sequenceId="42"][origin software="ringfence" swVersion="0.1.0"] {}',
    );
  });

  it("counts octets, not characters", () => {
    const framed = octetCounted(new TextEncoder().encode("ä\n"));
    expect(new TextDecoder().decode(framed)).toBe("3 ä\n");
  });

  it("makes JSON ASCII without changing what it means", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        const ascii = asciiJson(JSON.stringify({ [text]: text }));
        expect(ascii).toMatch(/^[\x20-\x7e]*$/);
        expect(JSON.parse(ascii)).toEqual({ [text]: text });
      }),
    );
  });
});

describe("waiting", () => {
  it("grows, is bounded, and never below what was asked for", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1000 }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (attempt, random) => {
          const delay = retryDelay(attempt, random);
          expect(delay).toBeGreaterThanOrEqual(250);
          expect(delay).toBeLessThanOrEqual(30_000);
          expect(retryDelay(attempt, random, 45_000)).toBe(45_000);
          expect(retryDelay(attempt, random, 10 ** 12)).toBe(600_000);
        },
      ),
    );
  });

  it("reads Retry-After as seconds or as a date", () => {
    const date = (text: string): number => Date.parse(text) - Date.parse("2026-11-25T00:00:00Z");
    expect(retryAfterMs("120", date)).toBe(120_000);
    expect(retryAfterMs("Wed, 25 Nov 2026 00:01:00 GMT", date)).toBe(60_000);
    expect(retryAfterMs("Wed, 25 Nov 2020 00:01:00 GMT", date)).toBe(0);
    for (const header of [undefined, "soon", "-5", "1e9"])
      expect(retryAfterMs(header, () => Number.NaN)).toBeUndefined();
  });
});

it("puts the leaf hash into raw_data_hash", () => {
  const one = exported("prompt", { data: { text: "x" } });
  const leaf = createHash("sha256").update(Uint8Array.of(0)).update(one.line).digest("hex");
  expect(ocsfEvent(one, STREAM)["raw_data_hash"]).toMatchObject({ value: leaf, algorithm_id: 3 });
});
