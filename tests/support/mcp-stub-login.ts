// An authorization server and an MCP server that wants its tokens, on one port: they speak the real protocol, and check what a client must send.
import { createHash, randomBytes } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { onTestFinished } from "vitest";

/** What a test may turn wrong. */
export interface LoginFaults {
  resource?: string;
  resourceMetadata?: string;
  issuerInMetadata?: string;
  authorizationServer?: string;
  authorizationEndpoint?: string;
  methods?: readonly string[];
  iss?: string | undefined;
  saysIss?: boolean;
  token?: string;
  tokenEndpoint?: string;
  metadataStatus?: number;
  registers?: boolean;
  /** Beside the client's id. */
  registered?: Readonly<Record<string, unknown>>;
  auths?: readonly string[];
  /** The server says nothing about its logins (revision 2025-03-26). */
  isMute?: boolean;
  /** It lets anybody in, and has metadata all the same. */
  isOpen?: boolean;
  /** What the token endpoint answers instead of anything. */
  tokenAnswer?: (response: ServerResponse) => void;
}

/** An open pair. */
export interface StubLogin {
  readonly url: string;
  readonly origin: string;
  readonly faults: LoginFaults;
  /** Parameters of every request for tokens, and what was registered. */
  readonly asked: { readonly at: string; readonly [name: string]: unknown }[];
  /** Every path that was asked for. */
  readonly paths: readonly string[];
  /** Every `Authorization` that the MCP server got. */
  readonly shown: string[];
  /** No token holds any more; refreshing gives new ones. */
  expire(): void;
}

/** Opens them until the test is over. */
export async function stubLogin(faults: LoginFaults = {}): Promise<StubLogin> {
  const asked: StubLogin["asked"] = [];
  const shown: string[] = [];
  const paths: string[] = [];
  const codes = new Map<string, { readonly challenge: string; readonly redirect: string; readonly resource: string }>();
  const valid = new Set<string>();
  const refreshes = new Set<string>();
  const fresh = (): string => faults.token ?? randomBytes(16).toString("hex");
  const json = (response: ServerResponse, value: object, status = 200): void =>
    void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
  const give = (response: ServerResponse): void => {
    const [access, refresh] = [fresh(), randomBytes(16).toString("hex")];
    valid.add(access);
    refreshes.add(refresh);
    json(response, { access_token: access, token_type: "Bearer", expires_in: 3600, refresh_token: refresh });
  };
  const server = createServer((request, response) => {
    let text = "";
    request.on("data", (piece: Buffer) => {
      text += piece;
    });
    request.on("end", () => {
      const url = new URL(request.url ?? "/", origin);
      paths.push(url.pathname);
      switch (url.pathname) {
        case "/mcp": {
          const given = request.headers.authorization;
          if (given !== undefined) shown.push(given);
          if (faults.isOpen !== true && (given === undefined || !valid.has(given.replace("Bearer ", "")))) {
            const metadata = faults.resourceMetadata ?? `${origin}/.well-known/oauth-protected-resource/mcp`;
            const where = faults.isMute === true ? "" : `, resource_metadata="${metadata}"`;
            response.setHeader("www-authenticate", `Bearer realm="a, b"${where}, scope="read"`);
            return json(response, { error: "invalid_token" }, 401);
          }
          const { id, method } = JSON.parse(text);
          if (id === undefined) return void response.writeHead(202).end();
          const opening = {
            protocolVersion: "2025-11-25",
            capabilities: { tools: {} },
            serverInfo: { name: "s", version: "1" },
          };
          return json(response, {
            jsonrpc: "2.0",
            id,
            result: method === "initialize" ? opening : { tools: [], content: [] },
          });
        }
        case "/.well-known/oauth-protected-resource/mcp":
          if (faults.isMute === true) return void response.writeHead(404).end();
          return json(response, {
            resource: faults.resource ?? `${origin}/mcp`,
            authorization_servers: [faults.authorizationServer ?? origin],
          });
        case "/.well-known/oauth-authorization-server":
          if (faults.metadataStatus !== undefined)
            return void response.writeHead(faults.metadataStatus, { location: `${origin}/elsewhere` }).end();
          return json(response, {
            issuer: faults.issuerInMetadata ?? origin,
            authorization_endpoint: faults.authorizationEndpoint?.replace("PORT", port) ?? `${origin}/authorize`,
            token_endpoint: faults.tokenEndpoint?.replace("PORT", port) ?? `${origin}/token`,
            ...(faults.auths === undefined ? {} : { token_endpoint_auth_methods_supported: faults.auths }),
            ...(faults.registers === false ? {} : { registration_endpoint: `${origin}/register` }),
            code_challenge_methods_supported: faults.methods ?? ["S256"],
            authorization_response_iss_parameter_supported: faults.saysIss ?? true,
          });
        case "/register":
          asked.push({ at: "register", ...JSON.parse(text) });
          return json(response, { client_id: "registered", ...faults.registered }, 201);
        case "/authorize": {
          const given = Object.fromEntries(url.searchParams);
          asked.push({ at: "authorize", ...given });
          const code = randomBytes(8).toString("hex");
          const { code_challenge: challenge = "", redirect_uri: redirect = "", resource = "", state = "" } = given;
          codes.set(code, { challenge, redirect, resource });
          const back = new URL(redirect);
          back.searchParams.set("code", code);
          back.searchParams.set("state", state);
          if (!("iss" in faults)) back.searchParams.set("iss", origin);
          else if (faults.iss !== undefined) back.searchParams.set("iss", faults.iss);
          return void response.writeHead(302, { location: back.href }).end();
        }
        case "/token": {
          const given = new URLSearchParams(text);
          const { authorization } = request.headers;
          asked.push({
            at: "token",
            ...Object.fromEntries(given),
            ...(authorization === undefined ? {} : { authorization }),
          });
          if (faults.tokenAnswer !== undefined) return faults.tokenAnswer(response);
          if (given.get("grant_type") === "refresh_token")
            return refreshes.delete(given.get("refresh_token") ?? "")
              ? give(response)
              : json(response, { error: "invalid_grant" }, 400);
          const found = codes.get(given.get("code") ?? "");
          codes.delete(given.get("code") ?? "");
          const challenge = createHash("sha256")
            .update(given.get("code_verifier") ?? "")
            .digest("base64url");
          const isRight =
            found?.challenge === challenge &&
            found.redirect === given.get("redirect_uri") &&
            found.resource === given.get("resource");
          return isRight ? give(response) : json(response, { error: "invalid_grant" }, 400);
        }
        default:
          return void response.writeHead(404).end();
      }
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const port = String((server.address() as AddressInfo).port);
  const origin = `http://127.0.0.1:${port}`;
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  return { url: `${origin}/mcp`, origin, faults, asked, paths, shown, expire: () => valid.clear() };
}
