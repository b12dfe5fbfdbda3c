// A request that was signed inside with placeholder keys (Signature Version 4): the signature is verified, which proves that nobody else's key made it
// and that this is what the program meant to send; then it is made anew with the real keys, for the services and regions that the policy names.
import { createHash } from "node:crypto";
import {
  type Authorization,
  type Credential,
  readAuthorization,
  signatureOf,
  writeAuthorization,
} from "#core/credentials";
import { chunkSigner } from "./aws-chunks.ts";
import { AWS_HASH } from "./aws-hash.ts";
import type { Body, Field, Refused, Request } from "./exchange.ts";
import type { Secret } from "./secret.ts";

/** What is sent instead. */
export interface Resigned {
  readonly fields: readonly Field[];
  /** What the signature needs of the body, or has to change in it. */
  readonly up?: Body;
  /** The fields after all, where they depend on the body. */
  settle?(isWhole: boolean): readonly Field[] | Refused;
}

/** What it is made with. `index`: the field of its signature. */
export interface ResignParts {
  readonly credential: Credential;
  readonly index: number;
  /** The secret key's placeholder. */
  readonly inside: string;
  readonly secret: Secret;
}

const EMPTY = AWS_HASH.sha256("");
const CHUNKED = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
const PAYLOAD = new RegExp(`^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|${CHUNKED})$`);
// Their answers are credentials, in the hands of whoever asks.
const GIVES_KEYS =
  /^(?:sts|iam|sso|sso-oauth|cognito-identity|cognito-idp|signin|secretsmanager|ssm|rolesanywhere|ecr|ecr-public|codeartifact|lakeformation|redshift|redshift-serverless|ec2-instance-connect|codecatalyst)$/;
// What the proxy writes itself, or may change on the way.
const NOT_SIGNED =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept-encoding|content-length|user-agent|x-amzn-trace-id|proxy-.*)$/;

/** Signs it anew, or says why not. */
export function resign(request: Request, parts: ResignParts): Resigned | Refused {
  const read = readAuthorization(request.fields[parts.index]?.value ?? "");
  if (read === undefined) return no("credential-signature", "the signature is not one of AWS4-HMAC-SHA256");
  const { services = [], regions = [] } = parts.credential.inject.sign ?? {};
  if (services.length > 0 && !services.includes(read.scope.service))
    return no("credential-service", `these keys sign for ${services.join(", ")} only`);
  if (services.length === 0 && GIVES_KEYS.test(read.scope.service))
    return no(
      "credential-service",
      `${read.scope.service} gives out keys of its own: it is signed for only where \`sign.services\` names it`,
    );
  if (regions.length > 0 && !regions.includes(read.scope.region))
    return no("credential-region", `these keys sign for ${regions.join(", ")} only`);
  const headers = lower(request.fields).filter(([name]) => name !== "host");
  const stated = oneOf(headers, "x-amz-content-sha256");
  if (stated === undefined && hasBody(headers)) return resignLater(request, parts, read);
  const made = signed(request, parts, { read, payload: stated ?? EMPTY });
  if ("reason" in made) return made;
  return { fields: made.fields, ...(stated === CHUNKED ? { up: made.chunks() } : {}) };
}

/** A body whose hash no field states: it is hashed as it is held, and the head waits for that. */
function resignLater(request: Request, parts: ResignParts, read: Authorization): Resigned {
  const hash = createHash("sha256");
  return {
    fields: request.fields,
    up: {
      keepsLength: true,
      take: (piece) => {
        hash.update(piece);
        return [piece];
      },
      end: () => [],
    },
    settle: (isWhole) => {
      if (!isWhole)
        return no(
          "credential-unhashed-body",
          "a body this large is signed anew only where `x-amz-content-sha256` states its hash",
        );
      const made = signed(request, parts, { read, payload: hash.digest("hex") });
      return "reason" in made ? made : made.fields;
    },
  };
}

