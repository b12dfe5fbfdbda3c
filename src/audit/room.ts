// How much a log may still grow. The last words of a session, that it met its limit and that it closed, have room of their own.
import type { Problem } from "#core";
import { type EncodedBody, MAX_LINE } from "#core/log";

/** These may still be written when the log has reached its limit or the disk is full. */
export const LAST_TYPES: ReadonlySet<string> = new Set(["limit.hit", "session.close"]);

/** Room below the limit that only they may use. */
const LAST_WORDS = 2 * (MAX_LINE + 1);

/** The longest envelope. */
const ENVELOPE = 300;

/** What is used, and what is left of a limit. */
export interface Room {
  /** Bytes of lines, blobs and private values, those still on their way included. */
  readonly used: number;
  /** Takes a record's room; the problem when there is none. */
  take(body: EncodedBody, type: string): Problem | undefined;
}

/** Opens the account of a log that holds `used` bytes already. */
export function openRoom(maxBytes: number, used: number): Room {
  let taken = used;
  return {
    get used(): number {
      return taken;
    },
    take(body: EncodedBody, type: string): Problem | undefined {
      const blobs = body.blobs.reduce((sum, blob) => sum + blob.bytes.length, 0);
      const vault = body.privates.length === 0 ? 0 : Buffer.byteLength(JSON.stringify(body.privates));
      const cost = Buffer.byteLength(body.text) + ENVELOPE + blobs + vault;
      if (taken + cost > maxBytes - (LAST_TYPES.has(type) ? 0 : LAST_WORDS)) return limitProblem(maxBytes);
      taken += cost;
      return undefined;
    },
  };
}

function limitProblem(maxBytes: number): Problem {
  return {
    code: "log-limit",
    message: `the session's record reached its limit of ${maxBytes} bytes`,
    hint: "raise `sandbox.limits.logBytes` in the policy if the session is meant to say so much",
  };
}
