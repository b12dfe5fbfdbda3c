// Where ideas stand in one or two neighbouring sentences, and whether those of a rule stand near enough to belong together.
import type { Span } from "./phrases.ts";

/** Where an idea stands. */
export type Places = (idea: string) => readonly Span[];

/** What belongs together: one idea of each slot, within so many letters. */
export interface Stretch {
  readonly slots: readonly (readonly string[])[];
  readonly gap: number;
  readonly isOrdered: boolean;
  /** How near behind the first the second stands, where that matters. */
  readonly pair: number | undefined;
  /** Ideas that excuse it. */
  readonly not: readonly string[];
}

/** How far around a stretch an excuse still belongs to it. */
const AROUND = 28;
/** How near a denial stands to what it denies, in the middle of a stretch. */
const NEAR = 12;

/** Whether the ideas stand together and nothing excuses them. */
export function stands(stretch: Stretch, places: Places): boolean {
  const spans = spansOf(stretch, places);
  return spans !== undefined && !isExcused(stretch, spans, places);
}

/** The first places that hold one of each near enough, no two of them the same words. */
function spansOf({ slots, gap, isOrdered, pair }: Stretch, places: Places): readonly Span[] | undefined {
  const all: { readonly slot: number; readonly span: Span }[] = [];
  for (const [slot, ideas] of slots.entries()) {
    const spans = ideas.flatMap(places);
    if (spans.length === 0) return undefined;
    for (const span of spans) all.push({ slot, span });
  }
  all.sort((a, b) => a.span.from - b.span.from || a.slot - b.slot);
  const last: (Span | undefined)[] = slots.map(() => undefined);
  for (const { slot, span } of all) {
    const previous = last[slot - 1];
    if (isOrdered && slot > 0 && (previous === undefined || previous.to > span.from)) continue;
    last[slot] = span;
    const spans = last.filter((one) => one !== undefined);
    if (spans.length < slots.length || isShared(spans) || (isOrdered && !isInOrder(spans))) continue;
    if (endOf(spans) - startOf(spans) <= gap && (pair === undefined || isPair(spans, pair))) return spans;
  }
  return undefined;
}

function isPair([a, b]: readonly Span[], most: number): boolean {
  return a === undefined || b === undefined || (a.to <= b.from && b.from - a.to <= most);
}

function startOf(spans: readonly Span[]): number {
  return Math.min(...spans.map(({ from }) => from));
}

function endOf(spans: readonly Span[]): number {
  return Math.max(...spans.map(({ to }) => to));
}

function isInOrder(spans: readonly Span[]): boolean {
  return spans.every((span, index) => index === 0 || (spans[index - 1] as Span).to <= span.from);
}

function isShared(spans: readonly Span[]): boolean {
  return spans.some((a, index) => spans.some((b, other) => other > index && a.from < b.to && b.from < a.to));
}

/** A denial excuses what it stands right before; anything else all that is said around it. */
function isExcused({ not }: Stretch, spans: readonly Span[], places: Places): boolean {
  const from = startOf(spans);
  const to = endOf(spans);
  return not.some((idea) =>
    places(idea).some((excuse) =>
      idea === "x.not"
        ? excuse.from >= from && excuse.to <= to + AROUND
        : idea === "p.neg"
          ? spans.some(
              (span) => excuse.to <= span.from && excuse.to >= span.from - (span.from === from ? AROUND : NEAR),
            )
          : excuse.from < to + AROUND && excuse.to >= from - AROUND,
    ),
  );
}
