// Questions that wait for a person (APP-1): asked on every channel at once, the first answer wins, and no answer, no channel, any oddity and every failure
// is a denial. A question is on record before it is shown, an answer before the act (I6).

import { createHash, randomBytes } from "node:crypto";
import { type Action, type Answer, err, ok, type Problem, type Question, type Result } from "#core";
import type { Append } from "#core/log";
import type { Judge } from "#core/policy";
import {
  addGrant,
  countPrompt,
  fullBucket,
  type Grants,
  makeQuestion,
  NO_PROMPTS,
  offeredRule,
  PROMPT_BUDGET,
  type PromptBudget,
  type PromptTally,
  type QuestionFacts,
  questionId,
  ruleEffect,
  takeGrant,
  takePrompt,
} from "#core/session";
import { answerReason, askRecord } from "./approval-record.ts";
import type { QuestionChannel, Said } from "./question-channel.ts";
import { type Heard, NOBODY, type OpenQuestion, raceChannels } from "./question-race.ts";
import { planRule, type RulePlaces } from "./rule-file.ts";

/** What the questions of one session need. */
export interface ApprovalsOptions {
  readonly session: string;
  readonly contained: boolean;
  readonly append: Append;
  readonly channels: readonly QuestionChannel[];
  /** How long a question waits; read for each, because a policy may change. */
  readonly timeoutMs: () => number;
  /** Where `rule` writes to. */
  readonly places: RulePlaces;
  /** One line for the person. */
  readonly tell: (line: string) => void;
  readonly budget?: PromptBudget;
  /** Milliseconds of the epoch. */
  readonly now?: () => number;
}

/** An answer with the words for the agent. */
export interface AnswerWithReason extends Answer {
  readonly reason: string;
  /** The number of the question that was put on record. */
  readonly question?: string;
}

/** The questions of one session. */
export interface Approvals extends AsyncDisposable {
  /** Asks, and resolves with what came of it; never rejects. `signal`: the agent waits no more. */
  ask(
    facts: Omit<QuestionFacts, "session" | "contained">,
    judge: Judge,
    signal: AbortSignal,
  ): Promise<AnswerWithReason>;
  /** What `ringfence approve` may answer, oldest first. */
  pending(): readonly OpenQuestion[];
  /** Answers one by its id, if `digest` is the question's; resolves when the answer is on record. */
  answer(id: string, digest: string, said: Said): Promise<Result<"answered" | "granted" | "refused", Problem>>;
  /** Somebody outside looks at the questions (`approve --watch`) until `leave` is called: questions then wait for an answer. */
  watch(onQuestion: (open: OpenQuestion) => void): { leave(): void };
  stats(): PromptTally;
  /** Denies what waits. Idempotent. */
  close(): Promise<void>;
}

/** A late approval, or a refusal, stands for this long. */
const LATE_MS = 5 * 60_000;
/** Questions that can still be answered late. */
const LATE_MOST = 64;
/** Calls that a rule's effect is shown on. */
const CALLS_MOST = 200;

interface Entry extends OpenQuestion {
  late: boolean;
  /** Settles the waiting call. */
  settle?: (said: Said) => void;
  /** What came of the waiting call, once it is on record. */
  readonly done: Promise<AnswerWithReason>;
}

/** Opens them. */
export function openApprovals(options: ApprovalsOptions): Approvals {
  return new Session(options);
}

class Session implements Approvals {
  private readonly options: ApprovalsOptions;
  private readonly now: () => number;
  private readonly budget: PromptBudget;
  private readonly entries = new Map<string, Entry>();
  private readonly watchers = new Set<(open: OpenQuestion) => void>();
  private readonly ending = new AbortController();
  private readonly running = new Set<Promise<unknown>>();
  private calls: readonly (readonly Action[])[] = [];
  private grants: Grants = [];
  private bucket: ReturnType<typeof fullBucket>;
  private flooded = false;
  private tally: PromptTally = NO_PROMPTS;

  constructor(options: ApprovalsOptions) {
    this.options = options;
    this.now = options.now ?? Date.now;
    this.budget = options.budget ?? PROMPT_BUDGET;
    this.bucket = fullBucket(this.budget, this.now());
  }

  async ask(...args: Parameters<Approvals["ask"]>): Promise<AnswerWithReason> {
    const asking = this.askNow(...args);
    this.running.add(asking);
    try {
      return await asking;
    } catch (error) {
      return {
        verdict: "deny",
        by: "nobody",
        scope: "once",
        reason: `the question failed: ${(error as Error).message}`,
      };
    } finally {
      this.running.delete(asking);
    }
  }

