// The HTTP that the broker looks at, in its own words: the proxy's filters have this very shape (egress/filter.ts), and the monitor hands one to the other.

/** One header field as it came. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

/** The head of a request; host and port are the judged ones. */
export interface Request {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly fields: readonly Field[];
  /** It asks to speak WebSocket from here on: its body are the messages. */
  readonly upgrade?: "websocket";
  readonly peer?: { readonly pid: number; readonly exe?: string };
}

/** A no, with what to type. */
export interface Refused {
  readonly reason: string;
  readonly hint: string;
  readonly rule?: string;
}

/** Reads a body as it passes. */
export interface Body {
  readonly keepsLength: boolean;
  take(piece: Buffer): readonly Buffer[] | Refused;
  end(): readonly Buffer[] | Refused;
  /** After a switch to WebSocket: a message is complete. */
  flush?(): readonly Buffer[] | Refused;
}

/** What becomes of one exchange. */
export interface Exchange {
  readonly target?: string;
  readonly fields?: readonly Field[];
  readonly up?: Body;
  /** The head's last word, after the body was looked at as far as it is held. */
  settle?(isWhole: boolean): readonly Field[] | Refused;
  down?(response: { readonly status: number; readonly fields: readonly Field[] }): {
    readonly fields?: readonly Field[];
    readonly body?: Body;
  };
}

/** The broker among the proxy's filters. */
export interface CredentialFilter {
  needs(host: string, port: number): boolean;
  begin(request: Request): Promise<Exchange | Refused | undefined>;
}
