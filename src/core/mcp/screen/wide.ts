// What a definition says without giving an order: facts ("the assistant attaches …"), passives, nominal forms, and things that are not called by their
// names. Ideas are alternations over the words of one clause or of two neighbours; a rule says which ideas together are no description of a tool.
import { once } from "../../once.ts";
import { type Clause, clausesOf, wordsOf } from "./clause.ts";
import { fold } from "./fold.ts";
import { visible } from "./hidden.ts";
import type { Signal } from "./signal.ts";
import { isAbout } from "./topic.ts";
import type { Field } from "./walk.ts";
import table from "./wide.json" with { type: "json" };
import foreign from "./wide-languages.json" with { type: "json" };
import rows from "./wide-rules.json" with { type: "json" };

type Topic = Parameters<typeof isAbout>[0];

interface Row {
  readonly kind: string;
  /** Ideas that stand together; `a|b` is either. */
  readonly all: readonly string[];
  /** Ideas that excuse it: in the same stretch or shortly before. */
  readonly not?: readonly string[];
  readonly gap: number;
  readonly order?: boolean;
  readonly weight: number;
  readonly hard?: boolean;
  /** Only what is said of a parameter. */
  readonly param?: boolean;
  /** Only in a tool of such a name, or not in one. */
  readonly about?: Topic;
  readonly unless?: Topic;
}

interface Rule extends Row {
  readonly slots: readonly (readonly string[])[];
}

interface Span {
  readonly from: number;
  readonly to: number;
}

/** Scripts that write no spaces: their terms stand anywhere. */
const JOINED = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\p{Script=Thai}]/u;
/** How far before a stretch an excuse still belongs to it. */
const BEFORE = 28;
/** How near a denial stands to what it denies, in the middle of a stretch. */
const NEAR = 12;

const rules: () => readonly Rule[] = once(() =>
  (rows.rules as readonly Row[]).map((row) => ({ ...row, slots: row.all.map((slot) => slot.split("|")) })),
);

/** Each idea as one expression; none of them repeats without bound. */
const ideas: () => ReadonlyMap<string, RegExp> = once(() => {
  const terms = new Map<string, string[]>();
  for (const source of [table, foreign] as readonly Readonly<Record<string, readonly string[]>>[])
    for (const [idea, list] of Object.entries(source)) terms.set(idea, (terms.get(idea) ?? []).concat(list));
  return new Map(
    [...terms].map(([idea, list]) => {
      const plain = list.map((term) => fold(term).trimEnd());
      const spaced = plain.filter((term) => !JOINED.test(term)).join("|");
      const joined = plain.filter((term) => JOINED.test(term)).join("|");
      const either = [spaced && `(?<= )(?:${spaced})(?= )`, joined].filter((part) => part !== "").join("|");
      return [idea, new RegExp(either, "gu")] as const;
    }),
  );
});

/** What the tool is called, and what the field is. */
export interface Frame {
  readonly names: string;
  /** The name of the parameter that the text describes. */
  readonly parameter?: string;
}

/** Signs of the wide rules in one text of a definition. */
export function wideSignals({ at, text }: Field, frame: Frame): readonly Signal[] {
  const mine = rules().filter((rule) => isFor(rule, frame));
  const best = new Map<string, Signal>();
  for (const window of windowsOf(clausesOf(visible(titled(text, frame.parameter))))) {
    const found = spansOf(window.words);
    for (const rule of mine) {
      const before = best.get(rule.kind);
      if (before !== undefined && before.weight >= rule.weight && (before.isHard || rule.hard !== true)) continue;
      const spans = stretchOf(rule, found);
      if (spans === undefined || isExcused(rule, spans, found)) continue;
      best.set(rule.kind, {
        kind: rule.kind,
        weight: Math.max(rule.weight, before?.weight ?? 0),
        isHard: rule.hard === true || before?.isHard === true,
        at,
        text: window.raw,
      });
    }
  }
  return [...best.values()];
}

function isFor({ param, about, unless }: Rule, { names, parameter }: Frame): boolean {
  if (param === true && parameter === undefined) return false;
  if (about !== undefined && !isAbout(about, names)) return false;
  return unless === undefined || !isAbout(unless, names);
}

