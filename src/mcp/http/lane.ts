// One client's conversation with an upstream: its session there, its protocol version, its gatekeeper. Every body and every event passes the gatekeeper;
// whatever the upstream breaks becomes an error for the request that it belongs to, so that no client waits for ever.
import { setTimeout as pause } from "node:timers/promises";
import { err, ok, type Problem, type Result } from "#core";
import { eraOf, type McpId, type McpMessage, member, writeMessage } from "#core/mcp";
import type { Gatekeeper, Passage } from "../gatekeeper.ts";
import {
  BROKEN,
  GONE,
  LaneFault,
  type LaneOptions,
  type LaneSending,
  TRANSPORT_ERROR,
  traced,
  versionTold,
} from "./lane-parts.ts";
import { type MirroredParameter, mirrorHeaders, unknownParameters } from "./mirrored.ts";
import { messageOf, openUpstreamAsker, type ToolHeaders } from "./own-requests.ts";
import { type SseEvent, SseFault } from "./sse.ts";
import type { Ended, StreamPlace, ToClient } from "./to-client.ts";
import type { UpstreamAnswer } from "./upstream.ts";

const RETRY_MS = 1_000;
/** A server may say that it is asked again at once, and never say anything then. */
const RETRY_LEAST_MS = 100;
const RETRY_MOST_MS = 60_000;
const RESUMES_MOST = 5;
/** A notification that the server takes this long for holds nothing up any more. */
const TURN_MOST_MS = 5_000;

/** One lane. */
export class Lane {
  readonly gatekeeper: Gatekeeper;
  private readonly options: LaneOptions;
  private readonly headers: ToolHeaders = new Map();
  private session: string | undefined;
  private version: string | undefined;
  private turn: Promise<void> = Promise.resolve();
  private isOver = false;
  private isStreaming = false;

  constructor(options: LaneOptions) {
    this.options = options;
    this.gatekeeper = options.gatekeeper(
      openUpstreamAsker({
        send: (bytes, message, signal) => this.post(bytes, message, { signal }),
        headers: this.headers,
        dropped: options.dropped,
        other: async (data) => {
          for await (const to of this.passed(await this.gatekeeper.fromServer(data), {})) options.aside(to);
        },
      }),
    );
  }

  /** The parameters that a call mirrors in headers, as far as the tool's definition is known. */
  mirroredOf(message: McpMessage): readonly MirroredParameter[] {
    const name = message.kind === "request" && message.method === "tools/call" && member(message.params, "name");
    return (typeof name === "string" ? this.headers.get(name) : undefined) ?? [];
  }

  /** The version that was agreed on in the opening. */
  get agreedVersion(): string | undefined {
    return this.version;
  }

  /** Whether the server answers requests in streams: then so does the gateway, where it answers for it. */
  get streams(): boolean {
    return this.isStreaming;
  }

  /** True once the server has ended the session: its client has to begin anew. */
  get isGone(): boolean {
    return this.isOver;
  }

  /** Sends a message that the gatekeeper has passed, and gives what comes back for the client. Throws `LaneFault` where no request is to be answered. */
  async *send(bytes: Uint8Array, message: McpMessage, sending: LaneSending): AsyncGenerator<ToClient, Ended> {
    const answered = await this.post(bytes, message, sending).finally(() => sending.delivered?.());
    const request = message.kind === "request" ? message : undefined;
    if (!answered.ok) {
      if (sending.signal.aborted) return { isAnswered: false };
      if (request === undefined) throw new LaneFault(answered.error);
      return yield* this.failed(request.id, answered.error);
    }
    if (request === undefined) return yield* this.accepted(answered.value);
    const { status, isStream, session } = answered.value;
    const opens = request.method === "initialize";
    // Only the opening sets it: no later header moves a client into another session.
    if (opens && session !== undefined) this.session = session;
    // A request is answered here in any case; "accepted" and "no content" would tell its client that nothing comes.
    yield { kind: "head", status: status < 300 ? 200 : status, isStream };
    if (status >= 400) return yield* this.refused(request.id, answered.value);
    const ended = yield* this.stream(answered.value, { request: request.id, opens });
    if (ended.isAnswered || sending.signal.aborted || (ended.resume !== undefined && sending.resumes === true))
      return ended;
    if (ended.resume !== undefined) return yield* this.resumed(request.id, ended.resume, sending);
    // A subscription ends when the server wants it to; nothing was promised to be its answer.
    if (request.method === "subscriptions/listen") return ended;
    return yield* this.failed(request.id, BROKEN);
  }

