// What becomes of a request's body at a host with a credential: read for somebody else's key, and placeholders in it swapped where the policy says so.
import { type Credential, notCovered, placeOfCredential } from "#core/credentials";
import { bodyGuard } from "./body-guard.ts";
import type { Issued } from "./broker.ts";
import type { Body, Refused, Request } from "./exchange.ts";
import type { Secret } from "./secret.ts";
import { bodySwap } from "./swap-body.ts";

/** Whether a placeholder stands in the body is seen only as it passes: it counts as used, and on record, when it may. */
export function mayStandInBody({ inject }: Credential, request: Request): boolean {
  return inject.body && notCovered(inject, request) === undefined && hasBody(request);
}

/** The guard of a body that nothing is swapped in: that of a host of these credentials. */
export function foreignInBody(request: Request, here: readonly Issued[]): Body | undefined {
  const [first] = here;
  if (first === undefined || !hasBody(request)) return undefined;
  return bodyGuard(request, {
    inBodies: here.some(({ credential }) => credential.inject.body),
    placeholders: here.flatMap(({ placeholders }) => [...placeholders.values()]),
    rule: placeOfCredential(first.credential),
  });
}

/** The filter of the body, where one is needed. */
export function requestBody(
  request: Request,
  here: readonly Issued[],
  secretOf: (name: string) => Secret,
): { readonly up?: Body } {
  if (!hasBody(request)) return {};
  const guard = foreignInBody(request, here);
  const pairs = here
    .filter(({ credential }) => mayStandInBody(credential, request))
    .map(({ credential, placeholders }) => ({
      from: placeholders.get("value") ?? "",
      to: secretOf(credential.name).reveal(),
    }));
  const swap = pairs.length === 0 ? undefined : bodySwap(pairs);
  const up = guard === undefined || swap === undefined ? (guard ?? swap) : guarded(guard, swap);
  return up === undefined ? {} : { up };
}

/** The guard holds the whole body; what it lets through is swapped. */
function guarded(guard: Body, swap: Body): Body {
  return {
    keepsLength: swap.keepsLength,
    take: (piece) => guard.take(piece),
    end: () => {
      const held = guard.end();
      if ("reason" in held) return held;
      const made: Buffer[] = [];
      for (const pieces of [...held.map((piece) => swap.take(piece)), swap.end()]) {
        if (isRefused(pieces)) return pieces;
        made.push(...pieces);
      }
      return made;
    },
  };
}

function isRefused(made: readonly Buffer[] | Refused): made is Refused {
  return "reason" in made;
}

function hasBody({ fields }: Request): boolean {
  return fields.some(
    ({ name, value }) => /^transfer-encoding$/i.test(name) || (/^content-length$/i.test(name) && value !== "0"),
  );
}
