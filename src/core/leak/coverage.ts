// How much of each pattern has been seen, wherever its pieces stood: a secret that is cut into fields, parameters or chunks is put together here.
import type { Pattern } from "./gram-index.ts";

/** What was seen so far, of one request or of one session. */
export class Coverage {
  private readonly patterns: readonly Pattern[];
  private readonly seen = new Map<number, { readonly marks: Uint8Array; count: number }>();

  constructor(patterns: readonly Pattern[]) {
    this.patterns = patterns;
  }

  /** A piece of the pattern stood somewhere. True when enough of it has been seen. */
  add(number: number, offset: number, length: number): boolean {
    const pattern = this.patterns[number];
    if (pattern === undefined) return false;
    const entry = this.seen.get(number) ?? { marks: new Uint8Array(pattern.bytes.length), count: 0 };
    this.seen.set(number, entry);
    for (let at = offset; at < offset + length; at += 1) {
      if (entry.marks[at] === 0) entry.count += 1;
      entry.marks[at] = 1;
    }
    return entry.count >= pattern.enough;
  }
}
