// Where a request presents a credential: the header fields and query parameters by which servers know who asks. On a host that the broker serves,
// whatever stands in one of them has to be a placeholder, or it is somebody else's key (CRED-2). Pure.
import { presentsAsField, presentsAsPair } from "./place-names.ts";
import type { HttpRequest } from "./request.ts";

/** One of those places, with what stands in it. */
export type Presented =
  | { readonly in: "field"; readonly index: number; readonly name: string; readonly value: string }
  | { readonly in: "query"; readonly index: number; readonly name: string; readonly value: string };

/** Every place of the request that presents something. */
export function presentedIn(
  request: HttpRequest,
  alsoFields: ReadonlySet<string>,
  alsoQuery: ReadonlySet<string>,
): readonly Presented[] {
  const fields = request.fields.flatMap(({ name, value }, index): readonly Presented[] =>
    value !== "" && (presentsAsField({ name, value }) || alsoFields.has(name.toLowerCase()))
      ? [{ in: "field", index, name, value }]
      : [],
  );
  const query = queryPairs(request.target).flatMap(({ name, value }, index): readonly Presented[] =>
    value !== "" && (presentsAsPair({ name, value }) || alsoQuery.has(name))
      ? [{ in: "query", index, name, value }]
      : [],
  );
  return [...fields, ...query];
}

/** The pairs of a query, decoded once, in order. `;` parts them too to some servers. */
export function queryPairs(target: string): readonly { readonly name: string; readonly value: string }[] {
  const question = target.indexOf("?");
  if (question < 0) return [];
  return target
    .slice(question + 1)
    .split(/[&;]/)
    .map((pair) => {
      const equals = pair.indexOf("=");
      const [name, value] = equals < 0 ? [pair, ""] : [pair.slice(0, equals), pair.slice(equals + 1)];
      return { name: decoded(name), value: decoded(value) };
    });
}

/** Parameters of the path's segments, decoded once: `/a;access_token=x/b`, which some servers cut off and read. */
export function pathPairs(target: string): ReturnType<typeof queryPairs> {
  const [path = ""] = target.split("?", 1);
  return decoded(path)
    .split("/")
    .flatMap((segment) => queryPairs(`?${segment.split(";").slice(1).join(";")}`))
    .filter(({ name }) => name !== "");
}

/** The target with the value of one pair replaced, encoded. */
export function withQueryValue(target: string, index: number, value: string): string {
  const question = target.indexOf("?");
  const parts = target.slice(question + 1).split(/([&;])/);
  const pair = parts[index * 2] ?? "";
  parts[index * 2] = `${pair.slice(0, pair.indexOf("=") + 1)}${encodeURIComponent(value)}`;
  return `${target.slice(0, question + 1)}${parts.join("")}`;
}

/** Percent-decoded where it can be; `+` stands for itself, as no placeholder has one. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
