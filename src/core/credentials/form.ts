// How a placeholder stands in its place: bare, behind a word such as `Bearer`, within Basic, or as a cookie. Anything beside it makes it something
// else, and that is refused. Pure.
import { decoded, type Presented } from "./presented.ts";
import type { HttpRequest } from "./request.ts";

/** How the value stands in its place. */
export type Form =
  | { readonly kind: "bare" }
  /** Behind a word such as `Bearer`. */
  | { readonly kind: "scheme"; readonly word: string }
  | { readonly kind: "basic"; readonly user: string }
  /** As the user name, with a password that says nothing. */
  | { readonly kind: "basic-user"; readonly password: string }
  | { readonly kind: "cookie"; readonly name: string };

/** The form of a placeholder in a value; `undefined` when the value is anything else, or holds more than it. */
export function formOf(at: Presented, placeholder: string, user: string | undefined): Form | undefined {
  const { value } = at;
  if (value === placeholder) return { kind: "bare" };
  if (at.in === "query") return undefined;
  if (/^cookie$/i.test(at.name)) {
    const [, name = "", text] = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+)=([^;,\s]*)$/.exec(value) ?? [];
    return text === placeholder ? { kind: "cookie", name } : undefined;
  }
  const [, word = "", rest = ""] = /^([A-Za-z][\w-]{0,40}) +(\S+)$/.exec(value) ?? [];
  if (word.toLowerCase() !== "basic") return rest === placeholder ? { kind: "scheme", word } : undefined;
  const pair = fromBasic(rest);
  const colon = pair?.indexOf(":") ?? -1;
  if (pair === undefined || colon < 0) return undefined;
  const [name, password] = [pair.slice(0, colon), pair.slice(colon + 1)];
  // Some servers take a token as the user name and look at nothing else: whose name stands there is the policy's to say, or nobody's.
  if (password === placeholder) return isPlainUser(name, user) ? { kind: "basic", user: user ?? name } : undefined;
  if (name === placeholder && /^(?:|x|x-oauth-basic)$/.test(password)) return { kind: "basic-user", password };
  return undefined;
}

/** True when the text stands anywhere in the head: as it is, percent-encoded, or within a Basic value. */
export function mentions({ target, fields }: Pick<HttpRequest, "target" | "fields">, text: string): boolean {
  if (target.includes(text) || decoded(target).includes(text)) return true;
  return fields.some(({ value }) => {
    if (value.includes(text) || decoded(value).includes(text)) return true;
    const [, encoded = ""] = /^basic +(\S+)$/i.exec(value) ?? [];
    return encoded !== "" && (fromBasic(encoded)?.includes(text) ?? false);
  });
}

/** A name that can be no token: the policy's own, or a short one. */
function isPlainUser(name: string, user: string | undefined): boolean {
  if (user !== undefined) return name === user || name === "";
  return (
    /^[A-Za-z0-9][\w.@+-]{0,38}$/.test(name) &&
    !/^[\w-]{20,}$/.test(name) &&
    !/^(?:gh[a-z]_|gl[a-z]+-|sk-|AKIA)/.test(name)
  );
}

function fromBasic(text: string): string | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text)) return undefined;
  try {
    return atob(text);
  } catch {
    return undefined;
  }
}
