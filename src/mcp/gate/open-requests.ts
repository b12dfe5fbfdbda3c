// Requests of one side that wait for an answer. Each direction has its own numbers; `1` and `"1"` are two.
import type { McpId } from "#core/mcp";

/** Why an answer or a request does not fit. */
export type IdFault = "foreign-id" | "late-answer" | "reused-id" | "too-many-open";

/** More than anybody has open at once; a flood ends here. */
const MAX_OPEN = 1024;
/** What all of them may weigh together: they are kept until they are answered. */
const MAX_BYTES = 64 << 20;
/** How many ended ids are remembered, to tell a late answer from a foreign one. */
const MAX_ENDED = 256;

/** The requests of one direction. */
export class OpenRequests<T> {
  readonly #open = new Map<McpId, { readonly request: T; readonly bytes: number }>();
  #bytes = 0;
  readonly #ended = new Set<McpId>();

  /** Takes a request of so many bytes in, or says why not. */
  add(id: McpId, request: T, bytes: number): IdFault | undefined {
    if (this.#open.has(id)) return "reused-id";
    if (this.#open.size >= MAX_OPEN || (this.#open.size > 0 && this.#bytes + bytes > MAX_BYTES)) return "too-many-open";
    this.#open.set(id, { request, bytes });
    this.#bytes += bytes;
    return undefined;
  }

  get(id: McpId): T | undefined {
    return this.#open.get(id)?.request;
  }

  /** Ends a request: what comes for it from now on is late. */
  end(id: McpId): void {
    const open = this.#open.get(id);
    if (open === undefined) return;
    this.#open.delete(id);
    this.#bytes -= open.bytes;
    this.#ended.add(id);
    const [oldest] = this.#ended;
    if (this.#ended.size > MAX_ENDED && oldest !== undefined) this.#ended.delete(oldest);
  }

  /** What an answer that fits no open request is. */
  strangerFault(id: McpId | null): IdFault {
    return id !== null && this.#ended.has(id) ? "late-answer" : "foreign-id";
  }

  values(): readonly T[] {
    return [...this.#open.values()].map(({ request }) => request);
  }
}