  private async askNow(...[facts, judge, signal]: Parameters<Approvals["ask"]>): Promise<AnswerWithReason> {
    const made = this.question(facts, judge);
    if (!made.ok) {
      const { message, hint } = made.error;
      return {
        verdict: "deny",
        by: "nobody",
        scope: "once",
        reason: hint === undefined ? message : `${message}; ${hint}`,
      };
    }
    const question = made.value;
    const standing = takeGrant(this.grants, question.digest, this.now());
    this.grants = standing.left; // before anything is awaited: two calls at once never share one grant
    this.calls = [...this.calls, facts.actions].slice(-CALLS_MOST);
    if (standing.grant !== undefined)
      return this.finish(question, { ...standing.grant, by: "grant" }, standing.grant.question);
    const present = this.watchers.size > 0 || this.options.channels.some((channel) => channel.present());
    // Asked again while nobody is there, it is no further question: it waits under the id it has.
    const again = !present && this.lateOne(question.digest) !== undefined;
    if (!again && !this.mayPrompt()) return this.finish(question, FLOOD);
    const effect =
      question.rule === undefined ? undefined : ruleEffect(judge, question.rule, this.calls, (call) => nameOf(call));
    let settleDone = (_: AnswerWithReason): void => undefined;
    const done = new Promise<AnswerWithReason>((settle) => {
      settleDone = settle;
    });
    await this.options.append(askRecord(question));
    const entry: Entry = { question, effect, late: false, done };
    this.entries.set(question.id, entry);
    const heard = this.race(entry, signal).then((answer) => this.heard(entry, answer));
    const finished = await this.finish(question, await heard.catch(() => NOBODY));
    settleDone(finished);
    return finished;
  }

  /** What an answer leaves behind: a grant, a rule, or a question that may be answered late. */
  private async heard(entry: Entry, answer: Heard): Promise<Answer> {
    const { question } = entry;
    if (answer.verdict === "deny") {
      const refused = answer.odd !== true && PERSONS.has(answer.by);
      this.keepLate(entry, refused);
      if (refused) this.grant(question, answer, this.now() + LATE_MS);
      return answer;
    }
    this.entries.delete(question.id);
    const given =
      answer.scope === "rule" && !(await this.writeRule(question)) ? { ...answer, scope: "once" as const } : answer;
    if (given.scope !== "once") this.grant(question, given, Number.POSITIVE_INFINITY);
    return given;
  }

  private question(facts: Parameters<Approvals["ask"]>[0], judge: Judge): Result<Question, Problem> {
    const rule = facts.rule ?? offeredRule(judge, facts.actions);
    const { session, contained, timeoutMs } = this.options;
    const stamp = { id: questionId(randomBytes(6)), now: this.now(), timeoutMs: timeoutMs(), hash: sha256 };
    const made = makeQuestion({ ...facts, session, contained, ...(rule === undefined ? {} : { rule }) }, stamp);
    // Asked again, it is the same question to whoever has its id on the screen.
    const known = made.ok ? this.lateOne(made.value.digest) : undefined;
    return made.ok && known !== undefined ? ok({ ...made.value, id: known.question.id }) : made;
  }

  private lateOne(digest: string): Entry | undefined {
    return [...this.entries.values()].find(({ late, question }) => late && question.digest === digest);
  }

  private mayPrompt(): boolean {
    const taken = takePrompt(this.bucket, this.budget, this.now());
    this.bucket = taken.bucket;
    if (!taken.granted && !this.flooded)
      this.options.tell(
        "too many questions at once: further ones are refused unasked until there is time to read them",
      );
    this.flooded = !taken.granted;
    return taken.granted;
  }

  private race(entry: Entry, signal: AbortSignal): Promise<Heard> {
    for (const show of this.watchers) show(entry);
    return raceChannels({
      open: entry,
      channels: this.options.channels.filter((channel) => channel.present()),
      watched: this.watchers.size > 0,
      onStart: (settle) => {
        entry.settle = settle;
      },
      signal: AbortSignal.any([signal, this.ending.signal]),
      waitMs: Math.max(0, entry.question.expiresAt - this.now()),
    }).finally(() => {
      delete entry.settle;
    });
  }

  private keepLate(entry: Entry, refused: boolean): void {
    entry.late = true;
    const expiresAt = this.now() + LATE_MS;
    // What a person refused can be taken back by its id, too; the newest question is last.
    this.entries.delete(entry.question.id);
    this.entries.set(entry.question.id, { ...entry, question: { ...entry.question, expiresAt } });
    const late = [...this.entries.values()].filter((one) => one.late);
    for (const old of late.slice(0, Math.max(0, late.length - LATE_MOST))) this.entries.delete(old.question.id);
    if (!refused && !this.ending.signal.aborted)
      this.options.tell(
        `refused for want of an answer: \`ringfence approve ${entry.question.id}\` lets it pass when it is tried again`,
      );
  }

  private grant(question: Question, answer: Answer, expiresAt: number): void {
    const { verdict, scope, by } = answer;
    this.grants = addGrant(this.grants, {
      digest: question.digest,
      verdict,
      scope,
      question: question.id,
      by,
      expiresAt,
    });
  }

