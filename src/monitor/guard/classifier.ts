// The optional classifier of mode `auto` (PERM-9): a service of the person's own, asked about what the deterministic backstop lets pass. Its
// word can only tighten: an allow of it allows nothing that was not allowed already, and no answer, a late one or an odd one is a question.
import type { Action, Reason } from "#core";
import type { Json } from "#core/log";
import type { Judgement, Policy } from "#core/policy";

/** Where it is asked and how long it may take. The schema has made sure that the URL is https, or http on loopback. */
export type ClassifierPlace = NonNullable<Policy["auto"]["classifier"]>;

const ANSWER_MOST = 65_536;
/** Longer calls are not sent in part: a classifier that saw half would vouch for the rest. */
const REQUEST_MOST = 1_048_576;

/**
 * The judgement after the classifier's word. Only what passed by mode `auto` alone is asked about; everything else comes back as it is.
 * Never rejects.
 */
export async function classified(
  judgement: Judgement,
  actions: readonly Action[],
  place: ClassifierPlace | undefined,
  signal: AbortSignal,
): Promise<Judgement> {
  if (place === undefined || judgement.verdict !== "allow") return judgement;
  const [open] = judgement.reasons.filter((reason) => reason.code === "auto");
  if (open === undefined) return judgement;
  const word = await askClassifier(judgement, actions, place, signal);
  if (word === "allow") return judgement;
  const reason: Reason = {
    code: word === undefined ? "classifier-silent" : "classifier",
    verdict: word ?? "ask",
    subject: open.subject,
  };
  const obligations = reason.verdict === "deny" ? [] : judgement.obligations;
  return { ...judgement, verdict: reason.verdict, reasons: [...judgement.reasons, reason], obligations };
}

/** One POST, one JSON answer `{"verdict": "allow" | "ask" | "deny"}`; `undefined` for everything else. */
async function askClassifier(
  judgement: Judgement,
  actions: readonly Action[],
  place: ClassifierPlace,
  signal: AbortSignal,
): Promise<"allow" | "ask" | "deny" | undefined> {
  try {
    const body = JSON.stringify({ v: 1, actions, facts: factsOf(judgement) });
    if (body.length > REQUEST_MOST) return undefined;
    const response = await fetch(place.url, {
      method: "POST",
      headers: { "content-type": "application/json", accept: "application/json" },
      body,
      // an answer from elsewhere is nobody's we know
      redirect: "error",
      signal: AbortSignal.any([signal, AbortSignal.timeout(place.timeoutMs)]),
    });
    if (response.status !== 200 || response.body === null) {
      await response.body?.cancel();
      return undefined;
    }
    return verdictIn(await bounded(response.body));
  } catch {
    return undefined; // not reached, too late, or hung up: the caller makes it a question
  }
}

async function bounded(stream: ReadableStream<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of stream) {
    size += part.length;
    if (size > ANSWER_MOST) throw new Error("answer too long");
    parts.push(part);
  }
  return new TextDecoder("utf-8", { fatal: true }).decode(Buffer.concat(parts));
}

function verdictIn(text: string): "allow" | "ask" | "deny" | undefined {
  const answer: unknown = JSON.parse(text);
  if (typeof answer !== "object" || answer === null || !Object.hasOwn(answer, "verdict")) return undefined;
  const { verdict } = answer as { readonly verdict: unknown };
  return verdict === "allow" || verdict === "ask" || verdict === "deny" ? verdict : undefined;
}

/** What the rules know: the commands with their reasons, as codes. */
function factsOf(judgement: Judgement): Json {
  const commands = (all: Judgement["commands"]): readonly Json[] =>
    all.map((command) => ({
      command: command.text,
      reasons: command.reasons.map(({ code }) => code),
      inner: commands(command.inner),
    }));
  return {
    reasons: judgement.reasons.map(({ code, subject }) => ({ code, subject })),
    commands: commands(judgement.commands),
  };
}
