// What a text hides from a reader's eye and shows to a model: invisible letters, reversed runs, escapes of terminals, letters of another script.
import { fold, INVISIBLE } from "./fold.ts";
import type { Origin } from "./rules.ts";

/** One way of hiding, found in a text. */
export interface Hidden {
  readonly kind: "hidden-text" | "mixed-script" | "terminal-control";
  readonly weight: number;
  readonly isHard: boolean;
}

const ANY = /[^\x09\x0a\x0d\x20-\x7e]/;
/** Letters that look like Latin ones. */
const LETTERS = /[\u0370-\u052f\u0530-\u058f\u13a0-\u13ff\u2c80-\u2cff]/;
/** Everything below that hides something; most texts have none of it. */
const ODD =
  /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\u009f\u00ad\u034f\u061c\u115f\u1160\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0]|[\u{e0000}-\u{10ffff}]|\p{Mn}{6}/u;
/** A flag of a region is written in tags, between a black flag and a cancel tag. */
const FLAGS = /\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{2,6}\u{e007f}/gu;
const TAGS = /[\u{e0000}-\u{e007f}]/gu;
const OVERRIDES = /[\u202d\u202e]/;
const ISOLATES = /[\u202a-\u202c\u2066-\u2069]/g;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
/** Joiners belong into emoji and into scripts whose letters join. */
const JOINERS =
  /(?<=[\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=[\u060c\u061b\u061f\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}])[\u200c\u200d]/gu;
/** A zero-width space shows where a word of these may break. */
const BREAKS = /(?<=[\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Tibetan}])\u200b/gu;
const ZERO_WIDTH = /[\u200b-\u200d\u2060-\u2064\u206a-\u206f\ufeff\u180e]/g;
const SELECTORS = /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const SELECTED =
  /(?<=[\p{Extended_Pictographic}\p{Emoji}\p{Script=Han}\p{Sm}\p{So}\u180b-\u180f])[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu;
const PRIVATE = /\p{Co}/gu;
const CONTROL = /[\x00-\x08\x0b\x0c\x0e-\x1a\x1c-\x1f\x7f\u0080-\u0084\u0086-\u009f]/g;
const ESCAPE = /\x1b|\u009b/;
const FILLERS = /[\u115f\u1160\u3164\uffa0\u2800]{1,}/gu;
const MARKS = /\p{Mn}{6,}/u;

/** More of them in a row than any page needs, and of two kinds: they spell something. */
const SPELLED = /[\u200b-\u200d\u2060-\u2064\u206a-\u206f\ufeff]{16,}/g;
/** Colours and cleared lines stand in every log; text that a terminal conceals, its clipboard and its private strings do not. */
const SLY_ESCAPE = /(?:\x1b\[|\u009b)(?:[0-7];)?8m|(?:\x1b\]|\u009d)52;|\x1b[P^_]/;
/** What is invisible is stripped from results anyway, and pages of the web are full of it. */
const STRIPPED = 0.3;

/** Everything that the text hides. */
export function hiddenIn(text: string, origin: Origin): readonly Hidden[] {
  const isResult = origin === "result";
  if (!ANY.test(text)) return [];
  const found: Hidden[] = [];
  if (LETTERS.test(text) && mixedWords(text) > 0) add("mixed-script", mixedWords(text) > 1 ? 1 : 0.8);
  if (!ODD.test(text)) return found;
  const tags = count(text.replace(FLAGS, ""), TAGS);
  if (tags > 0) add("hidden-text", 1, !isResult || tags > 3);
  if (OVERRIDES.test(text)) add("hidden-text", 1, !isResult, !RIGHT_TO_LEFT.test(text));
  if (text.match(SPELLED)?.some((run) => new Set(run).size > 1) === true) add("hidden-text", 1, !isResult, true);
  if (count(text, ISOLATES) > 0 && !RIGHT_TO_LEFT.test(text))
    add("hidden-text", 1, !isResult && count(text, ISOLATES) > 3);
  const widths = count(
    text
      .replace(JOINERS, "")
      .replace(BREAKS, "")
      .replace(/^\ufeff/, ""),
    ZERO_WIDTH,
  );
  if (widths > 0) add("hidden-text", 1, !isResult && widths >= 4);
  // a hyphen that is shown only where a line breaks: in a page, not in a tool
  if (!isResult && count(text, /\u00ad/g) > 1) add("hidden-text", 1);
  const selectors = count(text.replace(SELECTED, ""), SELECTORS);
  if (selectors > 0) add("hidden-text", selectors > 1 ? 1 : 0.4, selectors >= (isResult ? 12 : 4));
  if (count(text, PRIVATE) > 0) add("hidden-text", 1, !isResult && count(text, PRIVATE) >= 16);
  if (ESCAPE.test(text)) add("terminal-control", 1, !isResult, SLY_ESCAPE.test(text));
  else if (count(text, CONTROL) > 0) add("terminal-control", 1, !isResult && count(text, CONTROL) > 2);
  if (FILLERS.test(text) && !/[\u1100-\u11ff\u2801-\u28ff\u3131-\u318e]/.test(text.replace(FILLERS, "")))
    add("hidden-text", 1);
  FILLERS.lastIndex = 0;
  if (MARKS.test(text.normalize("NFC"))) add("hidden-text", 0.5);
  return found;

  function add(kind: Hidden["kind"], weight: number, isHard = false, isMeant = false): void {
    found.push({ kind, weight: isResult && !isHard && !isMeant ? weight * STRIPPED : weight, isHard });
  }
}

/** Words of Latin letters and ones that only look so. Units and symbols (`µm`, `Δx`, `πr`) are no words. */
function mixedWords(text: string): number {
  let words = 0;
  for (const [word] of text.matchAll(/[\p{L}\p{M}]{3,40}/gu)) {
    if (!/[A-Za-z]/.test(word)) continue;
    const others = word.match(
      /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}\p{Script=Coptic}]/gu,
    );
    if (
      others === null ||
      /^[\u00b5\u03bc\u0394\u03b4\u03a9\u03c9\u03c0\u03a3\u03c3\u03bb\u03b8\u03b1\u03b2\u03b3]/u.test(word)
    )
      continue;
    if (/^[a-z]+$/.test(fold(word))) words += 1;
  }
  return words;
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}

/** The text as a reader sees it. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, "");
}
