// Learns what words, ideas and findings weigh (src/core/mcp/screen/weigh.ts): a linear support vector machine by dual coordinate descent (Hsieh et al.,
// ICML 2008), over the tables of tests/cases/mcp-screen. The same texts always give the same weights.

import { FEW } from "../../src/core/mcp/screen/weigh.ts";

/** One text by the signs of its stretches, and of the sentences in them. */
export interface Example {
  readonly wide: readonly ReadonlySet<string>[];
  readonly narrow: readonly ReadonlySet<string>[];
  readonly isAttack: boolean;
}

/** One stretch. */
interface Row {
  readonly signs: ReadonlySet<string>;
  readonly isAttack: boolean;
}

/** What is learned: the sum of a text is `bias` and its signs' `weight` times `rarity`, by the length of their rarities. */
export interface Weights {
  readonly bias: number;
  readonly signs: Readonly<Record<string, readonly [weight: number, rarity: number]>>;
}

/** A sign that fewer texts have says more of them than of itself. */
const TEXTS_LEAST = 3;
const SIGNS_MOST = 12_000;
/** How much an error costs beside a large weight. */
const COST = 1;
const ROUNDS = 60;

/**
 * Learns three times: from what is surely one thing, all stretches of an honest text and an attack that is one stretch; with the stretch of each longer
 * attack that now weighs most; and with the signs that weighed most.
 */
export function learn(examples: readonly Example[]): Weights {
  const sure = examples.flatMap(({ wide, narrow, isAttack }) => {
    if (isAttack && wide.length > 1) return [];
    // a text that is one sentence is learned from once; each begins a third of its length behind the one before
    const all = isAttack || narrow.length < 2 ? wide : [...wide, ...narrow.filter((_, at) => at % 2 === 0)];
    return all.map((signs) => ({ signs, isAttack }));
  });
  const rarity = rarityIn(sure);
  const first = machine(sure, rarity);
  const longer = examples.filter(({ wide, isAttack }) => isAttack && wide.length > 1);
  const rows = [...sure, ...longer.map(({ wide }) => ({ signs: heaviest(wide, first, rarity), isAttack: true }))];
  const second = machine(rows, rarity);
  const kept = [...rarity]
    .map(([sign, rare]) => ({ sign, rare, size: Math.abs(second.weights.get(sign) ?? 0) * rare }))
    .sort((a, b) => b.size - a.size || (a.sign < b.sign ? -1 : 1))
    .slice(0, SIGNS_MOST);
  const last = machine(rows, new Map(kept.map(({ sign, rare }) => [sign, rare])));
  const signs = kept
    .map(({ sign, rare }) => [sign, [round(last.weights.get(sign) ?? 0, 1000), rare] as const] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return { bias: round(last.bias, 1000), signs: Object.fromEntries(signs) };
}

function rarityIn(rows: readonly Row[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { signs } of rows) for (const sign of signs) counts.set(sign, (counts.get(sign) ?? 0) + 1);
  const rarity = new Map<string, number>();
  for (const [sign, count] of counts)
    if (count >= TEXTS_LEAST) rarity.set(sign, round(Math.log((1 + rows.length) / (1 + count)) + 1, 10));
  return rarity;
}

function heaviest(
  stretches: readonly ReadonlySet<string>[],
  { weights, bias }: Machine,
  rarity: ReadonlyMap<string, number>,
): ReadonlySet<string> {
  let best: { signs: ReadonlySet<string>; weight: number } = { signs: new Set(), weight: Number.NEGATIVE_INFINITY };
  for (const signs of stretches) {
    let sum = 0;
    let square = FEW;
    for (const sign of signs) {
      const rare = rarity.get(sign) ?? 0;
      sum += (weights.get(sign) ?? 0) * rare;
      square += rare * rare;
    }
    const weight = bias + sum / Math.sqrt(square);
    if (weight > best.weight) best = { signs, weight };
  }
  return best.signs;
}

interface Machine {
  readonly weights: ReadonlyMap<string, number>;
  readonly bias: number;
}

function machine(examples: readonly Row[], rarity: ReadonlyMap<string, number>): Machine {
  const index = new Map([...rarity.keys()].map((sign, at) => [sign, at]));
  const rows = examples.map(({ signs, isAttack }) => {
    const known = [...signs].filter((sign) => index.has(sign));
    const rare = known.map((sign) => rarity.get(sign) as number);
    const length = Math.sqrt(rare.reduce((sum, one) => sum + one * one, FEW));
    return {
      at: Int32Array.from(known, (sign) => index.get(sign) as number),
      value: Float64Array.from(rare, (one) => one / length),
      side: isAttack ? 1 : -1,
    };
  });
  const weights = new Float64Array(rarity.size);
  const alpha = new Float64Array(rows.length);
  let bias = 0;
  const order = rows.map((_, at) => at);
  const next = sequence();
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let last = order.length - 1; last > 0; last -= 1) {
      const other = next(last + 1);
      [order[last], order[other]] = [order[other] as number, order[last] as number];
    }
    for (const row of order) {
      const { at, value, side } = rows[row] as (typeof rows)[number];
      let sum = bias;
      for (let n = 0; n < at.length; n += 1) sum += (weights[at[n] as number] as number) * (value[n] as number);
      // squared hinge loss: the diagonal has 1 / 2C; values and the bias's own 1 make 2
      const before = alpha[row] as number;
      const after = Math.max(0, before - (side * sum - 1 + before / (2 * COST)) / (2 + 1 / (2 * COST)));
      alpha[row] = after;
      const step = (after - before) * side;
      bias += step;
      for (let n = 0; n < at.length; n += 1) {
        const one = at[n] as number;
        weights[one] = (weights[one] as number) + step * (value[n] as number);
      }
    }
  }
  return { weights: new Map([...rarity.keys()].map((sign, at) => [sign, weights[at] as number])), bias };
}

/** Numbers below a bound that look as if they were random, the same ones each time (Numerical Recipes' generator). */
function sequence(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function round(value: number, parts: number): number {
  return Math.round(value * parts) / parts;
}
