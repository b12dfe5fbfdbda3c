// How a text travels in an `Mcp-Name` or `Mcp-Param-…` header (revision 2026-07-28, Streamable HTTP, Value Encoding). Pure.

const PLAIN = /^[\x21-\x7e](?:[\x20-\x7e\t]*[\x21-\x7e])?$/;
const WRAPPED = /^=\?base64\?(.*)\?=$/s;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The value as a header carries it. */
export function encodeHeaderValue(text: string): string {
  return PLAIN.test(text) && !WRAPPED.test(text) ? text : `=?base64?${Buffer.from(text, "utf8").toString("base64")}?=`;
}

/** What a header means; `undefined` for what no client may write. */
export function decodeHeaderValue(value: string): string | undefined {
  const [, inner] = WRAPPED.exec(value) ?? [];
  if (inner === undefined) return PLAIN.test(value) ? value : undefined;
  if (!BASE64.test(inner)) return undefined;
  const bytes = Buffer.from(inner, "base64");
  const text = bytes.toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : undefined;
}
