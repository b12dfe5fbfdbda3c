// Somebody else's key in a body: what a form, or on a host whose credential stands in bodies an object in JSON, presents under the name of a credential
// has to be a placeholder like everywhere else. The body is held until it is read; a form larger than that is refused. One in parts passes.
import { presentsByName, queryPairs } from "#core/credentials";
import type { Body, Refused, Request } from "./exchange.ts";
import { partsGuard } from "./parts-guard.ts";

const MOST_BYTES = 1_048_576;

/** The guard of a request's body, where one is needed. */
export function bodyGuard(
  { fields, method }: Pick<Request, "fields" | "method">,
  {
    inBodies,
    placeholders,
    rule,
  }: { readonly inBodies: boolean; readonly placeholders: readonly string[]; readonly rule: string },
): Body | undefined {
  // Which of two a server believes is not known.
  const types = fields.filter(({ name }) => /^content-type$/i.test(name)).map(({ value }) => value.toLowerCase());
  const says = (word: RegExp): boolean => types.some((type) => word.test(type));
  // A POST that does not say what it is is a form to some.
  const isForm =
    says(/application\/x-www-form-urlencoded/) || (method === "POST" && types.every((type) => type === ""));
  const isInParts = says(/multipart\/form-data/);
  const isObject = inBodies && says(/^application\/(?:[\w.+-]+\+)?json\b/);
  if (!isForm && !isInParts && !isObject) return undefined;
  const no = (reason: string, hint: string): Refused => ({ reason, hint, rule });
  const somebodyElses = (name: string): Refused =>
    no(
      "foreign-credential",
      `the body's \`${name.slice(0, 40)}\` holds something else than this host's placeholder; no other key is used here`,
    );
  const isCoded = fields.some(
    ({ name, value }) => /^content-encoding$/i.test(name) && value.toLowerCase() !== "identity",
  );
  const isUnread = isCoded || (isInParts && (isForm || isObject));
  if (isInParts && !isUnread) return partsGuard(placeholders, somebodyElses);
  const held: Buffer[] = [];
  let size = 0;
  return {
    keepsLength: true,
    take: (piece) => {
      size += piece.length;
      held.push(piece);
      return isUnread || size > MOST_BYTES
        ? no(
            "unread-body",
            "a body of this kind is read before it goes to a host with a credential, up to 1 MB and uncompressed",
          )
        : [];
    },
    end: () => {
      const text = Buffer.concat(held).toString("utf8");
      const pairs = [...(isForm ? formPairs(text) : []), ...(isObject ? objectPairs(text) : [])];
      const foreign = pairs.find(
        ({ name, value }) => value !== "" && presentsByName(name) && !placeholders.includes(value),
      );
      return foreign === undefined ? held : somebodyElses(foreign.name);
    },
  };
}

function formPairs(text: string): ReturnType<typeof queryPairs> {
  return queryPairs(`?${text}`);
}

/** The texts of an object, at its first two levels; what is no object presents nothing. */
function objectPairs(text: string): ReturnType<typeof queryPairs> {
  try {
    const pairs = (value: unknown, depth: number): ReturnType<typeof queryPairs> =>
      typeof value !== "object" || value === null
        ? []
        : Object.entries(value).flatMap(([name, inner]) =>
            typeof inner === "string" ? [{ name, value: inner }] : depth > 0 ? pairs(inner, depth - 1) : [],
          );
    return pairs(JSON.parse(text), 1);
  } catch {
    return [];
  }
}
