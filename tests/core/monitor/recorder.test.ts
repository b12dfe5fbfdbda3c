// From events to records: what is written, what is folded, what sets a leg, and that a slow log slows the recorder.
import { expect, it } from "vitest";
import type { RecordBody } from "#core/log";
import type { RecorderEvent } from "#core/sandbox";
import { recorderOf } from "../../../src/monitor/recorder.ts";

type Parts = Parameters<typeof recorderOf>[0];

/** A hearer whose log is done with a record when `settle` is called. */
function bed(reads: "none" | "secrets" | "all" = "none"): {
  readonly hear: (...events: readonly RecorderEvent[]) => Promise<void> | undefined;
  readonly written: RecordBody[];
  readonly settle: () => void;
} {
  const written: RecordBody[] = [];
  let waiting: (() => void)[] = [];
  const append: Parts["append"] = (body) => {
    written.push(body);
    return new Promise((resolve) => waiting.push(() => resolve(written.length)));
  };
  const unused = (): never => {
    throw new Error("no legs are asked for here");
  };
  const onSeen = recorderOf({
    ...{ append, legs: undefined as unknown as Parts["legs"], guard: unused },
    plan: { mounts: [], recorder: { reads } },
  });
  return {
    hear: (...events) => events.map((event) => onSeen(event)).at(-1),
    written,
    settle: () => {
      for (const done of waiting) done();
      waiting = [];
    },
  };
}

const at = { atUs: 1 };
const exec: RecorderEvent = { kind: "exec", ...at, pid: 5, parent: 2, exe: "/bin/a", argv: ["a", "b"], cwd: "/w" };
const write = (path: string, more: object = {}): RecorderEvent => ({
  ...{ kind: "write", ...at, pid: 5, operation: "create", result: "unknown", path },
  ...more,
});

it("names the actor of each act by what it runs, and folds what it does again", () => {
  const { hear, written } = bed();
  hear(exec, write("/w/x"), write("/w/x"), write("/dev/null"), write("/w/y", { error: "EEXIST" }));
  hear({ kind: "exit", ...at, pid: 5, code: 3, probes: 1 });
  const via = "recorder";
  const actor = { pid: 5, exe: "/bin/a" };
  expect(written).toEqual([
    { type: "exec.start", origin: "observed", actor, data: { parent: 2, argv: ["a", "b"], cwd: "/w", via } },
    { type: "file.write", origin: "observed", actor, data: { path: "/w/x", operation: "create", via } },
    {
      type: "file.write",
      origin: "observed",
      actor,
      data: { path: "/w/y", operation: "create", error: "EEXIST", via },
    },
    { type: "exec.exit", origin: "observed", actor, data: { code: 3, probes: 1, repeats: 1, via } },
  ]);
});

it("takes an act with another outcome for another act, and an unresolved name for another file each time", () => {
  const { hear, written } = bed();
  hear(
    exec,
    write("/w/a", { result: "refused" }),
    write("/w/a", { result: "done" }),
    write("/w/a", { result: "done" }),
  );
  hear(write("a", { unresolved: true }), write("a", { unresolved: true }));
  expect(written.map(({ data }) => data["path"])).toEqual([undefined, "/w/a", "/w/a", "a", "a"]);
});

it("takes down reads of secret names only, when that is what the policy says", () => {
  const { hear, written } = bed("secrets");
  hear(exec, { kind: "read", ...at, pid: 5, result: "unknown", path: "/w/notes.txt", error: "ENOENT" });
  hear({ kind: "read", ...at, pid: 5, result: "unknown", path: "/w/.env", error: "ENOENT" });
  hear({ kind: "read", ...at, pid: 5, result: "unknown", path: ".env", unresolved: true, error: "ENOENT" });
  expect(written.map(({ data }) => data["path"])).toEqual([undefined, "/w/.env", ".env"]);
});

it("asks the recorder to wait while the log is behind, and to go on when it has caught up", async () => {
  const { hear, settle, written } = bed();
  let wait: Promise<void> | undefined;
  let heard = 0;
  for (; wait === undefined && heard < 10_000; heard++) wait = hear(write(`/w/${heard}`));
  expect(heard).toBeLessThan(5_000);
  let goes = false;
  void wait?.then(() => {
    goes = true;
  });
  await Promise.resolve();
  expect(goes).toBe(false);
  settle();
  await wait;
  expect(written).toHaveLength(heard);
  expect(hear(write("/w/more"))).toBeUndefined();
});

it("says what was lost", () => {
  const { hear, written } = bed();
  hear({ kind: "lost", count: 3 }, { kind: "end" });
  expect(written).toEqual([{ type: "recorder.lost", origin: "observed", data: { events: 3, via: "recorder" } }]);
});
