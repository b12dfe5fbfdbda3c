// What becomes of a request's body at a host with a credential: read for somebody else's key, and placeholders in it swapped where the policy says so.
import { type Credential, notCovered, placeOfCredential } from "#core/credentials";
import { bodyGuard } from "./body-guard.ts";
import type { Issued } from "./broker.ts";
import type { Body, Request } from "./exchange.ts";
import { inTurn } from "./in-turn.ts";
import type { Secret } from "./secret.ts";
import { bodySwap } from "./swap-body.ts";

/** Whether a placeholder stands in the body is seen only as it passes: it counts as used, and on record, when it may. */
export function mayStandInBody({ inject }: Credential, request: Request): boolean {
  return inject.body && notCovered(inject, request) === undefined && hasBody(request);
}

/** The guard of a body that nothing is swapped in: that of a host of these credentials. */
export function foreignInBody(request: Request, here: readonly Issued[]): Body | undefined {
  const [first] = here;
  if (first === undefined) return undefined;
  const place = {
    host: request.host,
    // What is signed presents nothing else, and its objects are what is stored.
    readsObjects: here.some(({ credential }) => credential.inject.sign === undefined),
    inBodies: here.some(({ credential }) => credential.inject.body),
    placeholders: here.flatMap(({ placeholders }) => [...placeholders.values()]),
    rule: placeOfCredential(first.credential),
  };
  if (request.upgrade !== undefined) return messageGuard(() => bodyGuard({ method: "GET", fields: [] }, place));
  return hasBody(request) ? bodyGuard(request, place) : undefined;
}

/** Each message of a WebSocket is a body of its own. */
function messageGuard(make: () => Body | undefined): Body | undefined {
  const first = make();
  if (first === undefined) return undefined;
  let guard = first;
  return {
    keepsLength: true,
    take: (piece) => guard.take(piece),
    end: () => guard.end(),
    flush: () => {
      const rest = guard.end();
      guard = make() ?? guard;
      return rest;
    },
  };
}

/** The filter of the body, where one is needed. */
export function requestBody(
  request: Request,
  here: readonly Issued[],
  secretOf: (name: string) => Secret,
): { readonly up?: Body } {
  if (!hasBody(request) && request.upgrade === undefined) return {};
  const guard = foreignInBody(request, here);
  const pairs = here
    .filter(({ credential }) => mayStandInBody(credential, request))
    .map(({ credential, placeholders }) => ({
      from: placeholders.get("value") ?? "",
      to: secretOf(credential.name).reveal(),
    }));
  const swap = pairs.length === 0 ? undefined : bodySwap(pairs);
  const up = guard === undefined || swap === undefined ? (guard ?? swap) : inTurn(guard, swap);
  return up === undefined ? {} : { up };
}

function hasBody({ fields }: Request): boolean {
  return fields.some(
    ({ name, value }) => /^transfer-encoding$/i.test(name) || (/^content-length$/i.test(name) && value !== "0"),
  );
}
