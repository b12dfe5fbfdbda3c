// One body, looked through before any of it is sent. A short one is held whole; a long one passes in segments, of which the last stretch stays back until
// the next has been seen with it; what is compressed is held until it can be read to its end, within a bound.
import type { LeakSecret, RequestSearch, Sight } from "#core/leak";
import type { BodyFilter, FilterRefusal } from "../filter.ts";
import { undoCodings } from "./content-coding.ts";
import type { HeldAccount, HeldMemory } from "./held-memory.ts";

/** What it is made with. */
export interface LeakBodyOptions {
  readonly look: RequestSearch;
  /** What the head says of it. */
  readonly codings: readonly string[];
  readonly memory: HeldMemory;
  readonly refuse: (secret: LeakSecret) => FilterRefusal;
  readonly unreadable: (why: string) => FilterRefusal;
}

const SEGMENT = 256 * 1024;
/** Nothing that is written plainly is longer; it stays back, and is seen again with what follows. */
const OVERLAP = 32 * 1024;
/** What must be read whole is held up to here, and may become so much. */
const HELD_MOST = 8 * 1024 * 1024;
const UNPACKED_MOST = 16 * 1024 * 1024;
/** Of a WebSocket's messages so much is remembered, so that a secret cut into messages is put together. */
const REMEMBERED = 4096;

const TOO_LARGE = "it is compressed, and larger than can be undone here";

const NOT_UNDONE = "its content coding cannot be undone, or makes too much of it";

type Made = ReturnType<BodyFilter["take"]>;

/** The filter of one body. */
export class LeakBody implements BodyFilter {
  readonly keepsLength = true;
  private readonly options: LeakBodyOptions;
  private held: Buffer[] = [];
  private size = 0;
  private nextLook = SEGMENT;
  /** Sent already; looked at again with what follows. */
  private before: Buffer = Buffer.alloc(0);
  /** Most requests have no body, and then none. */
  private account: HeldAccount | undefined;

  constructor(options: LeakBodyOptions) {
    this.options = options;
  }

  take(piece: Buffer): Made {
    this.held.push(piece);
    this.size += piece.length;
    this.account ??= this.options.memory.open(this);
    this.account.bytes = this.size;
    if (!this.options.memory.hasRoom) return this.over(this.options.unreadable("too much is held back already"));
    if (this.options.codings.length > 0)
      return this.size > HELD_MOST ? this.over(this.options.unreadable(TOO_LARGE)) : [];
    if (this.size < this.nextLook) return [];
    const bytes = Buffer.concat(this.held);
    const sight = this.options.look.look(bytes, false);
    if (sight.kind === "more" && bytes.length * 2 <= HELD_MOST) {
      this.held = [bytes];
      this.nextLook = bytes.length * 2;
      return [];
    }
    return this.judged(sight) ?? this.release(bytes, OVERLAP);
  }

  end(): Made {
    const bytes = Buffer.concat(this.held);
    const { codings, look } = this.options;
    const plain = undoCodings(bytes, codings, UNPACKED_MOST);
    if (plain === undefined) return this.over(this.options.unreadable(NOT_UNDONE));
    for (const each of plain === bytes ? [bytes] : [plain, bytes]) {
      const no = this.judged(look.look(each, true));
      if (no !== undefined) return no;
    }
    if (this.account !== undefined) this.options.memory.close(this.account);
    return this.release(bytes, 0);
  }

  /** A message is complete and must go. */
  flush(): Made {
    const bytes = Buffer.concat(this.held);
    const no = this.judged(this.options.look.look(Buffer.concat([this.before, bytes]), true));
    if (no !== undefined) return no;
    this.before = Buffer.concat([this.before, bytes]).subarray(-REMEMBERED);
    return this.release(bytes, 0);
  }

  private judged(sight: Sight): FilterRefusal | undefined {
    switch (sight.kind) {
      case "clean":
        return undefined;
      case "secret":
        return this.over(this.options.refuse(sight.secret));
      case "more":
        return this.over(this.options.unreadable(TOO_LARGE));
      case "unreadable":
        return this.over(this.options.unreadable("what it is packed in is too much to be undone"));
      default:
        return sight satisfies never;
    }
  }

  private release(bytes: Buffer, keep: number): readonly Buffer[] {
    const kept = bytes.subarray(Math.max(0, bytes.length - keep));
    // A copy, or the small rest would hold the whole.
    this.held = kept.length === 0 ? [] : [Buffer.from(kept)];
    this.size = kept.length;
    if (this.account !== undefined) this.account.bytes = this.size;
    this.nextLook = SEGMENT + kept.length;
    return bytes.length === kept.length ? [] : [bytes.subarray(0, bytes.length - kept.length)];
  }

  /** Nothing of it leaves, and nothing is held any longer. */
  private over(no: FilterRefusal): FilterRefusal {
    if (this.account !== undefined) this.options.memory.close(this.account);
    this.held = [];
    this.size = 0;
    return no;
  }
}
