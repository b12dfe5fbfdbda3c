// An export of logs by OTLP/HTTP with JSON (https://opentelemetry.io/docs/specs/otlp/#otlphttp), flattened to what an agent tells: a name and its
// attributes. Metrics and traces say nothing that a log does not.

/** One log record. Values are as they came: text, numbers (64-bit ones as text) and truth. */
export interface LogEvent {
  readonly name: string;
  readonly attributes: ReadonlyMap<string, string | number | boolean>;
}

/** Of one export. Exporters send up to 512. */
const EVENTS_MOST = 2048;
const ATTRIBUTES_MOST = 128;

type Fields = { readonly [key: string]: unknown };

/** The events of one export; `undefined` where it is none. */
export function parseLogs(text: string): readonly LogEvent[] | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const resources = fields(value)["resourceLogs"];
  if (!Array.isArray(resources)) return undefined;
  return resources
    .flatMap((resource) => list(fields(resource)["scopeLogs"]))
    .flatMap((scope) => list(scope["logRecords"]))
    .slice(0, EVENTS_MOST)
    .map(eventOf);
}

function eventOf(record: Fields): LogEvent {
  const pairs = list(record["attributes"])
    .slice(0, ATTRIBUTES_MOST)
    .flatMap(({ key, value }): [string, string | number | boolean][] => {
      const plain = plainOf(fields(value));
      return typeof key !== "string" || plain === undefined ? [] : [[key.slice(0, 200), plain]];
    });
  const attributes = new Map(pairs);
  // The field that the protocol has for the name is a place in the source with Codex; Claude Code says it in the body as well.
  const named = attributes.get("event.name") ?? record["eventName"] ?? fields(record["body"])["stringValue"];
  return { name: typeof named === "string" ? named.slice(0, 200) : "", attributes };
}

function plainOf(value: Fields): string | number | boolean | undefined {
  const { boolValue, doubleValue, intValue, stringValue } = value;
  const given = stringValue ?? intValue ?? doubleValue ?? boolValue;
  if (typeof given === "string" || typeof given === "number" || typeof given === "boolean") return given;
  return Object.keys(value).length === 0 ? undefined : shortJson(value);
}

function shortJson(value: Fields): string | undefined {
  try {
    return JSON.stringify(value);
  } catch {
    return undefined; // nested deeper than can be written again
  }
}

function fields(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

function list(value: unknown): readonly Fields[] {
  return Array.isArray(value) ? value.map(fields) : [];
}
