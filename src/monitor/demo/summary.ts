// What the demo takes from `run --json FILE`: the session, and which paths were applied and which wait for review.

/** The part of a run's summary that the demo shows. */
export interface RunSummary {
  readonly session: string;
  readonly applied: readonly string[];
  readonly held: readonly string[];
}

/** Parses it, or undefined when the run wrote none. */
export function parseSummary(text: string | undefined): RunSummary | undefined {
  if (text === undefined) return undefined;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return undefined;
  const { session, applied, held } = value as Record<string, unknown>;
  if (typeof session !== "string") return undefined;
  return { session, applied: paths(applied), held: paths(held) };
}

function paths(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.map((item) => (typeof item === "string" ? item : String(item?.path))) : [];
}
