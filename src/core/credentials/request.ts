// The head of a request as the rules of credentials read it.

/** One header field as it came. */
export interface HeaderField {
  readonly name: string;
  readonly value: string;
}

/** Host and port are the judged ones. */
export interface HttpRequest {
  readonly scheme: "http" | "https";
  readonly host: string;
  readonly port: number;
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  readonly fields: readonly HeaderField[];
}
