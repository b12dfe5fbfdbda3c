// One body, looked through before any of it is sent. A short one is held whole; a long one passes in segments, of which the last stretch stays back until
// the next has been seen with it; what is compressed is held until it can be read to its end, within a bound.
import type { LeakSecret, RequestSearch, Sight } from "#core/leak";
import type { BodyFilter } from "../filter.ts";
import { type FilterRefusal, inOrder, type Made, type Making } from "../made.ts";
import { undoCodings } from "./content-coding.ts";
import type { HeldAccount, HeldMemory } from "./held-memory.ts";
import type { Turns } from "./turns.ts";

/** What it is made with. */
export interface LeakBodyOptions {
  readonly look: RequestSearch;
  /** What the head says of it. */
  readonly codings: readonly string[];
  readonly memory: HeldMemory;
  /** A long look makes room for others. */
  readonly turns: Pick<Turns, "run">;
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

const NOT_UNDONE =
  "its content coding is none that can be undone here (gzip, deflate and br can), or makes too much of it";

const NOTHING: Made = [];

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

  take(piece: Buffer): Making {
    this.held.push(piece);
    this.size += piece.length;
    this.account ??= this.options.memory.open(this);
    this.account.bytes = this.size;
    if (!this.options.memory.hasRoom) return this.over(this.options.unreadable("too much is held back already"));
    if (this.options.codings.length > 0)
      return this.size > HELD_MOST ? this.over(this.options.unreadable(TOO_LARGE)) : [];
    if (this.size < this.nextLook) return [];
    const bytes = Buffer.concat(this.held);
    return this.looked(bytes, { isEnd: false }, (sight) => {
      if (sight.kind === "more" && bytes.length * 2 <= HELD_MOST) {
        this.held = [bytes];
        this.nextLook = bytes.length * 2;
        return [];
      }
      return this.judged(sight) ?? this.release(bytes, OVERLAP);
    });
  }

  end(): Making {
    const bytes = Buffer.concat(this.held);
    const plain = undoCodings(bytes, this.options.codings, UNPACKED_MOST);
    if (plain === undefined) return this.over(this.options.unreadable(NOT_UNDONE));
    const seen = plain === bytes ? [bytes] : [plain, bytes];
    const looks = seen.map(
      (each) => () => this.looked(each, { isEnd: true }, (sight) => this.judged(sight) ?? NOTHING),
    );
    return inOrder([
      ...looks,
      () => {
        if (this.account !== undefined) this.options.memory.close(this.account);
        return this.release(bytes, 0);
      },
    ]);
  }

  /** A message is complete and must go. */
  flush(): Making {
    const bytes = Buffer.concat(this.held);
    return this.looked(Buffer.concat([this.before, bytes]), { isEnd: true }, (sight) => {
      const no = this.judged(sight);
      if (no !== undefined) return no;
      this.before = Buffer.concat([this.before, bytes]).subarray(-REMEMBERED);
      return this.release(bytes, 0);
    });
  }

  /** What is made of what a look says; until then nothing of it passes. */
  private looked(bytes: Uint8Array, { isEnd }: { readonly isEnd: boolean }, judge: (sight: Sight) => Made): Making {
    const sight = this.options.turns.run(this.options.look.steps(bytes, isEnd));
    return sight instanceof Promise ? sight.then(judge) : judge(sight);
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
        return this.over(
          this.options.unreadable(
            "it is packed in what cannot be undone here (xz, bzip2, zstd, 7-Zip, an encrypted archive), or too often",
          ),
        );
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
