// Placeholders out, real values in: the one place where a secret becomes part of a request's head.
import { type Swap, withQueryValue } from "#core/credentials";
import type { Field, Request } from "./exchange.ts";
import type { Secret } from "./secret.ts";

/** The head to send. */
export interface Head {
  readonly target: string;
  readonly fields: readonly Field[];
}

/** Swaps in every value. `secretOf` has each credential's. */
export function applySwaps(request: Request, swaps: readonly Swap[], secretOf: (name: string) => Secret): Head {
  let { target } = request;
  const fields: Field[] = [...request.fields];
  for (const { at, credential, form } of swaps) {
    const value = valueIn(form, secretOf(credential.name).reveal());
    if (at.in === "query") target = withQueryValue(target, at.index, value);
    else if (at.in === "field") fields[at.index] = { name: at.name, value };
    else fields.push({ name: at.name, value });
  }
  return { target, fields };
}

function valueIn(form: Swap["form"], real: string): string {
  switch (form.kind) {
    case "bare":
      return real;
    case "scheme":
      return `${form.word} ${real}`;
    case "basic":
      return `Basic ${btoa(`${form.user}:${real}`)}`;
    case "basic-user":
      return `Basic ${btoa(`${real}:${form.password}`)}`;
    case "cookie":
      return `${form.name}=${real}`;
    default:
      return form satisfies never;
  }
}