interface Signed {
  readonly fields: readonly Field[];
  /** What signs the chunks of the body anew. */
  chunks(): Body;
}

function signed(
  request: Request,
  { index, inside, secret }: ResignParts,
  { payload, read }: { readonly payload: string; readonly read: Authorization },
): Signed | Refused {
  const { scope } = read;
  // The proxy has judged the Host field, and writes its own: what it says is what the client said.
  const host = hostField(request);
  const headers = [["host", host] as const, ...lower(request.fields).filter(([name]) => name !== "host")];
  const time = oneOf(headers, "x-amz-date");
  if (time === undefined || !/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(scope.date))
    return no("credential-signature", "the request has no `x-amz-date` of the day that its signature names");
  if (!PAYLOAD.test(payload))
    return no(
      "credential-signed-trailer",
      "a body with a signed trailer is not signed anew: turn the tool's request checksums off (`AWS_REQUEST_CHECKSUM_CALCULATION=when_required`)",
    );
  const [path = "", query = ""] = splitTarget(request.target);
  const common = { method: request.method, path, query, payload, time, scope };
  // S3 encodes the path once, everything else twice; the signature itself says which it was.
  const once = [true, false].find(
    (way) => signatureOf({ ...common, headers, signed: read.signed, once: way }, inside, AWS_HASH) === read.signature,
  );
  if (once === undefined)
    return no(
      "credential-signature",
      "the signature was not made with this session's placeholder keys, or the request was changed after it",
    );
  const token = secret.reveal("sessionToken");
  const kept = request.fields.filter(
    ({ name }, at) => at !== index && !/^(?:x-amz-security-token|host|authorization)$/i.test(name),
  );
  const fields = [
    { name: "Host", value: host },
    ...kept,
    ...(token === "" ? [] : [{ name: "x-amz-security-token", value: token }]),
  ];
  const names = namesToSign(read.signed, lower(fields));
  const parts = { ...common, headers: lower(fields), signed: names, once };
  const signature = signatureOf(parts, secret.reveal("secretAccessKey"), AWS_HASH);
  const value = writeAuthorization({ keyId: secret.reveal("accessKeyId"), scope, signed: names, signature });
  return {
    fields: [...fields, { name: "Authorization", value }],
    chunks: () =>
      chunkSigner({
        ...{ time, scope },
        inside: { secret: inside, seed: read.signature },
        real: { secret: secret.reveal("secretAccessKey"), seed: signature },
      }),
  };
}

/** What was signed and still stands there, the host, and every field of AWS's own. */
function namesToSign(before: readonly string[], headers: readonly (readonly [string, string])[]): readonly string[] {
  const there = new Set(headers.map(([name]) => name));
  const own = [...there].filter((name) => name.startsWith("x-amz-"));
  return [...new Set(["host", ...own, ...before.filter((name) => there.has(name) && !NOT_SIGNED.test(name))])].sort();
}

function no(reason: string, hint: string): Refused {
  return { reason, hint };
}

function lower(fields: readonly Field[]): readonly (readonly [string, string])[] {
  return fields.map(({ name, value }) => [name.toLowerCase(), value] as const);
}

function oneOf(headers: readonly (readonly [string, string])[], name: string): string | undefined {
  return headers.find(([own]) => own === name)?.[1];
}

function hasBody(headers: readonly (readonly [string, string])[]): boolean {
  return headers.some(([name, value]) => name === "transfer-encoding" || (name === "content-length" && value !== "0"));
}

function splitTarget(target: string): readonly [string, string] {
  const question = target.indexOf("?");
  return question < 0 ? [target, ""] : [target.slice(0, question), target.slice(question + 1)];
}

/** As the proxy writes it: without the scheme's own port. */
function hostField({ host, port, scheme }: Request): string {
  const name = host.includes(":") ? `[${host}]` : host;
  return port === (scheme === "https" ? 443 : 80) ? name : `${name}:${port}`;
}
