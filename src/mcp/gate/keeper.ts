// The gatekeeper: each message is read strictly, told apart, and given to the part that knows it. Whatever cannot be read is never forwarded.
import {
  BATCH_VERSION,
  eraOf,
  failure,
  isList,
  isObject,
  type Json,
  type McpFailure,
  type McpMessage,
  type McpNotification,
  type McpRequest,
  type McpResponse,
  member,
  REFUSAL,
  readJson,
  readMessage,
  refusalOf,
  wishRefusal,
  writeMessage,
} from "#core/mcp";
import type { Gatekeeper, GatekeeperOptions, Passage, Unread } from "../gatekeeper.ts";
import { passAnswer } from "./answers.ts";
import { passBatch } from "./batch.ts";
import {
  answered,
  type ClientRequest,
  dropped,
  type Envelope,
  forwarded,
  Gate,
  giveUp,
  replaced,
  type ServerRequest,
  UNJUDGED,
} from "./gate.ts";
import { LEAK_TEXT, leaks } from "./leaks.ts";
import { withPlainMembers } from "./members.ts";
import { excerptOf } from "./notes.ts";
import { passClientNotice, passServerNotice } from "./notices.ts";
import { passRequest } from "./requests.ts";
import { passUnread, type Side, tellOfUnread } from "./unread.ts";
import { passWish } from "./wishes.ts";

/** The gatekeeper of one connection. */
export function openGatekeeper(options: GatekeeperOptions): Gatekeeper {
  return new Keeper(options);
}

class Keeper implements Gatekeeper {
  readonly #gate: Gate;
  #closed = false;

  constructor(options: GatekeeperOptions) {
    this.#gate = new Gate(options);
  }

  fromClient(bytes: Uint8Array): Promise<Passage> {
    return this.#from("client", bytes);
  }

  fromServer(bytes: Uint8Array): Promise<Passage> {
    return this.#from("server", bytes);
  }

