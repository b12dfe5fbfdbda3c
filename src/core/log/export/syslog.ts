// RFC 5424 messages, their framing on a stream (RFC 6587, octet counting: no content can end a message early), and text that is ASCII
// alone, so that no byte order mark is needed in front of it.
import type { Exported, Stream } from "./exported.ts";
import { factsOf } from "./facts.ts";

/** Facility 13, "log audit". */
const FACILITY = 13;

/** The message of one event. `text` holds no line end and no other control. */
export function syslogMessage(
  exported: Exported,
  text: string,
  context: { readonly stream: Stream; readonly host: string; readonly pid: number },
): string {
  const { stream, host, pid } = context;
  const isRecord = exported.kind === "record";
  const [ts, seq, type] = isRecord
    ? [exported.record.ts, exported.record.seq, exported.record.type]
    : [exported.ts, exported.seq, `log.${exported.damage}`];
  const head = `<${FACILITY * 8 + severityOf(exported)}>1 ${ts} ${printable(host, 255)} ringfence ${pid} ${printable(type, 32)}`;
  // `meta` and `origin` are registered with IANA (RFC 5424, section 7); sequenceId counts from 1 and starts over.
  const meta = `[meta sequenceId="${(seq % 2_147_483_647) + 1}"]`;
  const origin = `[origin software="ringfence" swVersion="${parameter(stream.version)}"]`;
  return `${head} ${meta}${origin} ${text}`;
}

/** 6 informational, 5 notice, 4 warning, 3 error. */
function severityOf(exported: Exported): number {
  return 7 - (exported.kind === "record" ? factsOf(exported).severity : 4);
}

/** Octet counting: the length in bytes, a space, the message. */
export function octetCounted(message: Uint8Array): Uint8Array {
  const head = new TextEncoder().encode(`${message.length} `);
  const framed = new Uint8Array(head.length + message.length);
  framed.set(head);
  framed.set(message, head.length);
  return framed;
}

/** The same JSON with everything above ASCII escaped. */
export function asciiJson(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** A field of the header: printable ASCII without spaces, or `-`. */
function printable(text: string, most: number): string {
  const shown = text.replace(/[^\x21-\x7e]/g, "").slice(0, most);
  return shown === "" ? "-" : shown;
}

/** A parameter of structured data: backslash, quote and bracket are escaped. */
function parameter(text: string): string {
  return text.replace(/[\\"\]]/g, "\\$&");
}
