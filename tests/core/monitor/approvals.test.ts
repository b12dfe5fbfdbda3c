// The questions of one session, with channels that answer as told: what passes, once, and what every failure is.
import { describe, expect, it } from "vitest";
import type { Action } from "#core";
import type { RecordBody } from "#core/log";
import { compileRules, type Judge } from "#core/policy";
import { type Approvals, type ApprovalsOptions, openApprovals, type QuestionChannel, type Said } from "#monitor";
import { tmp } from "../../support/tmp.ts";

const NEVER = new AbortController().signal;
const compiled = compileRules({ allow: [], ask: [], deny: [] }, { root: "/w", home: "/home/dev" });
if (!compiled.ok) throw new Error("rules");
const judge = { rules: compiled.value, mode: "default", facts: { root: "/w", home: "/home/dev" } } as unknown as Judge;

interface Bed {
  readonly approvals: Approvals;
  readonly records: RecordBody[];
  readonly told: string[];
  ask(command: string, signal?: AbortSignal): ReturnType<Approvals["ask"]>;
}

function bed(changes: Partial<ApprovalsOptions> = {}): Bed {
  const records: RecordBody[] = [];
  const told: string[] = [];
  const folder = tmp();
  const approvals = openApprovals({
    session: "20261125-141530-9f3a1c",
    contained: false,
    append: async (body) => records.push(body),
    channels: [],
    timeoutMs: () => 60_000,
    places: { workspaceRoot: folder, stateDir: `${folder}/state`, home: folder },
    tell: (line) => told.push(line),
    ...changes,
  });
  const ask = (command: string, signal: AbortSignal = NEVER): ReturnType<Approvals["ask"]> => {
    const action: Action = { kind: "exec", command, cwd: "/w" };
    const reasons = [{ code: "no-rule", verdict: "ask" as const, subject: command }];
    return approvals.ask({ agent: "claude", actions: [action], cwd: "/w", reasons, legs: [] }, judge, signal);
  };
  return { approvals, records, told, ask };
}

/** A channel that says one thing; it hears when the question is over. */
function saying(said: Said | undefined, by: QuestionChannel["by"] = "terminal"): QuestionChannel {
  return { by, present: () => true, ask: async () => said };
}
const waiting: QuestionChannel = {
  by: "terminal",
  present: () => true,
  ask: (_question, _effect, signal) =>
    new Promise((settle) => signal.addEventListener("abort", () => settle(undefined), { once: true })),
};
const yes: Said = { verdict: "allow", scope: "once" };
const digestOf = (approvals: Approvals): { id: string; digest: string } => {
  const question = approvals.pending().at(-1)?.question;
  if (question === undefined) throw new Error("nothing waits");
  return { id: question.id, digest: question.digest };
};
const tick = (): Promise<void> => new Promise((done) => setTimeout(done, 5));

