// Where a request presents a credential: the header fields and query parameters by which servers know who asks. On a host that the broker serves,
// whatever stands in one of them has to be a placeholder, or it is somebody else's key (CRED-2). Pure.
import type { HeaderField, HttpRequest } from "./request.ts";

/** One of those places, with what stands in it. */
export type Presented =
  | { readonly in: "field"; readonly index: number; readonly name: string; readonly value: string }
  | { readonly in: "query"; readonly index: number; readonly name: string; readonly value: string };

// A name with one of these words in it. Better one too many: the refusal names the field, and the policy can name it too.
const FIELD =
  /^cookie2?$|token(?!iz)|api[-_]?key|secret|passw(?:or)?d|credential|authoriz|(?:^|[-_])(?:key|auth|jwt|bearer)(?:$|[-_])/i;
// Names that hold such a word and identify nobody.
const HARMLESS =
  /^(?:(?:x-)?idempotency-key|sec-websocket-key|surrogate-key|cache-key|x-amz-server-side-encryption-.*|x-amz-meta-.*|x-goog-meta-.*|x-ms-meta-.*|www-authenticate|anthropic-dangerous-.*)$/i;
const QUERY =
  /^(?:(?:access|auth|oauth|private|job|deploy|id|api|bearer|refresh|subject|x-amz-security)[-_]?token|token|(?:x-)?api[-_]?key|key|auth|authorization|client[-_]secret|(?:client[-_])?assertion|secret|passw(?:or)?d|jwt|sig|signature|x-(?:amz|goog)-(?:signature|credential)|awsaccesskeyid|googleaccessid)$/i;

/** True for the name of a parameter, in a query, a form or an object, by which servers know who asks. */
export function presentsByName(name: string): boolean {
  return QUERY.test(name.replace(/\[.*$/, ""));
}

/** Every place of the request that presents something. */
export function presentedIn(
  request: HttpRequest,
  alsoFields: ReadonlySet<string>,
  alsoQuery: ReadonlySet<string>,
): readonly Presented[] {
  const fields = request.fields.flatMap(({ name, value }, index): readonly Presented[] =>
    value !== "" && (presents({ name, value }) || alsoFields.has(name.toLowerCase()))
      ? [{ in: "field", index, name, value }]
      : [],
  );
  const query = queryPairs(request.target).flatMap(({ name, value }, index): readonly Presented[] =>
    value !== "" && (presentsByName(name) || alsoQuery.has(name)) ? [{ in: "query", index, name, value }] : [],
  );
  return [...fields, ...query];
}

function presents({ name, value }: HeaderField): boolean {
  // A browser cannot set headers on a WebSocket, so some servers take the key as a protocol's name.
  if (/^sec-websocket-protocol$/i.test(name)) return /api-?key|token|bearer|auth/i.test(value);
  return FIELD.test(name) && !HARMLESS.test(name);
}

/** The pairs of a query, decoded once, in order. `;` parts them too to some servers. */
export function queryPairs(target: string): readonly { readonly name: string; readonly value: string }[] {
  const question = target.indexOf("?");
  if (question < 0) return [];
  return target
    .slice(question + 1)
    .split(/[&;]/)
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return { name: decoded(name), value: decoded(value) };
    });
}

/** The target with the value of one pair replaced, encoded. */
export function withQueryValue(target: string, index: number, value: string): string {
  const question = target.indexOf("?");
  const parts = target.slice(question + 1).split(/([&;])/);
  const pair = parts[index * 2] ?? "";
  parts[index * 2] = `${pair.slice(0, pair.indexOf("=") + 1)}${encodeURIComponent(value)}`;
  return `${target.slice(0, question + 1)}${parts.join("")}`;
}

/** Percent-decoded where it can be; `+` stands for itself, as no placeholder has one. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
