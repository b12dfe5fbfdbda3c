// A question sent to a server of the person's own, and its signed answer (signed-post.ts says how). What is not signed, not in time or not about this
// question is no answer.
import { randomUUID, timingSafeEqual } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import type { Question } from "#core";
import { type Endpoint, endpointOf, postSigned, type Reply, signatureOf } from "../signed-post.ts";
import type { QuestionChannel, Said } from "./question-channel.ts";

/** Where to, and what both sides know. */
export interface WebhookOptions {
  /** https, or http on loopback (the policy's schema takes no other). */
  readonly url: string;
  /** At least 16 characters; `whsec_BASE64` is taken as the bytes it stands for. */
  readonly secret: string;
  /** Milliseconds of the epoch. */
  readonly now?: () => number;
  /** Least time between two requests. */
  readonly pauseMs?: number;
}

/** A server may hold a request this long before it answers. */
const REQUEST_MS = 30_000;
/** A signature older or newer than this is not accepted, whoever made it. */
const SKEW_S = 300;
/** Between two requests: what `retry-after` says, within these bounds. */
const PAUSE_MS = { least: 1_000, most: 30_000 } as const;
const FAILURES_MOST = 3;

/** The channel, or undefined when the URL or the secret is no such thing: then nobody is reached that way. */
export function webhookChannel(options: WebhookOptions): QuestionChannel | undefined {
  const endpoint = endpointOf(options);
  if (endpoint === undefined) return undefined;
  const hook = { ...endpoint, pauseMs: options.pauseMs ?? PAUSE_MS.least };
  return { by: "webhook", present: () => true, ask: (question, _effect, signal) => askHook(hook, question, signal) };
}

interface Hook extends Endpoint {
  readonly pauseMs: number;
}

/** Posts until there is an answer: 202 is "not yet", anything else that is no signed answer counts as a failure. */
async function askHook(hook: Hook, question: Question, signal: AbortSignal): Promise<Said | undefined> {
  const id = `msg_${randomUUID()}`;
  const body = JSON.stringify({ v: 1, type: "approval.question", id, question });
  for (let failures = 0; failures < FAILURES_MOST && !signal.aborted; ) {
    const patience = AbortSignal.any([signal, AbortSignal.timeout(REQUEST_MS)]);
    const reply = await postSigned(hook, { id, body }, patience);
    if (reply?.status === 200) {
      const said = answerIn(hook, id, question, reply);
      if (said !== undefined) return said;
    }
    if (reply?.status !== 202) failures++;
    await sleep(pauseOf(reply, hook.pauseMs), undefined, { signal }).catch(() => undefined);
  }
  return undefined;
}

/** The answer, if it is one: signed by the secret's holder, now, for this request and this question. A rule cannot be written from afar. */
function answerIn(hook: Hook, id: string, question: Question, reply: Reply): Said | undefined {
  const { headers, body } = reply;
  const [named, timestamp, signatures] = ["webhook-id", "webhook-timestamp", "webhook-signature"].map(
    (name) => headers[name],
  );
  if (named !== id || typeof timestamp !== "string" || typeof signatures !== "string") return undefined;
  if (!/^\d{1,12}$/.test(timestamp) || Math.abs(hook.now() / 1000 - Number(timestamp)) > SKEW_S) return undefined;
  const want = Buffer.from(signatureOf(hook.key, id, timestamp, body));
  const signed = signatures.split(" ").some((one) => {
    const given = Buffer.from(one);
    return given.length === want.length && timingSafeEqual(given, want);
  });
  if (!signed) return undefined;
  const answer = fields(body);
  const bound =
    answer["type"] === "approval.answer" && answer["question"] === question.id && answer["digest"] === question.digest;
  const { verdict, scope = "once" } = answer;
  if (!bound || (verdict !== "allow" && verdict !== "deny") || (scope !== "once" && scope !== "session"))
    return undefined;
  return { verdict, scope };
}

function fields(body: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(body);
    return typeof value === "object" && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

function pauseOf(reply: Reply | undefined, least: number): number {
  const said = Number(reply?.headers["retry-after"] ?? 0) * 1000;
  return Number.isFinite(said) ? Math.min(PAUSE_MS.most, Math.max(least, said)) : least;
}