  /** The server's own stream, or the rest of one. */
  async listen(
    sending: LaneSending & { readonly lastEventId?: string },
  ): Promise<Result<UpstreamAnswer & { readonly to: AsyncGenerator<ToClient, Ended> }, Problem>> {
    const answered = await this.options.upstream.listen({
      fields: {
        ...this.sessionFields(),
        ...(sending.lastEventId === undefined ? {} : { "last-event-id": sending.lastEventId }),
      },
      signal: sending.signal,
    });
    const here = await this.unlessGone(answered);
    if (!here.ok) return here;
    return ok({ ...here.value, to: this.stream(here.value, { request: undefined, opens: false }) });
  }

  /** Ends the server's session, where there is one and it lets itself be told. */
  async end(signal: AbortSignal): Promise<Result<UpstreamAnswer, Problem> | undefined> {
    this.isOver = true;
    if (this.session === undefined) return undefined;
    return await this.options.upstream.end({ fields: this.sessionFields(), signal });
  }

  /** Ends questions and drops what is open. */
  close(): Promise<void> {
    this.isOver = true;
    return this.gatekeeper.close();
  }

  /** What is no request is with the server before anything behind it is sent: over HTTP each message has its own way there. */
  private post(bytes: Uint8Array, message: McpMessage, sending: LaneSending): Promise<Result<UpstreamAnswer, Problem>> {
    const sent = this.turn.then(() => this.dispatch(bytes, message, sending));
    if (message.kind !== "request")
      this.turn = Promise.race([sent.then(() => undefined), pause(TURN_MOST_MS, undefined, { ref: false })]);
    return sent;
  }

  private async dispatch(
    bytes: Uint8Array,
    message: McpMessage,
    sending: LaneSending,
  ): Promise<Result<UpstreamAnswer, Problem>> {
    const parameters = this.mirroredOf(message);
    const isModern = message.kind === "request" && eraOf(message.method, message.params) === "modern";
    const client = sending.client ?? {};
    const answered = await this.options.upstream.post(bytes, {
      fields: {
        ...(isModern ? { ...versionTold(client), ...unknownParameters(client, parameters) } : this.sessionFields()),
        ...traced(client),
        ...this.named(),
        ...mirrorHeaders(message, parameters),
      },
      signal: sending.signal,
    });
    if (answered.ok && message.kind === "request" && answered.value.events !== undefined)
      this.isStreaming = answered.value.isStream;
    return this.unlessGone(answered);
  }

  /** A 404 within a session says that it is over (2025-11-25, Session Management). */
  private async unlessGone(answered: Result<UpstreamAnswer, Problem>): Promise<Result<UpstreamAnswer, Problem>> {
    const isNotFound = answered.ok ? answered.value.status === 404 : answered.error.code === "mcp-not-found";
    if (!isNotFound || this.session === undefined) return answered;
    if (answered.ok) answered.value.discard();
    this.isOver = true;
    return err(GONE);
  }

  private sessionFields(): Readonly<Record<string, string>> {
    return {
      ...(this.session === undefined ? {} : { "mcp-session-id": this.session }),
      ...(this.version === undefined ? {} : { "mcp-protocol-version": this.version }),
      ...this.named(),
    };
  }

  private named(): Readonly<Record<string, string>> {
    return this.options.userAgent === undefined ? {} : { "user-agent": this.options.userAgent };
  }

  private async *accepted(answered: UpstreamAnswer): AsyncGenerator<ToClient, Ended> {
    yield { kind: "head", status: answered.status, isStream: answered.isStream };
    return yield* this.stream(answered, { request: undefined, opens: false });
  }

  /** An error's body often has no id: whose request it refuses is certain here. */
  private async *refused(id: McpId, answered: UpstreamAnswer): AsyncGenerator<ToClient, Ended> {
    for await (const event of answered.events ?? []) {
      const message = event.kind === "event" ? messageOf(event.data) : undefined;
      if (message?.kind !== "error") continue;
      const data = message.id === id && event.kind === "event" ? event.data : writeMessage({ ...message, id });
      yield* this.passed(await this.gatekeeper.fromServer(data), {});
      return { isAnswered: true };
    }
    return yield* this.failed(id, {
      code: "mcp-status",
      message: `the server refuses the request (HTTP ${answered.status})`,
    });
  }

