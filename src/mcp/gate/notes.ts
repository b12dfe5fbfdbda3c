// Lines for the record about what is not a call. A flood of one kind becomes a few lines with a count, so that no server fills the record.
import { Flood } from "../flood.ts";
import type { McpEvent, McpPorts } from "../ports.ts";

const EXCERPT = 200;

/** Writes such lines. */
export class Notes {
  readonly #ports: Pick<McpPorts, "note" | "redact">;
  readonly #flood = new Flood();

  constructor(ports: Pick<McpPorts, "note" | "redact">) {
    this.#ports = ports;
  }

  /** Something refused. */
  async refused(event: Omit<Extract<McpEvent, { kind: "refused" }>, "kind" | "count">): Promise<void> {
    const count = this.#flood.due(`refused ${event.from} ${event.why}`);
    if (count === 0) return;
    const excerpt = event.excerpt === undefined ? {} : { excerpt: this.#ports.redact(event.excerpt) };
    await this.#ports.note({ kind: "refused", ...capped(event), ...excerpt, count });
  }

  /** Something passed or dropped that has no meaning of its own here. */
  async notice(event: Omit<Extract<McpEvent, { kind: "notice" }>, "kind">): Promise<void> {
    // The method is the server's own word: it must not make a kind of each line.
    if (this.#flood.due(`notice ${event.from} ${event.verdict}`) > 0)
      await this.#ports.note({ kind: "notice", ...capped(event) });
  }

  /** Anything that is never many. */
  note(event: McpEvent): Promise<void> {
    return this.#ports.note(event);
  }
}

/** A method that nobody knows is any text. */
function capped<Event extends { readonly method?: string }>(event: Event): Event {
  return event.method === undefined ? event : { ...event, method: event.method.slice(0, EXCERPT) };
}

/** The beginning of hostile bytes, for a line of the record. */
export function excerptOf(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes.subarray(0, EXCERPT));
}
