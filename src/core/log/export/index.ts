// The door of the export's words: what each format makes of a line of a log. Pure; who reads the log and who delivers is in the audit room.
export { type Attested, attest, type ChainPlace } from "./attestation.ts";
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
export { jcs } from "./jcs.ts";
export { ocsfEvent } from "./ocsf.ts";
export { otlpRecord, otlpRequest } from "./otlp.ts";
