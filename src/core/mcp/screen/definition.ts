// The definitions of a server, screened: each alone, then its pieces together, then beside the tools of other servers.
import { definitionsOf, type ServerDescription, textAt } from "../description.ts";
import { isList, isObject, type Json, type JsonObject, member } from "../json.ts";
import { overBorders } from "./border.ts";
import { clauseWork } from "./clause.ts";
import type { Finding } from "./finding.ts";
import { nameSignals } from "./name.ts";
import { type Peer, peerSignals } from "./peers.ts";
import { matchesOf } from "./rules.ts";
import type { Frame } from "./scene.ts";
import { keySignals, shapeSignals } from "./schema.ts";
import { type Signal, settle } from "./signal.ts";
import { type Place, signalsOf } from "./text.ts";
import { weighed } from "./topic.ts";
import { type Field, fieldWork, namedWords, parameterAt } from "./walk.ts";
import type { Work } from "./work.ts";

export type { Peer } from "./peers.ts";

/** The whole of what a server says of itself; `at` points into the description. `peers` of the same name are the server's own and prove nothing. */
export function* descriptionWork(
  server: string,
  description: ServerDescription,
  peers: readonly Peer[],
  one: typeof definitionWork,
): Work<readonly Finding[]> {
  const own = description.tools.map((tool) => ({ server, tool }));
  const around = [...own, ...peers.filter((peer) => peer.server !== server)];
  const findings: Finding[] = [];
  for (const { at, body } of definitionsOf(description)) findings.push(...under(at, yield* one(server, body, around)));
  for (const [index, resource] of description.resources.entries())
    findings.push(...under(`/resources/${index}`, yield* one(server, resource, around)));
  if (description.instructions !== undefined)
    findings.push(...under("/instructions", yield* one(server, description.instructions, around)));
  if (description.serverInfo !== undefined)
    findings.push(...under("/serverInfo", yield* one(server, description.serverInfo, [])));
  return [...findings, ...(yield* splitOver(server, description, findings))];
}

function under(at: string, findings: readonly Finding[]): Finding[] {
  return findings.map((finding) => ({ ...finding, at: at + finding.at }));
}

/** One tool, prompt, resource or template, or the text of the instructions; `at` points into it. */
export function* definitionWork(server: string, definition: Json, peers: readonly Peer[]): Work<readonly Finding[]> {
  const tool: JsonObject = typeof definition === "object" && definition !== null ? (definition as JsonObject) : {};
  const fields = yield* fieldWork(definition);
  const names = `${server} ${textAt(tool, "name") ?? ""} ${textAt(tool, "title") ?? ""}`;
  const own = new Set(peers.filter((peer) => peer.server === server).map((peer) => textAt(peer.tool, "name") ?? ""));
  const parameters = parametersOf(tool);
  const signals: Signal[] = [];
  for (const field of fields)
    for (const signal of yield* fieldSignals(field, { names, parameters })) signals.push(signal);
  signals.push(...nameSignals(textAt(tool, "name")));
  for (const signal of shapeSignals(tool, fields, names)) signals.push(signal);
  yield;
  for (const signal of yield* joinedSignals(fields, signals)) signals.push(signal);
  const texts = fields.filter(({ isKey, key }) => !isKey && key !== "name").map(({ text }) => text);
  const others = peers.filter((peer) => peer.server !== server);
  const known = new Set([...own, textAt(tool, "name") ?? ""]);
  for (const signal of yield* peerSignals(server, tool, texts, others, known)) signals.push(signal);
  return settle(weighed(ownAside(signals, own), names), {
    length: fields.reduce((sum, { text }) => sum + text.length, 0),
  });
}

/** A description speaks of few. */
const NAMES_MOST = 64;

/** What the tool or prompt is given, by name. */
function parametersOf(tool: JsonObject): readonly string[] {
  const schema = member(tool, "inputSchema");
  const properties = isObject(schema) ? member(schema, "properties") : undefined;
  const given = member(tool, "arguments");
  const named = isList(given) ? given.map((one) => (isObject(one) ? (textAt(one, "name") ?? "") : "")) : [];
  return [...(isObject(properties) ? Object.keys(properties) : []), ...named]
    .filter(({ length }) => length > 2)
    .slice(0, NAMES_MOST);
}

function* fieldSignals(field: Field, frame: Frame): Work<readonly Signal[]> {
  const parameter = parameterAt(field.at);
  const place: Place = {
    ...frame,
    at: field.at,
    origin: "definition",
    ...(parameter === undefined ? {} : { parameter }),
  };
  const named = namedWords(field.text);
  return [
    ...(yield* signalsOf(field.text, place)),
    ...(named === undefined ? [] : yield* signalsOf(named, place)),
    ...(field.isKey ? keySignals(field, "definition") : []),
  ];
}

/** Orders among tools of one server are how it is used. */
function ownAside(signals: readonly Signal[], own: ReadonlySet<string>): readonly Signal[] {
  if (own.size < 2) return signals;
  return signals.filter(
    ({ kind, text, isHard }) =>
      kind !== "cross-tool-order" || isHard || ![...own].some((name) => name.length > 3 && text.includes(name)),
  );
}

/** Kinds that are looked for over the borders of fields: their words are so particular that no honest neighbours make them up. */
const OVER_BORDERS: ReadonlySet<string> = new Set([
  "concealment",
  "instruction-override",
  "secret-theft",
  "encoded-order",
]);

/** An order in pieces, each in a field of its own. */
function* joinedSignals(fields: readonly Field[], before: readonly Signal[]): Work<readonly Signal[]> {
  const pieces = fields.filter(({ isKey, key, text }) => !isKey && key !== "name" && key !== "type" && text.length > 2);
  if (pieces.length < 2) return [];
  const seen = new Set(before.filter(({ weight }) => weight >= 0.8).map(({ kind }) => kind));
  const found: Signal[] = [];
  // a field that ends as a sentence ends is no piece of one
  const joined = pieces.map(({ text }) => (/[.!?:)\]]\s*$/.test(text) ? `${text}\n\n` : `${text} `)).join("");
  const isOverBorder = overBorders(pieces.map(({ text }) => text));
  for (const clause of yield* clauseWork(joined)) {
    for (const match of matchesOf(clause, "definition"))
      if (match.isHard && OVER_BORDERS.has(match.kind) && !seen.has(match.kind) && isOverBorder(clause.raw))
        found.push({ ...match, isHard: false, weight: 1, at: "", text: clause.raw });
    yield;
  }
  const letters = pieces.map(({ text }) => text).filter((text) => /^[A-Za-z0-9+/_=-]{4,}$/.test(text));
  if (letters.length > 1)
    for (const signal of yield* signalsOf(letters.join(""), { at: "", origin: "definition" }))
      if (signal.kind === "encoded-order") found.push(signal);
  return found;
}

/** The same over the tools of one server. */
function* splitOver(
  server: string,
  { tools }: ServerDescription,
  before: readonly Finding[],
): Work<readonly Finding[]> {
  if (tools.length < 2 || before.some(({ severity }) => severity === "hard")) return [];
  const fields = tools.flatMap((tool, index) => {
    const text = textAt(tool, "description");
    return text === undefined ? [] : [{ at: `/tools/${index}/description`, text, key: "description", isKey: false }];
  });
  return settle(weighed(yield* joinedSignals(fields, []), server), {
    length: 0,
  });
}