describe("a question", () => {
  it("is on record before it is shown, and its answer before the act", async () => {
    const order: string[] = [];
    const channel: QuestionChannel = {
      ...saying(yes),
      ask: async () => {
        order.push("shown");
        return yes;
      },
    };
    const { ask } = bed({ channels: [channel], append: async ({ type }) => order.push(type) });
    expect(await ask("npm test")).toMatchObject({ verdict: "allow", by: "terminal", scope: "once" });
    expect(order).toEqual(["approval.ask", "shown", "approval.answer"]);
  });

  it("passes once: the same act is asked again", async () => {
    const { ask, records } = bed({ channels: [saying(yes)] });
    await ask("npm test");
    await ask("npm test");
    expect(records.filter(({ type }) => type === "approval.ask")).toHaveLength(2);
  });

  it("for the session passes the same act, and no other", async () => {
    let asked = 0;
    const channel: QuestionChannel = {
      ...saying(yes),
      ask: async () => {
        asked++;
        return { verdict: "allow", scope: "session" };
      },
    };
    const { ask } = bed({ channels: [channel] });
    await ask("npm test");
    expect(await ask("npm test")).toMatchObject({ verdict: "allow", by: "grant" });
    await ask("npm  test");
    expect(asked).toBe(2);
  });

  it.each<[string, Partial<ApprovalsOptions>, object]>([
    ["nobody is there", {}, { by: "nobody" }],
    ["no channel can show it", { channels: [saying(undefined), saying(undefined, "webhook")] }, { by: "nobody" }],
    ["nobody answers", { channels: [waiting], timeoutMs: () => 20 }, { by: "timeout" }],
    ["a channel breaks", { channels: [{ ...waiting, ask: () => Promise.reject(new Error("x")) }] }, { by: "nobody" }],
    ["somebody says no", { channels: [saying({ verdict: "deny", scope: "once" })] }, { by: "terminal" }],
    [
      "the question cannot be recorded",
      { channels: [saying(yes)], append: () => Promise.reject(new Error("full")) },
      {},
    ],
    [
      "the answer cannot be recorded",
      {
        channels: [saying(yes)],
        append: ({ type }) => (type === "approval.answer" ? Promise.reject(new Error("full")) : Promise.resolve(1)),
      },
      {},
    ],
  ])("is denied when %s", async (_name, changes, want) => {
    const answer = await bed(changes).ask("npm test");
    expect(answer).toMatchObject({ verdict: "deny", ...want });
    expect(answer.reason).not.toBe("");
  });

  it("is denied when the agent waits no more, and when the session ends", async () => {
    const gone = new AbortController();
    const one = bed({ channels: [waiting] });
    const asked = one.ask("npm test", gone.signal);
    await tick();
    gone.abort();
    expect(await asked).toMatchObject({ verdict: "deny" });
    const other = bed({ channels: [waiting] });
    const last = other.ask("npm test");
    await tick();
    await other.approvals.close();
    expect(await last).toMatchObject({ verdict: "deny" });
  });

  it("takes the first answer; the other channel is told that it is over", async () => {
    let over = false;
    const slow: QuestionChannel = {
      ...waiting,
      by: "webhook",
      ask: (_q, _e, signal) =>
        new Promise((settle) =>
          signal.addEventListener("abort", () => {
            over = true;
            settle(yes);
          }),
        ),
    };
    const { ask } = bed({ channels: [slow, saying({ verdict: "deny", scope: "once" })] });
    expect(await ask("npm test")).toMatchObject({ verdict: "deny", by: "terminal" });
    expect(over).toBe(true);
  });

  it("that a person refused is refused unasked for a while; one that merely went wrong is not", async () => {
    const refused = bed({ channels: [saying({ verdict: "deny", scope: "once" })] });
    await refused.ask("npm test");
    expect(await refused.ask("npm test")).toMatchObject({ verdict: "deny", by: "grant" });
    const odd = bed({ channels: [saying({ verdict: "deny", scope: "once", odd: true })] });
    await odd.ask("npm test");
    expect(await odd.ask("npm test")).toMatchObject({ verdict: "deny", by: "terminal" });
  });
});

describe("answers from outside", () => {
  it("end the waiting question, bound to its digest, and only once", async () => {
    const { approvals, ask } = bed({ channels: [waiting] });
    const asked = ask("npm test");
    await tick();
    const { id, digest } = digestOf(approvals);
    expect(await approvals.answer(id, "0".repeat(64), yes)).toMatchObject({
      ok: false,
      error: { code: "question-gone" },
    });
    expect(await approvals.answer("zzzzzz", digest, yes)).toMatchObject({ ok: false });
    const both = await Promise.all([approvals.answer(id, digest, yes), approvals.answer(id, digest, yes)]);
    expect(both.filter(({ ok }) => ok)).toHaveLength(1);
    expect(await asked).toMatchObject({ verdict: "allow", by: "command" });
    expect(await approvals.answer(id, digest, yes)).toMatchObject({ ok: false });
  });

  it("that come late let exactly the same act pass once, within five minutes", async () => {
    let now = 1_000_000;
    const { approvals, ask } = bed({ now: () => now });
    const first = await ask("npm test");
    const { id, digest } = digestOf(approvals);
    expect(first.reason).toContain(`ringfence approve ${id}`);
    expect(await approvals.answer(id, digest, yes)).toEqual({ ok: true, value: "granted" });
    expect(await ask("npm test x")).toMatchObject({ verdict: "deny" });
    expect(await ask("npm test")).toMatchObject({ verdict: "allow", by: "grant", scope: "once" });
    expect(await ask("npm test")).toMatchObject({ verdict: "deny" });
    const again = digestOf(approvals);
    expect(await approvals.answer(again.id, again.digest, yes)).toMatchObject({ ok: true });
    now += 5 * 60_000;
    expect(await ask("npm test")).toMatchObject({ verdict: "deny" });
  });

  it("are not taken for a question that has expired", async () => {
    let now = 1_000_000;
    const { approvals, ask } = bed({ now: () => now });
    await ask("npm test");
    const { id, digest } = digestOf(approvals);
    now += 5 * 60_000;
    expect(await approvals.answer(id, digest, yes)).toMatchObject({ ok: false, error: { code: "question-gone" } });
  });

  it("never pass two calls at once by one grant", async () => {
    const { approvals, ask } = bed();
    await ask("npm test");
    const { id, digest } = digestOf(approvals);
    await approvals.answer(id, digest, yes);
    const all = await Promise.all([1, 2, 3].map(() => ask("npm test")));
    expect(all.filter(({ verdict }) => verdict === "allow")).toHaveLength(1);
  });

  it("are not counted when they cannot be recorded", async () => {
    let full = false;
    const { approvals, ask } = bed({ append: () => (full ? Promise.reject(new Error("full")) : Promise.resolve(1)) });
    await ask("npm test");
    const { id, digest } = digestOf(approvals);
    full = true;
    expect(await approvals.answer(id, digest, yes)).toMatchObject({ ok: false, error: { code: "not-recorded" } });
    full = false;
    expect(await ask("npm test")).toMatchObject({ verdict: "deny" });
  });

  it("keep one id for an act that is asked again, and make a question wait while somebody watches", async () => {
    const { approvals, ask } = bed();
    await ask("npm test");
    await ask("npm test");
    expect(approvals.pending()).toHaveLength(1);
    const seen: string[] = [];
    const watch = approvals.watch(({ question }) => seen.push(question.act.text));
    const asked = ask("npm run build");
    await tick();
    const { id, digest } = digestOf(approvals);
    await approvals.answer(id, digest, yes);
    expect(await asked).toMatchObject({ verdict: "allow" });
    expect(seen).toEqual(["npm test", "npm run build"]);
    watch.leave();
  });
});