  unread(from: Side, { why, head, tail }: Unread): Promise<Passage> {
    return passUnread(this.#gate, { from, why, head, tail });
  }

  async reverify(): Promise<readonly Uint8Array[]> {
    const told: Uint8Array[] = [];
    for (const era of this.#gate.eras.listed()) {
      const snapshot = this.#gate.eras.snapshot(era);
      const state = await snapshot.reverify();
      for (const kind of snapshot.shown.keys())
        if (era === "legacy" && state.ok && snapshot.isNews(kind, state.value)) told.push(CHANGED[kind]);
    }
    return told;
  }

  abandon(): void {
    for (const open of this.#gate.client.values()) open.asking.abort();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#gate.eras.ends();
    for (const open of this.#gate.client.values()) giveUp(open);
    for (const open of this.#gate.server.values()) open.abort.abort();
    await this.#gate.notes.note({ kind: "close" });
  }

  async #from(from: Side, bytes: Uint8Array): Promise<Passage> {
    if (this.#closed) return dropped("closed");
    const read = readJson(bytes, this.#gate.options.limits);
    if (!read.ok) return passUnread(this.#gate, { from, why: read.error.code, head: bytes, tail: bytes });
    return isList(read.value) ? this.#batch(from, bytes, read.value) : this.#one(from, bytes, read.value);
  }

  async #batch(from: Side, bytes: Uint8Array, members: readonly Json[]): Promise<Passage> {
    const { eras, notes } = this.#gate;
    if (eras.legacy?.protocolVersion === BATCH_VERSION && members.length > 0 && members.length <= BATCH_MOST)
      return passBatch(bytes, members, (one, its) => this.#one(from, its, one));
    // Whoever asked is told, of as many as may be open; found before the record is waited for, as the wire's order says.
    const parts = members
      .filter((value, index) => index < BATCH_MOST || (from === "server" && member(value, "method") === undefined))
      .map((value) => tellOfUnread(this.#gate, { from, why: "batch", value }))
      .filter(({ kind }) => kind !== "drop");
    await notes.refused({ from, why: "batch", excerpt: excerptOf(bytes) });
    return parts.length === 0 ? dropped("batch") : { kind: "several", parts };
  }

  async #one(from: Side, bytes: Uint8Array, value: Json): Promise<Passage> {
    const read = readMessage(value);
    if (!read.ok || !isObject(value)) {
      const fault = read.ok ? { code: "not-an-object" as const } : read.error;
      return passUnread(this.#gate, { from, why: fault.code, head: bytes, tail: bytes, value });
    }
    const envelope: Envelope = { message: read.value, value, bytes };
    return from === "client"
      ? this.#fromClient(envelope)
      : this.#fromServer(await withPlainMembers(this.#gate, envelope));
  }

  async #fromClient(envelope: Envelope): Promise<Passage> {
    const { message } = envelope;
    switch (message.kind) {
      case "request":
        return this.#request(envelope as Envelope<McpRequest>, message);
      case "notification":
        return passClientNotice(this.#gate, envelope as Envelope<McpNotification>);
      case "response":
      case "error":
        return this.#clientAnswer(envelope, message);
      default:
        return message satisfies never;
    }
  }

  async #fromServer(envelope: Envelope): Promise<Passage> {
    const { message } = envelope;
    if (this.#gate.options.asker.settle?.(message)) return dropped("own-answer");
    switch (message.kind) {
      case "request":
        return this.#wish(envelope as Envelope<McpRequest>, message);
      case "notification":
        return passServerNotice(this.#gate, envelope as Envelope<McpNotification>);
      case "response":
      case "error":
        return this.#serverAnswer(envelope as Envelope<McpResponse | McpFailure>, message);
      default:
        return message satisfies never;
    }
  }

  async #request(envelope: Envelope<McpRequest>, { id, method, params }: McpRequest): Promise<Passage> {
    const { client } = this.#gate;
    const era = eraOf(method, params);
    const open: ClientRequest = {
      ...{ id, method, params, era, began: performance.now() },
      ...{ abort: new AbortController(), asking: new AbortController(), phase: "judging" },
    };
    const fault = client.add(id, open, envelope.bytes.length);
    if (fault !== undefined) return this.#refused("client", envelope, fault);
    if (method === "initialize") this.#gate.eras.begins();
    const refused = (): Passage => answered(refusalOf(open, era, UNJUDGED));
    const passage = await this.#sure("client", passRequest(this.#gate, envelope, open), refused);
    if (passage.kind === "forward") open.phase = "forwarded";
    else {
      client.end(id);
      if (method === "initialize") this.#gate.eras.ends();
    }
    return passage;
  }

  async #serverAnswer(
    envelope: Envelope<McpResponse | McpFailure>,
    { id }: McpMessage & { id: unknown },
  ): Promise<Passage> {
    const { client } = this.#gate;
    const known = id as McpFailure["id"];
    const open = known === null ? undefined : client.get(known);
    // An answer before the question was asked is a guess; a second one is a second opinion.
    if (open?.phase !== "forwarded") return this.#refused("server", envelope, client.strangerFault(known));
    open.phase = "answering";
    const refused = (): Passage => replaced(refusalOf(open, open.era, UNJUDGED));
    const passage = await this.#sure("server", passAnswer(this.#gate, envelope, open), refused);
    client.end(open.id);
    if (open.method === "initialize") this.#gate.eras.ends();
    return passage;
  }

  async #wish(envelope: Envelope<McpRequest>, { id, method }: McpRequest): Promise<Passage> {
    const { server, eras } = this.#gate;
    // Where nobody opened a session, a server must not ask (2026-07-28).
    if (eras.legacy === undefined && method !== "ping") return this.#refused("server", envelope, "out-of-era");
    const open: ServerRequest = { id, method, abort: new AbortController(), phase: "judging" };
    const fault = server.add(id, open, envelope.bytes.length);
    if (fault !== undefined) return this.#refused("server", envelope, fault);
    const refused = (): Passage => answered(wishRefusal(id, method, UNJUDGED));
    const passage = await this.#sure("server", passWish(this.#gate, envelope, open), refused);
    if (passage.kind === "forward") open.phase = "forwarded";
    else server.end(id);
    return passage;
  }

  async #clientAnswer(envelope: Envelope, { id }: McpResponse | McpFailure): Promise<Passage> {
    const { server } = this.#gate;
    const open = id === null ? undefined : server.get(id);
    if (open?.phase !== "forwarded") return this.#refused("client", envelope, server.strangerFault(id));
    server.end(open.id);
    if (!(await leaks(this.#gate, envelope))) return forwarded(envelope);
    return replaced(failure(open.id, REFUSAL.rejectedByUser, LEAK_TEXT));
  }

  /** What throws is a record that cannot be written, or a bug: nothing passes, and whoever waits is told. */
  async #sure(from: Side, passage: Promise<Passage>, refused: () => Passage): Promise<Passage> {
    try {
      return await passage;
    } catch (thrown) {
      // The record may be what failed; its own session ends for that.
      await this.#gate.notes.refused({ from, why: "fault", excerpt: String(thrown) }).catch(() => undefined);
      return refused();
    }
  }

  async #refused(from: Side, { message, bytes }: Envelope, why: string): Promise<Passage> {
    const id = "id" in message && message.id !== null ? { id: message.id } : {};
    const method = "method" in message ? { method: message.method } : {};
    await this.#gate.notes.refused({ from, why, ...id, ...method, excerpt: excerptOf(bytes) });
    return dropped(why);
  }
}

/** Members of a batch: as many as may be open at once. */
const BATCH_MOST = 1024;

const CHANGED = {
  tool: writeMessage({ kind: "notification", method: "notifications/tools/list_changed", params: undefined }),
  prompt: writeMessage({ kind: "notification", method: "notifications/prompts/list_changed", params: undefined }),
  resourceTemplate: writeMessage({
    kind: "notification",
    method: "notifications/resources/list_changed",
    params: undefined,
  }),
};
