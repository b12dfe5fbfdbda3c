// Secrets out of a record before it is framed (AUD-4): known values and tokens by their shape, as they are and disguised, in values and in keys, in one
// field or spread over several. A name stands there instead, and everything else of the record stays as it was said.
import type { Actor, Json, RecordBody } from "../log/record.ts";
import { instead, least, narrowed } from "./narrow.ts";
import type { Unpack } from "./packed.ts";
import { LeakSearch } from "./search.ts";
import type { LeakSecret } from "./secret.ts";
import { StreamTails } from "./stream-tails.ts";
import { mayHide } from "./suspicion.ts";
import { type Seen, TextSearch } from "./text-search.ts";
import { tokenFor } from "./token-shape.ts";

type Data = RecordBody["data"];
type Work<T> = Generator<void, T>;

/** Rounds of taking fields out; with more all of them go. */
const ROUNDS = 8;

/** What it takes out. */
export interface RedactorParts {
  readonly secrets: readonly LeakSecret[];
  readonly unpack: Unpack;
  /** Texts that look like somebody's token and are none: what the agent was given in place of one. */
  readonly shown: ReadonlySet<string>;
}

/** Takes secrets out of records and texts. */
export class Redactor {
  readonly #raw: readonly { readonly name: string; readonly form: string }[];
  readonly #shown: ReadonlySet<string>;
  readonly #search: TextSearch;
  readonly #tails: StreamTails;

  constructor({ secrets, unpack, shown }: RedactorParts, before?: Redactor) {
    this.#raw = secrets.flatMap(asText).sort((a, b) => b.form.length - a.form.length);
    this.#shown = shown;
    this.#search = new TextSearch(new LeakSearch(secrets, unpack, { counts: ({ text }) => !shown.has(text) }));
    this.#tails = before === undefined ? new StreamTails() : before.#tails;
  }

