// The search as the record needs it: thousands of short texts a second, most of them paths and words that were there before. What is one step away is
// looked for in each new one, everything else only where a text could hold it (suspicion.ts).
import type { LeakSearch, Sight } from "./search.ts";
import { mayHide } from "./suspicion.ts";

/** What stands in a text: the name of the secret, or nobody knows because looking would take too long. */
export type Seen = { readonly kind: "secret"; readonly name: string } | { readonly kind: "unreadable" };

/** Fewer letters hold no secret; what several hold together is looked for in the whole record. */
const LEAST = 8;
const QUIET_MOST = 8192;
const QUIET_LENGTH = 512;
/** Longer ones are not held for it. */
const KEPT_MOST = 1 << 20;
/** More is not searched. */
const SEARCH_MOST = 32 * 1024 * 1024;

/** Looks at texts. */
export class TextSearch {
  readonly #search: LeakSearch;
  readonly #quiet = new Set<string>();
  #long: { readonly text: string; readonly isOdd: boolean } | undefined;

  constructor(search: LeakSearch) {
    this.#search = search;
  }

  /** What stands in the text, as far as it could. A text that was clean is remembered. */
  *look(text: string): Generator<void, Seen | undefined> {
    if (text.length < LEAST || this.#quiet.has(text)) return undefined;
    const seen = this.#isOdd(text) ? yield* this.deep(text) : this.glance(text);
    if (seen === undefined && text.length <= QUIET_LENGTH) this.#keep(text);
    return seen;
  }

  /** They are looked at again. */
  forget(texts: readonly string[]): void {
    for (const text of texts) this.#quiet.delete(text);
  }

  /** Not seen before, and it could hold what takes more than one step. */
  isNewAndOdd(text: string): boolean {
    return text.length >= LEAST && !this.#quiet.has(text) && this.#isOdd(text);
  }

  /** Of a long text it is asked twice in a row, and a look at every letter of it costs. */
  #isOdd(text: string): boolean {
    if (text.length <= QUIET_LENGTH || text.length > KEPT_MOST) return mayHide(text);
    if (this.#long?.text !== text) this.#long = { text, isOdd: mayHide(text) };
    return this.#long.isOdd;
  }

  /** What stands in it within one step. */
  glance(text: string): Seen | undefined {
    return seenOf(this.#search.request().glance(new TextEncoder().encode(text)));
  }

  /** Everything, through all layers. */
  *deep(text: string): Generator<void, Seen | undefined> {
    if (text.length > SEARCH_MOST) return { kind: "unreadable" };
    const request = this.#search.request();
    const seen = seenOf(yield* request.steps(new TextEncoder().encode(text), true));
    if (seen !== undefined || !/[\u0080-\u00ff]/.test(text) || /[^\u0000-\u00ff]/.test(text)) return seen;
    // Bytes that somebody wrote as one character each.
    return seenOf(
      yield* request.steps(
        Uint8Array.from({ length: text.length }, (_, at) => text.charCodeAt(at)),
        true,
      ),
    );
  }

  #keep(text: string): void {
    this.#quiet.add(text);
    if (this.#quiet.size <= QUIET_MOST) return;
    const [first] = this.#quiet;
    if (first !== undefined) this.#quiet.delete(first);
  }
}

function seenOf(sight: Sight): Seen | undefined {
  switch (sight.kind) {
    case "clean":
    case "more":
      return undefined;
    case "secret":
      return { kind: "secret", name: sight.secret.name };
    case "unreadable":
      return { kind: "unreadable" };
    default:
      return sight satisfies never;
  }
}
