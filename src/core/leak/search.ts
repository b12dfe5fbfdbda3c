// The search itself (NET-9): bytes in, the secret that stands in them out, through as many layers as the bound allows. Each layer is undone by a
// decoder; in what is left, every way of writing a secret by one more step is a pattern (patterns.ts). Pure but for the compression handed in.
import { base32Views } from "./base32-run.ts";
import { base64Starts, base64Views } from "./base64-run.ts";
import { Coverage } from "./coverage.ts";
import { unescaped, unquoted } from "./escapes.ts";
import { type Glued, glued, partsOf } from "./glue.ts";
import { GRAM, GramIndex, type Pattern } from "./gram-index.ts";
import { hexViews } from "./hex-run.ts";
import { numberViews } from "./number-run.ts";
import { nextPacked, type PackedAt, type Unpack } from "./packed.ts";
import { onlyAlphanumeric, patternsOf } from "./patterns.ts";
import { QuietTexts } from "./quiet-texts.ts";
import type { LeakSecret } from "./secret.ts";
import { singles } from "./singles.ts";
import { type Survey, survey } from "./survey.ts";
import { tokensIn } from "./token-marks.ts";
import type { TokenFound } from "./token-shape.ts";
import { narrowed } from "./wide.ts";

/** What a look at some bytes says. */
export type Sight =
  | { readonly kind: "clean" }
  | { readonly kind: "secret"; readonly secret: LeakSecret }
  /** Something compressed goes on behind the end: only with more of it can be said what it is. */
  | { readonly kind: "more" }
  /** It cannot be looked into within the bounds of time and memory. */
  | { readonly kind: "unreadable" };

/** The search over one request; pieces that it has seen are remembered. */
export interface RequestSearch {
  /** Undoes nothing that is packed or encoded as a whole: finds what is one step away, in a tenth of the time. */
  glance(bytes: Uint8Array): Sight;
  /** `isEnd`: nothing follows, so what is cut off is all there is. */
  look(bytes: Uint8Array, isEnd: boolean): Sight;
  /** The same by and by: it stops wherever it can, so that who has others to serve can serve them in between. */
  steps(bytes: Uint8Array, isEnd: boolean): Generator<void, Sight>;
  /** Looks at a text of one byte a character, all of it: a name, an address line, fields. What it says request after request is looked at once. */
  says(text: string): Sight;
}

/** Layers that are undone; the last way of writing is a pattern and needs none. */
const LAYERS = 3;
// A look may produce this many bytes for each byte that it is given, and this many besides: more is a bomb or a maze.
const WORK_PER_BYTE = 16;
const WORK_LEAST = 16 * 1024 * 1024;
const UNPACKED_MOST = 16 * 1024 * 1024;
/** Places that look like a compression's start and are none: so many in one look, and one more for as many bytes; chance makes a quarter of that. */
const MISTAKES_LEAST = 500;
const BYTES_A_MISTAKE = 4096;
/** Tries at compressions that have no mark of their own, in one look. */
const UNMARKED_MOST = 16;
/** Less is looked through in any case. */
const NOISE_LEAST = 4096;
const STARTS_MOST = 3;
/** Fewer quotes, commas and names cut nothing into fields. */
const CUTS_LEAST = 8;
/** Parts of a multipart body that may be compressed without a mark. */
const PARTS_MOST = 3;
/** A shorter piece that was tried and is no compression is remembered. */
const KNOWN_MOST = 512;
/** So many bytes of anything may look like a compression without a mark. */
const CHANCE_MOST = 64;

/** How it looks. */
export interface LeakSearchOptions {
  /** Where it is given, tokens that nobody told of are looked for by their shapes, too, in every layer; it says which of them count. */
  readonly counts?: (token: TokenFound) => boolean;
}

/** Where it stops, nothing is said yet. */
type Steps = Generator<void, void>;

/** What is found; thrown out of the depth of the layers, and never out of this file. */
class Found extends Error {
  readonly sight: Sight;
  constructor(sight: Sight) {
    super(sight.kind);
    this.sight = sight;
  }
}

/** The secrets of a session, indexed. */
export class LeakSearch {
  readonly secrets: readonly LeakSecret[];
  private readonly index: GramIndex;
  private readonly unpack: Unpack;
  /** Pieces seen in all requests together, of what resembles nothing else. */
  private readonly session: Coverage;
  private readonly quiet = new QuietTexts();
  private readonly known = new QuietTexts();
  private readonly options: LeakSearchOptions;

  constructor(secrets: readonly LeakSecret[], unpack: Unpack, options: LeakSearchOptions = {}) {
    this.secrets = secrets;
    this.options = options;
    this.unpack = unpack;
    this.index = new GramIndex(patternsOf(secrets));
    this.session = new Coverage(this.index.patterns);
  }

