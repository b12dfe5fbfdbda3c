// The legs of a session as its record has them: also of one that is over, and without asking its supervisor.
import { readLog, sessionPlaces } from "#audit";
import type { Origin } from "#core/log";
import type { Leg } from "#core/session";

/** One leg that is set, with what set it. Texts are an adversary's. */
export interface RecordedLeg {
  readonly leg: Leg;
  readonly source: string;
  readonly cause: string;
  readonly origin: Origin;
}

/** The last word on each leg, A first. A record that cannot be read has none. */
export function legsOfSession(stateDir: string, id: string): readonly RecordedLeg[] {
  const legs = new Map<Leg, RecordedLeg>();
  try {
    for (const { record } of readLog(sessionPlaces(stateDir, id).dir)) {
      if (record?.type !== "leg.set") continue;
      const { leg, cause, source } = record.data;
      if ((leg === "A" || leg === "B" || leg === "C") && typeof cause === "string" && typeof source === "string")
        legs.set(leg, { leg, source, cause, origin: record.origin });
    }
  } catch {
    return []; // not begun yet, or damaged: `log verify` says so
  }
  return (["A", "B", "C"] as const).flatMap((leg) => legs.get(leg) ?? []);
}
