// What a key looks like, whoever gave it out: long, in one piece, of letters and digits that spell nothing. And which keys are of the kind that a
// host with a credential takes. Pure.
import { type TokenFound, tokensOfKin } from "../leak/index.ts";

/** Nothing shorter is a key, or a token of an issuer. */
export const SHORTEST_KEY = 16;

/** True for a text that is more likely a key than a word, a path, an address, a date or a number. */
export function isKeyLike(text: string): boolean {
  if (text.length < SHORTEST_KEY || text.length > 8_192 || !/^[\w.~+/=:-]+$/.test(text) || isUuid(text)) return false;
  if (/^(?:\w+:\/\/|arn:|urn:|\/|\.)/.test(text)) return false;
  const runs = text.split(/[^A-Za-z0-9]+/);
  // a hyphenated name, a version and a date are cut in short runs
  const longest = runs.reduce((most, run) => (run.length > most.length ? run : most), "");
  return longest.length >= 12 && /\d/.test(longest) && /[A-Za-z]/.test(longest);
}

/** True for the usual name of one thing among many: random, and no key. */
export function isUuid(text: string): boolean {
  return /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i.test(text);
}

/** A place in a request, with what is served there. */
export interface ServedPlace {
  readonly host: string;
  readonly placeholders: readonly string[];
}

/** A token in the text of the kind that this host takes, and that is none of its placeholders: somebody else's, wherever it stands. */
export function foreignKin({ host, placeholders }: ServedPlace, text: string): TokenFound | undefined {
  return tokensOfKin({ host, like: placeholders }, text).find((found) => !placeholders.includes(found.text));
}

/** The same, where the token is the whole text, alone or behind a word such as `Bearer`. */
export function isForeignKin(place: ServedPlace, text: string): boolean {
  if (text.length < SHORTEST_KEY) return false;
  const [, bare = ""] = /^\s*(?:\w{1,20} +)?(\S+)\s*$/.exec(text) ?? [];
  return bare !== "" && foreignKin(place, bare)?.text === bare;
}
