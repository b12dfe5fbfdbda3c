// What may look at, change or refuse the HTTP that leaves, one exchange at a time: rules on methods and paths, the credential broker, the search for
// secrets. The proxy knows none of them; the monitor hands them in, in order, and each sees what the one before it made.

import type { Field } from "./head.ts";
import type { FilterRefusal, Making } from "./made.ts";

/** The program on whose behalf a connection was made, as far as that could be observed. */
export interface Peer {
  /** In the fence's process namespace. */
  readonly pid?: number;
  readonly exe?: string;
  /** Of its file, hex, where a rule names one. */
  readonly sha256?: string;
  /** Where the program wanted to go before the connection was redirected: an address, `[v6]:port` for IPv6. */
  readonly dialled?: string;
  /** Who had just dialled that, where the kernel could not say any more whose connection it is: for the record, no rule is judged by it. */
  readonly dialler?: { readonly pid: number; readonly exe?: string };
}

/** The head of a request. Host and port are the judged ones; `Host`, the server name and the CONNECT target agree with them. */
export interface RequestView {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path and query as sent, in origin form. */
  readonly target: string;
  readonly fields: readonly Field[];
  /** A request to speak WebSocket from here on. The field itself is the proxy's and not among `fields`. */
  readonly upgrade?: "websocket";
  readonly peer?: Peer;
}

/** The head of a response. */
export interface ResponseView {
  readonly status: number;
  readonly fields: readonly Field[];
}

/** Reads a body as it passes. What it returns is sent; what it keeps is sent later or never. It is asked again only when it has answered. */
export interface BodyFilter {
  /** True when it never changes how many bytes there are: the length that was announced stays. */
  readonly keepsLength: boolean;
  /** True when it passes every piece on at once and unchanged: then nothing is held for it. */
  readonly onlyLooks?: boolean;
  take(piece: Buffer): Making;
  /** The body is complete: the rest. Never called for one that was cut off. */
  end(): Making;
  /**
   * Only after a switch to WebSocket, where pieces are the unmasked payload of messages, uncompressed: one message is complete, and what was kept
   * for a later piece has to come now, or the other side waits for ever. Where this is absent, nothing may be kept back.
   */
  flush?(): Making;
  /** Nothing more comes: the body broke off, or what follows a switch to WebSocket is over. */
  gone?(): void;
}

/** What a filter does with one exchange. Whatever is absent passes unchanged. */
export interface ExchangeFilter {
  /** The head to send instead. */
  readonly target?: string;
  readonly fields?: readonly Field[];
  /** The request's body, without its transfer coding; after a switch to WebSocket, what the client's messages say. */
  readonly up?: BodyFilter;
  /**
   * The head's last word, after the body was looked at as far as it is held; nothing has been sent. `isWhole`: all of it was. For what has to know
   * the body before it can write the head (a signature).
   */
  settle?(isWhole: boolean): readonly Field[] | FilterRefusal;
  /** Called with the response's head. */
  down?(response: ResponseView): { readonly fields?: readonly Field[]; readonly body?: BodyFilter };
}

/** One of them. Filters may wait (a token is fetched, a use is recorded); a rejection is a refusal. */
export interface HttpFilter {
  /** True for a host whose requests it must see: TLS to it is terminated then. */
  needs(host: string, port: number): boolean;
  /** A connection that nobody reads begins; what it answers is told of the bytes that go up, before they do. */
  tunnel?(host: string, port: number): FilterRefusal | ((bytes: number) => FilterRefusal | undefined);
  /** One exchange begins; nothing of it has been sent. `undefined` has nothing to do with it. */
  begin(request: RequestView): Promise<ExchangeFilter | FilterRefusal | undefined>;
}
