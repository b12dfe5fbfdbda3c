// What a server answers, screened: any text on earth may stand in it, so less counts than in a definition, and what an article quotes counts least.
import { isObject, type Json, member } from "../json.ts";
import { clausesOf } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { type Peer, peerSignals } from "./peers.ts";
import { screenElicitation, screenSampling } from "./request.ts";
import { matchesOf } from "./rules.ts";
import { type Signal, settle } from "./signal.ts";
import { signalsOf } from "./text.ts";
import { type Field, fieldsOf } from "./walk.ts";

/**
 * A result, an error, a prompt that was got, a resource that was read, a task's outcome, or a whole message of the server; requests of the server among
 * them, also those that a modern result carries, are judged as what they ask. `at` points into the message.
 */
export function screenResult(_server: string, message: Json, peers: readonly Peer[] = []): readonly Finding[] {
  const asked = requestsIn(message);
  const fields = fieldsOf(message).filter(
    ({ at, key }) => !isOpaque(key) && !asked.some((one) => at.startsWith(`${one.at}/`)),
  );
  const signals = fields.flatMap((field) =>
    field.isKey && field.text.length < 40 && /^[\x20-\x7e]*$/.test(field.text) ? [] : textSignals(field),
  );
  signals.push(...joined(fields, signals));
  if (peers.length > 0) signals.push(...spoken(fields, peers));
  const length = fields.reduce((sum, { text }) => sum + text.length, 0);
  return [
    ...settle(tempered(signals, length < SHORT && !isAmongPeople(fields) ? UNAIMED_SHORT : UNAIMED), { length }),
    ...asked.flatMap(({ at, method, params }) =>
      (method === "elicitation/create" ? screenElicitation(params) : screenSampling(params)).map((finding) => ({
        ...finding,
        at: `${at}/params${finding.at}`,
      })),
    ),
  ];
}

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

/** Heads of mail, lines of a talk, steps of a manual: they are for people. */
const AMONG_PEOPLE =
  /^(?:From|To|Subject|Cc|Date): \S[\s\S]{0,600}?^(?:From|To|Subject|Cc|Date): \S|^#[\w-]+[\s\S]{0,200}?^[\w.-]{2,20}: [\s\S]{0,400}?^[\w.-]{2,20}: |^#{1,3} \S/m;

function isAmongPeople(fields: readonly Field[]): boolean {
  return fields.some(({ text }) => AMONG_PEOPLE.test(text));
}

const ARTICLE =
  /\b(?:prompt[- ]injections?|tool[- ]poisoning|jailbreak(?:s|ing)?|red[- ]team(?:ing)?|attack(?:s|ers?|er's)?|exploits?|vulnerabilit(?:y|ies)|malicious|threat model|CVE-\d{4}|security research(?:ers?)?|proof of concept|mitigations?|adversar(?:y|ial)|exfiltration|phishing|injections?|payloads?|classifiers?|moderation|blocked requests|xss|sqli|shellshock|untrusted|break (?:its|their|the) rules|honeypots?|benign|toxic (?:agent )?flows?)\b/gi;
const QUOTED =
  /```[\s\S]{0,4000}?```|^[ \t]*>[^\n]*$|"[^"\n]{6,400}"|\u201c[^\u201d\n]{6,400}\u201d|`[^`\n]{4,400}`|\u2018[^\u2019\n]{6,400}\u2019/gm;

/** An article of attacks quotes them: what it quotes is left out, and the rest is worth a look at most. */
function textSignals({ at, text }: Field): readonly Signal[] {
  const terms = new Set(text.match(ARTICLE)?.map((term) => term.toLowerCase())).size;
  if (terms < 2) return signalsOf(text, { at, origin: "result" });
  if (terms < 3) return signalsOf(text.replace(QUOTED, " ... "), { at, origin: "result" });
  return signalsOf(text.replace(QUOTED, " ... "), { at, origin: "result" }).map((signal) => ({
    ...signal,
    weight: Math.min(1, signal.weight) * 0.55,
    isHard: false,
  }));
}

/** Orders that run over the blocks of one result. */
function joined(fields: readonly Field[], before: readonly Signal[]): readonly Signal[] {
  const pieces = fields.filter(
    ({ isKey, key }) => !isKey && (key === "text" || key === "message" || key === "description"),
  );
  if (pieces.length < 2 || pieces.length > 400) return [];
  const seen = new Set(before.map(({ kind }) => kind));
  const text = pieces.map((piece) => piece.text.trim()).join(" ");
  return clausesOf(text).flatMap((clause) =>
    matchesOf(clause, "result")
      .filter(
        ({ kind, isHard }) => isHard && !seen.has(kind) && !pieces.some((piece) => piece.text.includes(clause.raw)),
      )
      .map((match) => ({ ...match, at: "", text: clause.raw })),
  );
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
