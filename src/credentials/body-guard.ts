// Somebody else's key in a body: what a form, a form in parts or an object in JSON presents has to be a placeholder like everywhere else. Objects and
// parts pass while they are read; a form, and what is compressed, is held until it is read, and refused where it is larger than that.
import { isForeignKin, noOtherKey, presentsAsPair, queryPairs } from "#core/credentials";
import { batchGuard } from "./batch-guard.ts";
import type { Body, Refused, Request } from "./exchange.ts";
import { inTurn } from "./in-turn.ts";
import { foreignText, type ObjectPlace, objectGuard, withoutCoding } from "./object-guard.ts";
import { partsGuard } from "./parts-guard.ts";

const MOST_BYTES = 1_048_576;

/** The guard of a request's body, where one is needed. */
export function bodyGuard(
  { fields, method }: Pick<Request, "fields" | "method">,
  { readsObjects, rule, ...place }: ObjectPlace & { readonly readsObjects: boolean; readonly rule: string },
): Body | undefined {
  // Which of two a server believes is not known.
  const values = (field: RegExp): readonly string[] =>
    fields.filter(({ name }) => field.test(name)).map(({ value }) => value.toLowerCase());
  const types = values(/^content-type$/i);
  const says = (word: RegExp): boolean => types.some((type) => word.test(type));
  // A POST that does not say what it is is a form to some.
  const isForm =
    says(/application\/x-www-form-urlencoded/) || (method === "POST" && types.every((type) => type === ""));
  const isInParts = says(/multipart\/form-data/);
  const isBatch = says(/multipart\/(?!form-data)/);
  const isObject = readsObjects && (types.length === 0 || says(/^application\/(?:[\w.+-]+\+)?json\b/));
  const coding = values(/^content-encoding$/i)
    .flatMap((value) => value.split(","))
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
  // Some servers read an object whatever the request calls it.
  const object =
    readsObjects && coding.length === 0 ? objectGuard(place, { foreign: somebodyElses, unread }) : undefined;
  if (isInParts && !isUnread) {
    const inParts = partsGuard(place, somebodyElses);
    return object === undefined ? inParts : inTurn(object, inParts);
  }
  if (isBatch && !isForm && coding.length === 0) return batchGuard(somebodyElses);
  if (!isForm && !isUnread && (coding.length === 0 || !isObject)) return object;
  const held: Buffer[] = [];
  let size = 0;
  return {
    keepsLength: true,
    take: (piece) => {
      size += piece.length;
      held.push(piece);
      return isUnread || size > MOST_BYTES ? unread() : [];
    },
    end: () => {
      const bytes = coding.length === 0 ? Buffer.concat(held) : withoutCoding(Buffer.concat(held), coding.join(","));
      if (bytes === undefined) return unread();
      const pair = isForm
        ? queryPairs(`?${bytes.toString("utf8")}`).find((one) => isForeignPair(one, place))
        : undefined;
      const foreign = pair ?? (readsObjects ? foreignText(bytes, place) : undefined);
      return foreign === undefined ? held : somebodyElses(foreign.name);
    },
  };
}

function isForeignPair(pair: { readonly name: string; readonly value: string }, place: ObjectPlace): boolean {
  if (place.placeholders.includes(pair.value)) return false;
  return presentsAsPair(pair) || isForeignKin(place, pair.value);
}
