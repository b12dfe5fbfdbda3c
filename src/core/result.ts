// Expected failure as a value. A throw is a bug; a `Result` is something that will happen one day.

/** Either a value or the reason there is none. `ok` decides which. */
export type Result<T, E> = { readonly ok: true; readonly value: T } | { readonly ok: false; readonly error: E };

/** A successful result. */
export function ok<T>(value: T): { readonly ok: true; readonly value: T } {
  return { ok: true, value };
}

/** A failed result. */
export function err<E>(error: E): { readonly ok: false; readonly error: E } {
  return { ok: false, error };
}

/**
 * Something a person has to read: what went wrong, where, and what to type next.
 * `message` starts in lower case, has no final stop, and puts user text in backticks.
 */
export interface Problem {
  /** Stable word for machines, for example `policy-unknown-key`. */
  readonly code: string;
  readonly message: string;
  /** Where, if it came from a text: lines and columns start at 1. */
  readonly at?: Span;
  /** What to do next; often one command. */
  readonly hint?: string;
}

/** A place in a file. Lines and columns start at 1. */
export interface Span {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}
