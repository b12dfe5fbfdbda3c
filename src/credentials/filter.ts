// The broker among the proxy's filters: judges each request, puts the use on record, then lets the real value out, and keeps it from coming back (CRED-2).
import type { Problem } from "#core";
import { type Credential, ownsHost, planSwap, type Standing, type SwapPlan, servesHost } from "#core/credentials";
import type { Append } from "#core/log";
import { applySwaps } from "./apply-swap.ts";
import type { Broker, Issued } from "./broker.ts";
import { encodedAnswer } from "./encoded-answer.ts";
import type { Body, CredentialFilter, Exchange, Field, Refused, Request } from "./exchange.ts";
import { foreignInBody, mayStandInBody, requestBody } from "./request-body.ts";
import { resign } from "./resign.ts";
import { type Scrubber, scrubberOf } from "./scrub.ts";
import type { Secret } from "./secret.ts";

/** What the filter needs. */
export interface FilterDeps {
  readonly broker: Broker;
  readonly append: Append;
}

/** The filter of a session. Its `begin` rejects never: what goes wrong is a refusal. */
export function credentialFilter({ append, broker }: FilterDeps): CredentialFilter {
  const standing: readonly Standing[] = broker.issued.map(({ credential, placeholders }) => ({
    credential,
    placeholders: [...placeholders.values()],
  }));
  const serves = (host: string, port: number): readonly Issued[] =>
    broker.issued.filter(({ credential }) => servesHost(credential.inject, host, port));

  // One for each set of credentials and values: a value that is fetched anew makes another.
  const scrubbers = new Map<string, Scrubber>();
  const scrubberFor = (here: readonly Issued[]): Scrubber => {
    const key = `${broker.held().length} ${here.map(({ credential }) => credential.name).join(" ")}`;
    const scrubber = scrubbers.get(key) ?? scrubberOf(pairsOf(broker, here));
    scrubbers.set(key, scrubber);
    return scrubber;
  };

  const begin = async (request: Request): Promise<Exchange | Refused | undefined> => {
    const plan = planSwap(request, standing);
    if (plan.kind === "refuse") return plan;
    const here = serves(request.host, request.port);
    if (here.length === 0) {
      const up = foreignInBody(
        request,
        broker.issued.filter(({ credential }) => ownsHost(credential.inject, request.host)),
      );
      return up === undefined ? undefined : { up };
    }
    const used = usedBy(plan, here, request);
    const secrets = new Map<string, Secret>();
    for (const credential of used) {
      const secret = await broker.current(credential.name);
      if (!secret.ok) return unavailable(secret.error);
      secrets.set(credential.name, secret.value);
    }
    const secretOf = (name: string): Secret => {
      const secret = secrets.get(name);
      if (secret === undefined) throw new Error(`no value of ${name}`); // planned and fetched above
      return secret;
    };
    const made = outgoing({ plan, request, here, secretOf });
    if ("reason" in made) return made;
    for (const credential of used) {
      try {
        await append(useRecord(credential, request));
      } catch {
        return { reason: "not-recorded", hint: "the record cannot be written, so no credential goes out (I6)" };
      }
    }
    const scrubber = scrubberFor(here);
    return {
      ...(made.target === undefined ? {} : { target: made.target }),
      fields: asIs(made.fields),
      ...(made.up === undefined ? {} : { up: made.up }),
      ...settledAsIs(made),
      down: (response) => scrubbed(response, scrubber, here),
    };
  };

  return { needs: (host, port) => serves(host, port).length > 0, begin };
}

interface Outgoing {
  readonly target?: string;
  readonly fields: readonly Field[];
  readonly up?: Body;
  settle?(isWhole: boolean): readonly Field[] | Refused;
}

