// Servers that give credentials out, on loopback, each speaking the real protocol as its documentation has it: Vault's HTTP API, AWS STS, GitHub's App
// endpoints. They are stubs: no vendor's code runs here, and the tests that use them say so.
import { createHash, createHmac, createPublicKey, createVerify, type KeyObject, randomBytes } from "node:crypto";
import http, { type IncomingHttpHeaders } from "node:http";
import { listen } from "./proxy-bed.ts";

interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}
type Answer = { readonly status: number; readonly body?: object | string };

/** One of them. */
export interface CredentialServer {
  readonly url: string;
  /** `METHOD path` of every request, in order. */
  readonly asked: readonly string[];
}

async function serve(answer: (asked: Asked) => Answer): Promise<CredentialServer> {
  const asked: string[] = [];
  const port = await listen(
    http.createServer((request, response) => {
      const pieces: Buffer[] = [];
      request.on("data", (piece: Buffer) => pieces.push(piece));
      request.on("end", () => {
        const { headers, method = "", url = "" } = request;
        asked.push(`${method} ${url}`);
        const { body, status } = answer({ method, path: url, headers, body: Buffer.concat(pieces).toString() });
        response.writeHead(status, { connection: "close" });
        response.end(typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body));
      });
    }),
  );
  return { url: `http://127.0.0.1:${port}`, asked };
}

/** A vault with one KV version 2 secret, one dynamic one, an AppRole, and the policy that a token of its own may read them. */
export async function vaultServer(parts: {
  readonly roleId: string;
  readonly secretId: string;
  readonly token: string;
  readonly value: string;
  readonly leaseSeconds?: number;
}): Promise<CredentialServer & { readonly revoked: readonly string[] }> {
  const tokens = new Set([parts.token]);
  const revoked: string[] = [];
  const denied: Answer = { status: 403, body: { errors: ["permission denied"] } };
  const server = await serve(({ body, headers, method, path }) => {
    if (headers["x-vault-request"] !== "true") return { status: 400, body: { errors: ["missing X-Vault-Request"] } };
    if (method === "POST" && path === "/v1/auth/approle/login") {
      const { role_id, secret_id } = JSON.parse(body) as { role_id: string; secret_id: string };
      if (role_id !== parts.roleId || secret_id !== parts.secretId)
        return { status: 400, body: { errors: ["invalid role or secret ID"] } };
      const client_token = `hvs.${randomBytes(24).toString("base64url")}`;
      tokens.add(client_token);
      return { status: 200, body: { auth: { client_token, lease_duration: 3600, renewable: true } } };
    }
    const token = String(headers["x-vault-token"]);
    if (!tokens.has(token)) return denied;
    switch (`${method} ${path}`) {
      case "GET /v1/secret/data/ci":
        return {
          status: 200,
          body: { lease_id: "", lease_duration: 0, data: { data: { token: parts.value }, metadata: { version: 3 } } },
        };
      case "GET /v1/database/creds/ci": {
        const lease_duration = parts.leaseSeconds ?? 3600;
        return {
          status: 200,
          body: {
            lease_id: `database/creds/ci/${randomBytes(6).toString("hex")}`,
            renewable: true,
            lease_duration,
            data: { password: `${parts.value}-${randomBytes(6).toString("hex")}` },
          },
        };
      }
      case "PUT /v1/sys/leases/renew":
        return { status: 200, body: { ...(JSON.parse(body) as object), renewable: true, lease_duration: 3600 } };
      case "PUT /v1/sys/leases/revoke":
        revoked.push((JSON.parse(body) as { lease_id: string }).lease_id);
        return { status: 204 };
      case "POST /v1/auth/token/renew-self":
        return { status: 200, body: { auth: { client_token: token, lease_duration: 3600, renewable: true } } };
      case "POST /v1/auth/token/revoke-self":
        tokens.delete(token);
        revoked.push("self");
        return { status: 204 };
      default:
        return { status: 404, body: { errors: [] } };
    }
  });
  return { ...server, revoked };
}

/** The keys that STS gives out in turn. */
export interface StsKeys {
  readonly id: string;
  readonly secret: string;
  readonly token: string;
}

