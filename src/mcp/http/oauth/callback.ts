// Where the browser comes back after a login: a listener on this machine alone, for one answer, at an address that nobody can guess (RFC 8252 section 7.3).
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { err, ok, type Problem, type Result } from "#core";
import { problem } from "./ask-json.ts";

/** An open listener. */
export interface Callback {
  /** The `redirect_uri`. */
  readonly redirect: string;
  readonly state: string;
  /** The code, once; an error's words are only believed from the issuer that was asked. */
  readonly code: Promise<Result<string, Problem>>;
  close(): void;
}

/** Who has to answer. */
export interface ExpectedAnswer {
  readonly issuer: string;
  /** It always names itself. */
  readonly saysIss: boolean;
  readonly ms: number;
}

const PAGE = "<!doctype html><meta charset=utf-8><title>Ringfence</title><p>";

/** Opens it at a free port: a client of this machine is registered for any (RFC 8252 section 7.3). */
export async function openCallback(expected: ExpectedAnswer): Promise<Result<Callback, Problem>> {
  const state = randomBytes(32).toString("base64url");
  let settle: (answer: Result<string, Problem>) => void = () => undefined;
  const code = new Promise<Result<string, Problem>>((done) => {
    settle = done;
  });
  const server = createServer({ maxHeaderSize: 16_384, requestTimeout: 10_000, headersTimeout: 10_000 });
  server.maxConnections = 16;
  const port = await new Promise<number | undefined>((done) => {
    server.once("error", () => done(undefined));
    server.listen({ host: "127.0.0.1", port: 0 }, () => done((server.address() as AddressInfo).port));
  });
  if (port === undefined) return err(problem("mcp-oauth-callback", "no port of this machine can be listened on"));
  const path = pathFor(expected);
  const redirect = `http://127.0.0.1:${port}${path}`;
  server.on("request", (asked: IncomingMessage, answer: ServerResponse) => {
    const read = readAnswer(asked, { ...expected, port, path, state });
    answer.setHeader("content-type", "text/html; charset=utf-8");
    answer.setHeader("content-security-policy", "default-src 'none'");
    answer.setHeader("connection", "close");
    if (read === undefined) return void answer.writeHead(404).end(`${PAGE}Nothing is here.`);
    answer.end(
      `${PAGE}${read.ok ? "You are logged in. This page can be closed." : "The login failed; the terminal says why."}`,
    );
    settle(read);
  });
  const timer = setTimeout(() => settle(err(problem("mcp-oauth-late", "nobody logged in in time"))), expected.ms);
  const close = (): void => {
    clearTimeout(timer);
    // Whoever waits is told: a login that is stopped ends now.
    settle(err(problem("mcp-oauth-stopped", "the login was given up")));
    server.close();
    server.closeAllConnections();
  };
  return ok({ redirect, state, code, close });
}

/** `undefined` for what is not the answer: it neither ends the login nor learns anything. */
function readAnswer(
  asked: IncomingMessage,
  expected: ExpectedAnswer & { readonly port: number; readonly path: string; readonly state: string },
): Result<string, Problem> | undefined {
  // Another name in `Host` is a page that was bound to this address by DNS.
  if (asked.method !== "GET" || asked.headers.host !== `127.0.0.1:${expected.port}`) return undefined;
  const url = asked.url ?? "";
  if (!url.startsWith(`${expected.path}?`)) return undefined;
  const given = new URLSearchParams(url.slice(expected.path.length + 1));
  const single = (name: string): string | undefined => {
    const all = given.getAll(name);
    return all.length === 1 ? all[0] : undefined;
  };
  if (!isEqual(single("state") ?? "", expected.state)) return undefined;
  const iss = single("iss");
  if (given.has("iss") ? iss !== expected.issuer : expected.saysIss)
    return err(
      problem("mcp-oauth-iss", "the answer comes from another authorization server than the one that was asked"),
    );
  if (given.has("error")) {
    const word = single("error") ?? "";
    return err(problem("mcp-oauth-refused", `the login was refused${/^[a-z_]{1,40}$/.test(word) ? ` (${word})` : ""}`));
  }
  const code = single("code");
  return code !== undefined && /^[\x21-\x7e]{1,4096}$/.test(code)
    ? ok(code)
    : err(problem("mcp-oauth-refused", "the answer holds no code"));
}

/**
 * An issuer that does not name itself in its answers has an address of its own to answer at: a code that another one was led to give comes back elsewhere,
 * or that one's client has no such address and it gives none (RFC 9700 section 4.4.2.2).
 */
function pathFor({ issuer, saysIss }: ExpectedAnswer): string {
  return saysIss ? "/callback" : `/callback/${createHash("sha256").update(issuer).digest("hex").slice(0, 16)}`;
}

function isEqual(a: string, b: string): boolean {
  const [x, y] = [Buffer.from(a), Buffer.from(b)];
  return x.length === y.length && timingSafeEqual(x, y);
}
