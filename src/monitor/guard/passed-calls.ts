// An agent in a fence tells of a call of an MCP server twice: its hook before it asks the server, and then the call itself at the gateway. Who said yes
// to the first is not asked about the second. Each yes counts once, for the same server, tool and arguments, and for the reasons it was given to.
import type { Action } from "#core";

type McpAct = Extract<Action, { readonly kind: "mcp" }>;

/** A yes that waits for its call; later ones push the oldest out. */
const WAITING_MOST = 128;
/** A hook's call follows at once; one that does not was another. */
const WAIT_MS = 10 * 60_000;

interface Passed {
  readonly key: string;
  readonly codes: ReadonlySet<string>;
  readonly at: number;
}

/** What a person let pass by one of the two ways. */
export class PassedCalls {
  readonly #now: () => number;
  #passed: readonly Passed[] = [];

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** A person said yes to this call, which was asked about for `codes`. Acts of other kinds are judged where they happen. */
  add(actions: readonly Action[], codes: readonly string[]): void {
    const [act, more] = actions;
    if (act?.kind !== "mcp" || more !== undefined) return;
    const passed = { key: keyOf(act), codes: new Set(codes), at: this.#now() };
    this.#passed = [...this.#passed, passed].slice(-WAITING_MOST);
  }

  /** Whether somebody did, for no fewer reasons. It counts no second time. */
  take(act: McpAct, codes: readonly string[]): boolean {
    const since = this.#now() - WAIT_MS;
    const key = keyOf(act);
    const found = this.#passed.find(
      (one) => one.at >= since && one.key === key && codes.every((code) => one.codes.has(code)),
    );
    if (found === undefined) return false;
    this.#passed = this.#passed.filter((one) => one !== found);
    return true;
  }
}

/** Clients spell a server's and a tool's name in one word, and each in its own letters. */
function keyOf({ server, tool, input }: McpAct): string {
  const name = `${server}__${tool}`.replace(/[^A-Za-z0-9_-]/g, "_");
  return `${name} ${canonical(input ?? {})}`;
}

function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(",")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value) ?? "null";
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  const sorted = members.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${sorted.map(([key, member]) => `${JSON.stringify(key)}:${canonical(member)}`).join(",")}}`;
}
