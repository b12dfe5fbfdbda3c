// The door of the export's words: what each format makes of a line of a log. Pure; who reads the log and who delivers is in the audit room.
export { attest, type ChainPlace } from "./attestation.ts";
export { cefLine } from "./cef.ts";
export { cloudEvent } from "./cloudevents.ts";
export { ecsDocument } from "./ecs.ts";
export {
  type DamageKind,
  EVENT_TEXT,
  type Exported,
  type ExportedDamage,
  type ExportedRecord,
  type Stream,
} from "./exported.ts";
export {
  bodyOf,
  FORMATS,
  type Format,
  linesOf,
  type Rendered,
  type Rendering,
  renderEvent,
} from "./format.ts";
export { jcs } from "./jcs.ts";
export { ocsfEvent } from "./ocsf.ts";
export { otlpRecord } from "./otlp.ts";
export { referenceOf, wellFormed } from "./plain.ts";
export { RETRY_AFTER_MOST_MS, retryAfterMs, retryDelay } from "./retry.ts";
export { asciiJson, octetCounted, syslogMessage } from "./syslog.ts";
