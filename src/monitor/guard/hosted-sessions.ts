// The sessions of one host: one for each (agent, agent's session) seen, opened by its first event, closed by its last or by silence.
// Each has bounds of its own, so that the flood of one is refused and the others do not notice.
import { err, type HookAnswer, type HookEvent, ok, type Problem, type Result } from "#core";
import type { JudgeHook } from "./hook-answer.ts";
import type { HookCall } from "./hook-wire.ts";

/** A session as the host sees it. */
export interface HostedSession {
  /** Rejects when the event cannot be recorded: then it is refused. */
  handle(event: HookEvent, signal: AbortSignal): Promise<HookAnswer>;
  /** True while something of it may still run: then silence does not end it. */
  readonly isInUse: boolean;
  /** Closes its record. */
  close(why: "ended" | "idle" | "host-ended"): Promise<void>;
}

/** What the sessions need. */
export interface HostedSessionsOptions {
  /** Opens the session of an event. */
  readonly open: (event: HookEvent, call: HookCall) => Promise<Result<HostedSession, Problem>>;
  readonly now: () => number;
  readonly limits?: Partial<HostedLimits>;
}

/** Bounds. */
export interface HostedLimits {
  readonly sessions: number;
  /** Sessions that are being opened at the same time: each waits for the disk many times. */
  readonly openings: number;
  /** Calls of one session under way. */
  readonly calls: number;
  /** A session without an event for this long is closed. */
  readonly idleMs: number;
}

/** The open sessions. */
export interface HostedSessions {
  handle: JudgeHook;
  readonly count: number;
  /** Closes what has been idle too long. */
  closeIdle(): Promise<void>;
  /** Closes everything, once nothing is under way. */
  close(): Promise<void>;
}

const LIMITS: HostedLimits = { sessions: 64, openings: 8, calls: 256, idleMs: 30 * 60_000 };

interface Entry {
  readonly opening: Promise<Result<HostedSession, Problem>>;
  /** Once it is open. */
  session?: HostedSession;
  calls: number;
  lastAt: number;
}

/** Keeps them. */
export function hostSessions(options: HostedSessionsOptions): HostedSessions {
  const limits = { ...LIMITS, ...options.limits };
  const entries = new Map<string, Entry>();
  const closings = new Set<Promise<void>>();
  let openings = 0;

  const busy = (message: string): Problem => ({
    code: "hook-busy",
    message,
    hint: "wait for a moment, then try again",
  });
  const leave = (key: string, entry: Entry, why: Parameters<HostedSession["close"]>[0]): Promise<void> => {
    if (entries.get(key) === entry) entries.delete(key);
    const closing = entry.opening.then((opened) => (opened.ok ? opened.value.close(why) : undefined));
    const settled = closing.catch(() => undefined).finally(() => closings.delete(settled)); // its record says what it lacks
    closings.add(settled);
    return settled;
  };
  const isSilent = ({ calls, session }: Entry): boolean => calls === 0 && session?.isInUse !== true;
  /** The one that has been silent longest, where one is silent. */
  const makeRoom = (): boolean => {
    if (entries.size < limits.sessions) return true;
    const silent = [...entries].filter(([, entry]) => isSilent(entry)).sort(([, a], [, b]) => a.lastAt - b.lastAt)[0];
    if (silent === undefined) return false;
    void leave(silent[0], silent[1], "idle");
    return true;
  };
  const enter = (key: string, event: HookEvent, call: HookCall): Result<Entry, Problem> => {
    const known = entries.get(key);
    if (known !== undefined) return ok(known);
    if (openings >= limits.openings) return err(busy("too many sessions begin at once"));
    if (!makeRoom()) return err(busy(`${limits.sessions} sessions are open already`));
    openings += 1;
    const opening = options.open(event, call).finally(() => {
      openings -= 1;
    });
    const entry: Entry = { opening, calls: 0, lastAt: options.now() };
    entries.set(key, entry);
    return ok(entry);
  };

  return {
    get count(): number {
      return entries.size;
    },
    async handle(event, { call, signal }) {
      const key = `${event.agent}\0${event.agentSession}`;
      // over already, or never begun: two installations tell of one end
      if (event.kind === "session-end" && !entries.has(key)) return ok({ verdict: "pass", reason: "nothing to end" });
      const entered = enter(key, event, call);
      if (!entered.ok) return entered;
      const entry = entered.value;
      if (entry.calls >= limits.calls) return err(busy("this session makes too many calls at once"));
      entry.calls += 1;
      try {
        const opened = await entry.opening;
        if (!opened.ok) return opened;
        entry.session = opened.value;
        return ok(await opened.value.handle(event, signal));
      } finally {
        entry.calls -= 1;
        entry.lastAt = options.now();
        if (!(await stands(entry)) && entries.get(key) === entry)
          entries.delete(key); // the next event tries again
        else if (event.kind === "session-end" && entry.calls === 0) void leave(key, entry, "ended");
      }
    },
    async closeIdle() {
      const until = options.now() - limits.idleMs;
      const idle = [...entries].filter(([, entry]) => isSilent(entry) && entry.lastAt <= until);
      await Promise.all(idle.map(([key, entry]) => leave(key, entry, "idle")));
    },
    async close() {
      for (const [key, entry] of entries) void leave(key, entry, "host-ended");
      await Promise.all(closings);
    },
  };
}

async function stands(entry: Entry): Promise<boolean> {
  try {
    return (await entry.opening).ok;
  } catch {
    return false;
  }
}
