// Somebody else's key in a body: what a form, or on a host whose credential stands in bodies an object in JSON, presents under the name of a credential
// has to be a placeholder like everywhere else. The body is held until it is read; a form larger than that is refused.
import { presentsByName, queryPairs } from "#core/credentials";
import type { Body, Field, Refused } from "./exchange.ts";

const MOST_BYTES = 1_048_576;

/** The guard of a request's body, where one is needed. */
export function bodyGuard(
  fields: readonly Field[],
  {
    inBodies,
    placeholders,
    rule,
  }: { readonly inBodies: boolean; readonly placeholders: readonly string[]; readonly rule: string },
): Body | undefined {
  const type = fields.find(({ name }) => /^content-type$/i.test(name))?.value.toLowerCase() ?? "";
  const isForm = type.startsWith("application/x-www-form-urlencoded");
  if (!isForm && !(inBodies && /^application\/(?:[\w.+-]+\+)?json\b/.test(type))) return undefined;
  const no = (reason: string, hint: string): Refused => ({ reason, hint, rule });
  const isCoded = fields.some(
    ({ name, value }) => /^content-encoding$/i.test(name) && value.toLowerCase() !== "identity",
  );
  const held: Buffer[] = [];
  let size = 0;
  return {
    keepsLength: true,
    take: (piece) => {
      size += piece.length;
      held.push(piece);
      return isCoded || size > MOST_BYTES
        ? no(
            "unread-body",
            "a body of this kind is read before it goes to a host with a credential, up to 1 MB and uncompressed",
          )
        : [];
    },
    end: () => {
      const text = Buffer.concat(held).toString("utf8");
      const pairs = isForm ? formPairs(text) : objectPairs(text);
      const foreign = pairs.find(
        ({ name, value }) => value !== "" && presentsByName(name) && !placeholders.includes(value),
      );
      if (foreign === undefined) return held;
      return no(
        "foreign-credential",
        `the body's \`${foreign.name.slice(0, 40)}\` holds something else than this host's placeholder; no other key is used here`,
      );
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
