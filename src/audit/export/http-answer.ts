// What a receiver says in the body of a 200: an OTLP collector may have rejected some of the records, Elasticsearch's bulk interface may
// have failed on each. An answer that hides a loss is no success.
import type { Exported, Format, Stream } from "#core/log/export";
import type { Tried } from "./again.ts";

const TAKEN: Tried = { kind: "taken" };

/** Judges the body of a 2xx. */
export function judgeAnswer(body: string, request: { readonly format: Format; readonly url: URL }): Tried {
  if (isBulk(request)) return judgeBulk(parsed(body));
  if (request.format === "otlp") return judgeOtlp(parsed(body));
  return TAKEN;
}

/** Elasticsearch and OpenSearch take ECS documents at `…/_bulk`, each behind a line that says what to do with it. */
export function bulkBody(
  url: URL,
  batch: { format: Format; texts: readonly string[]; events: readonly Exported[]; stream: Stream },
): { readonly type: string; readonly text: string } | undefined {
  if (!isBulk({ format: batch.format, url })) return undefined;
  const lines = batch.texts.map((text, at) => {
    const event = batch.events[at];
    const place = event?.kind === "record" ? `${event.record.seq}` : `damage/${event?.file}/${event?.offset}`;
    // The same event again has the same name, so that what was taken already is refused as such and stands there once.
    return `${JSON.stringify({ create: { _id: `${batch.stream.origin}/${place}` } })}\n${text}\n`;
  });
  return { type: "application/x-ndjson", text: lines.join("") };
}

function isBulk({ format, url }: { readonly format: Format; readonly url: URL }): boolean {
  return format === "ecs" && url.pathname.endsWith("/_bulk");
}

function judgeBulk(answer: unknown): Tried {
  if (!isObject(answer) || typeof answer["errors"] !== "boolean" || !Array.isArray(answer["items"]))
    return { kind: "refused", why: "its answer is not one of a bulk interface" };
  if (!answer["errors"]) return TAKEN;
  const failed = answer["items"].map(itemOf).filter(({ status }) => status >= 300 && status !== CONFLICT);
  const [first] = failed;
  if (first === undefined) return TAKEN;
  const why = `it failed on ${failed.length} documents, first with ${first.status} ${first.why}`;
  const later = failed.every(({ status }) => status === 429 || status >= 500);
  return { kind: later ? "busy" : "refused", why };
}

/** It is there already. */
const CONFLICT = 409;

function itemOf(item: unknown): { readonly status: number; readonly why: string } {
  const done = isObject(item) ? Object.values(item)[0] : undefined;
  if (!isObject(done) || typeof done["status"] !== "number") return { status: 599, why: "no status" };
  const error = done["error"];
  const type = isObject(error) && typeof error["type"] === "string" ? error["type"].slice(0, 100) : "";
  return { status: done["status"], why: type };
}

/** A partial success is one only when nothing was rejected (OTLP 1.x, "Partial Success"). */
function judgeOtlp(answer: unknown): Tried {
  const partial = isObject(answer) ? (answer["partialSuccess"] ?? answer["partial_success"]) : undefined;
  if (!isObject(partial)) return TAKEN;
  const rejected = Number(partial["rejectedLogRecords"] ?? partial["rejected_log_records"] ?? 0);
  if (rejected === 0) return TAKEN;
  const said = typeof partial["errorMessage"] === "string" ? `: ${partial["errorMessage"].slice(0, 200)}` : "";
  return { kind: "refused", why: `it rejected ${rejected} records${said}` };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body) as unknown;
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
