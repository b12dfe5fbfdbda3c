// A long text in pages, each read as a text of its own: whatever a pattern costs, it costs it on a page. What stands on the border of two stands whole on
// one of them.

/** Letters of a page: a search through one takes a fraction of a millisecond. */
const PAGE = 1 << 14;
/** Longer than any order that is worth giving. */
const OVERLAP = 2048;
/** So far from the end a page may end where a line or a sentence does. */
const EDGE = 1024;
/** Letters, bits and bytes of every encoding fit in a multiple of it, so that a long run goes on where one of its groups begins. */
const GROUP = 120;

/** The pages of a text; a text that fits on one is that page. */
export function* pagesOf(text: string): Generator<string> {
  let from = 0;
  while (text.length - from > PAGE) {
    const to = endOf(text, from);
    yield text.slice(from, to);
    from = startOf(text, { from, near: to - OVERLAP });
  }
  yield text.slice(from);
}

function endOf(text: string, from: number): number {
  const edge = text.slice(from + PAGE - EDGE, from + PAGE);
  const at = Math.max(edge.lastIndexOf("\n"), edge.lastIndexOf(". ") + 1);
  return at > 0 ? from + PAGE - EDGE + at + 1 : from + PAGE;
}

/** Where a word begins, or a group of a run that has none: counted from where the run begins, on this page or on one before. */
function startOf(text: string, { from, near }: { readonly from: number; readonly near: number }): number {
  const space = text.slice(near, near + EDGE).search(/\s/);
  if (space >= 0) return near + space;
  let run = near;
  while (run > from && !PARTS.test(text[run - 1] ?? "")) run -= 1;
  return near - ((near - run) % GROUP);
}

/** What stands before an encoded run, and never within it. */
const PARTS = /[\s"'`:,()<>{}[\]]/;
