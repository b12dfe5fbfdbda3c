// Whether a value is worth looking for. A word that people write (`development`, `localhost`) would stop honest requests; a random string never does.
import { SHORTEST } from "./secret.ts";

const SECRET_NAME =
  /pass(?:w(?:or)?d|phrase|code)?|pwd|secret|token|credential|api[-_.]?key|(?:access|private|signing|encryption|master|account|session|license)[-_.]?key|auth|bearer|salt|cookie|dsn|jwt|seed|mnemonic|(?:^|[-_.])(?:key|pat|pin|otp|hash)$|client-key-data/i;
const ENDS_SECRET =
  /(?:pass(?:w(?:or)?d|phrase|code)?|pwd|secret|token|key|jwt|salt|dsn)(?:[-_.]?\d*|_(?:prod|dev|test|staging|base))$|in line \d+$|^password of /i;

const NO_SECRET =
  /^(?:true|false|yes|no|on|off|null|none|nil|undefined|enabled?|disabled?|default|localhost|(?:https?:\/\/)?(?:localhost|127\.0\.0\.1)(?::\d+)?\/?|development|production|staging|testing|password|username|postgres(?:ql)?|administrator|application|authorization|anonymous|changeit|change[-_ ]?me(?:[-_ ]?\w{0,12})?|placeholder|redacted|replace[-_ ]?me|todo|example|(?:your|my|the|insert|enter|some)[-_ ].{0,40}(?:here|key|token|secret|password)|[x*.\-_0]+|[x*]+.{0,4})$/i;
// `supersecret`, `my-dev-password-123`: what everybody writes where a secret will be, and what manuals and tests are full of.
const WORDS =
  /(?:super|my|your|the|this|is|a|an|some|any|dev(?:elopment)?|prod(?:uction)?|test(?:ing)?|local|demo|dummy|fake|sample|example|default|change|me|in|not|very|so|secrets?|pass(?:word|wd|phrase)?|token|keys?|api|jwt|auth|access|session|cookie|admin|root|user(?:name)?|postgres|mysql|mongo|redis|rabbit|guest|app|string|value|here|insert|replace|for|123(?:4(?:5(?:6(?:7(?:8(?:90?)?)?)?)?)?)?|[-_.\s!])/gi;
const LEFT_LEAST = 5;
const REFERENCE = /^(?:\$\{?[A-Za-z_].*|<[^>]*>|\{\{.*\}\}|%\w+%|\/run\/secrets\/.*|file:.*|env:.*|vault:.*)$/;
const URL = /^[a-z][a-z0-9+.-]*:\/\//i;
const PLAIN_URL = /^[a-z][a-z0-9+.-]*:\/\/(?![^\s/]*:[^\s/]*@)/i;
const PLACE =
  /^(?:~?\/[\w@.~-]|\.{1,2}\/|[A-Za-z]:\\)|^[\w.+-]+@[\w-]+\.[\w.-]+$|^(?:[a-z0-9-]+\.)+[a-z]{2,}(?::\d+)?$|^[\w./-]+\.(?:pem|key|crt|json|ya?ml|txt|db|sqlite3?)$/i;

/** The text, under the name that its file gives it. */
export function isSecretValue(name: string, text: string): boolean {
  const { length } = text;
  if (length < SHORTEST || length > 64 * 1024 || new Set(text).size < 5) return false;
  if (text.replace(WORDS, "").length < LEFT_LEAST) return false;
  if (NO_SECRET.test(text) || REFERENCE.test(text) || PLACE.test(text)) return false;
  // The hook of a chat is a secret; the address of a service is not.
  if (PLAIN_URL.test(text)) return /[\w-]{20,}$/.test(text) && isRandom(text.replace(/^.*\//, ""));
  const [, password] = /^[^/]*\/\/[^\s/]*?:([^\s/]*)@/.exec(text) ?? [];
  if (URL.test(text)) return password !== undefined && isSecretValue("password", password);
  if (/^[\d\s.,:+-]+$/.test(text)) return SECRET_NAME.test(name) && text.replace(/\D/g, "").length >= 12;
  if (ENDS_SECRET.test(name)) return true;
  if (/\s/.test(text)) return SECRET_NAME.test(name) && length >= 20;
  if (SECRET_NAME.test(name)) return length >= 16 || /[0-9]/.test(text) || /[a-z].*[A-Z]|[A-Z].*[a-z]/.test(text);
  return isRandom(text);
}

/** Letters and digits mixed as no word is. */
function isRandom(text: string): boolean {
  if (text.length < 16 || !/[0-9]/.test(text) || !/[A-Za-z]/.test(text)) return false;
  // A version, a date, an image's tag: digits in few places.
  const isMixed = /[A-Z].*[a-z]|[a-z].*[A-Z]/.test(text);
  if (!isMixed && ((text.match(/[0-9]+/g) ?? []).length < 3 || text.replace(/[^0-9]/g, "").length < 5)) return false;
  return entropy(text) >= 3.2;
}

/** Shannon's, in bits a character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