  /** The record without any. It stops wherever it can, so that others are served meanwhile. */
  *record(body: RecordBody): Work<RecordBody> {
    const { actor } = body;
    const whole = [(actor ?? {}) as Json, body.data];
    const isClean = (yield* this.#sees([whole[0] ?? {}, saidIn(body)])) === undefined;
    const [who, data] = isClean ? [actor, body.data] : yield* this.#taken(whole, actor !== undefined);
    const joined = yield* this.#tails.join(this.#search, body, data);
    if (isClean && joined === body.data) return body;
    const { actor: _, ...rest } = body;
    return { ...rest, ...(who === undefined ? {} : { actor: who }), data: joined };
  }

  /** One text without any. */
  text(given: string): string {
    return toEnd(this.#text(given));
  }

  /** Fields without any. */
  data(given: Data): Data {
    return toEnd(this.record({ type: "session.open", origin: "observed", data: given })).data;
  }

  /**
   * Whether something stands in it; each text that could hide more is undone alone, and all of them together. `isKnown`: that something does is
   * known of what it belongs to, so texts that were clean elsewhere count as new.
   */
  *#sees(value: Json, isKnown = false): Work<Seen | undefined> {
    const json = JSON.stringify(value);
    const seen = this.#search.glance(json);
    if (seen !== undefined) return seen;
    const texts: string[] = [];
    // What is odd is looked at alone and with what stands beside it: the search has bounds, and each look its own.
    const isOdd = (text: string): boolean => (isKnown ? mayHide(text) : this.#search.isNewAndOdd(text));
    const isSpread = collect(value, texts) || texts.some(isOdd);
    for (const text of texts) {
      const within = yield* this.#search.look(text);
      if (within !== undefined) return within;
    }
    const together = isSpread ? yield* this.#search.deep(json) : undefined;
    // What was clean alone and was not beside the others is looked at again wherever it stands next.
    if (together !== undefined) this.#search.forget(texts);
    return together;
  }

  *#taken(whole: readonly Json[], hasActor: boolean): Work<[Actor | undefined, Data]> {
    const out = yield* this.#json(whole);
    const [who, data] = isList(out) ? out : [];
    if (data === undefined || data === null || typeof data !== "object" || isList(data))
      return [undefined, { redacted: typeof data === "string" ? data : "[secret]" }];
    return [hasActor ? actorOf(who) : undefined, data as Data];
  }

  *#json(value: Json): Work<Json> {
    if (typeof value === "string") return yield* this.#text(value);
    if (typeof value !== "object" || value === null) return value;
    if (isList(value)) {
      const items: Json[] = [];
      for (const item of value) items.push(yield* this.#json(item));
      return yield* this.#spread(
        items.map((item) => [undefined, item] as const),
        (entries) => entries.map(([, item]) => item),
      );
    }
    const entries: Entry[] = [];
    const keys = new Set<string>();
    for (const [key, inner] of Object.entries(value)) {
      const name = unique(yield* this.#text(key), keys);
      entries.push([name, yield* this.#json(inner)]);
    }
    return yield* this.#spread(entries, (all) => Object.fromEntries(all.map(([key, item]) => [key ?? "", item])));
  }

  /** What several entries hold together: those of them that do, and no others, lose their texts; last their names. */
  *#spread(given: readonly Entry[], made: (entries: readonly Entry[]) => Json): Work<Json> {
    let entries = given;
    let seen = yield* this.#sees(made(entries), true);
    for (let round = 0; seen !== undefined && round < ROUNDS; round += 1) {
      const name = instead(seen);
      const sees = (some: readonly Entry[]): Work<Seen | undefined> => this.#sees(made(some), true);
      const all = entries;
      const to = yield* least(1, all.length, (count) => sees(all.slice(0, count)));
      const back = yield* least(1, all.length, (count) => sees(all.slice(all.length - count)));
      const from = yield* least(1, to, (count) => sees(all.slice(to - count, to)));
      const ends = all.length - back;
      const begins = Math.min(to - from, ends);
      const behind = yield* least(1, back, (count) => sees(all.slice(ends, ends + count)));
      const until = Math.max(to, ends + behind);
      const isLast = round > 0;
      entries = all.map((entry, at): Entry => {
        if (at < begins || at >= until) return entry;
        return [entry[0] === undefined || !isLast ? entry[0] : `${name} ${at}`, scrubbed(entry[1], name)];
      });
      seen = yield* this.#sees(made(entries), true);
    }
    return seen === undefined ? made(entries) : instead(seen);
  }

  *#text(given: string): Work<string> {
    return yield* narrowed(this.#search, this.#bare(given));
  }

  /** Without what stands in it as it is. */
  #bare(given: string): string {
    let text = given;
    for (const { form, name } of this.#raw) if (text.includes(form)) text = text.replaceAll(form, `[${name}]`);
    for (const token of tokenFor("", text))
      if (!this.#shown.has(token.text)) text = text.replaceAll(token.text, `[${token.name}]`);
    return text;
  }
}

/** Fields of the supervisor's own, in the only shape that they have: nobody else's words are in them, and what they look like beside others is chance. */
const OWN: { readonly [key: string]: RegExp } = {
  definition: /^[0-9a-f]{64}$/,
  inputDigest: /^[0-9a-f]{64}$/,
  resultDigest: /^[0-9a-f]{64}$/,
  request: /^[a-z][0-9]{1,9}$/,
  verdict: /^(?:allow|ask|deny)$/,
};

/** What others said in a record. */
function saidIn({ origin, data }: RecordBody): Data {
  if (origin !== "observed") return data;
  const said = Object.entries(data).filter(
    ([key, value]) => typeof value !== "string" || OWN[key]?.test(value) !== true,
  );
  return Object.fromEntries(said);
}

type Entry = readonly [key: string | undefined, value: Json];

/** So many short texts side by side may be one that was cut up before it was encoded twice. */
const SHORT = 12;
const SPREAD_LEAST = 4;

/** Puts every text of a value into the list; true where several could hold something together that takes more than one step. */
function collect(value: Json, into: string[]): boolean {
  if (typeof value === "string") {
    into.push(value);
    return false;
  }
  if (typeof value !== "object" || value === null) return false;
  const items: readonly Json[] = isList(value) ? value : Object.values(value);
  let isSpread = false;
  let short = "";
  let count = 0;
  let numbers = 0;
  for (const item of items) {
    isSpread = collect(item, into) || isSpread;
    if (typeof item === "number") numbers += 1;
    if (typeof item !== "string" || item.length > SHORT) continue;
    short += item;
    count += 1;
  }
  if (!isList(value)) for (const key of Object.keys(value)) into.push(key);
  return isSpread || numbers >= 2 * SPREAD_LEAST || (count >= SPREAD_LEAST && mayHide(short));
}

function scrubbed(value: Json, name: string): Json {
  if (typeof value === "string" || typeof value === "number") return name;
  if (typeof value !== "object" || value === null) return value;
  if (isList(value)) return value.map((item) => scrubbed(item, name));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, scrubbed(item, name)]));
}

/** What is left of who it was; a number that was taken out is none. */
function actorOf(value: Json | undefined): Actor | undefined {
  if (typeof value !== "object" || value === null || isList(value)) return undefined;
  const { pid, ...texts } = value as { readonly [key: string]: Json };
  const kept = Object.entries(texts).filter(([key, text]) => ACTOR.has(key) && typeof text === "string");
  return { ...Object.fromEntries(kept), ...(typeof pid === "number" ? { pid } : {}) };
}

const ACTOR: ReadonlySet<string> = new Set(["agent", "tool_use_id", "exe"]);

function unique(key: string, keys: Set<string>): string {
  let name = key;
  for (let count = 2; keys.has(name); count += 1) name = `${key} ${count}`;
  keys.add(name);
  return name;
}

/** A key's numbers are no text, and stand in none as they are. */
function asText({ name, value }: LeakSecret): readonly { readonly name: string; readonly form: string }[] {
  const form = new TextDecoder().decode(value);
  return form === "" || form.includes("\ufffd") ? [] : [{ name, form }];
}

function isList(value: Json | undefined): value is readonly Json[] {
  return Array.isArray(value);
}

function toEnd<T>(work: Work<T>): T {
  for (;;) {
    const { done, value } = work.next();
    if (done === true) return value;
  }
}
