// What a server asks of a person or of the client's model: a form may not ask for secrets, an address must be what it looks like, and a completion is not
// to be fed with others' context or freed of its rules.
import { textAt } from "../description.ts";
import { isList, isObject, type Json, type JsonObject, member } from "../json.ts";
import { clauseWork } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { fold } from "./fold.ts";
import { ideasIn } from "./lexicon.ts";
import { linkFaults } from "./link.ts";
import { pagesOf } from "./page.ts";
import { type Signal, settle } from "./signal.ts";
import { termsIn, withoutSpecimens } from "./specimen.ts";
import { signalsOf } from "./text.ts";
import { type Field, fieldWork } from "./walk.ts";
import table from "./wanted.json" with { type: "json" };
import type { Work } from "./work.ts";

// by their names, and as who does not want to name them describes them: the six digits that a phone shows
const SECRET = new RegExp(`\\b(?:${[table.secret, ...table.described].join("|")})`, "gi");
const SECRET_X = new RegExp([table.secretx, ...table.describedx].join("|"), "giu");
const ABOUT = new RegExp(table.about, "i");
const REFUSED = new RegExp(table.refused, "i");
const PERSONAL = new RegExp(table.personal, "i");
const BAIT = new RegExp(table.bait, "i");
const DISMISSAL = new RegExp(table.dismissal, "i");
const VOICE = new RegExp(table.voice, "i");
const YIELD = new RegExp(table.yield, "i");
const CHATTER = new RegExp(table.chatter, "i");
const PROFILE = new RegExp(table.profile, "i");
const SENTENCE = /[.!?;\n]\s/;
/** A field's own name asks for what it names, whatever else stands in it. */
const NOTHING = /(?!)/;
/** How far ahead of a secret's name the words stand that refuse it. */
const REACH = 80;
const ASKS =
  /\b(?:enter|provide|type|paste|confirm|supply|input|submit|give|share|send|fill|need|required?|verify|re-?enter|what is|what'?s|tell|please|re-?authenticate|sign in|log in|unlock)\b/i;

/** `elicitation/create`: `at` points into its params. */
export function* elicitationWork(params: Json): Work<readonly Finding[]> {
  const object: JsonObject = isObject(params) ? params : {};
  const signals: Signal[] = [];
  for (const { at, text, key } of yield* fieldWork(params))
    if (key !== "url")
      for (const signal of yield* signalsOf(text, { at, origin: "result" })) signals.push(forPerson(signal));
  const url = textAt(object, "url");
  if (url !== undefined)
    for (const { why, weight, isHard } of linkFaults(url))
      signals.push({ kind: `link-${why}`, weight, isHard, at: "/url", text: url });
  else for (const signal of yield* wanted(object)) signals.push(signal);
  signals.push(...dismissed(textAt(object, "message") ?? "", url));
  return settle(signals, { length: 0 });
}

/** Nobody who means well tells a person to overlook what the page will say; beside a code for a device it is how accounts are taken over. */
function dismissed(message: string, url: string | undefined): readonly Signal[] {
  if (!DISMISSAL.test(message)) return [];
  const isPairing =
    url !== undefined && /device|activate|pair|link|code/i.test(url) && /\b[A-Z0-9]{4}-?[A-Z0-9]{4}\b/.test(message);
  return [{ kind: "link-dismissal", weight: 1, isHard: isPairing, at: "/message", text: message }];
}

/** A form is for a person: what is asked of one there is no order to a model. */
function forPerson(signal: Signal): Signal {
  return FOR_MODELS.has(signal.kind) ? { ...signal, weight: signal.weight * 0.5 } : signal;
}

const FOR_MODELS: ReadonlySet<string> = new Set(["context-theft", "session-order", "pressure", "persistence"]);

/** A field of a form that takes any answer. */
interface FormField {
  readonly at: string;
  readonly key: string;
  readonly value: Json;
}

/** The fields of a form at any depth: the protocol's forms are flat, and a client may draw more than the protocol has. */
function openFields(schema: Json, root: string): readonly FormField[] {
  const fields: FormField[] = [];
  const left: (readonly [value: Json, at: string])[] = [[schema, root]];
  for (let next = left.pop(); next !== undefined; next = left.pop()) {
    const [value, at] = next;
    if (!isObject(value) && !isList(value)) continue;
    for (const [key, inner] of Object.entries(value)) {
      const place = `${at}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (/\/(?:properties|patternProperties)$/.test(at) && isOpen(inner))
        fields.push({ at: place, key, value: inner });
      left.push([inner, place]);
    }
  }
  return fields;
}

function* wanted(params: JsonObject): Work<readonly Signal[]> {
  const message = textAt(params, "message") ?? "";
  const schema = member(params, "requestedSchema");
  const open = openFields(schema ?? null, "/requestedSchema");
  // Where no field is named, the form is what its client makes of that: a line to type in.
  const isTyped = open.length > 0 || !isObject(member(schema, "properties"));
  const signals: Signal[] = [];
  for (const { at, key, value } of open) {
    const words = (name: string): string => (isObject(value) ? (textAt(value, name) ?? "") : "");
    const name = `${key.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ")}. ${words("title")}`;
    const text = `${name}. ${words("description")}`;
    const isPassword = isObject(value) && member(value, "format") === "password";
    if (isPassword || asksFor(name, NOTHING) || asksFor(text)) signals.push(secretSignal(at, text));
    yield;
  }
  signals.push(...personal(message, open));
  // a message that asks, and a field that takes any answer
  if (isTyped && asksFor(message) && (ASKS.test(message) || message.search(SECRET_X) >= 0))
    signals.push(secretSignal("/message", message));
  return signals;
}

/** What a bank or a help desk would know a person by: one of it may be needed, two or a bait are a theft of a name. */
function personal(message: string, open: readonly FormField[]): readonly Signal[] {
  const asked = open.filter(({ key, value }) => {
    const words = (name: string): string => (isObject(value) ? (textAt(value, name) ?? "") : "");
    return PERSONAL.test(
      `${key.replace(/([a-z])([A-Z])/g, "$1 $2").replace(/[_-]+/g, " ")}. ${words("title")}. ${words("description")}`,
    );
  });
  if (asked.length === 0) return [];
  const weight = asked.length > 2 || (asked.length > 1 && BAIT.test(message)) ? 1 : BAIT.test(message) ? 0.8 : 0.4;
  return [
    {
      kind: "asks-for-secret",
      weight,
      isHard: false,
      at: asked[0]?.at ?? "",
      text: message,
    },
  ];
}

function secretSignal(at: string, text: string): Signal {
  return { kind: "asks-for-secret", weight: 1, isHard: true, at, text };
}

/** What takes any text or number; a choice or a yes takes no secret. */
function isOpen(value: Json): boolean {
  if (!isObject(value)) return true;
  const type = member(value, "type");
  return type !== "boolean" && type !== "array" && !["enum", "oneOf", "const"].some((key) => Object.hasOwn(value, key));
}

/** One mention that is asked for is enough: a title that only speaks about passwords does not excuse a description that wants one. */
function asksFor(text: string, refused: RegExp = REFUSED): boolean {
  const plain = text.normalize("NFKC").replace(/[-_]+/g, " ");
  const readings: readonly (readonly [string, RegExp])[] = [
    [plain, SECRET],
    [fold(plain), SECRET],
    [plain, SECRET_X],
  ];
  return readings.some(([reading, secret]) => isWanted(reading, secret, refused));
}

function isWanted(text: string, secret: RegExp, refused: RegExp): boolean {
  return [...text.matchAll(secret)].some(({ index, 0: word }) => {
    const before = text.slice(Math.max(0, index - REACH), index);
    // what is told not to be given counts ahead of the secret and in its own sentence: `Your password. Never share it` wants one
    if (refused.test(before)) return false;
    const after = text.slice(index + word.length, index + word.length + 24);
    return !ABOUT.test(`${lastSentence(before.slice(-40))}${word}${after.split(SENTENCE)[0]}`);
  });
}

function lastSentence(text: string): string {
  return text.split(SENTENCE).at(-1) ?? "";
}

/** `sampling/createMessage`: `at` points into its params. */
export function* samplingWork(params: Json): Work<readonly Finding[]> {
  const fields = yield* fieldWork(params);
  const terms = termsIn(fields.map(({ text }) => text).join("\n"));
  const signals: Signal[] = [];
  // a conversation that is to be completed has turns
  for (const { at, text } of fields)
    for (const page of pagesOf(text))
      for (const signal of yield* signalsOf(withoutSpecimens(page, terms).text, { at, origin: "definition" }))
        signals.push(signal.kind === "played-turn" ? { ...signal, weight: signal.weight / 2 } : signal);
  for (const field of fields)
    for (const page of pagesOf(field.text))
      for (const signal of yield* retold({ ...field, text: withoutSpecimens(page, terms).text })) signals.push(signal);
  const context = member(params, "includeContext");
  for (const field of fields) {
    signals.push(...ofThePerson(field, context));
    yield;
  }
  if (context === "allServers")
    signals.push({ kind: "foreign-context", weight: 1, isHard: true, at: "/includeContext", text: "allServers" });
  else if (context === "thisServer")
    signals.push({ kind: "foreign-context", weight: 0.5, isHard: false, at: "/includeContext", text: "thisServer" });
  return settle(signals, { length: 0 });
}

/** A profile of the person drawn from what was said to others, or words in another's name that are to win an approval. */
function ofThePerson({ at, text }: Field, context: Json | undefined): readonly Signal[] {
  const signals: Signal[] = [];
  if (VOICE.test(text) && YIELD.test(text)) signals.push({ kind: "impersonation", weight: 1, isHard: false, at, text });
  if (context !== undefined && context !== "none" && CHATTER.test(text) && PROFILE.test(text))
    signals.push({ kind: "context-theft", weight: 1, isHard: false, at, text });
  return signals;
}

/** A completion goes back to the server: told there, what stood in the conversation is gone. */
function* retold({ at, text }: Field): Work<readonly Signal[]> {
  const signals: Signal[] = [];
  for (const { raw, words } of yield* clauseWork(text)) {
    yield;
    const ideas = new Set(ideasIn(words).map(({ idea }) => idea));
    const has = (...some: readonly string[]): boolean => some.some((idea) => ideas.has(idea));
    const isOrder =
      has("tell", "refer", "ship", "tell.x", "send.x") ||
      /\b(?:repeat|output|print|quote|recite|reproduce|(?:answer|reply|respond|begin|start) with|return)\b/.test(words);
    const isTheirs = has("convo", "sysprompt", "secret.yours", "any.orders") || (has("convo.x") && isOrder);
    if (isOrder && isTheirs && !has("neg"))
      signals.push({ kind: "context-theft", weight: 1, isHard: false, at, text: raw });
  }
  return signals;
}
