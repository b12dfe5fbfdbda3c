// What an entry of a client may be to the gateway.

/** What an entry is to the gateway. */
export type ClientServer = ProgramServer | HttpServer | LeftServer;

/** A program that the client starts. */
export interface ProgramServer {
  readonly kind: "program";
  /** The command and its arguments, placeholders as written. */
  readonly words: readonly string[];
  /** Names of the variables that the entry declares. */
  readonly env: readonly string[];
}

/** A Streamable HTTP server whose only credentials are fixed headers. */
export interface HttpServer {
  readonly kind: "http";
  readonly url: string;
  /** The key that the address stands at. */
  readonly urlKey: string;
  readonly headers: readonly string[];
  /** Codex: the variable with the bearer token. */
  readonly bearer?: string;
}

/** An entry that is not changed. `byName`: it is when a person names the server. */
export interface LeftServer {
  readonly kind: "left";
  readonly why: string;
  readonly byName?: true;
}

/** Not changed, and why. */
export function left(why: string): LeftServer {
  return { kind: "left", why };
}
