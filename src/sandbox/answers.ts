// Who waits for the next line of the helper with a certain first word.

/** The waiting ones. */
export class Answers {
  private readonly waiting = new Map<string, ((fields: readonly string[] | undefined) => void)[]>();
  private over = false;

  /** The fields of the next such line; `undefined` when none comes in time, or the helper is gone. */
  next(word: string, withinMs: number): Promise<readonly string[] | undefined> {
    if (this.over) return Promise.resolve(undefined);
    return new Promise((settle) => {
      const timer = setTimeout(() => settle(undefined), withinMs);
      const heard = (fields: readonly string[] | undefined): void => {
        clearTimeout(timer);
        settle(fields);
      };
      this.waiting.set(word, [...(this.waiting.get(word) ?? []), heard]);
    });
  }

  /** A line has come. */
  take(word: string, fields: readonly string[]): void {
    for (const heard of this.waiting.get(word) ?? []) heard(fields);
    this.waiting.delete(word);
  }

  /** No line comes any more. */
  end(): void {
    this.over = true;
    for (const all of this.waiting.values()) for (const heard of all) heard(undefined);
    this.waiting.clear();
  }
}
