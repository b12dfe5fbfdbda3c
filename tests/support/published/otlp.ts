// OTLP's messages as opentelemetry-proto main (August 2026) numbers and types them, for protobufjs: a request counts as one when it goes
// to protobuf bytes and back unchanged. A field that does not exist, or of another type, is lost or refused on that way.
import protobuf from "protobufjs";

const root = protobuf.Root.fromJSON({
  nested: {
    ExportLogsServiceRequest: { fields: { resourceLogs: { rule: "repeated", type: "ResourceLogs", id: 1 } } },
    ResourceLogs: {
      fields: {
        resource: { type: "Resource", id: 1 },
        scopeLogs: { rule: "repeated", type: "ScopeLogs", id: 2 },
        schemaUrl: { type: "string", id: 3 },
      },
    },
    Resource: {
      fields: {
        attributes: { rule: "repeated", type: "KeyValue", id: 1 },
        droppedAttributesCount: { type: "uint32", id: 2 },
      },
    },
    ScopeLogs: {
      fields: {
        scope: { type: "InstrumentationScope", id: 1 },
        logRecords: { rule: "repeated", type: "LogRecord", id: 2 },
        schemaUrl: { type: "string", id: 3 },
      },
    },
    InstrumentationScope: {
      fields: {
        name: { type: "string", id: 1 },
        version: { type: "string", id: 2 },
        attributes: { rule: "repeated", type: "KeyValue", id: 3 },
        droppedAttributesCount: { type: "uint32", id: 4 },
      },
    },
    LogRecord: {
      fields: {
        timeUnixNano: { type: "fixed64", id: 1 },
        severityNumber: { type: "SeverityNumber", id: 2 },
        severityText: { type: "string", id: 3 },
        body: { type: "AnyValue", id: 5 },
        attributes: { rule: "repeated", type: "KeyValue", id: 6 },
        droppedAttributesCount: { type: "uint32", id: 7 },
        flags: { type: "fixed32", id: 8 },
        traceId: { type: "bytes", id: 9 },
        spanId: { type: "bytes", id: 10 },
        observedTimeUnixNano: { type: "fixed64", id: 11 },
        eventName: { type: "string", id: 12 },
      },
    },
    SeverityNumber: { values: Object.fromEntries(Array.from({ length: 25 }, (_, n) => [`SEVERITY_${n}`, n])) },
    KeyValue: { fields: { key: { type: "string", id: 1 }, value: { type: "AnyValue", id: 2 } } },
    AnyValue: {
      oneofs: {
        value: {
          oneof: ["stringValue", "boolValue", "intValue", "doubleValue", "arrayValue", "kvlistValue", "bytesValue"],
        },
      },
      fields: {
        stringValue: { type: "string", id: 1 },
        boolValue: { type: "bool", id: 2 },
        intValue: { type: "int64", id: 3 },
        doubleValue: { type: "double", id: 4 },
        arrayValue: { type: "ArrayValue", id: 5 },
        kvlistValue: { type: "KeyValueList", id: 6 },
        bytesValue: { type: "bytes", id: 7 },
      },
    },
    ArrayValue: { fields: { values: { rule: "repeated", type: "AnyValue", id: 1 } } },
    KeyValueList: { fields: { values: { rule: "repeated", type: "KeyValue", id: 1 } } },
  },
});

/** A log record as a collector has it. */
export interface ReceivedLog {
  readonly eventName: string;
  readonly attributes: readonly {
    readonly key: string;
    readonly value: { readonly intValue?: string; readonly stringValue?: string };
  }[];
}

/** The records of a request in the JSON form; throws when it is not one. */
export function decodeOtlp(text: string): readonly ReceivedLog[] {
  const request = JSON.parse(text) as Record<string, unknown>;
  const type = root.lookupType("ExportLogsServiceRequest");
  const bytes = type.encode(type.fromObject(request)).finish();
  const back = type.toObject(type.decode(bytes), { longs: String, enums: Number, arrays: false }) as typeof request;
  const [sent, received] = [canonical(request), canonical(back)];
  if (sent !== received) throw new Error(`not what was sent:\n${sent.slice(0, 2000)}\n${received.slice(0, 2000)}`);
  const { resourceLogs } = request as { resourceLogs: { scopeLogs: { logRecords: ReceivedLog[] }[] }[] };
  return resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
}

/** Without empty lists, whose absence means the same. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const members = Object.entries(member).filter(([, each]) => !(Array.isArray(each) && each.length === 0));
    return Object.fromEntries(members.sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}
