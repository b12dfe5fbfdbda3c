// What a server answers, screened: any text on earth may stand in it, so less counts than in a definition, and what an article quotes counts least.
import { isObject, type Json, member } from "../json.ts";
import { clausesOf } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { type Peer, peerSignals } from "./peers.ts";
import { screenElicitation, screenSampling } from "./request.ts";
import { matchesOf } from "./rules.ts";
import { isOfModels, scenesOf } from "./scene.ts";
import { type Signal, settle } from "./signal.ts";
import { isCautionary, withoutSpecimens } from "./specimen.ts";
import { signalsOf } from "./text.ts";
import { type Field, fieldsOf } from "./walk.ts";

/**
 * A result, an error, a prompt that was got, a resource that was read, a task's outcome, or a whole message of the server; requests of the server among
 * them, also those that a modern result carries, are judged as what they ask. `at` points into the message.
 */
export function screenResult(_server: string, message: Json, peers: readonly Peer[] = []): readonly Finding[] {
  const asked = requestsIn(message);
  const fields = readFields(message).filter(({ at }) => !asked.some((one) => at.startsWith(`${one.at}/`)));
  const whole = fields
    .map(({ text }) => text.slice(0, WHOLE_EACH))
    .join("\n")
    .slice(0, WHOLE_MOST);
  const signals = fields.flatMap((field) =>
    field.isKey && field.text.length < 40 && /^[\x20-\x7e]*$/.test(field.text) ? [] : textSignals(field, whole),
  );
  signals.push(...joined(fields, signals));
  if (peers.length > 0) signals.push(...spoken(fields, peers));
  const length = fields.reduce((sum, { text }) => sum + text.length, 0);
  return [
    ...settle(
      tempered(
        isTalk(fields) ? signals.map(spokenAside) : signals,
        length < SHORT && !isAmongPeople(fields) ? UNAIMED_SHORT : UNAIMED,
      ),
      { length },
    ),
    ...asked.flatMap(({ at, method, params }) =>
      (method === "elicitation/create" ? screenElicitation(params) : screenSampling(params)).map((finding) => ({
        ...finding,
        at: `${at}/params${finding.at}`,
      })),
    ),
  ];
}

/** The texts of an answer that somebody reads. */
export function readFields(message: Json): readonly Field[] {
  return fieldsOf(message)
    .filter(({ key }) => !isOpaque(key))
    .flatMap(unpacked);
}

