// What becomes of one request to a host that the broker serves: which placeholder is swapped where, or why the request is refused. Pure: it is told
// placeholders, never a real value.

import { notCovered, ownsHost, servesHost } from "./covers.ts";
import { type Credential, placeOfCredential } from "./credential.ts";
import { type Form, formOf, mentions } from "./form.ts";
import { foreignKin } from "./key-like.ts";
import { noOtherKey, presentsAsPair } from "./place-names.ts";
import { decoded, type Presented, pathPairs, presentedIn } from "./presented.ts";
import type { HttpRequest } from "./request.ts";
import { readAuthorization } from "./sigv4.ts";

/** A credential with what stands for it inside. */
export interface Standing {
  readonly credential: Credential;
  /** Its parts: one, or those of an AWS key. */
  readonly placeholders: readonly string[];
}

/** One swap. */
export interface Swap {
  readonly credential: Credential;
  readonly at: Presented | { readonly in: "new"; readonly name: string };
  readonly form: Form;
}

/** The answer. */
export type SwapPlan =
  | { readonly kind: "none" }
  | { readonly kind: "swap"; readonly swaps: readonly Swap[] }
  /** An AWS signature: to be verified and made anew. */
  | { readonly kind: "sign"; readonly credential: Credential; readonly index: number }
  | { readonly kind: "refuse"; readonly reason: string; readonly hint: string; readonly rule?: string };

/** Judges it. `all`: every credential of the session. */
export function planSwap(request: HttpRequest, all: readonly Standing[]): SwapPlan {
  const here = all.filter(({ credential }) => servesHost(credential.inject, request.host, request.port));
  const elsewhere = all.filter((one) => !here.includes(one));
  const stray = elsewhere.find(({ placeholders }) => placeholders.some((text) => mentions(request, text)));
  if (stray !== undefined) return refuse(stray.credential, "credential-elsewhere", belongs(stray.credential));
  if (here.length === 0) return atAnotherPort(request, all);
  if (request.method === "TRACE" || request.method === "TRACK")
    return refuse(
      here[0]?.credential,
      "credential-method",
      "a server answers this method with the very headers it was sent",
    );
  const named = (key: "headers" | "query"): ReadonlySet<string> =>
    new Set(here.flatMap(({ credential }) => credential.inject[key]));
  const presented = presentedIn(request, named("headers"), named("query"));
  const swaps: Swap[] = [];
  for (const one of presented) {
    const made = swapOf(request, one, here);
    if (made.kind === "refuse") return made;
    if (made.kind === "sign")
      return presented.every((other) => other === one || isPartOfSignature(other, here)) ? made : foreign(one, here);
    swaps.push(...made.swaps);
  }
  if (new Set(swaps.map(({ at }) => `${at.in} ${at.name.toLowerCase()}`)).size < swaps.length)
    return refuse(
      swaps[0]?.credential,
      "credential-twice",
      "one field holds it once: which of two a server reads is not known",
    );
  const misplaced = here.find(({ placeholders }) =>
    placeholders.some((text) => mentions(without(request, swaps), text)),
  );
  if (misplaced !== undefined) {
    const { headers, query } = misplaced.credential.inject;
    const places = [...headers, ...query.map((name) => `?${name}=`)].join(", ");
    return refuse(
      misplaced.credential,
      "credential-misplaced",
      `its placeholder is swapped in ${places} and nowhere else`,
    );
  }
  const hidden = elsewhereInHead(request, here);
  if (hidden !== undefined) return hidden;
  if (presented.length > 0) return { kind: "swap", swaps };
  const added = here.filter(({ credential: { inject } }) => inject.always && notCovered(inject, request) === undefined);
  const [only] = added;
  if (only === undefined) return { kind: "none" };
  if (added.length > 1)
    return refuse(
      only.credential,
      "credential-ambiguous",
      "several credentials are always added here: let the client present one's placeholder",
    );
  return { kind: "swap", swaps: [addition(only.credential)] };
}

/** Nothing is swapped at another port of a credential's host, and nobody else's key is let in there either. */
function atAnotherPort(request: HttpRequest, all: readonly Standing[]): SwapPlan {
  const owners = all.filter(({ credential }) => ownsHost(credential.inject, request.host));
  if (owners.length === 0) return { kind: "none" };
  const [first] = presentedIn(request, new Set(), new Set());
  return first === undefined ? (elsewhereInHead(request, owners) ?? { kind: "none" }) : foreign(first, owners);
}

/** Somebody else's key where no key is expected: a parameter of the path, or a token of this host's own kind in any place. */
function elsewhereInHead(
  request: HttpRequest,
  here: readonly Standing[],
): Extract<SwapPlan, { kind: "refuse" }> | undefined {
  const inPath = pathPairs(request.target).find(presentsAsPair);
  if (inPath !== undefined) return foreign({ in: "path", name: inPath.name }, here);
  const served = { host: request.host, placeholders: here.flatMap(({ placeholders }) => placeholders) };
  const field = request.fields.find(({ value }) => foreignKin(served, value) !== undefined);
  if (field !== undefined) return foreign({ in: "field", name: field.name }, here);
  const isInTarget = [request.target, decoded(request.target)].some((text) => foreignKin(served, text) !== undefined);
  return isInTarget ? foreign({ in: "address" }, here) : undefined;
}

