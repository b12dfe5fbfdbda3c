// What a gateway remembers of calls between their messages: which observations come with an answer, and which retries belong to a call that was
// judged already (the server wanted to know something first, and gave a state that only its own retry can bring back).
import type { Observation } from "#core/session";
import type { McpCall } from "#mcp";
import { callDigest, sha256 } from "./call-act.ts";

/** Calls that wait for their retry; an older one is asked about again. */
const WAITING_MOST = 256;

/** Of one connection. */
export class CallMemory {
  readonly #later = new WeakMap<McpCall, readonly Observation[]>();
  readonly #waiting = new Map<string, number>();
  readonly #ids = new WeakMap<McpCall, string>();
  #count = 0;

  /** Under which name the record joins a call with its answer: `r1`, `r2`, …. */
  idOf(call: McpCall): string {
    const known = this.#ids.get(call) ?? `r${++this.#count}`;
    this.#ids.set(call, known);
    return known;
  }

  /** What the answer of a call will have brought. */
  expect(call: McpCall, later: readonly Observation[]): void {
    this.#later.set(call, later);
  }

  /** The same, when it came. */
  brought(call: McpCall | undefined): readonly Observation[] {
    return (call === undefined ? undefined : this.#later.get(call)) ?? [];
  }

  /** The server answered an allowed call with questions, and this state. */
  interrupted(call: McpCall, requestState: string): void {
    const key = keyOf(call, requestState);
    this.#waiting.set(key, (this.#waiting.get(key) ?? 0) + 1);
    const oldest = this.#waiting.size > WAITING_MOST ? this.#waiting.keys().next().value : undefined;
    if (oldest !== undefined) this.#waiting.delete(oldest);
  }

  /** Whether this retry is the same call with the state that the server gave; each counts once. */
  resumes(call: McpCall): boolean {
    const state = call.retry?.requestState;
    if (state === undefined) return false;
    const key = keyOf(call, state);
    const left = this.#waiting.get(key) ?? 0;
    if (left > 1) this.#waiting.set(key, left - 1);
    else this.#waiting.delete(key);
    return left > 0;
  }
}

function keyOf(call: McpCall, requestState: string): string {
  return `${callDigest(call)} ${sha256(requestState)}`;
}
