// Names of the places by which servers know who asks: of header fields, of parameters in a query or a form, of texts in an object. What identifies
// nobody is left out, and where a name alone says too little, the value has to look like a key. Pure.
import { isKeyLike, isUuid, SHORTEST_KEY } from "./key-like.ts";

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
/** What AWS takes so that a repeated request is done once. */
const ONCE = /^(?:client|clientrequest|creation|idempotency|request)token$/;
/** What is called a key and is the name of a variable, or public. */
const NO_KEY = /^(?:[A-Z]+(?:_[A-Z0-9]+)+$|(?:ssh|ecdsa|sk-ssh)-[a-z0-9@.-]+ )/;
/** A session is no login by its name: many servers number conversations so. */
const SESSION = /^(?:ssid|sid|sso|ticket|connectsid|(?:asp|j|php)sess(?:ion)?(?:id)?)$/;
const CONVERSATION = /^(?:x?sess(?:ion)?(?:id)?)$/;
// A text in an object is anything: what it is named has to say who asks, and not what is asked about (`SecretId`, `keyId`, a webhook's `secret`).
const IN_OBJECT =
  /^(?:(?:access|account|api|app|auth|authentication|authorization|bearer|id|oauth2?|personal|private|refresh|secret|security|service|session|user|x)+(?:token|key|jwt)|(?:aws)?secretaccesskey|authorization|auth|bearer|jwt|pat|client(?:secret|assertion)|assertion)$/;
/** Names of which some servers' keys are UUIDs; sessions and users are numbered so, too. */
const UUID_TOO = /^(?:(?:access|api|app|auth|private|secret|service|x)+(?:token|key)|clientsecret)$/;
const PASSWORD = /^(?:user|login|account)?passw(?:or)?d$/;

/** What is handed in for a new token. */
const EXCHANGE = /^(?:refreshtoken|clientsecret|clientassertion|assertion|subjecttoken|codeverifier|devicecode)$/;

/** True for the name of a parameter, in a query, a form or an object, by which servers know who asks. */
export function presentsByName(name: string): boolean {
  const bare = bareName(name);
  return (ANYWHERE.test(bare) || WHOLE.test(bare)) && !HARMLESS.test(bare);
}

/** True for a header field by which servers know who asks. */
export function presentsAsField({ name, value }: { readonly name: string; readonly value: string }): boolean {
  // A browser cannot set headers on a WebSocket, so some servers take the key as a protocol's name.
  if (/^sec-websocket-protocol$/i.test(name)) return /key|token|bearer|auth|secret|jwt|[\w-]{32}/i.test(value);
  if (HARMLESS_FIELD.test(name) || (/^x-atlassian-token$/i.test(name) && /^no-?check$/i.test(value))) return false;
  const bare = bareName(name);
  return presentsByName(name) || ((FIELD.test(bare) || FIELD_WORD.test(name)) && !HARMLESS.test(bare));
}

/** True for a parameter of a query, a path or a form that presents something. */
export function presentsAsPair({ name, value }: { readonly name: string; readonly value: string }): boolean {
  if (value === "") return false;
  const bare = bareName(name);
  if (ONCE.test(bare)) return isKeyLike(value); // `terraform-20260101` is none
  if (bare === "key" && NO_KEY.test(value)) return false;
  if (SESSION.test(bare)) return isKeyLike(value);
  if (CONVERSATION.test(bare)) return isKeyLike(value) && !/^[0-9a-f]{32}$/i.test(value);
  return presentsByName(name);
}

/** True for a text of an object that presents something, `depth` levels down. Objects speak of many things, so the value has to look like a key. */
export function presentsInObject({
  name,
  value,
  depth,
}: {
  readonly name: string;
  readonly value: string;
  readonly depth: number;
}): boolean {
  if (depth > 2 || value === "" || (value.length < SHORTEST_KEY && !/pass/i.test(name))) return false;
  const bare = bareName(name);
  if (PASSWORD.test(bare)) return depth === 1;
  // blanks around it are cut off by many who take it
  const key = value.trim().replace(/^\w+\s+/, "");
  if (IN_OBJECT.test(bare)) return isKeyLike(key) || (isUuid(key) && UUID_TOO.test(bare));
  return bare === "token" && depth === 1 && isKeyLike(key);
}

/** Why nothing else may stand under this name, in words that say what to do. */
export function noOtherKey(name: string): string {
  return EXCHANGE.test(bareName(name))
    ? "an exchange of tokens is made outside: its answer would be another key, which this host is not shown either; a person gives the credential a source that renews it (`source: {command: [...]}`, vault, aws, githubApp)"
    : "no other key is used here, one that an answer handed out included";
}

function bareName(name: string): string {
  // `key[]` and `key[0]` are lists of one
  return name
    .toLowerCase()
    .replace(/\[\d*\]$/, "")
    .replace(/[^a-z0-9]/g, "");
}
