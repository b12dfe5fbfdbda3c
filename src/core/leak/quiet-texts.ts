// Texts that were looked at and in which nothing stood: on a kept connection the same fields go up with every request. Only what left no trace is
// remembered: a text that holds a piece of a secret is looked at each time, because pieces add up.

/** So many, none longer than this: what somebody sends to fill it costs the supervisor no more than two megabytes. */
const TEXTS_MOST = 256;
const LENGTH_MOST = 8192;

/** The last ones of a session. */
export class QuietTexts {
  private readonly texts = new Set<string>();

  has(text: string): boolean {
    // The one that was asked for last is the last to be forgotten.
    return this.texts.delete(text) && this.texts.add(text) !== undefined;
  }

  add(text: string): void {
    if (text.length > LENGTH_MOST) return;
    this.texts.add(text);
    const [first] = this.texts;
    if (this.texts.size > TEXTS_MOST && first !== undefined) this.texts.delete(first);
  }
}