/** A text that is JSON says what its strings say; the whole is read as it stands, too, where it is no JSON after all. */
function unpacked(field: Field): readonly Field[] {
  if (field.isKey || !/^\s*[[{]/.test(field.text) || field.text.length > JSON_MOST) return [field];
  try {
    const inner = fieldsOf(JSON.parse(field.text));
    return inner.length > 0 ? inner.map((one) => ({ ...one, at: field.at })) : [field];
  } catch {
    return [field];
  }
}

const JSON_MOST = 400_000;
/** So much of a result says what it is about. */
const WHOLE_EACH = 20_000;
const WHOLE_MOST = 100_000;

/** What is said to a model, or hidden for it. */
const AIMED: ReadonlySet<string> = new Set([
  "instruction-override",
  "model-address",
  "concealment",
  "encoded-order",
  "control-token",
  "played-turn",
  "hidden-text",
  "disguised",
  "picture-leak",
]);
/** Without that, what manuals tell their readers to do weighs little. */
const UNAIMED = 0.4;
/** An error or a hint is short, and has nobody to read it but the model; mail and talk have. */
const UNAIMED_SHORT = 1;
const SHORT = 800;
const BESIDE = 0.5;

/** Manuals give orders to people all day long. One to a model is known by a second sign beside it. */
function tempered(signals: readonly Signal[], unaimed: number): readonly Signal[] {
  const isAimed = signals.some(({ kind, weight }) => AIMED.has(kind) && weight >= BESIDE);
  return signals
    .map((signal) =>
      isAimed || AIMED.has(signal.kind) || signal.isScene === true
        ? signal
        : { ...signal, weight: signal.weight * unaimed, isHard: false },
    )
    .map((signal, _, all) => ({
      ...signal,
      isHard:
        signal.isHard &&
        (isOpaqueSign(signal) ||
          signal.isScene === true ||
          all.some((other) => other.kind !== signal.kind && other.weight >= BESIDE)),
    }));
}

/** People who talk tell each other what to do from now on; who speaks to a model names it. */
function spokenAside(signal: Signal): Signal {
  return signal.isHard || signal.isScene === true || !AMONG_THEM.has(signal.kind) || MODEL.test(signal.text)
    ? signal
    : { ...signal, weight: signal.weight * UNAIMED };
}

const AMONG_THEM: ReadonlySet<string> = new Set([
  "instruction-override",
  "session-order",
  "cross-tool-order",
  "persistence",
  "guard-weakening",
]);
const MODEL = /\b(?:assistants?|agents?|ai|llms?|models?|bots?|chatgpt|claude|copilot|gemini)\b/i;

/** Nobody writes these to people. */
function isOpaqueSign({ kind }: Signal): boolean {
  return kind === "hidden-text" || kind === "encoded-order";
}

/** Keys whose values nobody reads. */
function isOpaque(key: string): boolean {
  return ["requestState", "nextCursor", "mimeType", "jsonrpc", "method", "type", "id"].includes(key);
}

interface Asked {
  readonly at: string;
  readonly method: string;
  readonly params: Json;
}

function requestsIn(message: Json): readonly Asked[] {
  const one = (value: Json | undefined, at: string): readonly Asked[] => {
    const method = member(value, "method");
    return method === "elicitation/create" || method === "sampling/createMessage"
      ? [{ at, method, params: member(value, "params") ?? {} }]
      : [];
  };
  const nested = [message, member(message, "result")].flatMap((holder, index) => {
    const requests = member(holder, "inputRequests");
    return isObject(requests)
      ? Object.entries(requests).flatMap(([key, value]) =>
          one(
            value,
            `${index === 0 ? "" : "/result"}/inputRequests/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`,
          ),
        )
      : [];
  });
  return [...one(message, ""), ...nested];
}

/** Heads of mail, steps of a manual: they are for people. */
const MAIL = /^(?:From|To|Subject|Cc|Date): \S[\s\S]{0,600}?^(?:From|To|Subject|Cc|Date): \S|^#{1,3} \S/m;
/** A line of a talk. */
const SAID = /^(?:\[[^\]\n]{3,24}\] ?)?[*_@<]{0,2}[\p{L}][\p{L}\d ._-]{1,18}[*_>]{0,2}: \S/gmu;
const TALK = 3;

function isAmongPeople(fields: readonly Field[]): boolean {
  return fields.some(({ text }) => MAIL.test(text) || isOfModels(text)) || isTalk(fields);
}

function isTalk(fields: readonly Field[]): boolean {
  return fields.some(({ text }) => (text.match(SAID)?.length ?? 0) >= TALK && !/[{}]/.test(text));
}

/** Of an article on attacks what it quotes is left out, and the rest is worth a look at most. */
function textSignals({ at, text, key }: Field, whole: string): readonly Signal[] {
  const { text: said, isReport } = withoutSpecimens(text, whole);
  const signals = signalsOf(said, { at, origin: "result", beside: isAside(at, key) ? ["p.aside"] : [] });
  return signals.map((signal) =>
    isReport
      ? { ...signal, weight: Math.min(1, signal.weight) * REPORTED, isHard: false }
      : isCautionary(signal.kind, signal.text, said)
        ? { ...signal, weight: signal.weight * FORBIDDEN, isHard: false }
        : signal,
  );
}

const REPORTED = 0.33;
const FORBIDDEN = 0.15;

/** Where no person looks and nothing but a model is told what to do. */
const ASIDE =
  /hint|next_?steps?|guidance|instructions?|how_?to|advice|follow_?up|(?:system|agent|assistant|model|ai|llm)_?(?:note|message|text|info)|note_?(?:to|for)_|remark|notice|tip$|assessment/i;

function isAside(at: string, key: string): boolean {
  return ASIDE.test(key) || /\/_meta\//.test(at);
}

/** Orders that run over the blocks of one result. */
function joined(fields: readonly Field[], before: readonly Signal[]): readonly Signal[] {
  const pieces = fields.filter(
    ({ isKey, key }) => !isKey && (key === "text" || key === "message" || key === "description"),
  );
  if (pieces.length < 2 || pieces.length > 400) return [];
  const seen = new Set(before.filter(({ isHard }) => isHard).map(({ kind }) => kind));
  const text = pieces.map((piece) => piece.text.trim()).join(" ");
  const clauses = clausesOf(text);
  const scenes = scenesOf(clausesOf(withoutCounts(text)), "result")
    .filter(
      ({ kind, weight, raw }) => weight >= 1 && !seen.has(kind) && !pieces.some((piece) => piece.text.includes(raw)),
    )
    .map((match) => ({
      kind: match.kind,
      weight: match.weight,
      isHard: match.isHard,
      at: "",
      text: match.raw,
      isScene: true as const,
    }));
  const orders = clauses.flatMap((clause) =>
    matchesOf(clause, "result")
      .filter(
        ({ kind, isHard }) => isHard && !seen.has(kind) && !pieces.some((piece) => piece.text.includes(clause.raw)),
      )
      // nobody cuts an order in two by chance
      .map((match) => ({ ...match, at: "", text: clause.raw, isScene: true as const })),
  );
  return [...orders, ...scenes];
}

/** `Search hit 2 of 3:` stands between two halves of a sentence. */
function withoutCounts(text: string): string {
  return text.replace(/\b(?:[A-Z][\w-]{1,20} ){0,2}\(?\d{1,4}(?: of |\/)\d{1,4}\)?[:.)]? /g, "");
}

/** A result that speaks of other servers' tools is worth as much as its other signs: alone nothing. */
function spoken(fields: readonly Field[], peers: readonly Peer[]): readonly Signal[] {
  const texts = fields.filter(({ isKey, text }) => !isKey && text.length < 20_000).map(({ text }) => text);
  return peerSignals("", {}, texts, peers, new Set()).map((signal) => ({
    ...signal,
    weight: Math.min(signal.weight, 1) * 0.6,
    at: "",
  }));
}
