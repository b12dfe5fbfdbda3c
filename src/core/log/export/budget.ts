// How much text one event may hold. What is over is cut and counted, so that an event can say that it is not whole.

import type { Json } from "../record.ts";
import { isList, type Members } from "./plain.ts";

/** At most `most` characters, never half of one; `…` where something is missing. */
export function cut(text: string, most: number): string {
  if (text.length <= most) return text;
  const end = Math.max(most - 1, 0);
  const half = end > 0 && /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end - 1 : end;
  return `${text.slice(0, half)}…`;
}

/** Cuts values and remembers whether it had to. */
export class Budget {
  /** Length of the longest value that was cut, in characters. */
  cutFrom: number | undefined;

  text(text: string, most: number): string {
    if (text.length > most) this.#note(text.length);
    return cut(text, most);
  }

  /** A value with at most `most` characters of text and keys in it; members and items behind that are left out. */
  value(value: Json, most: number): Json {
    const walk = new Walk(most);
    const bounded = walk.value(value);
    if (walk.seen > most) this.#note(walk.seen);
    return bounded;
  }

  members(value: Members, most: number): Members {
    const walk = new Walk(most);
    const bounded = walk.object(value);
    if (walk.seen > most) this.#note(walk.seen);
    return bounded;
  }

  #note(length: number): void {
    this.cutFrom = Math.max(this.cutFrom ?? 0, length);
  }
}

/** What a member or item costs besides its text: ten million empty ones are no small event. */
const EACH = 8;

class Walk {
  seen = 0;
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  value(value: Json): Json {
    if (typeof value === "string") return this.#text(value);
    if (typeof value !== "object" || value === null) return value;
    if (!isList(value)) return this.object(value);
    const items: Json[] = [];
    for (const item of value) if (this.#takes(EACH, item)) items.push(this.value(item));
    return items;
  }

  object(value: Members): Members {
    const entries: [string, Json][] = [];
    for (const [key, member] of Object.entries(value))
      if (this.#takes(EACH + key.length, member)) entries.push([key, this.value(member)]);
    return Object.fromEntries(entries);
  }

  #text(text: string): string {
    const room = Math.max(this.#most - this.seen, 1);
    this.seen += text.length;
    return cut(text, room);
  }

  /** False when there is no room left; then the value is only measured. */
  #takes(cost: number, value: Json): boolean {
    this.seen += cost;
    if (this.seen <= this.#most) return true;
    this.seen += typeof value === "string" ? value.length : (JSON.stringify(value) ?? "").length;
    return false;
  }
}
