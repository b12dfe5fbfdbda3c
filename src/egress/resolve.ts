// Looking names up outside: by the system's resolver, bounded in time. An answer serves for moments: a build that opens two hundred connections to one
// registry asks once, not two hundred times through the two threads that there are for it.
import { lookup } from "node:dns/promises";

/** Looks a name up; all addresses, or none. A rejection says that it is not known. */
export type Resolve = (host: string) => Promise<readonly string[]>;

const LOOKUP_MS = 10_000;
/** Shorter than any lifetime that a name server gives on purpose. */
const SERVES_MS = 3_000;
const NAMES_MOST = 1_000;

/** The system's resolver for one proxy. `ask` and `now` are for tests. */
export function systemResolver(ask: Resolve = askSystem, now: () => number = () => performance.now()): Resolve {
  const answers = new Map<string, { readonly answer: Promise<readonly string[]>; until: number }>();
  return (host) => {
    const known = answers.get(host);
    if (known !== undefined && now() < known.until) return known.answer;
    const fresh = { answer: ask(host), until: Number.POSITIVE_INFINITY };
    const settled = (): void => {
      fresh.until = now() + SERVES_MS;
    };
    fresh.answer.then(settled, settled);
    answers.delete(host);
    answers.set(host, fresh);
    for (const oldest of answers.keys()) {
      if (answers.size <= NAMES_MOST) break;
      answers.delete(oldest);
    }
    return fresh.answer;
  };
}

async function askSystem(host: string): Promise<readonly string[]> {
  const timeout = new Promise<never>((_, reject) => setTimeout(() => reject(new Error("timeout")), LOOKUP_MS).unref());
  const found = await Promise.race([lookup(host, { all: true }), timeout]);
  return found.map(({ address }) => address);
}
