// The description that a client is served: what is kept of what the server said, and in place of its own words those that were approved.
import { DEFINITIONS, type ServerDescription } from "./description.ts";
import { isObject, type Json, type JsonObject } from "./json.ts";
import { readJsonText } from "./json-read.ts";
import { type FoundPin, fieldsOf, type Pin, type PinKind } from "./pin.ts";

/** Builds it. `approved` are the pins of a lock, where there is one. */
export function served(
  found: ServerDescription,
  parts: { readonly kept: readonly FoundPin[]; readonly approved: readonly Pin[] },
): ServerDescription {
  const kept = new Set(parts.kept.map(({ at }) => at));
  const approved = (kind: PinKind): ReadonlyMap<string, string> | undefined =>
    parts.approved.find((pin) => pin.kind === kind)?.fields;
  const lists = Object.fromEntries(
    DEFINITIONS.map(({ list }) => [list, found[list].filter((_, index) => kept.has(`/${list}/${index}`))]),
  ) as unknown as Pick<ServerDescription, "tools" | "prompts" | "resourceTemplates">;
  const { instructions, serverInfo, ...rest } = found;
  const words = kept.has("/instructions") ? instructions : textOf(approved("instructions")?.get("instructions"));
  const info =
    serverInfo === undefined || kept.has("/serverInfo")
      ? serverInfo
      : { ...(isNamed(serverInfo) ? objectOf(approved("serverInfo") ?? UNNAMED) : {}), ...versionOf(serverInfo) };
  const capabilities = kept.has("/capabilities")
    ? found.capabilities
    : heldCapabilities(found.capabilities, approved("capabilities"));
  return {
    ...rest,
    ...lists,
    capabilities,
    ...(words === undefined ? {} : { instructions: words }),
    ...(info === undefined ? {} : { serverInfo: info }),
  };
}

/** A server has to be called something. */
const UNNAMED: ReadonlyMap<string, string> = new Map([["name", '"unapproved"']]);

/** What the specification lets a server say with a yes or a no. Nothing else of capabilities that nobody approved is handed on. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  tools: ["listChanged"],
  prompts: ["listChanged"],
  resources: ["listChanged", "subscribe"],
  logging: [],
  completions: [],
};

function heldCapabilities(found: JsonObject, approved: ReadonlyMap<string, string> | undefined): JsonObject {
  const texts = fieldsOf(found);
  const kept = Object.keys(found).flatMap((key): [string, Json][] => {
    const value = found[key] ?? null;
    if (approved !== undefined)
      return approved.get(key) === texts.get(key) ? [[key, value]] : pinnedOnly(key, approved);
    const words = Object.hasOwn(PLAIN, key) ? PLAIN[key] : undefined;
    if (words === undefined || !isObject(value)) return [];
    return [[key, Object.fromEntries(words.filter((word) => value[word] === true).map((word) => [word, true]))]];
  });
  return Object.fromEntries(kept);
}

function pinnedOnly(key: string, approved: ReadonlyMap<string, string>): [string, Json][] {
  const text = approved.get(key);
  return text === undefined ? [] : [[key, jsonOf(text)]];
}

function isNamed(serverInfo: JsonObject): boolean {
  return Object.keys(serverInfo).some((key) => key !== "version");
}

/** A version is not pinned, and a client wants one. Beside words that are held it passes when it can be nothing else. */
function versionOf(serverInfo: JsonObject): JsonObject {
  const version = serverInfo["version"];
  return version === undefined
    ? {}
    : { version: typeof version === "string" && PLAIN_VERSION.test(version) ? version : "unapproved" };
}

const PLAIN_VERSION = /^v?\d[\w.+-]{0,63}$/;

/** A pinned object as its server said it. */
export function objectOf(fields: ReadonlyMap<string, string>): JsonObject {
  return Object.fromEntries([...fields].map(([key, text]) => [key, jsonOf(text)]));
}

function textOf(canonical: string | undefined): string | undefined {
  const value = canonical === undefined ? undefined : jsonOf(canonical);
  return typeof value === "string" ? value : undefined;
}

/** The value of a canonical text, which a lock's reader has read before. */
function jsonOf(canonical: string): Json {
  const read = readJsonText(canonical);
  return read.ok ? read.value : null;
}
