// How much one host may be sent in a session, and how often it may be asked (NET-9): a slow leak that no search knows is at least a small one. Counted are
// the address lines, fields and bodies of requests, and the bytes of connections that nobody reads.
import type { BodyFilter, HttpFilter, RequestView } from "./filter.ts";
import type { FilterRefusal } from "./made.ts";

/** A budget that is used up. */
export interface BudgetHit {
  readonly limit: "network.up" | "network.requests";
  readonly host: string;
  /** Bytes, or requests a minute. */
  readonly most: number;
}

/** The budget of every host; what is absent is not counted. */
export interface HostBudgetOptions {
  readonly upBytes?: number;
  readonly requestsPerMinute?: number;
  readonly now: () => number;
  /** Once for each host and limit. */
  readonly onHit: (hit: BudgetHit) => void;
}

interface Account {
  up: number;
  /** Requests that may be made at once; they come back over a minute. */
  left: number;
  since: number;
  readonly told: Set<BudgetHit["limit"]>;
}

// Names that an agent makes up are not remembered without end; what comes later shares one account.
const HOSTS_MOST = 2_000;

/** The filter that keeps the books. */
export function hostBudget(options: HostBudgetOptions): HttpFilter {
  const books = new Books(options);
  return {
    needs: () => false,
    begin: async (request) =>
      books.ask(request.host) ?? books.sent(request.host, headBytes(request)) ?? { up: books.body(request.host) },
    tunnel: (host) => books.ask(host) ?? ((bytes) => books.sent(host, bytes)),
  };
}

class Books {
  private readonly options: HostBudgetOptions;
  private readonly accounts = new Map<string, Account>();

  constructor(options: HostBudgetOptions) {
    this.options = options;
  }

  /** One more request. */
  ask(host: string): FilterRefusal | undefined {
    const { now, requestsPerMinute: most } = this.options;
    if (most === undefined) return undefined;
    const account = this.account(host);
    const at = now();
    account.left = Math.min(most, account.left + ((at - account.since) * most) / 60_000);
    account.since = at;
    if (account.left < 1) return this.over(host, account, { limit: "network.requests", most });
    account.left -= 1;
    return undefined;
  }

  /** So many bytes more. */
  sent(host: string, bytes: number): FilterRefusal | undefined {
    const { upBytes: most } = this.options;
    if (most === undefined) return undefined;
    const account = this.account(host);
    if (account.up + bytes > most) return this.over(host, account, { limit: "network.up", most });
    account.up += bytes;
    return undefined;
  }

  body(host: string): BodyFilter {
    return {
      keepsLength: true,
      take: (piece) => this.sent(host, piece.length) ?? [piece],
      end: () => [],
    };
  }

  private over(host: string, account: Account, { limit, most }: Omit<BudgetHit, "host">): FilterRefusal {
    if (!account.told.has(limit)) {
      account.told.add(limit);
      this.options.onHit({ limit, host, most });
    }
    const said =
      limit === "network.up" ? `${most} bytes to one host in a session` : `${most} requests to one host a minute`;
    return {
      reason: `budget-${limit.slice(8)}`,
      hint: `${said} are what sandbox.network.budget allows; a person can allow more there`,
    };
  }

  private account(host: string): Account {
    const key = this.accounts.has(host) || this.accounts.size < HOSTS_MOST ? host : "*";
    const { now, requestsPerMinute = 0 } = this.options;
    const account = this.accounts.get(key) ?? { up: 0, left: requestsPerMinute, since: now(), told: new Set() };
    this.accounts.set(key, account);
    return account;
  }
}

function headBytes({ fields, target }: RequestView): number {
  return fields.reduce((sum, { name, value }) => sum + name.length + value.length + 4, target.length);
}
