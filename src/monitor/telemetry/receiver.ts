// Agents' own telemetry, on record as claimed (`audit.telemetry: on`): an OTLP/HTTP endpoint that is the proxy itself, on the fence's own loopback, so
// that it costs no rule and nothing of it leaves. Any program inside may write to it: what it says is worth what a program says.
import type { Append } from "#core/log";
import { parseLogs, recordOfEvent } from "#core/telemetry";
import type { TakeOwn } from "#egress";

/** Takes exports of logs; metrics and traces are taken and say nothing. */
export function telemetryReceiver(append: Append): TakeOwn {
  return async ({ path, fields, body }) => {
    if (path === "/v1/metrics" || path === "/v1/traces") return 200;
    if (path !== "/v1/logs") return 404;
    const type = fields.find(({ name }) => name.toLowerCase() === "content-type")?.value ?? "";
    if (!/^application\/json\b/i.test(type)) return 415;
    const events = parseLogs(Buffer.from(body).toString("utf8"));
    if (events === undefined) return 400;
    const records = events.flatMap((event) => recordOfEvent(event) ?? []);
    await Promise.all(records.map((record) => append(record)));
    return 200;
  };
}
