/** For an option that may be given again: all its words, in their order. */
export function repeated(word: string, before: readonly string[] = []): readonly string[] {
  return [...before, word];
}
