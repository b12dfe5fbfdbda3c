// The stage that every measurement is given.
/** What every measurement needs to know. */
export interface Bench {
  readonly ringfence: string;
  /** sandbox-runtime's command line program, or `undefined` when it could not be installed. */
  readonly srt: string | undefined;
  /** A scratch folder that is a fit workspace. */
  readonly scratch: string;
  /** The environment of every measured program: nothing of the caller's, so no profile of a shell is measured. */
  readonly env: Readonly<Record<string, string>>;
  /** tests/bench/client.mjs. */
  readonly client: string;
}
