// A text without what no reader sees: escapes of terminals, tags, joiners where nothing joins, reversed runs. Emoji, flags and the scripts that need such
// signs keep them.

const ANY = /[^\t\n\r\x20-\x7e]/;
/** Whole sequences first: what is left of a cut one would be shown. CSI, then OSC, DCS, APC and their like, then any two-letter one. */
const ESCAPES =
  /(?:\x1b\[|\u009b)[0-?]{0,64}[ -/]{0,16}[@-~]|(?:\x1b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\x07\x1b\u009c]{0,4096}(?:\x07|\x1b\\|\u009c)?|\x1b[ -/]{0,8}[0-~]?/g;
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\u0084\u0086-\u009f]/g;
const KEPT =
  /\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{2,6}\u{e007f}|(?<=[\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}\ufe0f])\u200d(?=\p{Extended_Pictographic})|(?<=[\p{Extended_Pictographic}\p{Emoji}\p{Script=Han}\p{Sm}\p{So}])[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]|(?<=[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}])[\u200c\u200d]|(?<=[\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Tibetan}])\u200b|(?<=[\u1100-\u115e])\u1160|\u115f(?=[\u1160-\u11a7])|[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u115f\u1160\u17b4\u17b5\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
/** Marks and isolates of text that runs both ways; overrides never are. */
const DIRECTIONS = /^[\u061c\u200e\u200f\u202a-\u202c\u2066-\u2069]$/;
const IS_INVISIBLE =
  /^[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\u115f\u1160\u17b4\u17b5\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]$/u;

/** The text as a reader sees it. Doing it twice changes nothing more. */
export function strip(text: string): string {
  if (!ANY.test(text)) return text;
  const plain = text.replace(ESCAPES, "").replace(CONTROLS, "");
  const goesBothWays = RIGHT_TO_LEFT.test(plain);
  const once = stripped(plain, goesBothWays);
  // what stood between two of them may have become their neighbour
  const twice = stripped(once, goesBothWays);
  return twice === once ? once : stripped(twice, goesBothWays);
}

function stripped(text: string, goesBothWays: boolean): string {
  return text.replace(KEPT, (found, at: number) => {
    if (found.length > 4 || !IS_INVISIBLE.test(found)) return found;
    if (goesBothWays && DIRECTIONS.test(found)) return found;
    return isJoined(text, at, found) ? found : "";
  });
}

const BEFORE =
  /[\p{Extended_Pictographic}\p{Emoji}\u{1f3fb}-\u{1f3ff}\ufe0f\p{Script=Han}\p{Sm}\p{So}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Thai}\p{Script=Lao}\u1100-\u115e]$/u;

/** The pattern's own alternatives cannot be told apart by what they found: the neighbours say it again. */
function isJoined(text: string, at: number, found: string): boolean {
  const before = text.slice(Math.max(0, at - 2), at);
  if (!BEFORE.test(before)) return false;
  if (/^[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]$/u.test(found))
    return /[\p{Extended_Pictographic}\p{Emoji}\p{Script=Han}\p{Sm}\p{So}]$/u.test(before);
  if (found === "\u200d")
    return /[\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}\ufe0f]$/u.test(before)
      ? /^\p{Extended_Pictographic}/u.test(text.slice(at + 1, at + 3))
      : /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}\p{Script=Mongolian}]$/u.test(
          before,
        );
  if (found === "\u200c")
    return !/[\p{Emoji}\p{Script=Han}\p{Sm}\p{So}\p{Script=Thai}\p{Script=Lao}\ufe0f]$/u.test(before);
  if (found === "\u200b")
    return /[\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Tibetan}]$/u.test(before);
  return found === "\u1160" || found === "\u115f";
}