  /** False when it was not written: the yes then counts once. */
  private async writeRule(question: Question): Promise<boolean> {
    const written = await this.tryRule(question);
    if (!written.ok) this.options.tell(`${written.error.message}; it passes this once`);
    return written.ok;
  }

  private async tryRule({ rule, id }: Question): Promise<Result<void, Problem>> {
    if (rule === undefined) return err({ code: "no-rule", message: "no rule may spare this question" });
    const plan = await planRule(this.options.places, rule);
    if (!plan.ok) return plan;
    const { file, digest } = plan.value;
    try {
      const data = { file, rule, digest, question: id };
      await this.options.append({ type: "policy.change", origin: "observed", data });
    } catch (error) {
      return err({ code: "not-recorded", message: `the rule cannot be recorded: ${(error as Error).message}` });
    }
    return plan.value.write();
  }

  /** The answer of a call, counted. */
  private async finish(question: Question, answer: Answer, grantOf?: string): Promise<AnswerWithReason> {
    this.tally = countPrompt(this.tally, question, answer, this.now());
    return this.record(question, answer, grantOf);
  }

  /** The answer once it is on record; what cannot be recorded is a denial. */
  private async record(question: Question, answer: Answer, grantOf?: string): Promise<AnswerWithReason> {
    const { verdict, by, scope } = answer;
    const data = { id: question.id, digest: question.digest, verdict, by, scope };
    const grant = grantOf === undefined ? {} : { grant: grantOf };
    try {
      await this.options.append({ type: "approval.answer", origin: "observed", data: { ...data, ...grant } });
    } catch (error) {
      const reason = `the answer cannot be recorded: ${(error as Error).message}`;
      return { verdict: "deny", by: "nobody", scope: "once", reason };
    }
    return { verdict, by, scope, reason: answerReason(question, { verdict, by, scope }), question: question.id };
  }

  pending(): readonly OpenQuestion[] {
    const now = this.now();
    for (const [id, { late, question }] of this.entries) if (late && now >= question.expiresAt) this.entries.delete(id);
    return [...this.entries.values()].map(({ question, late, effect }) => ({ question, late, effect }));
  }

  async answer(id: string, digest: string, said: Said): ReturnType<Approvals["answer"]> {
    const gone = (message: string): Result<never, Problem> =>
      err({ code: "question-gone", message, hint: "`ringfence approve --list` shows what waits now" });
    if (!this.pending().some(({ question }) => question.id === id)) return gone(`no question \`${id}\` waits`);
    const entry = this.entries.get(id);
    if (entry === undefined || entry.question.digest !== digest)
      return gone(`question \`${id}\` is another one than you saw`);
    if (said.scope === "rule" && said.verdict === "allow" && entry.question.rule === undefined)
      return err({
        code: "no-rule",
        message: "no rule may spare this question",
        hint: "approve it once, or with `--session`",
      });
    if (entry.settle !== undefined) {
      entry.settle(said);
      delete entry.settle; // one answer only
      const { verdict, by, reason } = await entry.done;
      if (by !== "command") return gone(`question \`${id}\` was answered by another way first (${reason})`);
      return ok(verdict === "allow" ? "answered" : "refused");
    }
    if (!entry.late) return gone(`question \`${id}\` is being answered`);
    this.entries.delete(id);
    const answered = await this.answerLate(entry.question, { ...said, by: "command" });
    if (!answered.ok && answered.error.code === "rule-not-written") this.entries.set(id, entry);
    return answered;
  }

  private async answerLate(question: Question, answer: Answer): ReturnType<Approvals["answer"]> {
    if (answer.verdict === "allow" && answer.scope === "rule") {
      const written = await this.tryRule(question);
      if (!written.ok) return written;
    }
    const recorded = await this.record(question, answer);
    if (recorded.verdict !== answer.verdict) return err({ code: "not-recorded", message: recorded.reason });
    const stays = answer.verdict === "allow" && answer.scope !== "once";
    this.grant(question, answer, stays ? Number.POSITIVE_INFINITY : this.now() + LATE_MS);
    return ok(answer.verdict === "allow" ? "granted" : "refused");
  }

  watch(onQuestion: (open: OpenQuestion) => void): { leave(): void } {
    this.watchers.add(onQuestion);
    for (const entry of this.pending()) onQuestion(entry);
    return { leave: () => void this.watchers.delete(onQuestion) };
  }

  stats(): PromptTally {
    return this.tally;
  }

  async close(): Promise<void> {
    this.ending.abort();
    await Promise.allSettled([...this.running]);
    this.watchers.clear();
    this.entries.clear();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

const PERSONS: ReadonlySet<Answer["by"]> = new Set(["terminal", "command", "webhook"]);
const FLOOD: Answer = { verdict: "deny", by: "flood", scope: "once" };

function nameOf(call: readonly Action[]): string {
  return call.map((action) => (action.kind === "exec" ? action.command : JSON.stringify(action))).join("; ");
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
