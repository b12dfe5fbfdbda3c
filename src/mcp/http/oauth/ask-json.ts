// One question to an authorization server, or for metadata: over TLS, to a judged address, nothing followed, a small JSON answer (OAuth 2.1; the
// SSRF rules of MCP's security best practices).
import { err, ok, type Problem, type Result } from "#core";
import { type JsonObject, readJson } from "#core/mcp";
import { isPlainEncoding, mediaType, readWhole } from "../body.ts";
import type { Exchanger } from "../exchange.ts";
import { type HttpTarget, isLoopback, originOf, readTarget } from "../place.ts";

/** A question. */
export interface JsonQuestion {
  readonly target: HttpTarget;
  readonly form?: Readonly<Record<string, string>>;
  readonly json?: JsonObject;
  readonly fields?: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** Its answer; the object is empty where the body was none. */
export interface JsonAnswer {
  readonly status: number;
  readonly body: JsonObject;
}

const BODY_MOST = 256 * 1024;
const ASK_MS = 20_000;

/** Reads an address that a server named: https, or this machine itself (which the dial port lets through only where the policy names it). */
export function readOAuthUrl(text: unknown, what: string): Result<HttpTarget, Problem> {
  if (typeof text !== "string") return err(problem("mcp-oauth-url", `${what} is missing`));
  const target = readTarget(text);
  if (!target.ok) return err(problem("mcp-oauth-url", `${what}: ${target.error.message}`));
  if (target.value.scheme === "https" || isLoopback(target.value.host)) return target;
  return err(problem("mcp-oauth-url", `${what} is not reached over https: ${originOf(target.value)}`));
}

/** Asks. An answer with any status is an answer; a redirect is none. */
export async function askJson(exchanger: Exchanger, question: JsonQuestion): Promise<Result<JsonAnswer, Problem>> {
  const { target, form, json } = question;
  const body = form !== undefined ? new URLSearchParams(form).toString() : json && JSON.stringify(json);
  const type = form !== undefined ? "application/x-www-form-urlencoded" : "application/json";
  const answered = await exchanger.ask({
    target,
    method: body === undefined ? "GET" : "POST",
    fields: {
      accept: "application/json",
      "accept-encoding": "identity",
      ...(body === undefined ? {} : { "content-type": type }),
      ...question.fields,
    },
    ...(body === undefined ? {} : { body: Buffer.from(body) }),
    signal: question.signal,
    headMs: ASK_MS,
  });
  if (!answered.ok) return answered;
  const { statusCode: status = 0, headers } = answered.value;
  const where = originOf(target);
  if (status >= 300 && status < 400) {
    answered.value.destroy();
    return err(problem("mcp-oauth-redirect", `${where} sends the question elsewhere, which is not followed`));
  }
  const bytes = await readWhole(answered.value, { most: BODY_MOST, ms: ASK_MS });
  answered.value.destroy();
  if (typeof bytes === "string") return err(problem("mcp-oauth-answer", `${where}: the answer is ${bytes}`));
  if (!isPlainEncoding(headers["content-encoding"]))
    return err(problem("mcp-oauth-answer", `${where}: a packed answer`));
  const isJson = /^application\/(?:[\w.-]+\+)?json$/.test(mediaType(headers["content-type"]));
  const read = isJson && bytes.length > 0 ? readJson(bytes) : undefined;
  const value = read?.ok === true ? read.value : undefined;
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  return ok({ status, body: isObject ? (value as JsonObject) : {} });
}

/** A login's problem, with what a person types. */
export function problem(code: string, message: string): Problem {
  return { code, message, hint: "ringfence mcp proxy --login --server NAME --url URL" };
}
