// A client that speaks stdio in front of an upstream that speaks HTTP: each line becomes a POST, and every stream of the upstream ends in the same lines.
import type { Readable, Writable } from "node:stream";
import { setTimeout as pause } from "node:timers/promises";
import { eraOf, isId, type McpId, type McpMessage, member, WIRE_LIMITS, writeMessage } from "#core/mcp";
import type { Line } from "../framing.ts";
import type { Passage } from "../gatekeeper.ts";
import { pump } from "../pump.ts";
import { type Sink, sinkOver } from "../sink.ts";
import { Lane } from "./lane.ts";
import { LaneFault, type LaneSending } from "./lane-parts.ts";
import type { LaneParts } from "./lanes.ts";
import { messageOf } from "./own-requests.ts";
import { oneLine } from "./sse.ts";
import type { Ended, ToClient } from "./to-client.ts";

/** What it is opened with. */
export interface StdioFrontOptions {
  readonly fromClient: Readable;
  readonly toClient: Writable;
  readonly lane: LaneParts;
}

/** A running front. */
export interface StdioFront {
  /** Resolves when the client has ended and was told everything, or when the server has ended the session. */
  readonly done: Promise<"client" | "server">;
  /** What is served is compared with the lock anew, and the client told of changes. */
  reverify(): Promise<void>;
  /** Ends the session there, and everything here. Idempotent. */
  close(): Promise<void>;
}

/** A request under way. */
interface Open {
  readonly isModern: boolean;
  readonly isListening: boolean;
  readonly abort: AbortController;
}

const OPEN_MOST = 256;
/** What was asked before the client ended is still answered, for so long. */
const LAST_ANSWERS_MS = 30_000;
const END_MS = 5_000;
const OPENING_MOST_MS = 30_000;
const LISTEN_AGAIN_MS = 1_000;
const LISTEN_AGAIN_MOST_MS = 60_000;

/** Starts it. */
export function openStdioFront(options: StdioFrontOptions): StdioFront {
  return new Front(options);
}

class Front implements StdioFront {
  readonly done: Promise<"client" | "server">;
  private readonly client: Sink;
  private readonly lane: Lane;
  private readonly open = new Map<McpId, Open>();
  private readonly ending = new AbortController();
  private readonly idle = new Set<() => void>();
  private sending = 0;
  private opening: Promise<unknown> = Promise.resolve();
  private isListening = false;
  private gone: () => void = () => undefined;
  private closing: Promise<void> | undefined;

  constructor({ fromClient, toClient, lane }: StdioFrontOptions) {
    this.client = sinkOver(toClient);
    this.lane = new Lane({ ...lane, aside: (to) => this.write(to) });
    const ahead: Sink = {
      write: (bytes) => {
        // What could not be judged or recorded goes nowhere; the session's own record says that it failed.
        this.dispatch(bytes).catch(() => undefined);
        return this.sending < OPEN_MOST;
      },
      room: () => this.until(() => this.sending < OPEN_MOST),
      end: () => undefined,
    };
    const up = pump({
      ...{ source: fromClient, maxLine: WIRE_LIMITS.maxBytes, ahead, back: this.client },
      judge: (line) => this.judge(line),
    });
    const server = new Promise<"server">((done) => {
      this.gone = () => done("server");
    });
    const client = up.then(async () => {
      const isDone = this.until(
        () => [...this.open.values()].every((one) => one.isListening) && this.sending === this.open.size,
      );
      await Promise.race([isDone, pause(LAST_ANSWERS_MS, undefined, { ref: false })]);
      return "client" as const;
    });
    this.done = Promise.race([client, server]).then(async (who) => {
      if (who === "server") fromClient.destroy();
      await this.close();
      return who;
    });
  }

  async reverify(): Promise<void> {
    for (const bytes of await this.lane.gatekeeper.reverify()) this.client.write(bytes);
  }

  close(): Promise<void> {
    this.closing ??= (async () => {
      this.ending.abort();
      if (!this.lane.isGone) {
        const ended = await this.lane.end(AbortSignal.timeout(END_MS));
        if (ended?.ok === true) ended.value.discard();
      }
      await this.lane.close();
    })();
    return this.closing;
  }

  /** What a client says before its opening is answered waits for the answer: over HTTP nothing else keeps the two in order. */
  private async judge(line: Line): Promise<Passage> {
    const before = this.opening;
    const { gatekeeper } = this.lane;
    if (line.kind !== "line") return gatekeeper.unread("client", line);
    if (!isOpening(line.bytes)) {
      await before;
      return gatekeeper.fromClient(line.bytes);
    }
    const late = pause(OPENING_MOST_MS, undefined, { ref: false });
    this.opening = Promise.race([late, new Promise<void>((done) => this.idle.add(done))]);
    const passage = await gatekeeper.fromClient(line.bytes);
    if (passage.kind !== "forward") for (const wake of this.idle) wake();
    return passage;
  }

