// HashiCorp Vault and OpenBao over their HTTP API: log in (AppRole) or use a token, read one field, renew, and give back what was issued for this session.
import { err, ok, type Problem, type Result } from "#core";
import type { VaultSource } from "#core/credentials";
import { forTerminal } from "#core/text";
import { Secret } from "../secret.ts";
import { ask, objectOf } from "./ask.ts";
import { readPlace } from "./file.ts";
import type { Source, SourceDeps } from "./source.ts";

/** What the session holds at the server. */
interface Login {
  readonly token: string;
  /** True for one that this session logged in for: only that is its to revoke. */
  readonly own: boolean;
  readonly renewable: boolean;
  readonly expiresAt: number | undefined;
}

type Json = Readonly<Record<string, unknown>>;

/** Reads it; a lease is renewed while it can be, and read anew after that. */
export function openVault(source: VaultSource, deps: SourceDeps): Source {
  const who = `the vault at \`${forTerminal(source.address, { max: 120 })}\``;
  const leases = new Set<string>();
  let login: Login | undefined;

  const call = async (
    method: "GET" | "POST" | "PUT",
    path: string,
    parts: { readonly token?: string; readonly body?: Json },
  ): Promise<Result<Json, Problem>> => {
    const answer = await ask(
      {
        method,
        url: `${source.address.replace(/\/+$/, "")}/v1/${path}`,
        headers: {
          ...(parts.token === undefined ? {} : { "x-vault-token": parts.token }),
          "x-vault-request": "true",
          ...(source.namespace === undefined ? {} : { "x-vault-namespace": source.namespace }),
          ...(parts.body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(parts.body === undefined ? {} : { body: JSON.stringify(parts.body) }),
        roots: [source.caFile?.replace(/^~(?=\/)/, () => deps.home), deps.env["NODE_EXTRA_CA_CERTS"]],
        reach: deps.reach,
      },
      who,
    );
    if (!answer.ok) return answer;
    if (answer.value.status === 204) return ok({});
    const value = objectOf(answer.value.text);
    if (answer.value.status === 200 && value !== undefined) return ok(value);
    const said = Array.isArray(value?.["errors"]) ? forTerminal(value["errors"].join("; "), { max: 200 }) : "";
    return err({
      code: "credential-vault",
      message: `${who} answers ${answer.value.status} to \`${forTerminal(path, { max: 120 })}\`${said === "" ? "" : ` (${said})`}`,
      hint: answer.value.status === 403 ? "its policy does not allow this read" : "check `path` and `auth`",
    });
  };

  const loggedIn = async (): Promise<Result<Login, Problem>> => {
    if (login !== undefined && (login.expiresAt ?? Number.POSITIVE_INFINITY) - deps.now() > 30_000) return ok(login);
    if (login?.renewable === true) {
      const renewed = await call("POST", "auth/token/renew-self", { token: login.token, body: {} });
      const auth = renewed.ok ? part(renewed.value, "auth") : undefined;
      if (auth !== undefined) {
        login = {
          ...login,
          expiresAt: until(auth["lease_duration"], deps.now()),
          renewable: auth["renewable"] === true,
        };
        if ((login.expiresAt ?? Number.POSITIVE_INFINITY) - deps.now() > 30_000) return ok(login);
      }
    }
    const made = await logIn();
    if (made.ok) login = made.value;
    return made;
  };

  const logIn = async (): Promise<Result<Login, Problem>> => {
    if ("token" in source.auth) {
      const token = await readPlace(source.auth.token, deps);
      return token.ok ? ok({ token: token.value, own: false, renewable: false, expiresAt: undefined }) : token;
    }
    const { mount = "approle", roleId, secretId } = source.auth.appRole;
    const secret = await readPlace(secretId, deps);
    if (!secret.ok) return secret;
    const answer = await call("POST", `auth/${mount}/login`, { body: { role_id: roleId, secret_id: secret.value } });
    if (!answer.ok) return answer;
    const auth = part(answer.value, "auth");
    const token = auth?.["client_token"];
    if (auth === undefined || typeof token !== "string")
      return err({ code: "credential-vault", message: `${who} logs in without a token`, hint: "check `auth.appRole`" });
    return ok({
      token,
      own: true,
      renewable: auth["renewable"] === true,
      expiresAt: until(auth["lease_duration"], deps.now()),
    });
  };

  /** The value read last, for as long as its lease can be renewed: the server keeps it working, and nothing changes inside. */
  let lasting: { readonly lease: string; readonly value: string } | undefined;
  const renewed = async (token: string): Promise<Secret | undefined> => {
    if (lasting === undefined) return undefined;
    const { lease, value } = lasting;
    const answer = await call("PUT", "sys/leases/renew", { token, body: { lease_id: lease } });
    const expires = answer.ok ? until(answer.value["lease_duration"], deps.now()) : undefined;
    // One that is at the end of its longest life is renewed for less than is left: a new value then.
    if (expires !== undefined && expires - deps.now() > 90_000) return new Secret({ value }, expires);
    lasting = undefined;
    return undefined;
  };

  return {
    fetch: async () => {
      const session = await loggedIn();
      if (!session.ok) return session;
      const same = await renewed(session.value.token);
      if (same !== undefined) return ok(same);
      const answer = await call("GET", source.path, { token: session.value.token });
      if (!answer.ok) return answer;
      const value = fieldOf(answer.value, source.field);
      if (value === undefined)
        return err({
          code: "credential-vault",
          message: `${who} has no text \`${forTerminal(source.field, { max: 80 })}\` at \`${forTerminal(source.path, { max: 120 })}\``,
          hint: "KV version 2 has `/data/` in its path: `secret/data/NAME`",
        });
      const lease = answer.value["lease_id"];
      if (typeof lease === "string" && lease !== "") {
        leases.add(lease);
        lasting = answer.value["renewable"] === true ? { lease, value } : undefined;
      }
      // A static secret has no lease; a dynamic one dies with its lease or with the token that made it.
      const ends = [lease === "" ? undefined : until(answer.value["lease_duration"], deps.now())];
      if (ends[0] !== undefined) ends.push(session.value.expiresAt);
      const first = ends.filter((end) => end !== undefined);
      return ok(new Secret({ value }, first.length === 0 ? undefined : Math.min(...first)));
    },
    revoke: async () => {
      if (login === undefined) return undefined;
      let problem: Problem | undefined;
      for (const lease of leases) {
        const answer = await call("PUT", "sys/leases/revoke", { token: login.token, body: { lease_id: lease } });
        if (!answer.ok) problem = answer.error;
      }
      if (login.own) {
        const answer = await call("POST", "auth/token/revoke-self", { token: login.token, body: {} });
        // A token's end takes its leases along.
        problem = answer.ok ? undefined : answer.error;
      }
      login = undefined;
      lasting = undefined;
      return problem;
    },
  };
}

function part(value: Json, name: string): Json | undefined {
  const found = value[name];
  return typeof found === "object" && found !== null && !Array.isArray(found) ? (found as Json) : undefined;
}

/** KV version 2 wraps the fields once more than everything else. */
function fieldOf(answer: Json, field: string): string | undefined {
  const data = part(answer, "data");
  const inner = data === undefined ? undefined : part(data, "data");
  const found = (inner !== undefined && part(data ?? {}, "metadata") !== undefined ? inner : data)?.[field];
  return typeof found === "string" && found !== "" ? found : undefined;
}

/** The end of a lease of so many seconds; a lease of zero has none. */
function until(seconds: unknown, now: number): number | undefined {
  return typeof seconds === "number" && seconds > 0 ? now + seconds * 1000 : undefined;
}
