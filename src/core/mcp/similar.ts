// Names that a person takes for one another, and definitions that are one another under a new name.
import { pinText, type Thing } from "./pin.ts";

// Letters that stand for one another in most fonts. Not all of Unicode: what is missing here is still another name, and held as one.
const ALIKE: Readonly<Record<string, string>> = Object.fromEntries(
  "aаα bьв cсϲ dԁ eеє gɡ hһ i1l|ıі jјϳ kк mм nո o0оοօ pрρ qԛ sѕ tт uυս vѵν wԝ xхχ yу _-‐‑‒–—−."
    .split(" ")
    .flatMap((letters) => [...letters].map((letter) => [letter, letters[0] ?? letter])),
);

/** What a name looks like: without case, marks, invisible characters, and letters that only look alike. */
export function appearance(name: string): string {
  const plain = name
    .normalize("NFKD")
    .replace(/[\p{M}\p{C}\p{Z}\u115f\u1160\u3164\uffa0]/gu, "")
    .toLowerCase();
  return [...plain].map((letter) => ALIKE[letter] ?? letter).join("");
}

/** For each pin that is new the one that is gone and is likely the same under its old name; each is taken once. */
export function renames<T extends Thing>(gone: readonly T[], added: readonly T[]): ReadonlyMap<T, T> {
  const found = new Map<T, T>();
  // A server that replaced everything is no renaming, and comparing each with each would be its means to keep us busy.
  if (gone.length * added.length > COMPARISONS_MOST) return found;
  const old = new Map(gone.map((pin) => [pin, likeness(pin)]));
  for (const pin of added) {
    const is = likeness(pin);
    const was = [...old].find(([, like]) => isRenamed(like, is));
    if (was === undefined) continue;
    found.set(pin, was[0]);
    old.delete(was[0]);
  }
  return found;
}

const COMPARISONS_MOST = 2_500;
/** Of the words of both, how many they share. */
const SHARED_LEAST = 0.75;

interface Likeness {
  readonly thing: Thing;
  readonly rest: string;
  readonly words: ReadonlySet<string>;
}

const NAMES: ReadonlySet<string> = new Set(["name", "title", "uriTemplate"]);

function likeness(thing: Thing): Likeness {
  const rest = pinText({ fields: new Map([...thing.fields].filter(([field]) => !NAMES.has(field))) });
  return {
    thing,
    rest,
    words: new Set(
      rest
        .slice(0, 20_000)
        .toLowerCase()
        .match(/[\p{L}\p{N}]+/gu) ?? [],
    ),
  };
}

function isRenamed(was: Likeness, is: Likeness): boolean {
  if (was.thing.kind !== is.thing.kind) return false;
  if (appearance(was.thing.name) === appearance(is.thing.name)) return true;
  if (was.rest === is.rest) return true;
  const both = [...was.words].filter((word) => is.words.has(word)).length;
  return both / Math.max(1, was.words.size + is.words.size - both) >= SHARED_LEAST;
}
