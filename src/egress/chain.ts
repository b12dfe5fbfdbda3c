// Several filters as one: each sees what the one before it made of the request, and the response passes them the other way round.
// What a filter does wrong (it throws, it makes two fields of one) is a refusal, not a gap.
import type { BodyFilter, ExchangeFilter, HttpFilter, RequestView, ResponseView } from "./filter.ts";
import { type Field, isField } from "./head.ts";
import { type FilterRefusal, inOrder, type Made, type Making, whenMade } from "./made.ts";

/** What all filters together make of one exchange. */
export interface Passage {
  readonly target: string;
  readonly fields: readonly Field[];
  readonly up?: BodyFilter;
  /** The passage with the head's last word (`ExchangeFilter.settle`). Throws `FilterStop`. */
  settled(isWhole: boolean): Passage;
  /** Throws `FilterStop`. */
  down(response: ResponseView): { readonly fields: readonly Field[]; readonly body?: BodyFilter };
}

/** A filter's no, on its way to the client and the record. */
export class FilterStop extends Error {
  readonly refusal: FilterRefusal;
  constructor(refusal: FilterRefusal) {
    super(refusal.reason);
    this.refusal = refusal;
  }
}

/**
 * Lets every filter begin, in order. `undefined` when none has anything to do with what follows. Throws `FilterStop` at the first no; nothing has
 * been sent then.
 */
export async function beginChain(filters: readonly HttpFilter[], request: RequestView): Promise<Passage | undefined> {
  let view = request;
  const begun: ExchangeFilter[] = [];
  for (const filter of filters) {
    let answer: Awaited<ReturnType<HttpFilter["begin"]>>;
    try {
      answer = await filter.begin(view);
    } catch {
      answer = FAILED;
    }
    if (answer === undefined) continue;
    if ("reason" in answer) throw new FilterStop(answer);
    begun.push(answer);
    if (answer.target === undefined && answer.fields === undefined) continue;
    view = { ...view, target: answer.target ?? view.target, fields: answer.fields ?? view.fields };
    if (!/^[\x21-\x7e]+$/.test(view.target) || !view.fields.every(isField)) throw new FilterStop(FAILED);
  }
  if (begun.length === 0) return undefined;
  const up = inSeries(begun.flatMap((one) => one.up ?? []));
  const { fields, target } = view;
  const down = (response: ResponseView): ReturnType<Passage["down"]> => downward(begun, response);
  const settled = (isWhole: boolean): Passage => {
    const last = lastFields(begun, fields, isWhole);
    return last === fields ? passage : { ...passage, fields: last };
  };
  const passage: Passage = up === undefined ? { target, fields, settled, down } : { target, fields, up, settled, down };
  return passage;
}

function lastFields(begun: readonly ExchangeFilter[], first: readonly Field[], isWhole: boolean): readonly Field[] {
  let fields = first;
  for (const one of begun) {
    const answer = orFailed(() => one.settle?.(isWhole));
    if (answer === undefined) continue;
    if ("reason" in answer) throw new FilterStop(answer);
    fields = answer;
    if (!fields.every(isField)) throw new FilterStop(FAILED);
  }
  return fields;
}

function downward(begun: readonly ExchangeFilter[], response: ResponseView): ReturnType<Passage["down"]> {
  let view = response;
  const bodies: BodyFilter[] = [];
  for (const one of begun.toReversed()) {
    if (one.down === undefined) continue;
    const answer = orFailed(() => one.down?.(view));
    if (answer === undefined) continue;
    if ("reason" in answer) throw new FilterStop(answer);
    if (answer.body !== undefined) bodies.push(answer.body);
    if (answer.fields === undefined) continue;
    view = { ...view, fields: answer.fields };
    if (!view.fields.every(isField)) throw new FilterStop(FAILED);
  }
  const body = inSeries(bodies);
  return { fields: view.fields, ...(body === undefined ? {} : { body }) };
}

const FAILED: FilterRefusal = {
  reason: "not-looked-at",
  hint: "what has to look at this request failed, so nothing passes; `ringfence log show` may say more",
};

function orFailed<T>(ask: () => T): T | FilterRefusal {
  try {
    return ask();
  } catch {
    return FAILED;
  }
}

/** `undefined` when there is none. */
function inSeries(filters: readonly BodyFilter[]): BodyFilter | undefined {
  if (filters.length === 0) return undefined;
  return {
    keepsLength: filters.every(({ keepsLength }) => keepsLength),
    onlyLooks: filters.every(({ onlyLooks }) => onlyLooks === true),
    take: (piece) => through(filters, [piece], () => []),
    end: () => through(filters, [], (filter) => filter.end()),
    flush: () => through(filters, [], (filter) => filter.flush?.() ?? []),
    gone: () => {
      for (const filter of filters) filter.gone?.();
    },
  };
}

/** The pieces through every filter; `last` is what each adds when it has had them all. */
function through(
  [filter, ...others]: readonly BodyFilter[],
  pieces: readonly Buffer[],
  last: (filter: BodyFilter) => Making,
): Making {
  if (filter === undefined) return pieces;
  const asks = [...pieces.map((piece) => () => filter.take(piece)), () => last(filter)];
  return whenMade(inOrder(asks.map((ask) => () => soundly(ask))), (made) =>
    "reason" in made ? made : through(others, made, last),
  );
}

/** What is neither pieces nor a no, now or later, is a no. */
function soundly(ask: () => Making): Making {
  const sound = (made: Made): Made => (Array.isArray(made) || "reason" in made ? made : FAILED);
  const making = orFailed(ask);
  return making instanceof Promise ? making.then(sound).catch(() => FAILED) : orFailed(() => sound(making));
}