  /** Begins with one request. */
  request(): RequestSearch {
    const own = new Coverage(this.index.patterns);
    const begun = (bytes: Uint8Array, isEnd: boolean): Look =>
      new Look({
        ...{ index: this.index, unpack: this.unpack, own, session: this.session, known: this.known, isEnd },
        size: bytes.length,
        options: this.options,
      });
    return {
      glance: (bytes) => {
        const look = begun(bytes, true);
        return toEnd(this.told(look.surface(bytes), look));
      },
      steps: (bytes, isEnd) => this.steps(bytes, begun(bytes, isEnd)),
      look: (bytes, isEnd) => toEnd(this.steps(bytes, begun(bytes, isEnd))),
      says: (text) => {
        if (this.quiet.has(text)) return { kind: "clean" };
        const bytes = Uint8Array.from({ length: text.length }, (_, at) => text.charCodeAt(at));
        const look = begun(bytes, true);
        const sight = toEnd(this.steps(bytes, look));
        if (sight.kind === "clean" && look.isQuiet) this.quiet.add(text);
        return sight;
      },
    };
  }

  private steps(bytes: Uint8Array, look: Look): Generator<void, Sight> {
    return this.told(look.through(bytes, LAYERS, true), look);
  }

  private *told(looking: Steps, look: Look): Generator<void, Sight> {
    try {
      yield* looking;
    } catch (error) {
      if (!(error instanceof Found)) throw error;
      return error.sight;
    }
    const secret = look.found === undefined ? undefined : this.secrets[look.found.secret];
    if (secret !== undefined) return { kind: "secret", secret };
    return { kind: look.isCut ? "more" : "clean" };
  }
}

function toEnd<T>(steps: Generator<void, T>): T {
  for (;;) {
    const { done, value } = steps.next();
    if (done === true) return value;
  }
}

/** Every so many-th byte, from each beginning: letters that others were put between, or numbers in front. */
function everyNth(bytes: Uint8Array, step: number): Uint8Array {
  const out = new Uint8Array(bytes.length + step);
  let length = 0;
  for (let from = 0; from < step; from += 1) {
    for (let at = from; at < bytes.length; at += step) out[length++] = bytes[at] as number;
    out[length++] = 0x0a;
  }
  return out;
}

interface LookParts {
  readonly index: GramIndex;
  readonly unpack: Unpack;
  readonly own: Coverage;
  readonly session: Coverage;
  /** Pieces without a mark that were tried and are no compression. */
  readonly known: QuietTexts;
  readonly isEnd: boolean;
  readonly size: number;
  readonly options: LeakSearchOptions;
}

/** One look: its bounds, and what it found. */
class Look {
  found: Pattern | undefined;
  isCut = false;
  /** Nothing stood in it that resembles any part of a secret. */
  isQuiet = true;
  private readonly parts: LookParts;
  private work: number;
  private mistakes = 0;
  private looked = 0;
  private tries = 0;

  constructor(parts: LookParts) {
    this.parts = parts;
    this.work = WORK_LEAST + parts.size * WORK_PER_BYTE;
  }

  /** Everything that the bytes say, `layers` deep. */
  *through(bytes: Uint8Array, layers: number, isWhole: boolean): Steps {
    if (this.found !== undefined || bytes.length < GRAM) return;
    this.work -= bytes.length;
    this.looked += bytes.length;
    if (this.work < 0) throw new Found({ kind: "unreadable" });
    const about = survey(bytes);
    yield;
    this.shapes(bytes);
    const isNoise = !about.hasText && bytes.length > NOISE_LEAST;
    // What was decoded at a place where nothing begins is noise, and every secret in it was a pattern one layer above.
    if (!isNoise || layers === LAYERS) yield* this.scan(bytes);
    if (layers > 0 && !about.isText) yield* this.packed(bytes, layers, isWhole);
    if (isNoise) return;
    if (about.hasNuls && layers > 0) yield* this.through(narrowed(bytes), layers - 1, false);
    yield* this.text(bytes, about, layers);
  }

  /** What stands in it as it is or by one step, however it is cut up. */
  *surface(bytes: Uint8Array): Steps {
    const text = unescaped(bytes);
    this.shapes(bytes);
    if (text !== bytes) this.shapes(text);
    if (this.parts.index.patterns.length === 0) return;
    yield* this.scan(bytes);
    if (text !== bytes) yield* this.scan(text);
    yield* this.scan(onlyAlphanumeric(text));
    yield* this.cutUp(text, glued(text));
  }

