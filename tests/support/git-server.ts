// A real git server over HTTPS on loopback: git's own http-backend behind Basic authentication, under an authority of its own.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import https from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { worldAuthority } from "./tls-world.ts";

/** A running one. */
export interface GitServer {
  readonly port: number;
  readonly caFile: string;
  /** `METHOD path` of what came with the right token, and of what did not. */
  readonly known: readonly string[];
  readonly unknown: readonly string[];
  /** The last commit's subject of a branch; empty where there is none. */
  head(repository: string, branch: string): string;
  close(): void;
}

/** Makes it, with empty repositories; `folder` is its own. */
export async function gitServer(
  folder: string,
  host: string,
  parts: { readonly token: string; readonly repositories: readonly string[] },
): Promise<GitServer> {
  const authority = worldAuthority();
  const caFile = join(folder, "git-ca.pem");
  writeFileSync(caFile, authority.certificate, { mode: 0o644 });
  const root = join(folder, "repositories");
  for (const name of parts.repositories) {
    mkdirSync(join(root, name), { recursive: true });
    execFileSync("git", ["init", "-q", "--bare", "-b", "main", join(root, name)]);
    execFileSync("git", ["-C", join(root, name), "config", "http.receivepack", "true"]);
  }
  const known: string[] = [];
  const unknown: string[] = [];
  const server = https.createServer(authority.server(host), (request, response) => {
    const { headers, method = "", url = "" } = request;
    const isKnown = headers.authorization === `Basic ${btoa(`x-access-token:${parts.token}`)}`;
    (isKnown ? known : unknown).push(`${method} ${url.split("?", 1)[0]}`);
    if (!isKnown) return void response.writeHead(401, { "www-authenticate": "Basic realm=git" }).end("who are you?\n");
    const { pathname, search } = new URL(url, "https://x");
    const backend = spawn("/usr/lib/git-core/git-http-backend", [], {
      env: {
        ...{
          GIT_PROJECT_ROOT: root,
          GIT_HTTP_EXPORT_ALL: "1",
          REMOTE_USER: "x",
          REMOTE_ADDR: "127.0.0.1",
          PATH: "/usr/bin:/bin",
        },
        ...{ PATH_INFO: pathname, QUERY_STRING: search.slice(1), REQUEST_METHOD: method },
        ...{ GIT_CONFIG_COUNT: "1", GIT_CONFIG_KEY_0: "safe.directory", GIT_CONFIG_VALUE_0: "*" },
        CONTENT_TYPE: headers["content-type"] ?? "",
        HTTP_CONTENT_ENCODING: headers["content-encoding"] ?? "",
        GIT_PROTOCOL: String(headers["git-protocol"] ?? ""),
      },
      stdio: ["pipe", "pipe", "ignore"],
    });
    request.pipe(backend.stdin);
    backend.stdin.on("error", () => undefined);
    const pieces: Buffer[] = [];
    backend.stdout.on("data", (piece: Buffer) => pieces.push(piece));
    backend.stdout.on("end", () => {
      const whole = Buffer.concat(pieces);
      const end = whole.indexOf("\r\n\r\n");
      const fields = whole
        .toString("latin1", 0, end)
        .split("\r\n")
        .map((line) => /^([^:]+): (.*)$/.exec(line) ?? []);
      const status = fields.find(([, name]) => name?.toLowerCase() === "status")?.[2];
      for (const [, name = "", value = ""] of fields)
        if (name !== "" && name.toLowerCase() !== "status") response.setHeader(name, value);
      response.writeHead(Number.parseInt(status ?? "200", 10)).end(whole.subarray(end + 4));
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return {
    port: (server.address() as AddressInfo).port,
    ...{ caFile, known, unknown },
    head: (repository, branch) => {
      try {
        return execFileSync("git", ["-C", join(root, repository), "log", "-1", "--format=%s", branch], {
          stdio: ["ignore", "pipe", "ignore"],
          encoding: "utf8",
        }).trim();
      } catch {
        return "";
      }
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
