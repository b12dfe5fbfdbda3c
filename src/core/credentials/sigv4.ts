// AWS Signature Version 4 as text: the canonical request, the string that is signed, and the header that carries it
// (docs.aws.amazon.com, "Create a signed AWS API request"). Pure: the hash is handed in.

/** SHA-256 and HMAC-SHA-256. */
export interface Hash {
  sha256(data: string | Uint8Array): string;
  hmac(key: string | Uint8Array, data: string): Uint8Array;
}

/** What a signature covers. */
export interface SignedParts {
  readonly method: string;
  /** As sent, without the query. */
  readonly path: string;
  /** As sent, without the `?`. */
  readonly query: string;
  /** Lower-case names. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** Names of those that are signed, lower case. */
  readonly signed: readonly string[];
  /** Of the body: hexadecimal SHA-256, or one of the words that S3 takes instead. */
  readonly payload: string;
  /** `20260102T030405Z`. */
  readonly time: string;
  readonly scope: Scope;
  /** S3 takes the path encoded once; every other service encodes it again. */
  readonly once: boolean;
}

/** Where a signature holds. */
export interface Scope {
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

/** An `Authorization` header of this kind, read. */
export interface Authorization {
  readonly keyId: string;
  readonly scope: Scope;
  readonly signed: readonly string[];
  readonly signature: string;
}

const ALGORITHM = "AWS4-HMAC-SHA256";

/** Reads the header's value; `undefined` when it is not exactly one of these. */
export function readAuthorization(value: string): Authorization | undefined {
  const found =
    /^AWS4-HMAC-SHA256 +Credential=([\w-]{4,128})\/(\d{8})\/([a-z0-9-]{1,64})\/([a-z0-9-]{1,64})\/aws4_request *, *SignedHeaders=([a-z0-9;_.-]{4,4096}) *, *Signature=([0-9a-f]{64})$/i.exec(
      value,
    );
  if (found === null) return undefined;
  const [, keyId = "", date = "", region = "", service = "", names = "", signature = ""] = found;
  const signed = names.split(";");
  if (!signed.includes("host") || new Set(signed).size !== signed.length) return undefined;
  return { keyId, scope: { date, region, service }, signed, signature };
}

/** Writes it. */
export function writeAuthorization({ keyId, scope, signed, signature }: Authorization): string {
  return `${ALGORITHM} Credential=${keyId}/${scopeText(scope)}, SignedHeaders=${signed.join(";")}, Signature=${signature}`;
}

/** The signature of a request by a secret key. */
export function signatureOf(parts: SignedParts, secretKey: string, hash: Hash): string {
  const request = canonicalRequest(parts);
  const text = [ALGORITHM, parts.time, scopeText(parts.scope), hash.sha256(request)].join("\n");
  return hex(hash.hmac(signingKey(parts.scope, secretKey, hash), text));
}

/** The signature of one chunk of a body (`STREAMING-AWS4-HMAC-SHA256-PAYLOAD`): each covers the one before it. */
export function chunkSignature(
  parts: { readonly time: string; readonly scope: Scope; readonly before: string; readonly data: Uint8Array },
  key: Uint8Array,
  hash: Hash,
): string {
  const { time, scope, before, data } = parts;
  const text = [`${ALGORITHM}-PAYLOAD`, time, scopeText(scope), before, hash.sha256(""), hash.sha256(data)].join("\n");
  return hex(hash.hmac(key, text));
}

/** The key of one day, region and service. */
export function signingKey({ date, region, service }: Scope, secretKey: string, hash: Hash): Uint8Array {
  const steps = [region, service, "aws4_request"];
  return steps.reduce((key, step) => hash.hmac(key, step), hash.hmac(`AWS4${secretKey}`, date));
}

/** The text that stands for the request. */
export function canonicalRequest({ method, path, query, headers, signed, payload, once }: SignedParts): string {
  const names = [...signed].sort(byCode);
  const lines = names.map((name) => {
    const values = headers.filter(([own]) => own === name).map(([, value]) => value.trim().replace(/ +/g, " "));
    return `${name}:${values.join(",")}\n`;
  });
  const whole = canonicalPath(path, once);
  return [method, whole, canonicalQuery(query), lines.join(""), names.join(";"), payload].join("\n");
}

function canonicalPath(path: string, once: boolean): string {
  const segments = (path === "" ? "/" : path).split("/");
  return segments.map((segment) => encode(once ? decode(segment) : latin1(segment))).join("/");
}

function canonicalQuery(query: string): string {
  const pairs = query
    .split("&")
    .filter((pair) => pair !== "")
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return [encode(decode(name)), encode(decode(value))] as const;
    });
  return pairs
    .sort(([a, x], [b, y]) => byCode(a, b) || byCode(x, y))
    .map((pair) => pair.join("="))
    .join("&");
}

function byCode(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function scopeText({ date, region, service }: Scope): string {
  return `${date}/${region}/${service}/aws4_request`;
}

/** Percent-encoded text as bytes; a `%` that starts no pair stands for itself. */
function decode(text: string): readonly number[] {
  const bytes: number[] = [];
  for (let i = 0; i < text.length; i++) {
    const pair = text[i] === "%" ? /^[0-9a-f]{2}$/i.exec(text.slice(i + 1, i + 3)) : null;
    bytes.push(pair === null ? text.charCodeAt(i) & 0xff : Number.parseInt(pair[0], 16));
    if (pair !== null) i += 2;
  }
  return bytes;
}

function latin1(text: string): readonly number[] {
  return [...text].map((letter) => letter.charCodeAt(0) & 0xff);
}

/** RFC 3986: everything but the unreserved characters. */
function encode(bytes: readonly number[]): string {
  return bytes
    .map((byte) => {
      const letter = String.fromCharCode(byte);
      return /[A-Za-z0-9_.~-]/.test(letter) ? letter : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    })
    .join("");
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
