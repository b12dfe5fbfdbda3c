// What a server answers, screened: any text on earth may stand in it, so less counts than in a definition, and what an article quotes counts least.
import { isObject, type Json, member } from "../json.ts";
import { readJsonText } from "../json-read.ts";
import { joinedBlocks } from "./blocks.ts";
import type { Finding } from "./finding.ts";
import { pagesOf } from "./page.ts";
import { type Peer, peerSignals } from "./peers.ts";
import { elicitationWork, samplingWork } from "./request.ts";
import { isOfModels } from "./scene.ts";
import { type Signal, settle } from "./signal.ts";
import { isCautionary, termsIn, withoutSpecimens } from "./specimen.ts";
import { signalsOf } from "./text.ts";
import { isForAgents, veiledIn } from "./veiled.ts";
import { type Field, fieldsOf, fieldWork } from "./walk.ts";
import type { Work } from "./work.ts";

/**
 * A result, an error, a prompt that was got, a resource that was read, a task's outcome, or a whole message of the server; requests of the server among
 * them, also those that a modern result carries, are judged as what they ask. `at` points into the message.
 */
export function* resultWork(read: readonly Field[], message: Json, peers: readonly Peer[]): Work<readonly Finding[]> {
  const asked = requestsIn(message);
  const fields = asked.length === 0 ? read : withoutRequests(read, asked);
  const terms = termsIn(beginning(fields));
  yield;
  const signals: Signal[] = [];
  for (const field of fields) {
    if (field.isKey && field.text.length < 40 && /^[\x20-\x7e]*$/.test(field.text)) continue;
    for (const signal of yield* textSignals(field, terms)) signals.push(signal);
  }
  for (const signal of yield* joinedBlocks(fields, signals)) signals.push(signal);
  if (peers.length > 0) for (const signal of yield* spoken(fields, peers)) signals.push(signal);
  const length = fields.reduce((sum, { text }) => sum + text.length, 0);
  const isSaid = yield* isTalk(fields);
  const isShort = length < SHORT && !isSaid && !isForPeople(fields);
  const findings = [
    ...settle(tempered(isSaid ? signals.map(spokenAside) : signals, isShort ? UNAIMED_SHORT : UNAIMED), { length }),
  ];
  for (const { at, method, params } of asked)
    for (const finding of yield* method === "elicitation/create" ? elicitationWork(params) : samplingWork(params))
      findings.push({ ...finding, at: `${at}/params${finding.at}` });
  return findings;
}

/** The texts of an answer that somebody reads. */
export function* readFields(message: Json): Work<readonly Field[]> {
  const fields: Field[] = [];
  const handedBack = handedBackIn(message);
  for (const field of yield* fieldWork(message)) {
    if (!handedBack.has(field.at) && !isOpaque(field)) for (const one of unpacked(field)) fields.push(one);
    yield;
  }
  return fields;
}

/** What says what the whole is about. */
function beginning(fields: readonly Field[]): string {
  let whole = "";
  for (const { text } of fields) {
    if (whole.length >= WHOLE_MOST) break;
    whole += `${whole === "" ? "" : "\n"}${text.slice(0, WHOLE_EACH)}`;
  }
  return whole.slice(0, WHOLE_MOST);
}

/** Requests are judged as what they ask. */
function withoutRequests(fields: readonly Field[], asked: readonly Asked[]): readonly Field[] {
  const within = new Set(asked.map(({ at }) => `${at}/params`));
  const isWithin = (at: string): boolean => {
    for (let end = at.lastIndexOf("/"); end >= 0; end = end === 0 ? -1 : at.lastIndexOf("/", end - 1))
      if (within.has(at.slice(0, end))) return true;
    return false;
  };
  return fields.filter(({ at }) => !isWithin(at));
}

