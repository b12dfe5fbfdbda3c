// The lanes behind one listener: one for each session that a client opened, and for requests without sessions one in which their id is free. The names of
// sessions are made here: a client cannot choose one, and never learns the upstream's.
import { randomBytes } from "node:crypto";
import type { McpId } from "#core/mcp";
import { Lane } from "./lane.ts";
import type { LaneOptions } from "./lane-parts.ts";
import type { ToClient } from "./to-client.ts";

/** A lane with what the listener knows of it. */
export interface ListenerLane {
  readonly lane: Lane;
  /** The session's name for its client; absent where there are no sessions. */
  readonly name?: string;
  /** Requests under way, by id. */
  readonly open: Set<McpId>;
  /** What waits for a listening client; its stream takes it while it is open. */
  readonly aside: ToClient[];
  take?: ((to: ToClient) => void) | undefined;
  /** Hands it to that stream, or lets it wait. */
  readonly tell: (to: ToClient) => void;
  /** Aborted with the lane: its streams end with it. */
  readonly over: AbortSignal;
  /** Ends it, with the session that it has at the server. */
  end(): Promise<void>;
  usedAt: number;
}

/** What lanes are made with; each has a gatekeeper of its own. */
export type LaneParts = Omit<LaneOptions, "aside" | "userAgent">;

const SESSIONS_MOST = 64;
const FREE_MOST = 16;
const ASIDE_MOST = 256;
/** A server that does not take a session's end holds nobody up for longer. */
const END_MS = 2_000;

/** All of one listener's. */
export class Lanes {
  private readonly parts: LaneParts;
  private readonly sessions = new Map<string, ListenerLane>();
  private readonly free: ListenerLane[] = [];
  private uses = 0;

  constructor(parts: LaneParts) {
    this.parts = parts;
  }

  /** A new session. The one that was not used for longest ends where there are too many; its client begins anew. */
  open(userAgent: string | undefined): ListenerLane & { readonly name: string } {
    if (this.sessions.size >= SESSIONS_MOST) {
      const idle = [...this.sessions.values()].filter(({ open, take }) => open.size === 0 && take === undefined);
      const [oldest] = (idle.length > 0 ? idle : [...this.sessions.values()]).sort((a, b) => a.usedAt - b.usedAt);
      if (oldest !== undefined) void this.end(oldest);
    }
    const name = randomBytes(24).toString("base64url");
    const made = { ...this.make(userAgent), name };
    this.sessions.set(name, made);
    return made;
  }

  /** A session by the name that its client gives; `undefined` for one that is over or never was. */
  session(name: string): ListenerLane | undefined {
    const found = this.sessions.get(name);
    if (found?.lane.isGone === true) {
      void this.end(found);
      return undefined;
    }
    if (found !== undefined) found.usedAt = ++this.uses;
    return found;
  }

  /** A lane for a request without a session: two clients may number theirs alike. `undefined` where all are taken. */
  without(id: McpId | undefined, userAgent: string | undefined): ListenerLane | undefined {
    const found = this.free.find(({ open }) => id === undefined || !open.has(id));
    if (found !== undefined || this.free.length >= FREE_MOST) return found;
    const made = this.make(userAgent);
    this.free.push(made);
    return made;
  }

  /** The lane without a session in which a request is under way. */
  holding(id: McpId | undefined): ListenerLane | undefined {
    return id === undefined ? undefined : this.free.find(({ open }) => open.has(id));
  }

  /** Ends one. */
  async end(lane: ListenerLane): Promise<void> {
    if (lane.name !== undefined) this.sessions.delete(lane.name);
    const at = this.free.indexOf(lane);
    if (at >= 0) this.free.splice(at, 1);
    await lane.end();
  }

  /** What is served is compared with the lock anew, and listening clients are told of changes. */
  async reverify(): Promise<void> {
    for (const { lane, tell } of [...this.sessions.values(), ...this.free])
      for (const bytes of await lane.gatekeeper.reverify()) tell({ kind: "message", bytes });
  }

  /** Ends them all. */
  async close(): Promise<void> {
    await Promise.all([...this.sessions.values(), ...this.free].map((lane) => this.end(lane)));
  }

  private make(userAgent: string | undefined): ListenerLane {
    const aside: ToClient[] = [];
    const tell = (to: ToClient): void => {
      if (made.take !== undefined) made.take(to);
      else if (aside.length < ASIDE_MOST) aside.push(to);
    };
    const lane: Lane = new Lane({ ...this.parts, ...(userAgent === undefined ? {} : { userAgent }), aside: tell });
    const over = new AbortController();
    const end = async (): Promise<void> => {
      over.abort();
      const ended = lane.isGone ? undefined : await lane.end(AbortSignal.timeout(END_MS));
      if (ended?.ok === true) ended.value.discard();
      await lane.close();
    };
    const made: ListenerLane = { lane, aside, tell, open: new Set(), over: over.signal, end, usedAt: ++this.uses };
    return made;
  }
}
