// Builds the value of a text that `scanJson` has passed, and keeps the words of numbers that a double would change. Nothing is checked again:
// the depth is bounded, the grammar holds.
import { ExactNumber, type Json } from "./json.ts";

const SCALAR = /[^\s,\]}]+/y;

/** The value of a text that has been scanned. */
export function buildJson(text: string): Json {
  return new Builder(text).value();
}

class Builder {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(): Json {
    const first = this.#peek();
    if (first === "{") return this.#object();
    if (first === "[") return this.#list();
    return first === '"' ? this.#string() : scalar(this.#take(SCALAR));
  }

  #object(): Json {
    const entries: [string, Json][] = [];
    this.#at += 1;
    while (this.#peek() !== "}") {
      if (this.#text[this.#at] === ",") this.#at += 1;
      this.#peek();
      const key = this.#string();
      this.#peek();
      this.#at += 1; // the colon
      entries.push([key, this.value()]);
    }
    this.#at += 1;
    return Object.fromEntries(entries); // defines, so that `__proto__` is a key like any other
  }

  #list(): Json {
    const items: Json[] = [];
    this.#at += 1;
    while (this.#peek() !== "]") {
      if (this.#text[this.#at] === ",") this.#at += 1;
      items.push(this.value());
    }
    this.#at += 1;
    return items;
  }

  #string(): string {
    // By hand: a pattern that repeats a choice needs room on its stack for each character.
    const start = this.#at;
    let end = start + 1;
    while (this.#text[end] !== '"') end += this.#text[end] === "\\" ? 2 : 1;
    this.#at = end + 1;
    return JSON.parse(this.#text.slice(start, this.#at)) as string;
  }

  /** The next character that is no blank. */
  #peek(): string | undefined {
    while (" \n\r\t".includes(this.#text[this.#at] ?? "end")) this.#at += 1;
    return this.#text[this.#at];
  }

  #take(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }
}

function scalar(text: string): Json {
  if (/^[tfn]/.test(text)) return JSON.parse(text) as boolean | null;
  const number = Number(text);
  return String(number) === text ? number : new ExactNumber(text);
}
