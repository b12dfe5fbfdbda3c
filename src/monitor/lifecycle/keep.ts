// A snapshot of any session: of a running one by its supervisor, which lets it stand still meanwhile; of one that is over by the caller.
import { appendToLedger } from "#audit";
import { err, type Problem, type Result } from "#core";
import { requestLifecycle } from "../exec/exec-client.ts";
import { listSessions } from "../sessions.ts";
import { type SnapshotMeta, type SnapshotPlaces, type SnapshotWish, takeSnapshot } from "./snapshots.ts";

/** Keeps session `id` (`last`: the youngest with folders) as it is now. On record either way: in its own log, or in the ledger. */
export async function keepSession(
  places: SnapshotPlaces,
  id: string,
  wish: SnapshotWish,
): Promise<Result<SnapshotMeta, Problem>> {
  const { stateDir } = places;
  const all = listSessions(stateDir).filter(
    ({ state }) => state === "running" || state === "held" || state === "killed",
  );
  const session = id === "last" ? all.at(-1) : all.find((one) => one.id === id);
  if (session === undefined) {
    const message = id === "last" ? "no session has anything to keep" : `session \`${id}\` has nothing to keep`;
    return err({ code: "session-unknown", message, hint: "`ringfence sessions` lists them" });
  }
  if (session.state === "running") {
    const done = await requestLifecycle(stateDir, session.id, { op: "snapshot", ...wish });
    if (!done.ok) return done;
    const { snapshot } = done.value;
    return snapshot === undefined
      ? err({ code: "session-silent", message: "the session does not say what it kept" })
      : { ok: true, value: snapshot };
  }
  const taken = await takeSnapshot(places, session, wish);
  if (!taken.ok) return taken;
  const { bytes, files, name, parts } = taken.value;
  const recorded = await appendToLedger({ stateDir }, session.id, [
    { type: "lifecycle.snapshot", origin: "observed", data: { name, bytes, files, digests: { ...parts } } },
  ]);
  return recorded.ok ? taken : recorded;
}