  private *text(bytes: Uint8Array, before: Survey, layers: number): Steps {
    const text = before.hasEscapes ? unescaped(bytes) : bytes;
    yield;
    const about = text === bytes ? before : survey(text);
    yield;
    if (text !== bytes) {
      this.shapes(text);
      yield* this.scan(text);
    }
    yield* this.scan(onlyAlphanumeric(text));
    if (layers === 0) return;
    const { names, values } = glued(text);
    yield* this.cutUp(text, { names, values });
    if (about.hasEquals) yield* this.through(unquoted(text), layers - 1, false);
    yield;
    const views: readonly (() => Iterable<Uint8Array | undefined>)[] = [
      ...(about.hasBase64 ? [() => base64Views(text)] : []),
      ...(about.hasHex ? [() => hexViews(text)] : []),
      ...(about.hasNumbers ? [() => numberViews(text)] : []),
      ...(about.hasBase64 ? [() => base32Views(text)] : []),
      // What was encoded before it was cut into fields.
      ...(layers === LAYERS && values.length + CUTS_LEAST <= text.length
        ? [() => base64Views(values), () => hexViews(values)]
        : []),
    ];
    for (const see of views)
      for (const view of see()) {
        yield;
        if (view !== undefined) yield* this.through(view, layers - 1, true);
      }
    if (about.hasBase64) for (const start of base64Starts(text, STARTS_MOST)) yield* this.unmarked(start, layers - 1);
    if (text !== bytes && !about.isText) yield* this.packed(text, layers, false);
  }

  /** In fields, or letter by letter. */
  private *cutUp(text: Uint8Array, { names, values }: Glued): Steps {
    yield* this.scan(values);
    yield* this.scan(names);
    const bare = onlyAlphanumeric(values);
    yield* this.scan(bare);
    for (const step of [2, 3]) yield* this.scan(everyNth(bare, step));
    const alone = singles(text);
    yield* this.scan(alone);
    for (const step of [2, 3, 4, 5]) yield* this.scan(everyNth(alone, step));
  }

  /** A token of anybody's, where that is asked for. */
  private shapes(bytes: Uint8Array): void {
    const { counts } = this.parts.options;
    const token = counts === undefined ? undefined : tokensIn(bytes).find(counts);
    if (token === undefined) return;
    const value = Uint8Array.from(token.text, (letter) => letter.charCodeAt(0));
    throw new Found({ kind: "secret", secret: { name: token.name, value } });
  }

  private *scan(bytes: Uint8Array): Steps {
    if (this.found !== undefined) return;
    const { index, own, session } = this.parts;
    yield* index.scan(bytes, (number, offset, length) => {
      this.isQuiet = false;
      const pattern = index.patterns[number];
      // Both are told of every piece.
      const isSeen = own.add(number, offset, length);
      const isPiecedTogether = pattern?.isDense === true && session.add(number, offset, length);
      if (isSeen || isPiecedTogether) this.found = pattern;
      return isSeen || isPiecedTogether;
    });
  }

  /** What is compressed in it, wherever it begins; what has no mark only where the whole may be it. */
  private *packed(bytes: Uint8Array, layers: number, isWhole: boolean): Steps {
    let isMarked = false;
    for (let place = nextPacked(bytes, 0); place !== undefined && this.found === undefined; ) {
      const consumed = yield* this.unpacked(bytes, place, layers);
      yield;
      isMarked ||= consumed > 0;
      place = nextPacked(bytes, consumed > 0 ? place.at + consumed : place.mark + 1);
    }
    for (const part of partsOf(bytes, PARTS_MOST)) yield* this.unmarked(part, layers);
    if (!isWhole || isMarked || bytes.length < 8 || survey(bytes.subarray(0, 16)).isText) return;
    yield* this.unmarked(bytes, layers);
  }

  /** Compressions that say of themselves nothing: tried, a few times. */
  private *unmarked(bytes: Uint8Array, layers: number): Steps {
    if (layers === 0) return;
    const { known } = this.parts;
    const text = bytes.length <= KNOWN_MOST ? String.fromCharCode(...bytes) : undefined;
    let isNone = true;
    for (const packing of ["deflate", "brotli"] as const) {
      this.tries += 1;
      if (this.tries > UNMARKED_MOST) return;
      // A token is tried once in a session, and not with every request.
      if (text !== undefined && known.has(text)) continue;
      if ((yield* this.unpacked(bytes, { mark: 0, at: 0, packing }, layers, true)) > 0) isNone = false;
    }
    if (isNone && text !== undefined) known.add(text);
  }

  /** How many bytes it took; 0 when it is no compression. */
  private *unpacked(
    bytes: Uint8Array,
    { at, packing }: PackedAt,
    layers: number,
    isGuess = false,
  ): Generator<void, number> {
    const most = Math.min(UNPACKED_MOST, this.work);
    const result = this.parts.unpack(bytes.subarray(at), packing, most);
    if (result.kind === "too-large") throw new Found({ kind: "unreadable" });
    if (result.kind === "not" || (isGuess && result.consumed < Math.min(CHANCE_MOST, bytes.length - 1))) {
      this.mistakes += isGuess ? 0 : 1;
      if (this.mistakes > MISTAKES_LEAST + this.looked / BYTES_A_MISTAKE) throw new Found({ kind: "unreadable" });
      return 0;
    }
    if (result.kind === "cut" && !this.parts.isEnd && !(isGuess && result.consumed < CHANCE_MOST)) this.isCut = true;
    yield* this.through(result.bytes, layers - 1, true);
    return result.consumed;
  }
}