  /** Every event through the gatekeeper, in its order. */
  private async *stream(
    answered: UpstreamAnswer,
    of: { readonly request: McpId | undefined; readonly opens: boolean },
  ): AsyncGenerator<ToClient, Ended> {
    let lastEventId: string | undefined;
    let afterMs = RETRY_MS;
    let isAnswered = false;
    try {
      for await (const event of answered.events ?? ([] as readonly SseEvent[])) {
        if (event.kind === "comment") {
          yield { kind: "alive" };
          continue;
        }
        const { kind, type, data, ...place } = event;
        lastEventId = place.id ?? lastEventId;
        afterMs = Math.min(place.retryMs ?? afterMs, RETRY_MOST_MS);
        if (type !== "message" || data.length === 0) {
          if (place.id !== undefined || place.retryMs !== undefined) yield { kind: "mark", ...place };
          continue;
        }
        if (!isAnswered && of.request !== undefined) isAnswered = this.answers(data, of.request, of.opens);
        yield* this.passed(await this.gatekeeper.fromServer(data), place);
      }
    } catch (error) {
      if (!(error instanceof SseFault)) throw error;
      await this.gatekeeper.unread("server", { why: "bad-event", head: new Uint8Array(), tail: new Uint8Array() });
    }
    return { isAnswered, ...(lastEventId === undefined ? {} : { resume: { lastEventId, afterMs } }) };
  }

  private answers(data: Uint8Array, request: McpId, opens: boolean): boolean {
    const message = messageOf(data);
    if ((message?.kind !== "response" && message?.kind !== "error") || message.id !== request) return false;
    const version = opens && message.kind === "response" ? member(message.result, "protocolVersion") : undefined;
    if (typeof version === "string" && /^[\x21-\x7e]{1,64}$/.test(version)) this.version = version;
    return true;
  }

  private async *passed(passage: Passage, place: StreamPlace): AsyncGenerator<ToClient> {
    switch (passage.kind) {
      case "forward":
        yield { ...passage, kind: "message", ...place };
        return;
      case "answer":
        this.answerServer(passage.bytes);
        break;
      case "drop":
        break;
      case "several":
        for (const part of passage.parts) yield* this.passed(part, {});
        break;
      default:
        passage satisfies never;
    }
    if (place.id !== undefined || place.retryMs !== undefined) yield { kind: "mark", ...place };
  }

  /** The gateway's own no to what the server wanted of the client. */
  private answerServer(bytes: Uint8Array): void {
    const message = messageOf(bytes);
    if (message === undefined) return;
    const sent = this.post(bytes, message, { signal: AbortSignal.timeout(60_000) });
    // A server that does not take it waits for an answer that it has already got: its own loss.
    void sent.then((answered) => (answered.ok ? answered.value.discard() : undefined));
  }

  /** An error in the server's place, through the gatekeeper, so that the request is over for everybody and on record. */
  private async *failed(id: McpId, problem: Problem): AsyncGenerator<ToClient, Ended> {
    const hint = problem.hint === undefined ? "" : `; ${problem.hint}`;
    const error = { code: TRANSPORT_ERROR, message: `${problem.message}${hint}` };
    yield* this.passed(await this.gatekeeper.fromServer(writeMessage({ kind: "error", id, error })), {});
    return { isAnswered: true };
  }

  private async *resumed(
    id: McpId,
    first: NonNullable<Ended["resume"]>,
    sending: LaneSending,
  ): AsyncGenerator<ToClient, Ended> {
    let from = first;
    for (let tries = 0; tries < RESUMES_MOST; tries++) {
      const afterMs = Math.max(from.afterMs, RETRY_LEAST_MS) * 2 ** tries;
      await pause(Math.min(afterMs, RETRY_MOST_MS), undefined, { signal: sending.signal }).catch(() => undefined);
      if (sending.signal.aborted) return { isAnswered: false };
      const answered = await this.options.upstream.listen({
        fields: { ...this.sessionFields(), "last-event-id": from.lastEventId },
        signal: sending.signal,
      });
      if (!answered.ok) continue;
      const ended = yield* this.stream(answered.value, { request: id, opens: false });
      if (ended.isAnswered) return ended;
      // A server that gives nothing new does not go on being asked.
      if (ended.resume !== undefined && ended.resume.lastEventId !== from.lastEventId) tries = -1;
      from = ended.resume ?? from;
    }
    return yield* this.failed(id, BROKEN);
  }
}