/** What a parameter is called belongs to what is said of it, unless that says it again. */
function titled(text: string, parameter: string | undefined): string {
  const words = parameter?.replace(/[_-]+/g, " ").toLowerCase();
  return words === undefined || text.toLowerCase().includes(words) ? text : `${words}: ${text}`;
}

/** Each clause, and each with the one behind it. */
function* windowsOf(clauses: readonly Clause[]): Generator<Clause> {
  for (const [index, clause] of clauses.entries()) {
    yield clause;
    const next = clauses[index + 1];
    if (next !== undefined)
      yield { raw: `${clause.raw} ${next.raw}`, words: `${clause.words.trimEnd()} .${next.words}` };
  }
}

/** Found when first asked for: most clauses never come to most ideas. */
function spansOf(words: string): (idea: string) => readonly Span[] {
  const known = new Map<string, readonly Span[]>();
  return (idea) => {
    const before = known.get(idea);
    if (before !== undefined) return before;
    const pattern = ideas().get(idea);
    const spans =
      pattern === undefined
        ? []
        : [...words.matchAll(pattern)].map((match) => ({ from: match.index, to: match.index + match[0].length }));
    known.set(idea, spans);
    return spans;
  };
}

/** The first places that hold one of each near enough, no two of them the same words. */
function stretchOf(rule: Rule, found: (idea: string) => readonly Span[]): readonly Span[] | undefined {
  const lists: (readonly Span[])[] = [];
  for (const slot of rule.slots) {
    const list = slot.flatMap(found);
    if (list.length === 0) return undefined;
    lists.push(slot.length === 1 ? list : list.sort((a, b) => a.from - b.from));
  }
  const all = lists.flatMap((list, slot) => list.map((span) => ({ slot, span })));
  all.sort((a, b) => a.span.from - b.span.from || a.slot - b.slot);
  const last: (Span | undefined)[] = lists.map(() => undefined);
  for (const { slot, span } of all) {
    if (rule.order === true && slot > 0) {
      const previous = last[slot - 1];
      if (previous === undefined || previous.to > span.from) continue;
    }
    last[slot] = span;
    const spans = last.filter((one) => one !== undefined);
    if (spans.length < lists.length || isShared(spans)) continue;
    if (rule.order === true && !isInOrder(spans)) continue;
    const from = Math.min(...spans.map((one) => one.from));
    const to = Math.max(...spans.map((one) => one.to));
    if (to - from <= rule.gap) return spans;
  }
  return undefined;
}

function isInOrder(spans: readonly Span[]): boolean {
  return spans.every((span, index) => index === 0 || (spans[index - 1] as Span).to <= span.from);
}

function isShared(spans: readonly Span[]): boolean {
  return spans.some((a, index) => spans.some((b, other) => other > index && a.from < b.to && b.from < a.to));
}

/** A denial excuses what it stands right before; a caution all that is said around it. */
function isExcused(rule: Rule, spans: readonly Span[], found: (idea: string) => readonly Span[]): boolean {
  const from = Math.min(...spans.map((span) => span.from));
  const to = Math.max(...spans.map((span) => span.to));
  return (rule.not ?? []).some((idea) =>
    found(idea).some((excuse) =>
      idea === "neg"
        ? spans.some((span) => excuse.to <= span.from && excuse.to >= span.from - (span.from === from ? BEFORE : NEAR))
        : excuse.from < to + BEFORE && excuse.to >= from - BEFORE,
    ),
  );
}

/** The parameter that a text at this place describes. */
export function parameterAt(at: string): string | undefined {
  return /^\/(?:inputSchema|arguments)\/(?:.*\/)?(?:properties|patternProperties|\$defs|definitions)\/([^/]{1,64})\/(?:description|title|\$comment|examples\/\d+|default)$/.exec(
    at,
  )?.[1];
}

/** The words of a value that was written as a name (`dump_env_into_code`), where they are enough to say something. */
export function namedWords(text: string): string | undefined {
  if (!/^[A-Za-z][\w-]{24,200}$/.test(text)) return undefined;
  const parts = text.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ");
  return parts.split(" ").length >= 5 ? wordsOf(parts).trim() : undefined;
}
