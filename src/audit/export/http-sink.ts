// HTTP POST in batches. A batch is sent again, later each time, as long as the receiver or the network may only be busy; what it refuses
// for good ends the delivery and is said. Redirects are not followed: they would lead the log somewhere nobody named.
import { type IncomingMessage, request as plainRequest } from "node:http";
import { request as tlsRequest } from "node:https";
import { gzipSync } from "node:zlib";
import { err, ok, type Problem, type Result } from "#core";
import { bodyOf, type Format, retryAfterMs, type Stream } from "#core/log/export";
import { systemCode } from "../problem.ts";
import { type Patience, type Tried, triedText, tryAgain } from "./again.ts";
import { bulkBody, judgeAnswer } from "./http-answer.ts";
import { receiverWords } from "./receiver-words.ts";
import type { Batch, Sink } from "./sink.ts";
import { isUntrusted } from "./untrusted.ts";

/** What an HTTP sink is made with. */
export interface HttpSinkOptions {
  readonly url: URL;
  readonly format: Format;
  readonly stream: Stream;
  /** Events of a request at most. */
  readonly batch: number;
  readonly gzip: boolean;
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates to trust instead of the system's, PEM. */
  readonly ca?: string;
  readonly patience: Patience;
}

/** No answer within this is a failed try. */
const ANSWER_MS = 30_000;

/** What is read of an answer. */
const ANSWER_BYTES = 1_048_576;

/** A sink on an HTTP receiver. */
export function httpSink(options: HttpSinkOptions): Sink {
  const { batch } = options;
  return {
    room: { events: batch },
    deliver: (each, signal) => deliver(each, options, signal),
    close: () => Promise.resolve(ok(undefined)),
  };
}

async function deliver(
  batch: Batch,
  options: HttpSinkOptions,
  signal: AbortSignal,
): Promise<Result<undefined, Problem>> {
  const sent = encoded(batch, options);
  const words = receiverWords(options);
  const once = async (): Promise<Tried> => {
    const tried = await post(sent, options);
    return tried.kind === "taken" ? tried : { ...tried, why: words(tried.why) };
  };
  const { tried, tries } = await tryAgain(once, options.patience, signal);
  return tried.kind === "taken" ? ok(undefined) : err(problemOf(options.url, tried, tries));
}

interface Sent {
  readonly headers: Readonly<Record<string, string | number>>;
  readonly bytes: Uint8Array;
}

function encoded({ texts, events }: Batch, { format, stream, gzip, headers, url }: HttpSinkOptions): Sent {
  const body = bulkBody(url, { format, texts, events, stream }) ?? bodyOf(format, texts, stream);
  const plain = Buffer.from(body.text);
  const bytes = gzip ? gzipSync(plain) : plain;
  const encoding = gzip ? { "content-encoding": "gzip" } : {};
  const own = {
    "content-type": body.type,
    ...encoding,
    "content-length": bytes.length,
    "user-agent": `ringfence/${stream.version}`,
  };
  return { headers: { ...headers, ...own }, bytes };
}

async function post(sent: Sent, options: HttpSinkOptions): Promise<Tried> {
  try {
    const answer = await exchange(sent, options);
    return judge(answer, options);
  } catch (error) {
    const word = systemCode(error);
    // A certificate that does not hold will not hold in a minute either.
    return isUntrusted(word)
      ? { kind: "refused", why: `its certificate is not trusted (${word})` }
      : { kind: "busy", why: word };
  }
}

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  readonly location: string | undefined;
  readonly body: string;
}

function exchange({ headers, bytes }: Sent, { url, ca }: HttpSinkOptions): Promise<Answer> {
  const send = url.protocol === "https:" ? tlsRequest : plainRequest;
  return new Promise((resolve, reject) => {
    // `rejectUnauthorized` is said here so that no variable of the environment can unsay it.
    const trust = { rejectUnauthorized: true, ...(ca === undefined ? {} : { ca }) };
    const request = send(url, { method: "POST", headers, agent: false, ...trust }, (response) => {
      readAnswer(response).then(resolve, reject);
    });
    const timer = setTimeout(
      () => request.destroy(Object.assign(new Error("no answer"), { code: "ETIMEDOUT" })),
      ANSWER_MS,
    );
    request.on("close", () => clearTimeout(timer));
    request.on("error", reject);
    request.end(bytes);
  });
}

/** The whole answer; one that is cut off is none. */
async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length <= ANSWER_BYTES) chunks.push(chunk);
  }
  const { "retry-after": retryAfter, location } = response.headers;
  return { status: response.statusCode ?? 0, retryAfter, location, body: Buffer.concat(chunks).toString("utf8") };
}

function judge(answer: Answer, { format, url }: HttpSinkOptions): Tried {
  const { status, retryAfter, location } = answer;
  if (status >= 200 && status < 300) return judgeAnswer(answer.body, { format, url });
  if (status >= 300 && status < 400)
    return {
      kind: "refused",
      why: `it answered ${status} and points to ${location ?? "nowhere"}; redirects are not followed`,
    };
  const why = `it answered ${status}`;
  if (status !== 408 && status !== 429 && status < 500) return { kind: "refused", why };
  const askedMs = retryAfterMs(retryAfter, (text) => Date.parse(text) - Date.now());
  return { kind: "busy", why, ...(askedMs === undefined ? {} : { askedMs }) };
}

function problemOf(url: URL, tried: Exclude<Tried, { kind: "taken" }>, tries: number): Problem {
  return {
    code: tried.kind === "busy" ? "export-unreachable" : "export-refused",
    message: `\`${url.origin}${url.pathname}\` did not take the records: ${triedText(tried, tries)}`,
    hint: "the same command goes on where it stopped; nothing is lost",
  };
}
