// Taking a record's fields one by one: what a subject has no place for stays, and is exported under its own name. Nothing is lost by a
// mapping that does not know it yet.

import type { Json } from "../record.ts";
import { isList, type Members } from "./plain.ts";

/** The data of one record, from which fields are taken. A field of another type than asked for is not taken. */
export class Fields {
  readonly #data: Members;
  readonly #taken: Set<string> = new Set();

  constructor(data: Members) {
    this.#data = data;
  }

  text(name: string): string | undefined {
    const value = this.#data[name];
    return typeof value === "string" ? this.#take(name, value) : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#data[name];
    return typeof value === "number" ? this.#take(name, value) : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#data[name];
    return typeof value === "boolean" ? this.#take(name, value) : undefined;
  }

  value(name: string): Json | undefined {
    const value = this.#data[name];
    return value === undefined ? undefined : this.#take(name, value);
  }

  /** A list of texts only. */
  words(name: string): readonly string[] | undefined {
    const value = this.#data[name];
    if (value === undefined || !isList(value)) return undefined;
    const words = value.filter((item): item is string => typeof item === "string");
    return words.length === value.length ? this.#take(name, words) : undefined;
  }

  /** Reads without taking: for what is said in two places. */
  peek(name: string): Json | undefined {
    return this.#data[name];
  }

  /** What nobody took. */
  rest(): Members {
    return Object.fromEntries(Object.entries(this.#data).filter(([name]) => !this.#taken.has(name)));
  }

  #take<T extends Json>(name: string, value: T): T {
    this.#taken.add(name);
    return value;
  }
}
