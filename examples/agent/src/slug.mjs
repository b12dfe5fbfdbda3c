/** Turns a title into a piece of a URL. */
export function slug(title) {
  // Bug: punctuation survives, and two words are joined by as many dashes as there were spaces.
  return title.toLowerCase().replaceAll(" ", "-");
}
