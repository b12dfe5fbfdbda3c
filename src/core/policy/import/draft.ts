// The policy while it is being written down: one part a line, each with the place it comes from, and beside it everything that has no equal.
import type { Span } from "../../result.ts";
import { parseRule } from "../rule.ts";

/** A permission list. */
export type RuleList = "allow" | "ask" | "deny";

/** Examples that a rule carries; they are checked when the policy is loaded. */
export interface Examples {
  readonly match?: readonly string[];
  readonly notMatch?: readonly string[];
}

/** One value, or one entry of a list. */
export interface DraftPart {
  /** A key of keys.ts, for example `permissions.allow`. */
  readonly key: string;
  /** The value or entry as plain data; for `env.set` the name and the value. */
  readonly value: unknown;
  readonly at: Span;
  /** What a reader of the line should know. */
  readonly note?: string;
}

/** Something that has no equal here, or became stricter. */
export interface Unequal {
  /** The key, option or rule, as written there. */
  readonly key: string;
  readonly at: Span;
  /** What it did there. */
  readonly there: string;
  /** What holds here, or what to do. */
  readonly here: string;
}

const SAID = { allow: "allowed", ask: "asked about", deny: "denied" } as const;

/** Collects both. */
export class Draft {
  readonly parts: DraftPart[] = [];
  readonly unequal: Unequal[] = [];
  private readonly seen = new Set<string>();

  /** One value, or one entry of a list. The same entry twice is written once; of a single value the later one counts. */
  add(part: DraftPart): void {
    const same = JSON.stringify([part.key, part.value]);
    if (this.seen.has(same)) return;
    this.seen.add(same);
    this.parts.push(part);
  }

  /** A rule that our grammar knows. One that it does not is said, and the answer is false: a deny needs a stricter word then. */
  rule(
    list: RuleList,
    text: string,
    at: Span,
    more: { readonly note?: string; readonly examples?: Examples } = {},
  ): boolean {
    const parsed = parseRule(text);
    if (!parsed.ok) {
      // a limit that cannot be written holds for its whole tool: too much is asked or denied, never too little
      const tool = /^(mcp__|[A-Za-z]+)/.exec(text.trim())?.[1]?.replace(/^mcp__$/, "mcp__*");
      const whole = list !== "allow" && tool !== undefined && tool !== text && parseRule(tool).ok;
      const became = whole ? `became \`${tool}\` as a whole` : "not carried over";
      this.say(text, at, `${SAID[list]} there`, `${became}: ${parsed.error.message}`);
      if (whole) this.add({ key: `permissions.${list}`, value: tool, at, note: `was ${text}` });
      return whole;
    }
    const { match = [], notMatch = [] } = more.examples ?? {};
    const value =
      match.length + notMatch.length === 0
        ? text
        : { rule: text, ...(match.length > 0 ? { match } : {}), ...(notMatch.length > 0 ? { notMatch } : {}) };
    this.add({ key: `permissions.${list}`, value, at, ...(more.note === undefined ? {} : { note: more.note }) });
    return true;
  }

  /** One line of the report. */
  say(key: string, at: Span, there: string, here: string): void {
    const same = JSON.stringify([key, at.line, there, here]);
    if (this.seen.has(same)) return;
    this.seen.add(same);
    this.unequal.push({ key, at, there, here });
  }
}