function outgoing(parts: {
  readonly plan: Exclude<SwapPlan, { kind: "refuse" }>;
  readonly request: Request;
  readonly here: readonly Issued[];
  readonly secretOf: (name: string) => Secret;
}): Outgoing | Refused {
  const { here, plan, request, secretOf } = parts;
  switch (plan.kind) {
    case "none":
      return { fields: request.fields, ...requestBody(request, here, secretOf) };
    case "swap":
      return { ...applySwaps(request, plan.swaps, secretOf), ...requestBody(request, here, secretOf) };
    case "sign": {
      const { credential, index } = plan;
      const inside = here.find((one) => one.credential === credential)?.placeholders.get("secretAccessKey") ?? "";
      return resign(request, { credential, index, inside, secret: secretOf(credential.name) });
    }
    default:
      return plan satisfies never;
  }
}

function usedBy(
  plan: Exclude<SwapPlan, { kind: "refuse" }>,
  here: readonly Issued[],
  request: Request,
): readonly Credential[] {
  const credentials = here.map(({ credential }) => credential);
  if (plan.kind === "sign") return credentials.filter((one) => one === plan.credential);
  const named = new Set(plan.kind === "none" ? [] : plan.swaps.map(({ credential }) => credential.name));
  return credentials.filter((one) => named.has(one.name) || mayStandInBody(one, request));
}

/** What the record says: who used what where, and never the value. The query is left out: it is the agent's to fill. */
function useRecord(credential: Credential, request: Request): Parameters<Append>[0] {
  const { host, method, peer, port, target } = request;
  return {
    type: "secret.use",
    origin: "observed",
    ...(peer === undefined ? {} : { actor: { pid: peer.pid, ...(peer.exe === undefined ? {} : { exe: peer.exe }) } }),
    data: { credential: credential.name, host, port, method, path: (target.split("?", 1)[0] ?? "").slice(0, 2048) },
  };
}

/** Inside, nothing of where it comes from. */
function unavailable({ code }: Problem): Refused {
  return {
    reason: "credential-unavailable",
    hint: `its value has ended and could not be fetched anew (${code}); only a person can look at its source`,
  };
}

function pairsOf(broker: Broker, here: readonly Issued[]): Parameters<typeof scrubberOf>[0] {
  return broker
    .held()
    .filter(({ issued }) => here.includes(issued))
    .flatMap(({ issued, secret }) =>
      secret.parts.map((part) => ({ real: secret.reveal(part), placeholder: issued.placeholders.get(part) ?? "" })),
    );
}

function settledAsIs({ settle }: Outgoing): Pick<Exchange, "settle"> {
  if (settle === undefined) return {};
  return {
    settle: (isWhole) => {
      const made = settle(isWhole);
      return "reason" in made ? made : asIs(made);
    },
  };
}

/** Asks for an answer that can be read: no coding, and no compression of a WebSocket's messages. */
function asIs(fields: readonly Field[]): readonly Field[] {
  const kept = fields.filter(({ name }) => !/^(?:accept-encoding|sec-websocket-extensions)$/i.test(name));
  return [...kept, { name: "Accept-Encoding", value: "identity" }];
}

/**
 * The answer without the real values. A cookie is a credential that the server hands out: it is not handed on, unless the policy names cookies as the
 * credential's place, because the next request could not present it anyway.
 */
function scrubbed(
  response: { readonly status: number; readonly fields: readonly Field[] },
  scrubber: Scrubber,
  here: readonly Issued[],
): ReturnType<NonNullable<Exchange["down"]>> {
  const takesCookies = here.some(({ credential }) => credential.inject.headers.includes("cookie"));
  const fields = response.fields
    .filter(({ name }) => takesCookies || !/^set-cookie2?$/i.test(name))
    .map(({ name, value }) => ({ name: scrubber.text(name), value: scrubber.text(value) }));
  const coding = response.fields
    .filter(({ name }) => /^content-encoding$/i.test(name))
    .map(({ value }) => value)
    .join(",");
  return { fields, body: /^(?:\s*identity\s*,?)*$/i.test(coding) ? scrubber.body() : encodedAnswer(coding, scrubber) };
}
