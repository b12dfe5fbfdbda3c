// What a person is asked, made from an action and its decision (APP-1). The digest covers everything that is shown and nothing else (I14), so an
// answer given to one screen can never count for another one.
import type { Action } from "../action.ts";
import type { Question } from "../approval.ts";
import type { Reason } from "../decision.ts";
import { encodeJson, type HexDigest } from "../log/index.ts";
import { explainReason } from "../policy/index.ts";
import { err, ok, type Problem, type Result } from "../result.ts";
import { actText } from "./act-text.ts";
import { questionLines } from "./question-lines.ts";

/** A question with more to read than this is refused instead: nobody reads it, and nothing of it may be cut. */
export const QUESTION_MOST = 10_240;

/** Reasons beyond this many are counted, not listed. */
const REASONS_MOST = 12;
const SUBJECT_MOST = 160;

/** What is known about the call. */
export interface QuestionFacts {
  readonly session: string;
  readonly agent: string;
  readonly contained: boolean;
  /** Everything the call would do. */
  readonly actions: readonly [Action, ...Action[]];
  /** The tool's input as the agent sent it: what the actions do not tell of it is shown too. */
  readonly input?: unknown;
  readonly cwd: string;
  /** Of the decision on each action; those that only allow are left out. */
  readonly reasons: readonly Reason[];
  /** What set the legs, when this would be the third. */
  readonly legs: Question["legs"];
  /** The allow rule that would spare the question (`offeredRule`). */
  readonly rule?: string;
}

/** What makes it one question among others. */
export interface QuestionStamp {
  readonly id: string;
  /** Milliseconds of the epoch. */
  readonly now: number;
  readonly timeoutMs: number;
  /** SHA-256. */
  readonly hash: HexDigest;
}

/** The question, or why a person cannot be asked this. Total. */
export function makeQuestion(facts: QuestionFacts, stamp: QuestionStamp): Result<Question, Problem> {
  const text = actText(facts.actions, facts.input, stamp.hash);
  if (!text.ok) return text;
  const body = {
    session: facts.session,
    agent: facts.agent,
    act: { kind: facts.actions[0].kind, text: text.value, cwd: facts.cwd },
    why: reasonsOf(facts.reasons),
    legs: facts.legs,
    ...(facts.rule === undefined ? {} : { rule: facts.rule }),
    contained: facts.contained,
  };
  const question: Question = {
    id: stamp.id,
    ...body,
    digest: questionDigest(body, stamp.hash),
    askedAt: stamp.now,
    expiresAt: stamp.now + stamp.timeoutMs,
  };
  // Counted as it will be drawn, where one hidden character takes eight.
  const size = text.value.length > QUESTION_MOST ? text.value.length : questionLines(question, 80).join("\n").length;
  if (size > QUESTION_MOST) {
    return err({
      code: "question-too-long",
      message: `this needs a person, and has ${size} characters to read: more than ${QUESTION_MOST} are never asked`,
      hint: "do it in smaller steps",
    });
  }
  return ok(question);
}

/** SHA-256, hex, over all that is shown but the id and the time, so that the same act asked again has the same digest. */
export function questionDigest(
  question: Omit<Question, "id" | "digest" | "askedAt" | "expiresAt">,
  hash: HexDigest,
): string {
  const { session, agent, contained, act, why, legs, rule } = question;
  const text = encodeJson([
    "ringfence question 1",
    session,
    agent,
    contained,
    [act.kind, act.text, act.cwd],
    why,
    legs.map(({ leg, cause }) => [leg, cause]),
    rule ?? null,
  ]);
  return hash(new TextEncoder().encode(text));
}

/** What a person types after `ringfence approve`: without letters that look like others. `random` is at least six bytes. */
export function questionId(random: Uint8Array): string {
  return [...random.subarray(0, 6)].map((byte) => ID_LETTERS[byte % ID_LETTERS.length]).join("");
}

const ID_LETTERS = "23456789abcdefghjkmnpqrstuvwxyz";

function reasonsOf(reasons: readonly Reason[]): readonly string[] {
  const all = reasons.filter(({ verdict }) => verdict !== "allow").map(sentence);
  const each = [...new Set(all)];
  if (each.length === 0) return ["the approval policy asks about every act of this kind"];
  const more = each.length - REASONS_MOST;
  return more <= 0 ? each : [...each.slice(0, REASONS_MOST), `and ${more} more reasons`];
}

function sentence(reason: Reason): string {
  const { subject } = reason;
  const cut = subject.length - SUBJECT_MOST;
  const shown = cut <= 0 ? subject : `${subject.slice(0, SUBJECT_MOST)}… (${cut} more)`;
  return `\`${shown}\`: ${explainReason(reason)}`;
}
