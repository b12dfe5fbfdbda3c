/** A word of a command as a person would type it in a shell: bare where that is safe to read, else in single quotes. */
export function quoted(word: string): string {
  return /^[\p{L}\p{N}._/:@%+,=~^-]+$/u.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
