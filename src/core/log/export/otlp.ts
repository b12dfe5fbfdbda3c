// OpenTelemetry logs as OTLP/JSON (opentelemetry-proto 1.x): one request holds a batch. Names are those of the semantic conventions where
// there is one (GenAI, process, server, file), else `ringfence.*`. 64-bit numbers are strings and enumerations numbers, as the JSON form wants.
import type { Json } from "../record.ts";
import { EVENT_TEXT, type Exported, type ExportedDamage, type ExportedRecord, type Stream } from "./exported.ts";
import { factsOf } from "./facts.ts";
import { isList, type Members } from "./plain.ts";
import type { Subject } from "./subject.ts";
import { epochMilliseconds } from "./time.ts";
import { baseName, commandLine, damageText, present, textOf } from "./words.ts";

/** One LogRecord. */
export function otlpRecord(exported: Exported, stream: Stream, most: number = EVENT_TEXT): Members {
  return exported.kind === "record" ? recordOf(exported, stream, most) : damageOf(exported);
}

/** The text around the records of one ExportLogsServiceRequest. */
export function otlpEnvelope(stream: Stream): { readonly head: string; readonly tail: string } {
  const resource = present({
    "service.name": "ringfence",
    "service.version": stream.version,
    "service.instance.id": stream.origin,
    "gen_ai.agent.name": stream.agent,
  });
  const scope = JSON.stringify({ name: "ringfence.log", version: stream.version });
  const described = JSON.stringify({ attributes: attributes(resource) });
  return {
    head: `{"resourceLogs":[{"resource":${described},"scopeLogs":[{"scope":${scope},"logRecords":[`,
    tail: "]}]}]}",
  };
}

/** SeverityNumber and its text, by our four. */
const SEVERITIES = [
  [0, ""],
  [9, "INFO"],
  [10, "INFO2"],
  [13, "WARN"],
  [17, "ERROR"],
] as const;

function recordOf(exported: ExportedRecord, stream: Stream, most: number): Members {
  const { record, leaf } = exported;
  const facts = factsOf(exported, most);
  const { control, outcome } = facts;
  const [severityNumber, severityText] = SEVERITIES[facts.severity];
  const own = present({
    "ringfence.log.origin": stream.origin,
    "ringfence.log.seq": record.seq,
    "ringfence.log.leaf": leaf,
    "ringfence.origin": record.origin,
    "ringfence.verdict": control.answer,
    "ringfence.rule": control.rule,
    "ringfence.reason": control.reason,
    "ringfence.outcome": outcome,
    "ringfence.data": Object.keys(facts.rest).length === 0 ? undefined : facts.rest,
    "ringfence.truncated_from": facts.cutFrom,
    "gen_ai.agent.name": facts.actor.agent,
    "gen_ai.conversation.id": record.session,
    "process.pid": facts.actor.pid,
    "process.executable.path": facts.actor.exe,
  });
  return {
    ...times(record.ts),
    ...{ severityNumber, severityText },
    body: { stringValue: facts.message },
    attributes: attributes({ ...own, ...about(facts.subject) }),
    eventName: `ringfence.${record.type}`,
  };
}

function damageOf(found: ExportedDamage): Members {
  const { damage, seq, file, offset, bytes, text, hash } = found;
  const own = { damage, seq, file, offset, bytes, text, hash };
  return {
    ...times(found.ts),
    ...{ severityNumber: 17, severityText: "ERROR" },
    body: { stringValue: damageText(found) },
    attributes: attributes(
      Object.fromEntries(Object.entries(own).map(([name, value]) => [`ringfence.damage.${name}`, value])),
    ),
    eventName: "ringfence.log.damage",
  };
}

function times(ts: string): Members {
  const nanoseconds = `${epochMilliseconds(ts)}000000`;
  return { timeUnixNano: nanoseconds, observedTimeUnixNano: nanoseconds };
}

function about(subject: Subject): Members {
  switch (subject.kind) {
    case "tool":
      return present({
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": subject.name,
        "gen_ai.tool.type": subject.server === undefined ? "function" : "extension",
        "gen_ai.tool.call.id": subject.id,
        "gen_ai.tool.call.arguments": subject.input,
        "gen_ai.tool.call.result": subject.output,
        "ringfence.mcp.server": subject.server,
      });
    case "message":
      return present({
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": subject.provider,
        "gen_ai.request.model": subject.model,
        "gen_ai.usage.input_tokens": subject.tokensIn,
        "gen_ai.usage.output_tokens": subject.tokensOut,
        [subject.from === "person" ? "gen_ai.input.messages" : "gen_ai.output.messages"]: messages(subject),
      });
    case "process":
      return present({
        "process.command_args": subject.argv,
        "process.command_line": subject.argv === undefined ? undefined : commandLine(subject.argv),
        "process.parent_pid": subject.parent,
        "process.working_directory": subject.cwd,
        "process.exit.code": subject.code,
        "process.exit.signal": subject.signal,
      });
    case "file":
      return present({
        "file.path": subject.path,
        "file.name": baseName(subject.path),
        "file.symbolic_link.target_path": subject.to,
        "error.type": subject.error,
      });
    case "connection":
      return present({
        "server.address": subject.host ?? subject.address ?? subject.path,
        "server.port": subject.port,
        "network.peer.address": subject.address,
        "network.transport": subject.path === undefined ? "tcp" : "unix",
        "url.scheme": subject.scheme,
        "ringfence.bytes_sent": subject.bytesOut,
        "ringfence.bytes_received": subject.bytesIn,
        "ringfence.duration_ms": subject.ms,
      });
    case "secret":
      return present({
        "ringfence.credential.name": subject.name,
        "ringfence.credential.act": subject.act,
        "server.address": subject.host,
        "server.port": subject.port,
        "http.request.method": subject.method,
        "url.path": subject.path,
      });
    case "approval":
      return present({
        "ringfence.approval.id": subject.id,
        "ringfence.approval.act": subject.what,
        "ringfence.approval.by": subject.by,
      });
    case "policy":
      return present({ "ringfence.policy.name": subject.name, "ringfence.policy.digest": subject.digest });
    case "session":
      return present({ "ringfence.session.act": subject.act, "ringfence.policy.digest": subject.policy });
    case "change":
      return { "ringfence.change.act": subject.act, "ringfence.change.paths": subject.paths };
    case "alarm":
      return { "ringfence.alarm.rule": subject.rule, "ringfence.alarm.title": subject.title };
    case "log":
      return { "ringfence.log.act": subject.act };
    case "other":
      return {};
    default:
      return subject satisfies never;
  }
}

/** The conventions' message form: a role and its parts. */
function messages({ from, text }: Extract<Subject, { kind: "message" }>): Json | undefined {
  if (text === undefined) return undefined;
  return [{ role: from === "person" ? "user" : "assistant", parts: [{ type: "text", content: textOf(text) }] }];
}

function attributes(members: Members): Json {
  return Object.entries(members).map(([key, value]) => ({ key, value: anyValue(value) }));
}

/** AnyValue; a null is one without a value. */
function anyValue(value: Json): Json {
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return { intValue: String(value) };
  if (value === null) return {};
  if (isList(value)) return { arrayValue: { values: value.map(anyValue) } };
  return { kvlistValue: { values: attributes(value) } };
}
