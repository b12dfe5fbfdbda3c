// Open Cybersecurity Schema Framework 1.9.0, one event a line, with the profiles ai_operation, security_control and record_integrity.
// Our own leaf hash stands in `raw_data_hash`; the attestation is about the event itself, see attestation.ts.
import type { Json } from "../record.ts";
import { EVENT_TEXT, type Exported, type ExportedDamage, type ExportedRecord, type Stream } from "./exported.ts";
import { factsOf } from "./facts.ts";
import { OCSF, OCSF_VERSION, type OcsfAct, type OcsfClass, ocsfAct } from "./ocsf-classes.ts";
import { actor, aiAgent, control, device, type OcsfSource, ocsfBody, product } from "./ocsf-objects.ts";
import type { Members } from "./plain.ts";
import type { Facts } from "./subject.ts";
import { epochMilliseconds } from "./time.ts";
import { damageText } from "./words.ts";

/** The event of a line, without its attestation. */
export function ocsfEvent(exported: Exported, stream: Stream, most: number = EVENT_TEXT): Members {
  return exported.kind === "record" ? recordEvent(exported, stream, most) : damageEvent(exported, stream);
}

function recordEvent(exported: ExportedRecord, stream: Stream, most: number): Members {
  const { record, leaf, line } = exported;
  const facts = factsOf(exported, most);
  const source: OcsfSource = { stream, record, facts };
  const act = ocsfAct(facts.subject);
  return {
    ...head(act, facts.severity),
    time: epochMilliseconds(record.ts),
    message: facts.message,
    ...status(act.class, facts),
    metadata: {
      ...metadata(act.class, stream, `${stream.origin}/${record.seq}`),
      ...{ sequence: record.seq, original_time: record.ts, correlation_uid: record.session, event_code: record.type },
      labels: [`origin:${record.origin}`],
      ...(facts.cutFrom === undefined ? {} : { is_truncated: true, untruncated_size: facts.cutFrom }),
    },
    raw_data_hash: hash(leaf, "RFC 6962 leaf"),
    raw_data_size: line.length,
    ...who(act.class, source),
    ...control(facts),
    ...ocsfBody(source),
    ...(Object.keys(facts.rest).length === 0 || act.class === OCSF.finding ? {} : { unmapped: facts.rest }),
  };
}

/** Damage is a finding of its own. */
function damageEvent(found: ExportedDamage, stream: Stream): Members {
  const uid = `${stream.origin}/damage/${found.file}/${found.offset}`;
  const act: OcsfAct = { class: OCSF.finding, activity: 1, name: "Create" };
  return {
    ...head(act, 4),
    time: epochMilliseconds(found.ts),
    message: damageText(found),
    ...{ status_id: 1, status: "New", action_id: 3, action: "Observed", disposition_id: 19, disposition: "Alert" },
    is_alert: true,
    metadata: {
      ...metadata(act.class, stream, uid),
      ...{ sequence: found.seq, event_code: `log.${found.damage}` },
    },
    raw_data_hash: hash(found.hash, "Flat"),
    raw_data_size: found.bytes,
    finding_info: {
      uid,
      title: damageText(found),
      analytic: { name: `log.${found.damage}`, type_id: 1, type: "Rule" },
    },
    evidences: [{ data: { file: found.file, offset: found.offset, bytes: found.bytes, text: found.text } }],
  };
}

const SEVERITIES = ["Unknown", "Informational", "Low", "Medium", "High"] as const;

function head(act: OcsfAct, severity: 1 | 2 | 3 | 4): Members {
  const { uid, category, name } = act.class;
  return {
    ...{ class_uid: uid, class_name: name, category_uid: category },
    ...{ activity_id: act.activity, activity_name: act.name, type_uid: uid * 100 + act.activity },
    ...{ severity_id: severity, severity: SEVERITIES[severity] },
  };
}

function metadata(of: OcsfClass, stream: Stream, uid: string): Members {
  return {
    ...{ version: OCSF_VERSION, product: product(stream), uid, log_name: stream.origin, log_format: "JSON" },
    profiles: [
      ...(of.ai ? ["ai_operation"] : []),
      ...(of.host === "own" ? [] : ["host"]),
      ...["record_integrity", "security_control"],
    ],
  };
}

/** Findings have states of their own; elsewhere an act succeeded, failed, or nobody knows. */
function status(of: OcsfClass, { outcome }: Facts): Members {
  if (of === OCSF.finding) return { status_id: 1, status: "New" };
  if (outcome === undefined) return { status_id: 0, status: "Unknown" };
  return outcome === "success" ? { status_id: 1, status: "Success" } : { status_id: 2, status: "Failure" };
}

function who(of: OcsfClass, source: OcsfSource): Members {
  const agent = of.ai ? aiAgent(source) : undefined;
  return { actor: actor(source), device: device(source), ...(agent === undefined ? {} : { ai_agent: agent }) };
}

function hash(value: string, serialization: "Flat" | "RFC 6962 leaf"): Json {
  return {
    ...{ algorithm_id: 3, algorithm: "SHA-256", encoding_id: 1, encoding: "Hex" },
    ...{ serialization_id: serialization === "Flat" ? 1 : 99, serialization, value },
  };
}
