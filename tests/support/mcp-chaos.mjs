// A server that breaks every rule of the wire, one a tool. What each tool is called is what it does before, instead of or after its answer.
import { createInterface } from "node:readline";

const out = (text) => process.stdout.write(text);
const line = (message) => out(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
const said = (id, text = "fine") => line({ id, result: { content: [{ type: "text", text }] } });
const raw = (id, result) => `{"jsonrpc":"2.0","id":${JSON.stringify(id)},"result":${result}}\n`;
const DEEP = 100_000;

const ACTS = {
  fine: (id) => said(id),
  "duplicate-key": (id) => out(raw(id, '{"content":[],"content":[{"type":"text","text":"second"}]}')),
  "escaped-duplicate": (id) => out(raw(id, '{"content":[],"\\u0063ontent":[]}')),
  "too-deep": (id) => out(raw(id, `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`)),
  "lone-surrogate": (id) => out(raw(id, '{"content":[{"type":"text","text":"\\ud83d"}]}')),
  "not-utf8": (id) => process.stdout.write(Buffer.from(raw(id, '{"content":[],"x":"\xff\xfe"}'), "latin1")),
  "not-a-number": (id) => out(raw(id, '{"content":[],"n":NaN}')),
  "both-kinds": (id) => out(`{"jsonrpc":"2.0","id":${id},"result":{},"error":{"code":1,"message":"x"}}\n`),
  "old-version": (id) => out(`{"jsonrpc":"1.0","id":${id},"result":{}}\n`),
  batch: (id) => out(`[${raw(id, "{}").trim()}]\n`),
  "batch-then-fine": (id) => {
    out(`[${raw(id, "{}").trim()}]\n`);
    said(id);
  },
  "deep-then-fine": (id) => {
    out(raw(id, `${"[".repeat(DEEP)}${"]".repeat(DEEP)}`));
    said(id);
  },
  "foreign-batch": (id) => {
    out(`[${raw(id + 1000, "{}").trim()}]\n`);
    said(id);
  },
  noise: (id) => {
    out("Listening on port 3000\n\n   \nDEBUG {not json}\n");
    said(id);
  },
  flood: (id) => {
    for (let n = 0; n < 20_000; n += 1) out(`noise ${n} ${"x".repeat(100)}\n`);
    said(id);
  },
  "flood-of-changes": (id) => {
    for (let n = 0; n < 500; n += 1) line({ method: "notifications/tools/list_changed" });
    said(id);
  },
  "foreign-ids": (id) => {
    for (const other of [id + 1000, String(id), null, -1, `${id}.0`]) line({ id: other, result: { content: [] } });
    said(id);
  },
  twice: (id) => {
    said(id, "first");
    said(id, "second");
  },
  guesses: (id) => {
    for (let n = 1; n < 200; n += 1) said(id + n, "guessed");
    said(id);
  },
  "byte-order-mark": (id) => out(`\ufeff${JSON.stringify({ jsonrpc: "2.0", id, result: { content: [] } })}\n`),
  "carriage-return": (id) => out(`${raw(id, '{"content":[{"type":"text","text":"fine"}]}').trim()}\r\n`),
  "byte-by-byte": async (id) => {
    for (const byte of Buffer.from(raw(id, '{"content":[{"type":"text","text":"finé"}]}'))) {
      process.stdout.write(Uint8Array.of(byte));
      await new Promise((done) => setImmediate(done));
    }
  },
  "too-long": (id) => out(raw(id, `{"content":[{"type":"text","text":"${"y".repeat(20 << 20)}"}]}`)),
  "same-number": (id) => {
    line({ id, method: "roots/list" });
    said(id);
  },
  "asks-everything": (id) => {
    for (let n = 0; n < 3000; n += 1) line({ id: n, method: "roots/list" });
    said(id);
  },
  "odd-numbers": (id) =>
    out(
      raw(
        id,
        '{"content":[{"type":"text","text":"fine"}],"structuredContent":{"n":12345678901234567890,"m":1e400,"z":-0,"__proto__":{"a":1}}}',
      ),
    ),
  late: () => undefined,
  "half-line": (id) => {
    out(raw(id, '{"content":[]').slice(0, -3));
    process.stdout.end(() => process.exit(7));
  },
};

createInterface({ input: process.stdin }).on("line", (text) => {
  const { id, method, params } = JSON.parse(text);
  if (method === "initialize")
    line({
      id,
      result: {
        protocolVersion: "2025-11-25",
        capabilities: { tools: {} },
        serverInfo: { name: "chaos", version: "0" },
      },
    });
  else if (method === "tools/list")
    line({ id, result: { tools: Object.keys(ACTS).map((name) => ({ name, inputSchema: { type: "object" } })) } });
  else if (method === "tools/call") ACTS[params.name](id);
  else if (method === "notifications/cancelled") said(params.requestId, "late");
  else if (method === "ping") line({ id, result: {} });
});
