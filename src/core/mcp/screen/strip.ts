// A text without what no reader sees: escapes of terminals, tags, joiners where nothing joins, reversed runs. Emoji, flags and the scripts that need such
// signs keep them.

const ANY = /[^\t\n\r\x20-\x7e]/;
/** Whole sequences first: what is left of a cut one would be shown. CSI, then OSC, DCS, APC and their like, then any two-letter one. */
const ESCAPES =
  /(?:\x1b\[|\u009b)[0-?]{0,64}[ -/]{0,16}[@-~]|(?:\x1b[\]PX^_]|[\u0090\u0098\u009d-\u009f])[^\x07\x1b\u009c]{0,4096}(?:\x07|\x1b\\|\u009c)?|\x1b[ -/]{0,8}[0-~]?/g;
const CONTROLS = /[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\u0084\u0086-\u009f]/g;
/** A flag of a region is written in tags; it is found first, so that its tags are not. */
const FLAG_OR_INVISIBLE =
  /\u{1f3f4}[\u{e0061}-\u{e007a}\u{e0030}-\u{e0039}]{2,6}\u{e007f}|[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/gu;
const RIGHT_TO_LEFT = /[\p{Script=Hebrew}\p{Script=Arabic}\p{Script=Syriac}\p{Script=Thaana}]/u;
/** Marks and isolates of text that runs both ways; overrides never are. */
const DIRECTIONS = /^[\u061c\u200e\u200f\u202a-\u202c\u2066-\u2069]$/;

/** What must stand before a sign that belongs there, by the sign. */
const AT_HOME: readonly { readonly sign: RegExp; readonly before: RegExp; readonly after?: RegExp }[] = [
  { sign: /^[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]$/u, before: /[\p{Emoji}\p{Script=Han}\p{Sm}\p{So}]$/u },
  {
    sign: /^\u200d$/,
    before: /[\p{Extended_Pictographic}\u{1f3fb}-\u{1f3ff}\ufe0f]$/u,
    after: /^\p{Extended_Pictographic}/u,
  },
  {
    sign: /^[\u200c\u200d]$/,
    before:
      /[\p{Script=Arabic}\p{Script=Syriac}\p{Script=Mongolian}\p{Script=Devanagari}\p{Script=Bengali}\p{Script=Gurmukhi}\p{Script=Gujarati}\p{Script=Oriya}\p{Script=Tamil}\p{Script=Telugu}\p{Script=Kannada}\p{Script=Malayalam}\p{Script=Sinhala}\p{Script=Khmer}\p{Script=Myanmar}\p{Script=Tibetan}]$/u,
  },
  {
    sign: /^\u200b$/,
    before: /[\p{Script=Thai}\p{Script=Khmer}\p{Script=Lao}\p{Script=Myanmar}\p{Script=Tibetan}]$/u,
  },
  { sign: /^[\u180b-\u180f]$/, before: /\p{Script=Mongolian}$/u },
  { sign: /^\u1160$/, before: /[\u1100-\u115e]$/ },
];

/** The text as a reader sees it. Doing it twice changes nothing more. */
export function strip(text: string): string {
  if (!ANY.test(text)) return text;
  let now = text;
  // what is taken out may bring others together: a sequence that was cut in two, a joiner and what it would join
  for (let before = ""; before !== now; ) {
    before = now;
    now = once(now);
  }
  return now;
}

function once(text: string): string {
  const plain = text.replace(ESCAPES, "").replace(CONTROLS, "");
  const goesBothWays = RIGHT_TO_LEFT.test(plain);
  return plain.replace(FLAG_OR_INVISIBLE, (found, at: number) => {
    if (found.startsWith("\u{1f3f4}")) return found;
    if (goesBothWays && DIRECTIONS.test(found)) return found;
    const before = plain.slice(Math.max(0, at - 2), at);
    const after = plain.slice(at + found.length, at + found.length + 2);
    return AT_HOME.some(
      (home) => home.sign.test(found) && home.before.test(before) && (home.after?.test(after) ?? true),
    )
      ? found
      : "";
  });
}
