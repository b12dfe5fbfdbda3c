// Laws of the wire: however a stream is cut, its lines are the same; and whatever bytes a side sends, only a whole message goes on, in its own
// bytes, and it means one thing.
import fc from "fast-check";
import { expect, test } from "vitest";
import { readJson, readMessage } from "#core/mcp";
import { LineSplitter } from "#mcp";
import { gateBed } from "../support/mcp-gate-bed.ts";

const MAX = 64;

function linesOf(chunks: readonly Uint8Array[]): readonly string[] {
  const splitter = new LineSplitter(MAX);
  const lines = chunks.flatMap((chunk) => [...splitter.push(chunk)]);
  const rest = splitter.end();
  return [...lines, ...(rest === undefined ? [] : [rest])].map((line) =>
    line.kind === "line"
      ? Buffer.from(line.bytes).toString("hex")
      : `${line.why} ${Buffer.from(line.head).toString("hex")} ${Buffer.from(line.tail).toString("hex")}`,
  );
}

test("however a stream is cut, its lines are the same", () => {
  const byte = fc.constantFrom(0x0a, 0x0d, 0xef, 0xbb, 0xbf, 0x7b, 0x41, 0x00);
  fc.assert(
    fc.property(fc.array(byte, { maxLength: 300 }), fc.array(fc.nat(40), { maxLength: 60 }), (bytes, cuts) => {
      const whole = Uint8Array.from(bytes);
      const chunks: Uint8Array[] = [];
      let at = 0;
      for (const cut of cuts) {
        chunks.push(whole.subarray(at, at + cut));
        at = Math.min(whole.length, at + cut);
      }
      chunks.push(whole.subarray(at));
      expect(linesOf(chunks)).toEqual(linesOf([whole]));
    }),
  );
});

const key = fc.constantFrom("jsonrpc", "id", "method", "params", "result", "error", "Method", "\\u0069d", "name", "x");
const leaf = fc.constantFrom(
  '"2.0"',
  "1",
  '"1"',
  "null",
  '"tools/call"',
  '"ping"',
  '"notifications/x"',
  "{}",
  "[]",
  '{"name":"echo"}',
  '{"code":1,"message":"m"}',
  '"\\ud800"',
  "1e400",
  "NaN",
);
const near = fc
  .array(fc.tuple(key, leaf), { maxLength: 6 })
  .map((members) => `{${members.map(([name, value]) => `"${name}":${value}`).join(",")}}`);
const valid = fc.constantFrom(
  '{"jsonrpc":"2.0","id":1,"method":"ping"}',
  '{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"echo"}}',
  '{"jsonrpc":"2.0","id":1,"result":{}}',
  '{"jsonrpc":"2.0","method":"notifications/x"}',
);
const anything = fc.oneof(near, valid, fc.string({ unit: "binary", maxLength: 30 }), fc.json());

test("what goes on is a whole message in its own bytes, or one of ours", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.boolean(), anything), { maxLength: 12 }), async (messages) => {
      const bed = gateBed();
      await bed.open();
      for (const [isClient, message] of messages) {
        const passage = isClient ? await bed.client(message) : await bed.from(message);
        if (passage.startsWith("drop ")) continue;
        const text = passage.slice(passage.indexOf(" ") + 1);
        const read = readJson(new TextEncoder().encode(text));
        expect(read.ok && readMessage(read.value).ok).toBe(true);
        // A client's own message is never another one on the other side.
        if (isClient && passage.startsWith("forward ")) expect(text).toBe(message);
      }
    }),
    { numRuns: 150 },
  );
}, 120_000);
