// `*` in patterns, as part of a regular expression that takes no more time than there is text. Patterns come from files that nobody accepted:
// the plain `[^/]*a[^/]*a[^/]*b` would let one line of a repository stop whoever compares a name with it.

/**
 * The pieces with any number of `any` between them. A piece between two stars is taken where it first fits, which is never wrong, and looked for
 * nowhere else. Pieces and `any` are sources of regular expressions; each piece has one width.
 */
export function wildcardSource(pieces: readonly string[], any: string): string {
  const [first = "", ...more] = pieces;
  const last = more.pop();
  if (last === undefined) return first;
  return `${first}${more.map((piece) => `(?:(?!${piece})${any})*${piece}`).join("")}${any}*${last}`;
}
