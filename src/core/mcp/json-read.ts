// JSON of the wire, read strictly (RFC 8259 and I-JSON's rules on keys and text): one text has one meaning for us, for the server and for the
// client. What parsers are known to read differently is refused: duplicate keys, lone surrogates, a BOM, text behind the value, what is too deep.
import { err, ok, type Result } from "../result.ts";
import type { Json } from "./json.ts";
import { buildJson } from "./json-build.ts";
import { type JsonFault, scanJson } from "./json-scan.ts";

/** How much is read at all. */
export interface JsonLimits {
  readonly maxBytes: number;
  readonly maxDepth: number;
}

/** One message of the wire: 16 MiB, 128 levels. */
export const WIRE_LIMITS: JsonLimits = { maxBytes: 16 << 20, maxDepth: 128 };

/** Keeps no state between calls. A BOM stays in the text, where it is no JSON. */
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Reads bytes. Linear in their number, at any depth. */
export function readJson(bytes: Uint8Array, limits: JsonLimits = WIRE_LIMITS): Result<Json, JsonFault> {
  if (bytes.length > limits.maxBytes) return err({ code: "too-long", at: 0 });
  let text: string;
  try {
    text = UTF8.decode(bytes);
  } catch {
    return err({ code: "not-utf8", at: 0 });
  }
  return readJsonText(text, limits.maxDepth);
}

/** Reads a text that is text already. */
export function readJsonText(text: string, maxDepth: number = WIRE_LIMITS.maxDepth): Result<Json, JsonFault> {
  const scanned = scanJson(text, maxDepth);
  if (!scanned.ok) return scanned;
  // The engine's own parser agrees with the scan on everything but numbers that a double cannot hold.
  return ok(scanned.value.exact ? (JSON.parse(text) as Json) : buildJson(text));
}