/** AWS STS: verifies the caller's signature with code of its own, then gives keys out. */
export async function stsServer(
  caller: { readonly id: string; readonly secret: string },
  give: (nth: number) => StsKeys & { readonly seconds: number },
): Promise<CredentialServer & { readonly forms: readonly URLSearchParams[] }> {
  const forms: URLSearchParams[] = [];
  const server = await serve((asked) => {
    if (!isSigned(asked, { ...caller, service: "sts" }))
      return {
        status: 403,
        body: "<ErrorResponse><Error><Code>SignatureDoesNotMatch</Code><Message>no</Message></Error></ErrorResponse>",
      };
    const form = new URLSearchParams(asked.body);
    const keys = give(forms.length);
    forms.push(form);
    const action = form.get("Action") ?? "";
    const expiration = new Date(Date.now() + keys.seconds * 1000).toISOString();
    return {
      status: 200,
      body: `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials><AccessKeyId>${keys.id}</AccessKeyId><SecretAccessKey>${keys.secret}</SecretAccessKey><SessionToken>${keys.token}</SessionToken><Expiration>${expiration}</Expiration></Credentials></${action}Result></${action}Response>`,
    };
  });
  return { ...server, forms };
}

/** Verifies a header signature the way the documentation spells it, apart from the code under test. Plain paths and no query alone. */
export function isSigned(
  asked: Pick<Asked, "method" | "path" | "headers"> & { readonly body: string | Buffer },
  key: { readonly id: string; readonly secret: string; readonly service: string; readonly token?: string },
): boolean {
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/([^/]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      asked.headers.authorization ?? "",
    );
  const [, id, day = "", region = "", service = "", names = "", signature] = found ?? [];
  if (id !== key.id || service !== key.service) return false;
  if (
    key.token !== undefined &&
    (asked.headers["x-amz-security-token"] !== key.token || !names.split(";").includes("x-amz-security-token"))
  )
    return false;
  const sha = (data: string | Buffer): string => createHash("sha256").update(data).digest("hex");
  const stated = asked.headers["x-amz-content-sha256"];
  if (typeof stated === "string" && /^[0-9a-f]{64}$/.test(stated) && stated !== sha(asked.body)) return false;
  const headers = names.split(";").map((name) => `${name}:${String(asked.headers[name])}\n`);
  const [path = "", query = ""] = asked.path.split("?");
  const canonical = [asked.method, path, query, headers.join(""), names, stated ?? sha(asked.body)].join("\n");
  const text = [
    "AWS4-HMAC-SHA256",
    asked.headers["x-amz-date"],
    `${day}/${region}/${service}/aws4_request`,
    sha(canonical),
  ].join("\n");
  const mac = (with_: string | Buffer, data: string): Buffer => createHmac("sha256", with_).update(data).digest();
  const signing = mac(mac(mac(mac(`AWS4${key.secret}`, day), region), service), "aws4_request");
  return mac(signing, text).toString("hex") === signature;
}

/** GitHub's App endpoints: an installation token for a JWT that the App's key signed, and its revocation. */
export async function githubAppServer(
  publicKey: KeyObject,
  token: string,
): Promise<CredentialServer & { readonly wishes: readonly unknown[]; readonly revoked: readonly string[] }> {
  const wishes: unknown[] = [];
  const revoked: string[] = [];
  const server = await serve(({ body, headers, method, path }) => {
    const bearer = /^Bearer (.+)$/.exec(headers.authorization ?? "")?.[1] ?? "";
    if (method === "DELETE" && path === "/installation/token") {
      if (bearer !== token) return { status: 401, body: { message: "Bad credentials" } };
      revoked.push(bearer);
      return { status: 204 };
    }
    const [head = "", claims = "", signature = ""] = bearer.split(".");
    const isValid = createVerify("RSA-SHA256")
      .update(`${head}.${claims}`)
      .verify(createPublicKey(publicKey.export({ type: "spki", format: "pem" })), signature, "base64url");
    const { exp, iat, iss } = JSON.parse(Buffer.from(claims, "base64url").toString() || "{}") as Record<
      string,
      unknown
    >;
    if (!isValid || iss !== "4242" || Number(exp) - Number(iat) > 660)
      return { status: 401, body: { message: "A JSON web token could not be decoded" } };
    if (method !== "POST" || path !== "/app/installations/77/access_tokens")
      return { status: 404, body: { message: "Not Found" } };
    wishes.push(JSON.parse(body));
    return {
      status: 201,
      body: { token, expires_at: new Date(Date.now() + 3_600_000).toISOString(), permissions: {} },
    };
  });
  return { ...server, wishes, revoked };
}
