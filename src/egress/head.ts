// The head of an HTTP/1.x message, parsed strictly (RFC 9112): what two parsers could read differently is refused, not guessed.
// That is what keeps a request from being two, or a host from being another (request smuggling).

/** One header field as it came; names keep their case, comparing does not. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** How the body ends. `close`: with the connection, for responses only. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  | { readonly kind: "close" };

/** A request's head. */
export interface RequestHead {
  readonly method: string;
  readonly target: string;
  readonly version: "1.0" | "1.1";
  readonly fields: readonly Field[];
  readonly framing: Framing;
}

/** A response's head. */
export interface ResponseHead {
  readonly status: number;
  readonly line: string;
  readonly version: "1.0" | "1.1";
  readonly fields: readonly Field[];
}

/** Why a message is refused: one stable word. */
export class BadMessage extends Error {}

/** What a server did that is no HTTP: one stable word. */
export class UpstreamFault extends Error {}

/** The most bytes a head may have. */
export const MAX_HEAD_BYTES: number = 64 * 1024;

/** True for a field that can be written into a head without becoming two. */
export function isField({ name, value }: Field): boolean {
  return TOKEN.test(name) && !/[\0-\x08\x0a-\x1f\x7f]|[^\0-\xff]/.test(value);
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]{1,32}) ([\x21-\x7e]{1,16384}) HTTP\/(1\.[01])$/;
const STATUS_LINE = /^HTTP\/(1\.[01]) ([1-5]\d\d)( [\t\x20-\x7e\x80-\xff]*)?$/;

/** Parses a request's head, given without its final empty line, as latin-1 text. Throws `BadMessage`. */
export function parseRequestHead(text: string): RequestHead {
  const [first = "", ...lines] = splitLines(text);
  const [, method = "", target = "", version] = REQUEST_LINE.exec(first) ?? [];
  if (method === "") throw new BadMessage("request-line");
  const fields = lines.map(parseField);
  const framing = requestFraming(fields);
  if (version === "1.0" && framing.kind === "chunked") throw new BadMessage("chunked-in-1.0");
  return { method, target, version: version as "1.0" | "1.1", fields, framing };
}

/** Parses a response's head. Throws `BadMessage`. */
export function parseResponseHead(text: string): ResponseHead {
  const [line = "", ...lines] = splitLines(text);
  const [, version, status] = STATUS_LINE.exec(line) ?? [];
  if (status === undefined) throw new BadMessage("status-line");
  return { status: Number(status), line, version: version as "1.0" | "1.1", fields: lines.map(parseField) };
}

/** How the body of the response to `method` ends (RFC 9112 section 6.3). */
export function responseFraming(head: ResponseHead, method: string): Framing {
  if (method === "HEAD" || head.status < 200 || head.status === 204 || head.status === 304) return { kind: "none" };
  const codings = valuesOf(head.fields, "transfer-encoding");
  if (codings.length > 0) {
    if (
      codings.length === 1 &&
      codings[0]?.toLowerCase() === "chunked" &&
      valuesOf(head.fields, "content-length").length === 0
    )
      return { kind: "chunked" };
    throw new BadMessage("transfer-encoding");
  }
  return lengthOf(head.fields) ?? { kind: "close" };
}

const NONE: readonly string[] = [];

/** All values of a field, in order. */
export function valuesOf(fields: readonly Field[], name: string): readonly string[] {
  let values: string[] | undefined;
  for (const field of fields) {
    if (field.name.length !== name.length || field.name.toLowerCase() !== name) continue;
    values ??= [];
    values.push(field.value);
  }
  return values ?? NONE;
}

/** The lower-case list members of `Connection`: fields that are for this hop only. */
export function connectionOptions(fields: readonly Field[]): readonly string[] {
  const values = valuesOf(fields, "connection");
  if (values.length === 0) return NONE;
  const words = values.join(",").toLowerCase();
  return words.includes(",") ? words.split(",").map((word) => word.trim()) : [words.trim()];
}

function requestFraming(fields: readonly Field[]): Framing {
  const codings = valuesOf(fields, "transfer-encoding");
  const length = lengthOf(fields);
  if (codings.length === 0) return length ?? { kind: "none" };
  if (length !== undefined) throw new BadMessage("both-lengths");
  if (codings.length === 1 && codings[0]?.toLowerCase() === "chunked") return { kind: "chunked" };
  throw new BadMessage("transfer-encoding");
}

function lengthOf(fields: readonly Field[]): Framing | undefined {
  const [value, ...more] = valuesOf(fields, "content-length");
  if (value === undefined) return undefined;
  if (more.length > 0 || !/^\d{1,15}$/.test(value)) throw new BadMessage("content-length");
  return { kind: "length", bytes: Number(value) };
}

function splitLines(text: string): readonly string[] {
  if (/\0|\r(?!\n)|(?<!\r)\n/.test(text)) throw new BadMessage("line-end");
  return text.split("\r\n");
}

/** One line of a head or a trailer. Throws `BadMessage`. */
export function parseField(line: string): Field {
  const colon = line.indexOf(":");
  const name = line.slice(0, colon);
  if (colon < 1 || !TOKEN.test(name)) throw new BadMessage("field-name");
  const value = withoutBlanks(line, colon + 1);
  if (/[\0-\x08\x0a-\x1f\x7f]/.test(value)) throw new BadMessage("field-value");
  return { name, value };
}

/** What begins at `from`, without spaces and tabs around it: `trim` would take more. */
function withoutBlanks(text: string, from: number): string {
  let [start, end] = [from, text.length];
  while (start < end && isBlank(text.charCodeAt(start))) start += 1;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}
