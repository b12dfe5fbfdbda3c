// The host's sessions: one for each agent session seen, each with bounds of its own, each with one end.
import { describe, expect, test } from "vitest";
import type { HookAnswer, HookEvent } from "#core";
import type { HookSource } from "../../../src/monitor/guard/hook-answer.ts";
import { type HostedLimits, hostSessions } from "../../../src/monitor/guard/hosted-sessions.ts";

const ALLOW: HookAnswer = { verdict: "allow", reason: "yes" };

function event(agentSession: string, kind: "notice" | "session-end" = "notice"): HookEvent {
  return { kind, agent: "codex", agentSession, cwd: "/w", event: "x" };
}

function bed(limits: Partial<HostedLimits> = {}): {
  readonly handle: (event: HookEvent) => Promise<string>;
  readonly log: string[];
  readonly sessions: ReturnType<typeof hostSessions>;
  readonly release: (name: string) => void;
  readonly clock: { now: number };
  readonly broken: Set<string>;
} {
  const log: string[] = [];
  const waiting = new Map<string, (() => void)[]>();
  const clock = { now: 0 };
  const broken = new Set<string>();
  const sessions = hostSessions({
    open: async ({ agentSession }) => {
      log.push(`open ${agentSession}`);
      if (broken.has(agentSession)) return { ok: false, error: { code: "x", message: "no disk" } };
      return {
        ok: true,
        value: {
          // A session whose name begins with `slow` answers when it is released.
          handle: async (its) => {
            if (its.agentSession.startsWith("slow"))
              await new Promise<void>((done) =>
                waiting.set(its.agentSession, [...(waiting.get(its.agentSession) ?? []), done]),
              );
            return ALLOW;
          },
          isInUse: agentSession.startsWith("working"),
          close: async (why) => void log.push(`close ${agentSession} ${why}`),
        },
      };
    },
    now: () => clock.now,
    limits,
  });
  const from = { signal: new AbortController().signal } as HookSource; // whom it comes from is the opener's affair
  return {
    log,
    sessions,
    clock,
    broken,
    handle: async (its) => {
      const answer = await sessions.handle(its, from);
      return answer.ok ? answer.value.verdict : answer.error.message;
    },
    release: (name) => {
      for (const done of waiting.get(name) ?? []) done();
      waiting.delete(name);
    },
  };
}

const turn = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

describe("the sessions of a host", () => {
  test("are opened once each, also by calls at the same time", async () => {
    const { handle, log } = bed();
    const answers = await Promise.all(["a", "b", "a", "b", "a"].map((name) => handle(event(name))));
    expect(answers).toEqual(answers.map(() => "allow"));
    expect(log).toEqual(["open a", "open b"]);
  });

  test("an end of one that is not open opens none: two installations tell of it twice", async () => {
    const { handle, log } = bed();
    await handle(event("a"));
    expect([await handle(event("a", "session-end")), await handle(event("a", "session-end"))]).toEqual([
      "allow",
      "pass",
    ]);
    await turn();
    expect(log).toEqual(["open a", "close a ended"]);
  });

  test("one that cannot be opened refuses, and is tried again by the next event", async () => {
    const { handle, log, broken } = bed();
    broken.add("a");
    expect(await handle(event("a"))).toBe("no disk");
    broken.delete("a");
    expect(await handle(event("a"))).toBe("allow");
    expect(log).toEqual(["open a", "open a"]);
  });

  test("the flood of one is refused, and the others do not notice", async () => {
    const { handle, release } = bed({ calls: 3 });
    const flood = Array.from({ length: 10 }, () => handle(event("slow")));
    await turn();
    expect(await handle(event("other"))).toBe("allow");
    release("slow");
    const answers = await Promise.all(flood);
    expect(answers.filter((each) => each === "allow")).toHaveLength(3);
    expect(answers.filter((each) => /too many calls/.test(each))).toHaveLength(7);
    const after = handle(event("slow"));
    await turn();
    release("slow");
    expect(await after).toBe("allow");
  });

  test("beyond the most of them the one that was silent longest makes room, and never one that is busy", async () => {
    const { handle, log, release, clock } = bed({ sessions: 2 });
    const busy = handle(event("slow"));
    await turn();
    clock.now = 1;
    await handle(event("a"));
    clock.now = 2;
    await handle(event("b"));
    expect(log).toEqual(["open slow", "open a", "open b", "close a idle"]);
    const second = handle(event("slow-too"));
    await turn();
    expect(await handle(event("c"))).toMatch(/open already/);
    release("slow");
    release("slow-too");
    expect(await Promise.all([busy, second])).toEqual(["allow", "allow"]);
  });

  test("not too many begin at once", async () => {
    const { handle } = bed({ openings: 2 });
    const answers = await Promise.all(["a", "b", "c", "d"].map((name) => handle(event(name))));
    expect(answers).toEqual([
      "allow",
      "allow",
      expect.stringMatching(/begin at once/),
      expect.stringMatching(/begin at once/),
    ]);
    expect(await handle(event("c"))).toBe("allow");
  });

  test("end with their last event, with silence, or with the host, each once", async () => {
    const { handle, log, sessions, clock } = bed({ idleMs: 100 });
    await handle(event("a"));
    await handle(event("a", "session-end"));
    await handle(event("b"));
    clock.now = 50;
    await handle(event("c"));
    clock.now = 120;
    await sessions.closeIdle();
    await sessions.close();
    expect(log.filter((line) => line.startsWith("close"))).toEqual([
      "close a ended",
      "close b idle",
      "close c host-ended",
    ]);
    expect(sessions.count).toBe(0);
  });

  test("one whose commands may still run is not idle", async () => {
    const { handle, log, sessions, clock } = bed({ idleMs: 100, sessions: 1 });
    await handle(event("working"));
    clock.now = 1_000;
    await sessions.closeIdle();
    expect(await handle(event("a"))).toMatch(/open already/);
    expect(log).toEqual(["open working"]);
  });

  test("one with a call under way is not idle", async () => {
    const { handle, log, sessions, clock, release } = bed({ idleMs: 100 });
    const call = handle(event("slow"));
    await turn();
    clock.now = 1_000;
    await sessions.closeIdle();
    expect(log).toEqual(["open slow"]);
    release("slow");
    expect(await call).toBe("allow");
  });
});
