// A request that was signed inside with placeholder keys (Signature Version 4): the signature is verified, which proves that nobody else's key made it
// and that this is what the program meant to send; then it is made anew with the real keys, for the services and regions that the policy names.
import { type Credential, readAuthorization, signatureOf, writeAuthorization } from "#core/credentials";
import { chunkSigner } from "./aws-chunks.ts";
import { AWS_HASH } from "./aws-hash.ts";
import type { Body, Field, Refused, Request } from "./exchange.ts";
import type { Secret } from "./secret.ts";

/** The placeholders of an AWS key. */
export interface StandInKeys {
  readonly id: string;
  readonly secret: string;
}

/** What is sent instead. */
export interface Resigned {
  readonly fields: readonly Field[];
  /** For a body whose chunks are signed one by one. */
  readonly up?: Body;
}

const EMPTY = AWS_HASH.sha256("");
// What the proxy writes itself, or may change on the way.
const NOT_SIGNED =
  /^(?:connection|keep-alive|te|trailer|transfer-encoding|upgrade|expect|accept-encoding|content-length|user-agent|x-amzn-trace-id|proxy-.*)$/;

/** Signs it anew, or says why not. `index`: the field of its signature. */
export function resign(
  request: Request,
  parts: {
    readonly credential: Credential;
    readonly index: number;
    readonly inside: StandInKeys;
    readonly secret: Secret;
  },
): Resigned | Refused {
  const { credential, index, inside, secret } = parts;
  const no = (reason: string, hint: string): Refused => ({ reason, hint });
  const read = readAuthorization(request.fields[index]?.value ?? "");
  if (read === undefined) return no("credential-signature", "the signature is not one of AWS4-HMAC-SHA256");
  const { scope, signed } = read;
  const { services = [], regions = [] } = credential.inject.sign ?? {};
  if (services.length > 0 && !services.includes(scope.service))
    return no("credential-service", `these keys sign for ${services.join(", ")} only`);
  if (regions.length > 0 && !regions.includes(scope.region))
    return no("credential-region", `these keys sign for ${regions.join(", ")} only`);
  // The proxy has judged the Host field, and writes its own: what it says is what the client said.
  const host = hostField(request);
  const headers = [
    ["host", host] as const,
    ...request.fields
      .map(({ name, value }) => [name.toLowerCase(), value] as const)
      .filter(([name]) => name !== "host"),
  ];
  const one = (name: string): string | undefined => headers.find(([own]) => own === name)?.[1];
  const time = one("x-amz-date");
  if (time === undefined || !/^\d{8}T\d{6}Z$/.test(time) || !time.startsWith(scope.date))
    return no("credential-signature", "the request has no `x-amz-date` of the day that its signature names");
  const payload = one("x-amz-content-sha256") ?? (hasBody(headers) ? undefined : EMPTY);
  if (payload === undefined)
    return no(
      "credential-unhashed-body",
      "a body is signed anew only where `x-amz-content-sha256` states its hash; newer AWS tools send it",
    );
  const known =
    /^(?:[0-9a-f]{64}|UNSIGNED-PAYLOAD|STREAMING-UNSIGNED-PAYLOAD-TRAILER|STREAMING-AWS4-HMAC-SHA256-PAYLOAD)$/;
  if (!known.test(payload))
    return no(
      "credential-signed-trailer",
      "a body with a signed trailer is not signed anew: turn the tool's request checksums off (`AWS_REQUEST_CHECKSUM_CALCULATION=when_required`)",
    );
  const [path = "", query = ""] = splitTarget(request.target);
  const common = { method: request.method, path, query, payload, time, scope };
  const claimed = { ...common, headers, signed };
  // S3 encodes the path once, everything else twice; the signature itself says which it was.
  const once = [true, false].find(
    (way) => signatureOf({ ...claimed, once: way }, inside.secret, AWS_HASH) === read.signature,
  );
  if (once === undefined)
    return no(
      "credential-signature",
      "the signature was not made with this session's placeholder keys, or the request was changed after it",
    );
  const token = secret.reveal("sessionToken");
  const kept = request.fields.filter(({ name }, at) => at !== index && !/^(?:x-amz-security-token|host)$/i.test(name));
  const fields = [
    { name: "Host", value: host },
    ...kept,
    ...(token === "" ? [] : [{ name: "x-amz-security-token", value: token }]),
  ];
  const lower = fields.map(({ name, value }) => [name.toLowerCase(), value] as const);
  const names = new Set([
    ...signed.filter((name) => !NOT_SIGNED.test(name) && lower.some(([own]) => own === name)),
    "host",
  ]);
  for (const [name] of lower) if (name.startsWith("x-amz-")) names.add(name);
  const list = [...names].sort();
  const signature = signatureOf(
    { ...common, headers: lower, signed: list, once },
    secret.reveal("secretAccessKey"),
    AWS_HASH,
  );
  const authorization = writeAuthorization({ keyId: secret.reveal("accessKeyId"), scope, signed: list, signature });
  const chunked = payload === "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  return {
    fields: [...fields, { name: "Authorization", value: authorization }],
    ...(chunked
      ? {
          up: chunkSigner({
            ...{ time, scope },
            inside: { secret: inside.secret, seed: read.signature },
            real: { secret: secret.reveal("secretAccessKey"), seed: signature },
          }),
        }
      : {}),
  };
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
