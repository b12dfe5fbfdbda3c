// The id of a message that is not read: taken from its first or its last bytes, where every writer puts it. It decides only whom a refusal is
// told, so that nobody waits for an answer that was thrown away.

import { readJsonText } from "./json-read.ts";
import { isId, type McpId } from "./message.ts";

const ID = '(-?[0-9]{1,15}|"[^"\\\\\\x00-\\x1f]{1,256}")';
const VERSION = '"jsonrpc"\\s*:\\s*"2\\.0"';
const HEAD = new RegExp(`^\\s*\\{\\s*(?:${VERSION}\\s*,\\s*)?"id"\\s*:\\s*${ID}\\s*,`);
const TAIL = new RegExp(`,\\s*"id"\\s*:\\s*${ID}\\s*(?:,\\s*${VERSION}\\s*)?\\}\\s*$`);
const REQUEST = /^\s*\{[^{[]{0,400}?"method"\s*:/;

/** How many bytes at either end are worth keeping. */
export const STRAY_ENDS = 1024;

/** What the ends of a message say of it. */
export interface Stray {
  readonly id?: McpId;
  /** Whether it looks like a request and not like an answer. */
  readonly asks: boolean;
}

/** Looks at both ends of a message that could not be read. */
export function strayOf(head: Uint8Array, tail: Uint8Array): Stray {
  const [first, last] = [head.subarray(0, STRAY_ENDS), tail.subarray(-STRAY_ENDS)].map((part) =>
    new TextDecoder().decode(part),
  );
  const found = HEAD.exec(first ?? "")?.[1] ?? TAIL.exec(last ?? "")?.[1];
  const id = found === undefined ? undefined : readJsonText(found);
  const asks = REQUEST.test(first ?? "");
  return id?.ok && isId(id.value) ? { id: id.value, asks } : { asks };
}
