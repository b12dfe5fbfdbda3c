// The small parsers of MCP over HTTP: how a stream is cut does not matter, what is encoded is decoded, and nothing that a server writes makes them throw.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeHeaderValue, encodeHeaderValue } from "../../src/mcp/http/header-value.ts";
import { mirroredParameters } from "../../src/mcp/http/mirrored.ts";
import { readChallenge } from "../../src/mcp/http/oauth/challenge.ts";
import { readTarget, urlOf } from "../../src/mcp/http/place.ts";
import { type SseEvent, SseSplitter, writeEvent } from "../../src/mcp/http/sse.ts";

function split(text: Buffer, cuts: readonly number[]): readonly SseEvent[] {
  const splitter = new SseSplitter(1 << 20);
  const at = [...new Set(cuts.map((cut) => cut % (text.length + 1)))].sort((a, b) => a - b);
  const pieces = [0, ...at].map((from, index) => text.subarray(from, at[index] ?? text.length));
  return pieces.flatMap((piece) => [...splitter.take(Buffer.from(piece))]);
}

const piece = fc.constantFrom(
  "data: ",
  "data:",
  "id: 7",
  "id",
  "retry: 10",
  "event: ping",
  ":",
  ": hi",
  "\n",
  "\r",
  "\r\n",
  "{}",
  "é",
  "\0",
  "\ufeff",
);

test("a stream means the same however it is cut", () => {
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 40 }), fc.array(fc.nat(400), { maxLength: 12 }), (parts, cuts) => {
      const text = Buffer.from(parts.join(""));
      expect(split(text, cuts)).toEqual(split(text, []));
    }),
  );
});

test("what is written as an event is read as that event", () => {
  fc.assert(
    fc.property(fc.json(), fc.option(fc.stringMatching(/^[!-~]{1,20}$/), { nil: undefined }), (json, id) => {
      const place = id === undefined ? {} : { id };
      const [event] = split(writeEvent({ data: Buffer.from(json), ...place }), []);
      expect(event).toMatchObject({ kind: "event", type: "message", ...place });
      expect(JSON.parse(event?.kind === "event" ? event.data.toString() : "")).toEqual(JSON.parse(json));
    }),
  );
});

test("a value for a header comes back as it was, and crosses no line", () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string({ unit: "binary" }),
        fc.string().map((text) => `=?base64?${text}?=`),
      ),
      (text) => {
        fc.pre(!/\p{Surrogate}/u.test(text));
        const encoded = encodeHeaderValue(text);
        expect(encoded).toMatch(/^[\x20-\x7e\t]+$/);
        expect(decodeHeaderValue(encoded)).toBe(text);
      },
    ),
  );
});

test.each([
  [
    'Bearer resource_metadata="https://a.example/x", scope="a b"',
    { resourceMetadata: "https://a.example/x", scope: "a b" },
  ],
  ['Basic realm="x, Bearer y", Bearer scope=a', { scope: "a" }],
  ["Negotiate dG9rZW4=, Bearer error=invalid_token", { error: "invalid_token" }],
  ['Bearer realm="a \\"quoted\\" one", error="insufficient_scope"', { error: "insufficient_scope" }],
  ['Bearer scope="a", scope="b"', { scope: "a" }],
  ["bearer", {}],
  ["Basic x", undefined],
  ["", undefined],
  ['Bearer scope="new\\\nline"', {}],
])("the challenge %s", (text, want) => {
  expect(readChallenge(text)).toEqual(want);
});

test("no challenge and no address makes a reader throw or hang", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (text) => {
      readChallenge(text);
      readChallenge(`Bearer ${text}`);
      const target = readTarget(text);
      if (target.ok) expect(readTarget(urlOf(target.value))).toEqual(target);
    }),
  );
});

const schema = (value: object): Parameters<typeof mirroredParameters>[0] =>
  ({ name: "t", inputSchema: value }) as Parameters<typeof mirroredParameters>[0];
const text = (header: unknown): object => ({ type: "string", "x-mcp-header": header });

test.each([
  [{ properties: { a: text("A"), b: { properties: { c: text("C") } } } }, ["mcp-param-a", "mcp-param-c"]],
  [{ properties: { a: { const: text("A") }, properties: text("P") } }, ["mcp-param-p"]],
  [{ properties: { a: text("A"), b: text("a") } }, "there twice"],
  [{ properties: { a: text("") } }, "no header's name"],
  [{ properties: { a: text("A\r\nb") } }, "no header's name"],
  [{ properties: { a: text(7) } }, "no header's name"],
  [{ properties: { a: { type: "number", "x-mcp-header": "A" } } }, "no plain type"],
  [{ properties: { a: { items: text("A") } } }, "no plain parameter"],
  [{ anyOf: [{ properties: { a: text("A") } }] }, "no plain parameter"],
  [{ $defs: { a: text("A") } }, "no plain parameter"],
  [text("A"), "no plain parameter"],
])("the annotations of %j", (value, want) => {
  const found = mirroredParameters(schema(value));
  if (typeof want === "string") expect(found).toContain(want);
  else expect(typeof found === "string" ? found : found.map(({ field }) => field).sort()).toEqual(want);
});