describe("a flood", () => {
  it("is refused unasked, and said once", async () => {
    let shown = 0;
    const channel: QuestionChannel = {
      ...saying(yes),
      ask: async () => {
        shown++;
        return yes;
      },
    };
    const { ask, told, approvals } = bed({ channels: [channel], now: () => 1 });
    const answers = await Promise.all(Array.from({ length: 20 }, (_, i) => ask(`npm run s${i}`)));
    expect(answers.filter(({ by }) => by === "flood")).toHaveLength(15);
    expect(shown).toBe(5);
    expect(told.filter((line) => line.startsWith("too many"))).toHaveLength(1);
    expect(approvals.stats()).toMatchObject({ asked: 20, allowed: 5, unanswered: 15 });
  });
});

describe("a rule", () => {
  const always: Said = { verdict: "allow", scope: "rule" };

  it("is written to the local policy, accepted as exactly that, and on record before it is written", async () => {
    const { readFileSync } = await import("node:fs");
    const folder = tmp();
    const places = { workspaceRoot: folder, stateDir: `${folder}/state`, home: folder };
    const { ask, records } = bed({ channels: [saying(always)], places });
    expect(await ask("npm test")).toMatchObject({ verdict: "allow", scope: "rule" });
    expect(await ask("npm run 'a b'")).toMatchObject({ verdict: "allow", scope: "rule" });
    const text = readFileSync(`${folder}/.ringfence/policy.local.yaml`, "utf8");
    expect(text).toBe('version: 1\npermissions:\n  allow:\n    - "Bash(npm test)"\n    - "Bash(npm run \'a b\')"\n');
    expect(records.map(({ type }) => type)).toEqual([
      ...["approval.ask", "policy.change", "approval.answer"],
      ...["approval.ask", "policy.change", "approval.answer"],
    ]);
    expect(await ask("npm test")).toMatchObject({ verdict: "allow", by: "grant" });
  });

  it("is never written into a file that nobody accepted; the yes then counts once", async () => {
    const { mkdirSync, readFileSync, writeFileSync } = await import("node:fs");
    const folder = tmp();
    mkdirSync(`${folder}/.ringfence`);
    const file = `${folder}/.ringfence/policy.local.yaml`;
    const before = 'version: 1\npermissions:\n  allow: ["Bash(evil *)"]\n';
    writeFileSync(file, before);
    const places = { workspaceRoot: folder, stateDir: `${folder}/state`, home: folder };
    const { ask, told } = bed({ channels: [saying(always)], places });
    expect(await ask("npm test")).toMatchObject({ verdict: "allow", scope: "once" });
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(told.join()).toContain("is not accepted");
  });

  it("is no answer to what no rule may spare", async () => {
    const { approvals, ask } = bed();
    await ask("git push --force");
    const { id, digest } = digestOf(approvals);
    expect(await approvals.answer(id, digest, always)).toMatchObject({ ok: false, error: { code: "no-rule" } });
    expect(await approvals.answer(id, digest, yes)).toMatchObject({ ok: true });
  });
});
