// The texts of an input whose shape nobody here knows, to a bound: what an MCP tool is given.

const DEPTH_MOST = 6;
const TEXTS_MOST = 200;
const TEXT_MOST = 4096;

/** Every string in it, cut where it is long; deeper ones are not looked at, the tool itself is judged all the same. */
export function textsIn(input: unknown, depth = 0): readonly string[] {
  if (typeof input === "string") return [input.slice(0, TEXT_MOST)];
  if (depth >= DEPTH_MOST || typeof input !== "object" || input === null) return [];
  return Object.values(input)
    .slice(0, TEXTS_MOST)
    .flatMap((value) => textsIn(value, depth + 1))
    .slice(0, TEXTS_MOST);
}

/** Those that may name a file, absolute: `~` is the home, and a relative one is taken from the workspace. */
export function pathsIn(
  input: unknown,
  { root, home }: { readonly root: string; readonly home: string },
): readonly string[] {
  return textsIn(input)
    .map((text) => text.replace(/^file:\/\/(?:localhost)?(?=\/)/i, ""))
    .filter((text) => text !== "" && !/[\s\0]|^[a-z][a-z0-9+.-]*:\/\//i.test(text))
    .map((text) => (text.startsWith("/") ? text : text.startsWith("~/") ? home + text.slice(1) : `${root}/${text}`));
}