/** A text that is JSON says what its strings say; the whole is read as it stands, too, where others may read it in another way (a key that is there twice). */
function unpacked(field: Field): readonly Field[] {
  if (field.isKey || !/^\s*[[{]/.test(field.text) || field.text.length > JSON_MOST) return [field];
  try {
    const inner = fieldsOf(JSON.parse(field.text));
    const said = inner.map((one) => ({ ...one, at: field.at }));
    return said.length > 0 && readJsonText(field.text).ok ? said : [field, ...said];
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
  "veiled-order",
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
  const weighed = signals.map((signal) =>
    isAimed || AIMED.has(signal.kind) || signal.isScene === true
      ? signal
      : { ...signal, weight: signal.weight * unaimed, isHard: false },
  );
  const strong = new Set(weighed.filter(({ weight }) => weight >= BESIDE).map(({ kind }) => kind));
  const hasOther = (kind: string): boolean => strong.size > (strong.has(kind) ? 1 : 0);
  return weighed.map((signal) => ({
    ...signal,
    isHard: signal.isHard && (isOpaqueSign(signal) || signal.isScene === true || hasOther(signal.kind)),
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
  return kind === "hidden-text" || kind === "encoded-order" || kind === "veiled-order";
}

/** Keys whose values nobody reads, as long as these are no words. */
function isOpaque({ key, text }: Field): boolean {
  return OPAQUE.has(key) && /^[\x21-\x7e]*$/.test(text);
}

/** Where a client finds what it hands back as it got it: the next page of a list, the state of a call that wants something first. Beside an answer it is neither. */
function handedBackIn(message: Json): ReadonlySet<string> {
  const places = [
    ["", message],
    ["/result", member(message, "result") ?? null],
  ] as const;
  return new Set(
    places.flatMap(([at, holder]) => {
      if (!isObject(holder) || ANSWERS.some((key) => Object.hasOwn(holder, key))) return [];
      const wants = Object.hasOwn(holder, "inputRequests") || member(holder, "resultType") === "input_required";
      return [`${at}/nextCursor`, ...(wants ? [`${at}/requestState`] : [])];
    }),
  );
}

const ANSWERS = ["content", "structuredContent", "contents", "messages"];
const OPAQUE: ReadonlySet<string> = new Set([
  ...["requestState", "nextCursor", "mimeType", "jsonrpc", "method", "type", "id"],
]);

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

function isForPeople(fields: readonly Field[]): boolean {
  return fields.some(({ text }) => MAIL.test(text) || isOfModels(text));
}

function* isTalk(fields: readonly Field[]): Work<boolean> {
  for (const { text } of fields) {
    if (/[{}]/.test(text)) continue;
    let lines = 0;
    for (const page of pagesOf(text)) {
      lines += page.match(SAID)?.length ?? 0;
      if (lines >= TALK) return true;
      yield;
    }
  }
  return false;
}

/** Of an article on attacks what it quotes is left out, and the rest is worth a look at most. */
function* textSignals({ at, text, key }: Field, terms: number): Work<readonly Signal[]> {
  const all: Signal[] = [];
  for (const page of pagesOf(text)) {
    const { text: said, isReport } = withoutSpecimens(page, terms);
    yield;
    const beside = isAside(at, key) ? ["p.aside"] : isForAgents(page, text) ? ["p.manual"] : [];
    for (const signal of yield* veiledIn(said, at)) all.push(signal);
    for (const signal of yield* signalsOf(said, { at, origin: "result", beside }))
      all.push(
        isReport
          ? { ...signal, weight: Math.min(1, signal.weight) * REPORTED, isHard: false }
          : isCautionary(signal.kind, signal.text, said)
            ? { ...signal, weight: signal.weight * FORBIDDEN, isHard: false }
            : signal,
      );
  }
  return all;
}

const REPORTED = 0.33;
const FORBIDDEN = 0.15;

/** Where no person looks and nothing but a model is told what to do. */
const ASIDE =
  /hint|next_?steps?|guidance|instructions?|how_?to|advice|follow_?up|(?:system|agent|assistant|model|ai|llm)_?(?:note|message|text|info)|note_?(?:to|for)_|remark|notice|tip$|assessment/i;

function isAside(at: string, key: string): boolean {
  return ASIDE.test(key) || /\/_meta\//.test(at);
}

/** A result that speaks of other servers' tools is worth as much as its other signs: alone nothing. */
function* spoken(fields: readonly Field[], peers: readonly Peer[]): Work<readonly Signal[]> {
  const texts = fields.filter(({ isKey, text }) => !isKey && text.length < 20_000).map(({ text }) => text);
  const signals = yield* peerSignals("", {}, texts, peers, new Set());
  return signals.map((signal) => ({ ...signal, weight: Math.min(signal.weight, 1) * 0.6, at: "" }));
}
