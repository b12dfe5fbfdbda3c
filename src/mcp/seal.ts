// What a lock has in place of a secret that is part of an address or a command. A lock is published, so a guess must cost: scrypt (RFC 7914), and always the
// same, because it is compared on other machines.
import { scryptSync } from "node:crypto";

/** Some tens of milliseconds, once a start, and only where something is not shown. */
const COST = { N: 1 << 13, r: 8, p: 1 } as const;

/** 32 bytes in hexadecimal letters. */
export function sealText(text: string): string {
  return `scrypt:${scryptSync(text, "ringfence mcp target v1", 32, COST).toString("hex")}`;
}
