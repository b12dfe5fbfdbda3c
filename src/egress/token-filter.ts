// Well-known credentials towards somebody who did not give them out: refused, whoever's they are. What the session shows on purpose, and the broker's
// placeholders, look the same and are meant.
import { type TokenFound, tokenFor } from "#core/leak";
import type { BodyFilter, HttpFilter } from "./filter.ts";
import type { FilterRefusal } from "./made.ts";

/** What it is made with. */
export interface TokenFilterOptions {
  /** True for a host that may be told everything: the agent's own model. */
  readonly trusts: (host: string) => boolean;
  /** Values that are shown inside on purpose. */
  readonly shown: () => readonly string[];
}

/** More than the longest shape that is matched. */
const KEPT = 512;

/** The filter. It reads what is read anyway, and asks for nothing to be. */
export function tokenFilter(options: TokenFilterOptions): HttpFilter {
  return {
    needs: () => false,
    begin: async ({ fields, host, target }) => {
      if (options.trusts(host)) return undefined;
      const judge = (text: string): FilterRefusal | undefined => {
        const found = tokenFor(host, text).find((one) => !isShown(one, options.shown()));
        return found === undefined ? undefined : refusal(found);
      };
      const head = [target, decoded(target), ...fields.map(({ value }) => value)].join("\n");
      return judge(head) ?? { up: new TokenBody(judge) };
    },
  };
}

/** The end of what was read stays back: a token may go on behind it. */
class TokenBody implements BodyFilter {
  readonly keepsLength = true;
  private readonly judge: (text: string) => FilterRefusal | undefined;
  private held: Buffer = Buffer.alloc(0);

  constructor(judge: (text: string) => FilterRefusal | undefined) {
    this.judge = judge;
  }

  take(piece: Buffer): readonly Buffer[] | FilterRefusal {
    return this.next(Buffer.concat([this.held, piece]), KEPT);
  }

  end(): readonly Buffer[] | FilterRefusal {
    return this.next(this.held, 0);
  }

  flush(): readonly Buffer[] | FilterRefusal {
    return this.end();
  }

  private next(bytes: Buffer, keep: number): readonly Buffer[] | FilterRefusal {
    const no = this.judge(bytes.toString("latin1"));
    if (no !== undefined) return no;
    const upTo = Math.max(0, bytes.length - keep);
    this.held = Buffer.from(bytes.subarray(upTo));
    return upTo === 0 ? [] : [bytes.subarray(0, upTo)];
  }
}

function isShown({ text }: TokenFound, shown: readonly string[]): boolean {
  return shown.some((value) => value.includes(text));
}

function decoded(target: string): string {
  try {
    return decodeURIComponent(target);
  } catch {
    return "";
  }
}

function refusal({ name }: TokenFound): FilterRefusal {
  return {
    reason: "token-elsewhere",
    hint: `a ${name} stands in what was to be sent, and this host did not give it out; leave it out, or a person can say sandbox.network.tokens: off`,
  };
}
