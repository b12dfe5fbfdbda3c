// The door of what agents tell by OpenTelemetry (AUD-1).
export { type LogEvent, parseLogs } from "./otlp.ts";
export { recordOfEvent } from "./told.ts";