  private async dispatch(bytes: Uint8Array): Promise<void> {
    const message = messageOf(bytes);
    if (message === undefined || this.cancels(message)) return;
    this.sending += 1;
    try {
      if (message.kind === "request") await this.ask(bytes, message);
      else await this.tell(bytes, message);
    } finally {
      this.sending -= 1;
      for (const wake of this.idle) wake();
      if (this.lane.isGone && !this.ending.signal.aborted) this.gone();
    }
  }

  private async ask(bytes: Uint8Array, message: McpMessage & { readonly kind: "request" }): Promise<void> {
    const { id, method, params } = message;
    const abort = new AbortController();
    const isListening = method === "subscriptions/listen";
    this.open.set(id, { abort, isListening, isModern: eraOf(method, params) === "modern" });
    const signal = AbortSignal.any([abort.signal, this.ending.signal]);
    try {
      const ended = await this.pass(this.lane.send(bytes, message, { signal }));
      // Over stdio a subscription's end is a message (2026-07-28, Cancellation).
      if (isListening && !ended.isAnswered && !signal.aborted) await this.fromServer(cancelled(id));
    } finally {
      this.open.delete(id);
    }
  }

  private async tell(bytes: Uint8Array, message: McpMessage): Promise<void> {
    try {
      await this.pass(this.lane.send(bytes, message, { signal: this.ending.signal }));
    } catch (error) {
      if (!(error instanceof LaneFault)) throw error; // nobody waits for an answer
    }
    if (message.kind === "notification" && message.method === "notifications/initialized")
      this.listen().catch(() => undefined);
  }

  /** The server's own stream, for as long as the session is: again and again where it ends, from where it ended. */
  private async listen(): Promise<void> {
    if (this.isListening) return;
    this.isListening = true;
    let from: Ended["resume"];
    let waitMs = LISTEN_AGAIN_MS;
    while (!this.ending.signal.aborted && !this.lane.isGone) {
      const sending: LaneSending & { readonly lastEventId?: string } = {
        signal: this.ending.signal,
        ...(from === undefined ? {} : { lastEventId: from.lastEventId }),
      };
      const listening = await this.lane.listen(sending);
      // A server that has no such stream says so once.
      if (!listening.ok && listening.error.code === "mcp-no-method") break;
      if (listening.ok && listening.value.status >= 400) break;
      const began = performance.now();
      if (listening.ok) from = (await this.pass(listening.value.to)).resume ?? from;
      waitMs = performance.now() - began > 10_000 ? LISTEN_AGAIN_MS : Math.min(waitMs * 2, LISTEN_AGAIN_MOST_MS);
      await pause(Math.max(from?.afterMs ?? 0, waitMs), undefined, { signal: this.ending.signal, ref: false }).catch(
        () => undefined,
      );
    }
    if (this.lane.isGone && !this.ending.signal.aborted) this.gone();
  }

  /** A modern request is cancelled by closing its stream; there is no message for it over HTTP. */
  private cancels(message: McpMessage): boolean {
    if (message.kind !== "notification" || message.method !== "notifications/cancelled") return false;
    const id = member(message.params, "requestId");
    const open = isId(id) ? this.open.get(id) : undefined;
    if (open?.isModern !== true) return false;
    open.abort.abort();
    return true;
  }

  private async pass(stream: AsyncGenerator<ToClient, Ended>): Promise<Ended> {
    for (;;) {
      const next = await stream.next();
      if (next.done === true) return next.value;
      this.write(next.value);
      await this.client.room();
    }
  }

  private async fromServer(bytes: Uint8Array): Promise<void> {
    const passage = await this.lane.gatekeeper.fromServer(bytes);
    if (passage.kind === "forward") this.write({ ...passage, kind: "message" });
  }

  private write(to: ToClient): void {
    if (to.kind !== "message") return;
    this.client.write(oneLine(to.bytes));
    to.delivered?.();
  }

  private until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((done) => {
      const wake = (): void => {
        if (!holds()) return;
        this.idle.delete(wake);
        done();
      };
      this.idle.add(wake);
    });
  }
}

function cancelled(id: McpId): Uint8Array {
  const params = { requestId: id, reason: "the server closed the stream" };
  return writeMessage({ kind: "notification", method: "notifications/cancelled", params });
}

function isOpening(bytes: Uint8Array): boolean {
  // Most lines need no second look.
  if (!Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).includes('"initialize"')) return false;
  const message = messageOf(bytes);
  return message?.kind === "request" && message.method === "initialize";
}
