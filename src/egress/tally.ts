// What was reached and what was refused, counted for the summary, and written to the record: every connection before it is dialled,
// every refusal, and of a flood of equal refusals the first few a minute and then their number.
import type { Actor, Append, Json } from "#core/log";
import type { Peer } from "./filter.ts";

/** A destination reached. */
export interface Reached {
  readonly host: string;
  readonly port: number;
  readonly count: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
}

/** A destination refused. */
export interface Blocked {
  readonly host: string;
  readonly port: number;
  readonly reason: string;
  /** What a person can type. */
  readonly hint: string;
  readonly count: number;
}

/** One refusal to record. */
export interface Refused {
  readonly host: string;
  readonly port: number;
  readonly reason: string;
  readonly hint: string;
  readonly rule?: string;
  readonly asked?: string;
}

const RECORDED_PER_MINUTE = 20;
// The ends of connections wait for one another: each wait for the disk may hold up the record that another connection needs before it is dialled.
const ENDS_TOGETHER_MS = 20;
// Names that an agent makes up are not remembered without end.
const DESTINATIONS_MOST = 2_000;

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

/** Ends of connections that are recorded together. */
interface Gathering {
  readonly over: Promise<void>;
  end(): void;
}

/** The program, as the record names it. */
function by(peer: Peer | undefined): { readonly actor?: Actor } {
  const { pid, exe } = (peer?.pid === undefined ? peer?.dialler : peer) ?? {};
  return pid === undefined ? {} : { actor: { pid, ...(exe === undefined ? {} : { exe }) } };
}

/** Where it wanted to go before it was redirected. */
function wanted(peer: Peer | undefined): { readonly [key: string]: Json } {
  return peer?.dialled === undefined ? {} : { dialled: peer.dialled };
}

/** A refusal as its record says it. */
function facts({ host, port, reason, rule, asked }: Refused): { readonly [key: string]: Json } {
  return { host, port, reason, ...(rule === undefined ? {} : { rule }), ...(asked === undefined ? {} : { asked }) };
}

/** Counts and records for one session. */
export class Tally {
  private readonly append: Append;
  private readonly now: () => number;
  private readonly reached = new Map<string, Mutable<Reached>>();
  private ends: Gathering | undefined;
  private isEnding = false;
  private connections = 0;
  private readonly blocked = new Map<string, Mutable<Blocked> & { recorded: number; folded: number; since: number }>();

  constructor(append: Append, now: () => number) {
    this.append = append;
    this.now = now;
  }

  /**
   * Durable before it resolves: only then may the connection be dialled. Rejects when it cannot be recorded. Its name in the record, which its end
   * has as well.
   */
  async connect(
    to: {
      readonly host: string;
      readonly port: number;
      readonly address: string;
      readonly rule: string;
      readonly scheme: string;
      /** The outside proxy that it goes through. */
      readonly through?: string;
    },
    peer?: Peer,
  ): Promise<string> {
    const connection = `c${++this.connections}`;
    const data = { connection, ...to, ...wanted(peer) };
    await this.append({ type: "net.connect", origin: "observed", ...by(peer), data });
    const entry = this.entry(to.host, to.port);
    entry.count += 1;
    return connection;
  }

  /** Adds bytes of a connection that has ended, and records its end. */
  async close(
    to: {
      readonly connection: string;
      readonly host: string;
      readonly port: number;
      readonly bytesUp: number;
      readonly bytesDown: number;
      /** How long it was open. */
      readonly ms: number;
    },
    peer?: Peer,
  ): Promise<void> {
    const entry = this.entry(to.host, to.port);
    entry.bytesUp += to.bytesUp;
    entry.bytesDown += to.bytesDown;
    const closed = { type: "net.close", origin: "observed", ...by(peer), data: { ...to } } as const;
    this.ends ??= this.isEnding ? undefined : this.gather();
    await this.ends?.over;
    await this.append(closed).catch(() => undefined); // the connect record stands; a log that takes no more ends the session
  }

  /** Records a refusal, or folds it into the number of the minute. */
  async refuse(refused: Refused, peer?: Peer): Promise<void> {
    const key = this.blocked.size < DESTINATIONS_MOST ? `${refused.host}:${refused.port} ${refused.reason}` : "* other";
    const fresh = {
      host: refused.host,
      port: refused.port,
      reason: refused.reason,
      hint: refused.hint,
      count: 0,
      recorded: 0,
      folded: 0,
      since: this.now(),
    };
    const entry =
      this.blocked.get(key) ??
      (key === "* other" ? { ...fresh, host: "(other hosts)", port: 0, reason: "many" } : fresh);
    this.blocked.set(key, entry);
    entry.count += 1;
    if (this.now() - entry.since > 60_000) {
      await this.flushFolded(entry);
      entry.since = this.now();
      entry.recorded = 0;
    }
    if (entry.recorded >= RECORDED_PER_MINUTE) {
      entry.folded += 1;
      return;
    }
    entry.recorded += 1;
    const data = { ...facts(refused), ...wanted(peer) };
    await this.append({ type: "net.blocked", origin: "observed", ...by(peer), data }).catch(() => undefined); // refused all the same
  }

  /** Records what the rules refuse and report mode lets pass. Durable before it resolves; rejects when it cannot be recorded. */
  async report(refused: Refused, peer?: Peer): Promise<void> {
    const data = { ...facts(refused), reported: true, ...wanted(peer) };
    await this.append({ type: "net.blocked", origin: "observed", ...by(peer), data });
  }

  /** Nothing waits for company any more. */
  hurry(): void {
    this.isEnding = true;
    this.ends?.end();
  }

  /** Writes what is still folded. */
  async flush(): Promise<void> {
    for (const entry of this.blocked.values()) await this.flushFolded(entry);
  }

  summary(): { readonly allowed: readonly Reached[]; readonly blocked: readonly Blocked[] } {
    return {
      allowed: [...this.reached.values()],
      blocked: [...this.blocked.values()].map(({ host, port, reason, hint, count }) => ({
        host,
        port,
        reason,
        hint,
        count,
      })),
    };
  }

  private gather(): Gathering {
    let done = (): void => undefined;
    const over = new Promise<void>((resolve) => {
      done = resolve;
    });
    const end = (): void => {
      clearTimeout(timer);
      this.ends = undefined;
      done();
    };
    const timer = setTimeout(end, ENDS_TOGETHER_MS);
    return { over, end };
  }

  private async flushFolded(entry: { host: string; port: number; reason: string; folded: number }): Promise<void> {
    if (entry.folded === 0) return;
    const { host, port, reason, folded } = entry;
    entry.folded = 0;
    await this.append({ type: "net.blocked", origin: "observed", data: { host, port, reason, repeats: folded } }).catch(
      () => undefined,
    );
  }

  private entry(host: string, port: number): Mutable<Reached> {
    const own = `${host}:${port}`;
    const key = this.reached.has(own) || this.reached.size < DESTINATIONS_MOST ? own : "* other";
    const name = key === own ? { host, port } : { host: "(other hosts)", port: 0 };
    const entry = this.reached.get(key) ?? { ...name, count: 0, bytesUp: 0, bytesDown: 0 };
    this.reached.set(key, entry);
    return entry;
  }
}
