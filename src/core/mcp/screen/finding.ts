// What screening says of a text of a server.

/** One thing found. Hard ones are held without a person; soft ones are shown. */
export interface Finding {
  readonly severity: "hard" | "soft";
  readonly kind: string;
  /** JSON pointer into what was screened. */
  readonly at: string;
  /** The place, escaped and capped. */
  readonly excerpt: string;
}
