// Addresses as others may see them. Servers are given secrets in paths and queries (`https://host/s/3fK…/mcp`), so what no person would have written is left
// out; and as it decides whom a person speaks to, it is never left out of what is compared: the caller seals the whole.
import { withoutTokens } from "./target-secret.ts";

/** What stands where something was left out of an address. */
export const LEFT_OUT = "…";

/** An http address with its query's values and what looks random in its path left out, and its whole text; without what a person signs in with. */
export function shownAddress(url: URL): { readonly shown: string; readonly whole: string } {
  const pairs = [...url.searchParams].sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
  const names = [...new Set(pairs.map(([key]) => key))].map(
    (key) => `${encodeURIComponent(shownPart(key))}=${LEFT_OUT}`,
  );
  const query = names.length === 0 ? "" : `?${names.join("&").replaceAll(encodeURIComponent(LEFT_OUT), LEFT_OUT)}`;
  const origin = `${url.protocol}//${url.host}`;
  return {
    shown: `${origin}${shownPath(url.pathname)}${query}`,
    whole: JSON.stringify([origin, url.pathname, pairs, url.search.replace(/^\?/, "") === "" ? "" : "?"]),
  };
}

/** A word with the addresses in it shown, the same word where nothing had to be left out. The values of a query stay as far as they look like nothing secret. */
export function shownAddresses(word: string): string {
  return word.replace(ADDRESS, (_, scheme: string, host: string, rest: string) => {
    const [, path = "", query = "", fragment = ""] = /^([^?#]*)(\?[^#]*)?(#.*)?$/s.exec(rest) ?? [];
    const values = query.replace(/([^?&;=]*)=([^&;]*)|[^?&;=]+/g, (all: string, key?: string, value = "") => {
      if (key === undefined) return shownPart(all);
      const isLeft = value !== "" && (SECRET_KEY.test(key) || shownPart(value) !== value);
      return `${shownPart(key)}=${isLeft ? LEFT_OUT : value}`;
    });
    return `${scheme}${host}${shownPath(path)}${values}${fragment === "" ? "" : shownPart(fragment)}`;
  });
}

/** Whether a text looks like something that nobody made of words. In doubt it does: what is left out is compared all the same. */
export function looksRandom(text: string): boolean {
  if (text.length < SHORT) return false;
  if (HEX.test(text) && /\d/.test(text)) return true;
  return (
    text.split(/[-_.~+@:,!=]|%[0-9A-Fa-f]{2}/).some((part) => part.length >= PART && !isWord(part)) || manyNumbers(text)
  );
}

const ADDRESS = /([a-z][a-z0-9+.-]*:\/\/)([^\s/?#"'`<>]*)([/?#][^\s"'`<>]*)/gi;
const SECRET_KEY = /token|secret|pass|pwd|key|auth|cred|sig|code|session|jwt|bearer|pat$|^k$|^t$/i;
const SHORT = 8;
const PART = 8;
const HEX = /^[0-9a-f]{8,}(?:-?[0-9a-f]{4,})*$/i;

function shownPath(path: string): string {
  return path.split("/").map(shownPart).join("/");
}

function shownPart(part: string): string {
  // A commit behind a repository's name is what a reviewer looks for.
  return looksRandom(part.replace(/@[0-9a-f]{40}$/, "")) || withoutTokens(part) !== part ? LEFT_OUT : part;
}

/** A word, some with capitals one after the other, with a number in front or behind; nothing that no tongue says. */
function isWord(part: string): boolean {
  const letters = part.replace(/^v?\d{1,4}/, "").replace(/\d{1,4}$/, "");
  if (!/^[A-Za-z]*$/.test(letters) || /[^aeiouy\d]{6}/i.test(letters)) return false;
  const humps = letters.match(/[a-z][A-Z]|[A-Z]{2}[a-z]/g)?.length ?? 0;
  return humps * 4 <= letters.length;
}

/** Parts of an id: several that hold digits among letters. */
function manyNumbers(text: string): boolean {
  const parts = text
    .split(/[-_.~]/)
    .filter((part) => /\d/.test(part) && /[A-Za-z]/.test(part) && part.length >= 4 && !/^v\d+$/.test(part));
  return parts.length >= 2;
}
