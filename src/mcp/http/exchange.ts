// One HTTP request outwards over a dialled connection, and its response. Nothing is followed, decoded or joined here: whoever asks sees what came.
import { Agent, type ClientRequest, type IncomingMessage, request } from "node:http";
import type { Duplex } from "node:stream";
import { err, ok, type Problem, type Result } from "#core";
import { authorityOf, type HttpPlace, type HttpTarget, originOf, type Way } from "./place.ts";
import { secured } from "./tls.ts";

/** What is sent. `host`, `connection` and the length are written here. */
export interface Asked {
  readonly target: HttpTarget;
  readonly method: "GET" | "POST" | "DELETE";
  readonly fields: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Ends the exchange at any time, also while the body is read. */
  readonly signal: AbortSignal;
  /** The head must be here by then. */
  readonly headMs: number;
}

/** What came: the head, and a body that is read or destroyed by whoever asked. */
export type Answered = IncomingMessage;

/** Requests outwards. The opener closes it. */
export interface Exchanger {
  ask(asked: Asked): Promise<Result<Answered, Problem>>;
  /** Ends every connection. Idempotent. */
  close(): void;
}

const HEAD_BYTES_MOST = 32 * 1024;
/** Shorter than servers keep an idle connection, so that none is used as it ends. */
const IDLE_MS = 4_000;
const CONNECTIONS_MOST = 64;

/** A failure of the way out, on its way through Node's agent. */
class WayFault extends Error {
  readonly problem: Problem;
  constructor(problem: Problem) {
    super(problem.message);
    this.problem = problem;
  }
}

/** Opens it over one way out. */
export function openExchanger(way: Way): Exchanger {
  const agent = new WayAgent(way);
  return { ask: (asked) => ask(agent, asked), close: () => agent.destroy() };
}

/** What Node hands on of a request's options, and what it wants back. */
type Options = { readonly place?: HttpPlace };
type Created = (error: Error | null, socket: Duplex) => void;

/** Node's pool of connections, each made by the way out. */
class WayAgent extends Agent {
  private readonly way: Way;

  constructor(way: Way) {
    super({ keepAlive: true, maxSockets: CONNECTIONS_MOST, timeout: IDLE_MS, scheduling: "lifo" });
    this.way = way;
  }

  // The pool is keyed by origin: a plain connection never serves an https request.
  override getName(options?: object): string {
    const { place } = (options ?? {}) as Options;
    return place === undefined ? "nowhere" : originOf(place);
  }

  override createConnection(options: object, callback?: Created): undefined {
    const { place } = options as Options;
    const made =
      place === undefined ? Promise.reject(new Error("a request without a place")) : connect(this.way, place);
    made.then(
      (socket) => callback?.(null, socket),
      (error: Error) => callback?.(error, undefined as never),
    );
  }
}

async function connect(way: Way, place: HttpPlace): Promise<Duplex> {
  // Plain HTTP crosses no network that strangers share: anybody on the way could rewrite a tool.
  if (place.scheme === "http" && !way.mayBePlain(place))
    throw new WayFault({
      code: "mcp-plain-http",
      message: `${originOf(place)} is reached without TLS`,
      hint: "use its https address; plain http is for this machine and for private addresses that the policy names",
    });
  const dialled = await way.dial(place);
  if (!dialled.ok) throw new WayFault(dialled.error);
  // An error between two requests ends the connection, never the process.
  dialled.value.on("error", () => undefined);
  if (place.scheme === "http") return dialled.value;
  const tls = await secured(dialled.value, place.host, await way.roots());
  if (!tls.ok) throw new WayFault(tls.error);
  return tls.value;
}

function ask(agent: WayAgent, asked: Asked): Promise<Result<Answered, Problem>> {
  const { target, body, signal } = asked;
  return new Promise((done) => {
    const failed = (problem: Problem): void => done(err(problem));
    if (signal.aborted) return failed(ABORTED);
    const sent = begun(agent, asked);
    if (sent === undefined) return failed(UNSENDABLE);
    const stop = (): void => void sent.destroy(new Error("aborted"));
    signal.addEventListener("abort", stop, { once: true });
    const timer = setTimeout(() => sent.destroy(new Error("no answer in time")), asked.headMs);
    sent.on("error", (error) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      failed(signal.aborted ? ABORTED : problemOf(target, error));
    });
    sent.on("response", (response) => {
      clearTimeout(timer);
      response.once("close", () => signal.removeEventListener("abort", stop));
      const refused =
        target.scheme === "http" ? refusedOnTheWay(target, response.headers["x-ringfence-reason"]) : undefined;
      if (refused !== undefined) {
        response.destroy();
        return failed(refused);
      }
      // A body that breaks off is the reader's news; an error without a listener would be the process's end.
      response.on("error", () => undefined);
      done(ok(response));
    });
    // A switch of protocols was not asked for.
    sent.on("upgrade", (_, socket) => {
      clearTimeout(timer);
      signal.removeEventListener("abort", stop);
      socket.destroy();
      failed(problemOf(target, new Error("it switches protocols unasked")));
    });
    sent.end(body);
  });
}

/** `undefined` where a name or value could not stand in a request, such as a method with a line break. */
function begun(agent: WayAgent, { target, method, body, fields }: Asked): ClientRequest | undefined {
  try {
    return request({
      ...{ agent, method, path: target.path, maxHeaderSize: HEAD_BYTES_MOST, setHost: false, place: target },
      headers: {
        host: authorityOf(target),
        ...fields,
        ...(body === undefined ? {} : { "content-length": String(body.length) }),
      },
    });
  } catch {
    return undefined;
  }
}

const UNSENDABLE: Problem = { code: "mcp-unsendable", message: "the message cannot be sent over HTTP" };

/** In plain HTTP the way out answers in the server's place. A server that pretends to be it only refuses itself. */
function refusedOnTheWay(target: HttpTarget, reason: string | readonly string[] | undefined): Problem | undefined {
  if (typeof reason !== "string" || !/^[a-z\d-]{1,60}$/.test(reason)) return undefined;
  return {
    code: "upstream-refused",
    message: `${originOf(target)} is not reached (${reason})`,
    hint: "a person can open it with --allow-domain of `ringfence mcp proxy`, or below mcp.servers.NAME.network of a policy",
  };
}

const ABORTED: Problem = { code: "mcp-aborted", message: "the request was given up" };

function problemOf(target: HttpTarget, error: Error & { readonly code?: string }): Problem {
  if (error instanceof WayFault) return error.problem;
  return {
    code: "mcp-upstream",
    message: `${originOf(target)} does not answer as a server does (${error.code ?? error.message})`,
    hint: "look whether the server is up, and whether its address is right",
  };
}
