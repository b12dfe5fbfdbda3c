// Where a request presents a credential: the header fields and query parameters by which servers know who asks. On a host that the broker serves,
// whatever stands in one of them has to be a placeholder, or it is somebody else's key (CRED-2). Pure.
import type { HeaderField, HttpRequest } from "./request.ts";

/** One of those places, with what stands in it. */
export type Presented =
  | { readonly in: "field"; readonly index: number; readonly name: string; readonly value: string }
  | { readonly in: "query"; readonly index: number; readonly name: string; readonly value: string };

// Names without their marks and case: `accessKey`, `access_key`, `x-access-key` and `access.key` are one to some server. Better one too many: the
// refusal names the place.
const ANYWHERE =
  /token(?!s$|iz|type|count|limit|budget|ur[il]|endpoint)|secret|passw(?:or)?d|passphrase|credential|bearer|jwt|assertion$|signature$|(?:access|account|admin|api|app|application|auth|client|consumer|customer|developer|hapi|licen[cs]e|master|partner|private|security|service|session|shared|sign|signing|subscription|user)key(?:id)?$/;
const WHOLE = /^(?:x?(?:auth|authentication|authorization|hmac|key|otp|pass|pat|pwd|sas|sig)|googleaccessid|oauth.*)$/;
// A header field is named for its purpose, so more of its words say so.
const FIELD = /^cookie2?$|auth(?!or(?!iz)|type$)|key$|signature|^x?(?:dpop|pin|session|sid|ticket|wsse)$|otp$/;
const FIELD_WORD = /(?:^|[-_])(?:key|auth)(?:$|[-_])/i;
// Names that hold such a word and identify nobody: pages of a list, what is cached or sent twice, what a server of objects keeps beside one.
const HARMLESS =
  /(?:continu(?:e|ation)|cursor|delta|marker|next|page|pagination|prev(?:ious)?|resum(?:e|ption)|scroll|skip|start|starting|sync)token$|(?:cache|group|idempotency|partition|public|routing|sort|surrogate|websocket)key$/;
const HARMLESS_FIELD =
  /^(?:x-amz-server-side-encryption-.*|x-(?:amz|goog|ms)-meta-.*|www-authenticate|anthropic-dangerous-.*|npm-auth-type|x-goog-authuser)$/i;

/** True for the name of a parameter, in a query, a form or an object, by which servers know who asks. */
export function presentsByName(name: string): boolean {
  const bare = bareName(name);
  return (ANYWHERE.test(bare) || WHOLE.test(bare)) && !HARMLESS.test(bare);
}

function bareName(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, "");
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
  if (/^sec-websocket-protocol$/i.test(name)) return /key|token|bearer|auth|secret|jwt|[\w-]{32}/i.test(value);
  if (HARMLESS_FIELD.test(name)) return false;
  const bare = bareName(name);
  return presentsByName(name) || ((FIELD.test(bare) || FIELD_WORD.test(name)) && !HARMLESS.test(bare));
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
