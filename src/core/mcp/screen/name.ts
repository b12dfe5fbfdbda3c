// What a tool is called: a name that the eye takes for one of ASCII and that is none. Names in a language's own letters are honest.
import { fold } from "./fold.ts";
import type { Signal } from "./signal.ts";

/** A letter with a sign on it is still its own; only what looks the same is a trap. */
const SIGNED = /\p{Mn}/gu;
/** A word of lookalikes alone may be one of its own language (`курс`); with a vowel it reads as one of ours (`сору`). */
const VOWEL = /[aeiou]/;

/** Signs of a name. */
export function nameSignals(name: string | undefined): readonly Signal[] {
  if (name === undefined) return [];
  const sign = (weight: number, isHard: boolean): readonly Signal[] => [
    { kind: "odd-name", weight, isHard, at: "/name", text: name },
  ];
  const plain = name.normalize("NFD").replace(SIGNED, "");
  if (/[^\x20-\x7e]/.test(plain) && /^[\w .\-/]+$/.test(fold(name))) {
    const parts = plain.split(/[_\-./ ]+/).filter((part) => /[^\x20-\x7e]/.test(part));
    const isMixed = parts.some((part) => /[A-Za-z\d]/.test(part) || VOWEL.test(fold(part)));
    return isMixed || parts.length === 0 ? sign(1, true) : sign(0.6, false);
  }
  return /\s\S+\s/.test(name) && name.length > 48 ? sign(0.6, false) : [];
}
