// Secrets of the session in what a server is told (NET-9): looked for through every layer of encoding, in turns, because the supervisor serves others too.
import { type LeakSearch, TextSearch } from "#core/leak";
import type { SessionSecrets } from "../leaks/session-secrets.ts";

/** Steps of a search between two looks at what else there is to do. */
const STEPS = 64;

const searches = new WeakMap<LeakSearch, TextSearch>();

/** The name of the first secret that stands in it. What cannot be looked into within the search's bounds counts as one: nobody knows what it holds. */
export async function secretIn(
  text: () => string,
  secrets: Pick<SessionSecrets, "search">,
): Promise<string | undefined> {
  const search = secrets.search();
  if (search === undefined) return undefined;
  const looking = textSearch(search).look(text());
  for (let step = 0; ; step++) {
    const { done, value } = looking.next();
    if (done === true) {
      if (value === undefined) return undefined;
      return value.kind === "secret" ? value.name : "something that cannot be looked into";
    }
    if (step % STEPS === STEPS - 1) await new Promise<void>((resolve) => setImmediate(resolve));
  }
}

/** Made once for each set of secrets; it remembers what was clean. */
function textSearch(search: LeakSearch): TextSearch {
  const known = searches.get(search) ?? new TextSearch(search);
  searches.set(search, known);
  return known;
}
