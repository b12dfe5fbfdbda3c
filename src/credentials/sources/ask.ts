// One question to a server that gives credentials out: TLS fully verified (plain HTTP on loopback alone), bounded in time and size, no redirect followed.
import { existsSync, readFileSync } from "node:fs";
import http from "node:http";
import https from "node:https";
import { isIP, type Socket } from "node:net";
import tls, { rootCertificates } from "node:tls";
import { err, ok, type Problem, type Result } from "#core";

/** A way to a server through the proxy of the person's own network; `undefined` where it is dialled directly. Rejects with a `code` or one word. */
export type Reach = (to: { readonly host: string; readonly port: number }) => Promise<Socket | undefined>;

/** The question. */
export interface Ask {
  readonly method: "GET" | "POST" | "PUT" | "DELETE";
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Further roots, as PEM files: the server's own, those of the caller's network. */
  readonly roots?: readonly (string | undefined)[];
  readonly reach: Reach | undefined;
}

/** The answer, whatever its status. */
export interface Answered {
  readonly status: number;
  readonly text: string;
}

const TIMEOUT_MS = 15_000;
const MOST_BYTES = 1_048_576;
const SYSTEM_ROOTS = "/etc/ssl/certs/ca-certificates.crt";
const LOOPBACK = /^(?:127(?:\.\d{1,3}){3}|\[::1\]|localhost)$/;

/** Asks. `who` is how the problem names the server. */
export async function ask(question: Ask, who: string): Promise<Result<Answered, Problem>> {
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "credential-server", message: `${who} ${message}`, hint });
  if (!URL.canParse(question.url)) return bad("has no valid address", "write `https://HOST`");
  const url = new URL(question.url);
  const secure = url.protocol === "https:";
  if (!secure && !(url.protocol === "http:" && LOOPBACK.test(url.hostname)))
    return bad("would be asked without TLS", "write `https://`; plain HTTP is for loopback alone");
  const ca = rootsOf(question.roots ?? []);
  if (ca === undefined)
    return bad("has roots that cannot be read", "name PEM files in `caFile` and in NODE_EXTRA_CA_CERTS");
  const host = url.hostname.replace(/^\[|\]$/g, "");
  let through: Socket | undefined;
  try {
    through = secure ? await question.reach?.({ host, port: url.port === "" ? 443 : Number(url.port) }) : undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    return bad(
      `is not reached through the proxy of your own network (${code ?? message})`,
      "HTTPS_PROXY names that proxy, and NO_PROXY the hosts that need none",
    );
  }
  const verified = { ca, rejectUnauthorized: true };
  return new Promise((done) => {
    const body = question.body === undefined ? undefined : Buffer.from(question.body);
    const request = (secure ? https : http).request(
      url,
      {
        method: question.method,
        headers: { ...question.headers, ...(body === undefined ? {} : { "content-length": String(body.length) }) },
        ...verified,
        ...(through === undefined
          ? { agent: false as const }
          : { createConnection: () => tls.connect({ ...verified, socket: through, host, ...serverName(host) }) }),
      },
      (response) => {
        const pieces: Buffer[] = [];
        let bytes = 0;
        response.on("data", (piece: Buffer) => {
          bytes += piece.length;
          if (bytes > MOST_BYTES) request.destroy(new Error("answer-too-large"));
          else pieces.push(piece);
        });
        // An answer that is cut off ends here: the request itself was over when its head came.
        response.once("error", failed);
        response.once("end", () => {
          clearTimeout(timer);
          done(ok({ status: response.statusCode ?? 0, text: Buffer.concat(pieces).toString("utf8") }));
        });
      },
    );
    const failed = (error: NodeJS.ErrnoException): void => {
      clearTimeout(timer);
      done(
        bad(
          `does not answer (${error.code ?? error.message})`,
          "is it reachable from here, and is its certificate one that this machine trusts?",
        ),
      );
    };
    const timer = setTimeout(() => request.destroy(new Error("timeout")), TIMEOUT_MS);
    request.once("error", failed);
    request.end(body);
  });
}

/** An address is no server name. */
function serverName(host: string): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

/** Node's own roots, the system's, and the files. */
function rootsOf(files: readonly (string | undefined)[]): string[] | undefined {
  try {
    const named = files
      .filter((file) => file !== undefined && file !== "")
      .map((file) => readFileSync(file ?? "", "utf8"));
    return [...rootCertificates, ...(existsSync(SYSTEM_ROOTS) ? [readFileSync(SYSTEM_ROOTS, "utf8")] : []), ...named];
  } catch {
    return undefined;
  }
}

/** The answer's JSON object, or nothing. */
export function objectOf(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}
