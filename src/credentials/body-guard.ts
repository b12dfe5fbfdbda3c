// Somebody else's key in a body: what a form, a form in parts or an object in JSON presents has to be a placeholder like everywhere else. Objects and
// parts pass while they are read; a form, and what is compressed, is held until it is read, and refused where it is larger than that.
import { isForeignKin, noOtherKey, presentsAsPair, queryPairs } from "#core/credentials";
import { batchGuard } from "./batch-guard.ts";
import type { Body, Refused, Request } from "./exchange.ts";
import { inTurn } from "./in-turn.ts";
import { type ObjectPlace, type ObjectRefusals, objectGuard } from "./object-guard.ts";
import { packedGuard } from "./packed-guard.ts";
import { partsGuard } from "./parts-guard.ts";

const MOST_BYTES = 1_048_576;

/** Where it goes. */
export interface GuardedPlace extends ObjectPlace {
  readonly readsObjects: boolean;
  /** What refuses it. */
  readonly rule: string;
}

/** The guard of a request's body, where one is needed. */
export function bodyGuard(
  { fields, method }: Pick<Request, "fields" | "method">,
  within: GuardedPlace,
): Body | undefined {
  const { readsObjects, rule, ...place } = within;
  // Which of two a server believes is not known.
  const values = (field: RegExp): readonly string[] =>
    fields.filter(({ name }) => field.test(name)).map(({ value }) => value);
  const types = values(/^content-type$/i);
  const says = (word: RegExp): boolean => types.some((type) => word.test(type.toLowerCase()));
  // A POST that does not say what it is is a form to some.
  const isForm =
    says(/application\/x-www-form-urlencoded/) || (method === "POST" && types.every((type) => type === ""));
  const isInParts = says(/multipart\/form-data/);
  const isBatch = says(/multipart\/(?!form-data)/);
  const isObject = readsObjects && (types.length === 0 || says(/^application\/(?:[\w.+-]+\+)?json\b/));
  const coding = values(/^content-encoding$/i)
    .flatMap((value) => value.toLowerCase().split(","))
    .map((value) => value.trim())
    .filter((value) => !/^(?:identity|aws-chunked)?$/.test(value));
  const isOdd = isObject && says(/charset\s*=\s*"?(?:utf-?(?:16|32|7)|ucs|cp1047|ibm)/);
  const isUnread = isOdd || (isInParts && (isForm || coding.length > 0)) || (isForm && coding.length > 0);
  const no = (reason: string, hint: string): Refused => ({ reason, hint, rule });
  const somebodyElses = (name: string): Refused =>
    no(
      "foreign-credential",
      `the body's \`${name.slice(0, 40)}\` holds something else than this host's placeholder; ${noOtherKey(name)}`,
    );
  const unread = (): Refused =>
    no(
      "unread-body",
      "a body of this kind is read before it goes to a host with a credential: up to 1 MB, in UTF-8, an object also in gzip, deflate or br, a form uncompressed",
    );
  const refusals = { foreign: somebodyElses, unread };
  // Some servers read an object whatever the request calls it.
  const object = readsObjects ? objectGuard(place, refusals) : undefined;
  const behind = (first: Body | undefined, second: Body): Body =>
    first === undefined ? second : inTurn(first, second);
  if (isUnread) return refusal(unread);
  if (isForm)
    return behind(
      object,
      formGuard((pair) => isForeignPair(pair, place), refusals),
    );
  if (isInParts) return behind(object, partsGuard(place, somebodyElses));
  const inner = isBatch
    ? behind(object, batchGuard(place, { ...refusals, types, guardOf: (one) => bodyGuard(one, within) }))
    : object;
  if (inner === undefined || coding.length === 0) return inner;
  return packedGuard({ codings: coding, inner, isObject: isObject || isBatch, unread });
}

/** Nothing of it is read. */
function refusal(no: () => Refused): Body {
  return { keepsLength: true, take: no, end: no };
}

/** A form is held until it is read. */
function formGuard(
  isForeign: (pair: { readonly name: string; readonly value: string }) => boolean,
  { foreign, unread }: ObjectRefusals,
): Body {
  const held: Buffer[] = [];
  let size = 0;
  return {
    keepsLength: true,
    take: (piece) => {
      size += piece.length;
      held.push(piece);
      return size > MOST_BYTES ? unread() : [];
    },
    end: () => {
      const pair = queryPairs(`?${Buffer.concat(held).toString("utf8")}`).find(isForeign);
      return pair === undefined ? held : foreign(pair.name);
    },
  };
}

function isForeignPair(pair: { readonly name: string; readonly value: string }, place: ObjectPlace): boolean {
  if (place.placeholders.includes(pair.value)) return false;
  return presentsAsPair(pair) || isForeignKin(place, pair.value);
}