type One = { readonly kind: "one"; readonly swaps: readonly Swap[] } | Extract<SwapPlan, { kind: "refuse" | "sign" }>;

function swapOf(request: HttpRequest, at: Presented, here: readonly Standing[]): One {
  const signature = at.in === "field" && /^authorization$/i.test(at.name) ? readAuthorization(at.value) : undefined;
  if (signature !== undefined) {
    const owner = here.find(({ placeholders }) => placeholders.includes(signature.keyId));
    if (owner === undefined) return foreign(at, here);
    const uncovered = whyNot(owner.credential, request);
    return uncovered ?? { kind: "sign", credential: owner.credential, index: at.index };
  }
  const signed = unsupportedSignature(at);
  if (signed !== undefined) return refuse(here[0]?.credential, "credential-signature", signed);
  for (const { credential, placeholders } of here) {
    for (const placeholder of placeholders) {
      const form = formOf(at, placeholder, credential.inject.user);
      if (form === undefined) continue;
      const { headers, query, sign } = credential.inject;
      const allowed = at.in === "field" ? headers.includes(at.name.toLowerCase()) : query.includes(at.name);
      if (!allowed || sign !== undefined) {
        const places = [...headers, ...query.map((name) => `?${name}=`)].join(", ");
        return refuse(credential, "credential-misplaced", `its placeholder is swapped in ${places} and nowhere else`);
      }
      return whyNot(credential, request) ?? { kind: "one", swaps: [{ credential, at, form }] };
    }
  }
  return foreign(at, here);
}

/** Signatures that are not made anew, in words. */
function unsupportedSignature(at: Presented): string | undefined {
  if (at.in === "query" && /^x-amz-(?:signature|credential)$/i.test(at.name))
    return "a presigned URL is not signed anew: send the request itself, signed in its headers";
  if (at.in === "field" && /^AWS4-/i.test(at.value) && /^authorization$/i.test(at.name))
    return "only AWS4-HMAC-SHA256 is signed anew: turn SigV4A off, or name one region";
  return undefined;
}

function addition(credential: Credential): Swap {
  const { headers, user } = credential.inject;
  const name = headers[0] ?? "authorization";
  const form: Form =
    name !== "authorization"
      ? { kind: "bare" }
      : user === undefined
        ? { kind: "scheme", word: "Bearer" }
        : { kind: "basic", user };
  return { credential, at: { in: "new", name }, form };
}

function whyNot(credential: Credential, request: HttpRequest): Extract<SwapPlan, { kind: "refuse" }> | undefined {
  const { inject } = credential;
  switch (notCovered(inject, request)) {
    case undefined:
      return undefined;
    case "plain-http":
      return refuse(
        credential,
        "credential-in-plain-http",
        "a credential goes out over TLS; `inject.plainHttp: true` is for a network you trust",
      );
    case "method":
      return refuse(
        credential,
        "credential-method",
        `it goes out with ${inject.methods.join(", ") || "the method as sent"} only`,
      );
    default:
      return refuse(credential, "credential-path", `it goes out to ${inject.paths.join(", ")} only`);
  }
}

type ForeignPlace = { readonly in: "field" | "query" | "path"; readonly name: string } | { readonly in: "address" };

function foreign(at: ForeignPlace, here: readonly Standing[]): Extract<SwapPlan, { kind: "refuse" }> {
  const place =
    at.in === "address"
      ? "the address"
      : at.in === "field"
        ? `the field \`${at.name.toLowerCase()}\``
        : `the parameter \`${at.name.slice(0, 40)}\``;
  const [first] = here;
  const use = first?.credential.env[0];
  return refuse(
    first?.credential,
    "foreign-credential",
    `${place} holds something else than this host's placeholder${use === undefined ? "" : `, which is in $${use}`}; ${noOtherKey(at.in === "address" ? "" : at.name)}`,
  );
}

/** The session token of a signed request: replaced with the signature. */
function isPartOfSignature(at: Presented, here: readonly Standing[]): boolean {
  return (
    at.in === "field" &&
    /^x-amz-security-token$/i.test(at.name) &&
    here.some(({ placeholders }) => placeholders.includes(at.value))
  );
}

function belongs(credential: Credential): string {
  return `the placeholder of \`${credential.name}\` means something to ${credential.inject.hosts.map(({ text }) => text).join(", ")} only`;
}

function refuse(
  credential: Credential | undefined,
  reason: string,
  hint: string,
): Extract<SwapPlan, { kind: "refuse" }> {
  return { kind: "refuse", reason, hint, ...(credential === undefined ? {} : { rule: placeOfCredential(credential) }) };
}

/** The request without what is swapped. */
function without(request: HttpRequest, swaps: readonly Swap[]): Pick<HttpRequest, "target" | "fields"> {
  const fields = request.fields.filter((_, index) => !swaps.some(({ at }) => at.in === "field" && at.index === index));
  const taken = swaps.flatMap(({ at }) => (at.in === "query" ? [at.index] : []));
  const question = request.target.indexOf("?");
  if (taken.length === 0 || question < 0) return { target: request.target, fields };
  const pairs = request.target.slice(question + 1).split(/[&;]/);
  return {
    target: `${request.target.slice(0, question)}?${pairs.filter((_, index) => !taken.includes(index)).join("&")}`,
    fields,
  };
}
