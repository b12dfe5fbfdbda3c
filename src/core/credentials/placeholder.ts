// What stands in the fence where a secret would: the same length, the prefix and the alphabet that programs check, and nothing of the rest (CRED-2).
// Pure: randomness is handed in.
import { toBase64 } from "../log/base64.ts";

/** As many random bytes as asked for. */
export type RandomBytes = (count: number) => Uint8Array;

// Prefixes that their issuers publish, so that scanners and clients recognise a token. They say the kind, and hold no part of the secret.
const PREFIX =
  /^(?:gh[pousr]_|github_pat_|gl[a-z]{2,5}-|sk-ant-[a-z]+\d*-|sk-(?:proj|svcacct|admin|or-v1)-|sk-|AKIA|ASIA|AIza|ya29\.|npm_|pypi-|xox[abeoprs]-|xapp-|hv[sbr]\.|hf_|gsk_|r8_|dop_v1_|SG\.|(?:sk|rk|pk)_(?:live|test)_|whsec_|lin_api_|dckr_pat_|ATATT3x|rubygems_|cio|figd_|sntry[su]_|glsa_|pul-)/;

const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
const UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const BASE32 = `${UPPER}234567`;
const ALNUM = `${UPPER}abcdefghijklmnopqrstuvwxyz${DIGITS}`;

/** A placeholder for `real`: another one at each call, never `real` itself. */
export function placeholderFor(real: string, random: RandomBytes): string {
  const made = jwtLike(real, random) ?? plain(real, random);
  return made === real ? placeholderFor(real, random) : made;
}

function plain(real: string, random: RandomBytes): string {
  const prefix = PREFIX.exec(real)?.[0] ?? "";
  const rest = real.slice(prefix.length);
  // Marks are kept only where they part groups (a UUID's hyphens): elsewhere they are part of the secret's own letters.
  const isGrouped = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(rest);
  const letters = alphabetOf(isGrouped ? rest.replaceAll("-", "") : rest);
  const drawn = draw(letters, rest.length, random);
  const body = isGrouped ? [...drawn].map((letter, i) => (rest[i] === "-" ? "-" : letter)).join("") : drawn;
  return `${prefix}${body}`;
}

/** The narrowest well-known alphabet that holds the text. Everything else becomes letters and digits, which stand anywhere unescaped. */
function alphabetOf(text: string): string {
  if (/^\d+$/.test(text)) return DIGITS;
  if (/^[0-9a-f]+$/.test(text)) return HEX;
  if (/^[0-9A-F]+$/.test(text)) return HEX.toUpperCase();
  if (/^[A-Z2-7]+$/.test(text)) return BASE32;
  return ALNUM;
}

/** `{"alg":…}.{claims}.signature`: clients read the expiry out of such a token, so the placeholder has one, and no other claim. */
function jwtLike(real: string, random: RandomBytes): string | undefined {
  const parts = /^(eyJ[\w-]{8,})\.(eyJ[\w-]{8,})\.([\w-]{16,})$/.exec(real);
  if (parts === null) return undefined;
  const header = parts[1] ?? "";
  const claims = base64url(JSON.stringify({ ...timesOf(parts[2] ?? ""), jti: draw(ALNUM, 16, random) }));
  const left = real.length - header.length - claims.length - 2;
  return left < 16 ? undefined : `${header}.${claims}.${draw(ALNUM, left, random)}`;
}

function timesOf(claims: string): { readonly exp?: number; readonly iat?: number } {
  try {
    const text = atob(claims.replaceAll("-", "+").replaceAll("_", "/"));
    const { exp, iat } = JSON.parse(text) as { readonly exp?: unknown; readonly iat?: unknown };
    return { ...(typeof exp === "number" ? { exp } : {}), ...(typeof iat === "number" ? { iat } : {}) };
  } catch {
    return {}; // a token that only looks like one
  }
}

function base64url(text: string): string {
  return toBase64(new TextEncoder().encode(text)).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

/** Letters without bias: bytes beyond the last whole multiple of the alphabet are thrown away. */
function draw(alphabet: string, count: number, random: RandomBytes): string {
  const most = 256 - (256 % alphabet.length);
  let text = "";
  while (text.length < count) {
    for (const byte of random(count - text.length + 8)) {
      if (byte < most && text.length < count) text += alphabet[byte % alphabet.length];
    }
  }
  return text;
}
