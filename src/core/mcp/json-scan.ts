// One pass over a JSON text that says whether it is one, by a stack of its own instead of recursion: a text of a hundred thousand brackets
// ends at the depth that is allowed and not in an overflow.
import { err, ok, type Result } from "../result.ts";

/** Why a text is not read. `at` counts UTF-16 units of the text; it is 0 where the text is none. */
export interface JsonFault {
  readonly code: "not-utf8" | "not-json" | "duplicate-key" | "too-deep" | "too-long" | "lone-surrogate";
  readonly at: number;
}

/** What the scan saw of a text that is JSON. */
export interface Scanned {
  /** Whether every number is what JavaScript would write for it. */
  readonly exact: boolean;
}

const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;
const WORDS = ["true", "false", "null"];
const SHORT_ESCAPES: ReadonlySet<number> = new Set([...'"\\/bfnrt'].map((c) => c.charCodeAt(0)));

/** Scans the text. Each object's keys are compared as what they mean, not as they are spelled. */
export function scanJson(text: string, maxDepth: number): Result<Scanned, JsonFault> {
  return new Scan(text, maxDepth).run();
}

/** The keys of an open object so far; `undefined` for an open list. */
type Open = Set<string> | undefined;

class Scan {
  readonly #text: string;
  readonly #maxDepth: number;
  readonly #open: Open[] = [];
  #at = 0;
  #exact = true;
  #fault: JsonFault | undefined;

  constructor(text: string, maxDepth: number) {
    this.#text = text;
    this.#maxDepth = maxDepth;
  }

  run(): Result<Scanned, JsonFault> {
    do {
      if (!this.#value()) return err(this.#fault ?? { code: "not-json", at: this.#at });
    } while (this.#open.length > 0);
    this.#blank();
    return this.#at === this.#text.length ? ok({ exact: this.#exact }) : err({ code: "not-json", at: this.#at });
  }

  /** One value, or the beginning of one; then everything that closes, up to where the next value begins. */
  #value(): boolean {
    this.#blank();
    const code = this.#text.charCodeAt(this.#at);
    if (code === 0x7b || code === 0x5b) {
      if (this.#open.length === this.#maxDepth) return this.#refuse("too-deep", this.#at);
      this.#at += 1;
      this.#open.push(code === 0x7b ? new Set() : undefined);
      this.#blank();
      const closes = this.#text.charCodeAt(this.#at) === (code === 0x7b ? 0x7d : 0x5d);
      if (!closes) return code === 0x5b || this.#key();
    } else if (!(code === 0x22 ? this.#string() : this.#scalar())) return false;
    return this.#close();
  }

  /** Behind a value: a comma and then the next value's place, or brackets that close. */
  #close(): boolean {
    while (this.#open.length > 0) {
      const keys = this.#open.at(-1);
      this.#blank();
      const code = this.#text.charCodeAt(this.#at);
      if (code === 0x2c) {
        this.#at += 1;
        return keys === undefined || this.#key();
      }
      if (code !== (keys === undefined ? 0x5d : 0x7d)) return false;
      this.#at += 1;
      this.#open.pop();
    }
    return true;
  }

  #key(): boolean {
    this.#blank();
    const start = this.#at;
    if (this.#text.charCodeAt(start) !== 0x22 || !this.#string()) return false;
    const raw = this.#text.slice(start + 1, this.#at - 1);
    const key = raw.includes("\\") ? (JSON.parse(`"${raw}"`) as string) : raw;
    const keys = this.#open.at(-1);
    if (keys?.has(key)) return this.#refuse("duplicate-key", start);
    keys?.add(key);
    this.#blank();
    if (this.#text.charCodeAt(this.#at) !== 0x3a) return false;
    this.#at += 1;
    return true;
  }

  #string(): boolean {
    const text = this.#text;
    let at = this.#at + 1;
    while (at < text.length) {
      const code = text.charCodeAt(at);
      if (code === 0x22) {
        this.#at = at + 1;
        return true;
      }
      if (code < 0x20) break;
      at = code === 0x5c ? this.#escape(at) : at + 1;
      if (at < 0) return false;
    }
    this.#at = at;
    return false;
  }

  /** The place behind the escape at `at`, or -1. Two halves of a character stand together or not at all. */
  #escape(at: number): number {
    const code = this.#text.charCodeAt(at + 1);
    if (code !== 0x75) {
      if (SHORT_ESCAPES.has(code)) return at + 2;
      this.#at = at;
      return -1;
    }
    const unit = this.#unit(at);
    if (unit < 0) this.#at = at;
    if (unit < 0xd800 || unit > 0xdfff) return unit < 0 ? -1 : at + 6;
    const second = unit < 0xdc00 ? this.#unit(at + 6) : -1;
    if (second >= 0xdc00 && second <= 0xdfff) return at + 12;
    this.#refuse("lone-surrogate", at);
    return -1;
  }

  /** The number of a `\\uXXXX` at `at`, or -1. */
  #unit(at: number): number {
    const hex = this.#text.slice(at, at + 6);
    return /^\\u[0-9a-fA-F]{4}$/.test(hex) ? Number.parseInt(hex.slice(2), 16) : -1;
  }

  #scalar(): boolean {
    NUMBER.lastIndex = this.#at;
    const number = NUMBER.exec(this.#text)?.[0];
    const found = number ?? WORDS.find((word) => this.#text.startsWith(word, this.#at));
    if (found === undefined) return false;
    if (number !== undefined && String(Number(number)) !== number) this.#exact = false;
    this.#at += found.length;
    return true;
  }

  #blank(): void {
    for (;;) {
      const code = this.#text.charCodeAt(this.#at);
      if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return;
      this.#at += 1;
    }
  }

  #refuse(code: JsonFault["code"], at: number): false {
    this.#fault = { code, at };
    return false;
  }
}
