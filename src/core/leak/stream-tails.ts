// What comes in pieces, each a record of its own: a model's output, a tool's. A secret that is cut between two of them stands in neither, so what a
// stream said last is kept, and a piece that completes one loses what belongs to it.
import type { Json, RecordBody } from "../log/record.ts";
import { least } from "./narrow.ts";
import type { TextSearch } from "./text-search.ts";

/** Fields in which streams speak. */
const FIELDS: ReadonlySet<string> = new Set(["text", "output", "delta", "chunk"]);
const TYPES: ReadonlySet<string> = new Set(["prompt", "model.output", "tool.result", "tool.call"]);
/** So much of what was said is kept. */
const TAIL = 2048;
/** Streams at once. */
const STREAMS = 64;

/** The last words of each stream, as they were said. */
export class StreamTails {
  readonly #tails = new Map<string, string>();

  /** `data` without what a record before it began; the same object where there is nothing. `body` is the record as it was said. */
  *join(search: TextSearch, body: RecordBody, data: RecordBody["data"]): Generator<void, RecordBody["data"]> {
    if (!TYPES.has(body.type)) return data;
    let out = data;
    for (const [field, said] of Object.entries(body.data)) {
      if (!FIELDS.has(field) || typeof said !== "string" || said === "") continue;
      const stream = `${body.type} ${field} ${body.actor?.agent ?? ""} ${body.actor?.tool_use_id ?? ""}`;
      const tail = this.#tails.get(stream) ?? "";
      this.#keep(stream, tail + said);
      const text = out[field];
      if (typeof text !== "string") continue;
      const rest = yield* behind(search, tail, text);
      if (rest !== text) out = { ...out, [field]: rest } satisfies { readonly [key: string]: Json };
    }
    return out;
  }

  #keep(stream: string, said: string): void {
    this.#tails.delete(stream);
    this.#tails.set(stream, said.slice(-TAIL));
    const [first] = this.#tails.keys();
    if (this.#tails.size > STREAMS && first !== undefined) this.#tails.delete(first);
  }
}

/** The text without the end of a secret that the tail began. */
function* behind(search: TextSearch, tail: string, text: string): Generator<void, string> {
  const head = text.slice(0, TAIL);
  if (tail === "") return text;
  const seen = yield* search.look(tail + head);
  if (seen?.kind !== "secret") return text;
  // The fewest letters of the tail with which something is seen: where they say it without this text, it has nothing to do with it.
  const length = yield* least(0, tail.length, (count) => search.look(tail.slice(tail.length - count) + head));
  const before = tail.slice(tail.length - length);
  if (length === 0 || (yield* search.look(before)) !== undefined) return text;
  const count = yield* least(1, head.length, (end) => search.look(before + head.slice(0, end)));
  return `[${seen.name}]${text.slice(count)}`;
}
