// How this client proves to a token endpoint who it is (RFC 6749 section 2.3.1, RFC 8414 `token_endpoint_auth_methods_supported`): by its id alone, by a
// secret in the header, or by one in the form. What an issuer wants beside these (keys, certificates) this client does not have. Pure.

/** A way of it. */
export type ClientAuth = "none" | "client_secret_basic" | "client_secret_post";

/** Who this client is to one issuer. */
export interface OAuthClient {
  readonly id: string;
  /** Where the issuer gave one, or a person did. */
  readonly secret?: string;
  /** Absent for a client that was kept before it was noted: a secret goes into the form then. */
  readonly auth?: ClientAuth;
}

/** How a client with or without a secret proves itself; `undefined` where the issuer takes none of it. An issuer that says nothing means the header (RFC 8414). */
export function chooseAuth(taken: readonly string[] | undefined, hasSecret: boolean): ClientAuth | undefined {
  // A public client is not refused by a list: many issuers leave `none` out of it and take one all the same.
  if (!hasSecret) return "none";
  return WITH_SECRET.find((way) => taken === undefined || taken.includes(way));
}

/** What a client asks for as it registers: no secret where that is taken (one on a person's disk keeps little), else one in the header. */
export function wishedAuth(taken: readonly string[] | undefined): ClientAuth | undefined {
  return taken === undefined || taken.includes("none") ? "none" : chooseAuth(taken, true);
}

/** Reads the way that an issuer answers with. */
export function readAuth(text: unknown): ClientAuth | undefined {
  return [...WITH_SECRET, "none" as const].find((way) => way === text);
}

/** What a request to the token endpoint carries for it. */
export function authParts({ id, secret, auth }: OAuthClient): {
  readonly form: Readonly<Record<string, string>>;
  readonly fields: Readonly<Record<string, string>>;
} {
  if (secret === undefined || auth === "none") return { form: { client_id: id }, fields: {} };
  if (auth !== "client_secret_basic") return { form: { client_id: id, client_secret: secret }, fields: {} };
  const pair = [id, secret].map(formEncoded).join(":");
  return { form: {}, fields: { authorization: `Basic ${Buffer.from(pair).toString("base64")}` } };
}

const WITH_SECRET: readonly ClientAuth[] = ["client_secret_basic", "client_secret_post"];

/** RFC 6749 appendix B: both halves are form-encoded before they meet the colon. */
function formEncoded(text: string): string {
  return new URLSearchParams({ t: text }).toString().slice(2);
}
