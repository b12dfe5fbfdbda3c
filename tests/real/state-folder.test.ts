// A state folder that somebody else filled: a cloned repository may bring one and name it in a variable. Nothing of it is believed, and nothing
// that it leads to is cleaned up.
import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, symlinkSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { listSessions, sweepSessions } from "#monitor";
import { helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const ID = "20200101-000000-abcdef";
const KILLED = {
  ...{ state: "running", kind: "direct", command: ["x"], workspace: "/", startedAt: "", startedMs: 0, masked: [] },
  ...{ supervisor: { pid: 999_999, startTicks: "1" }, gate: { denied: [], alsoProtected: [] }, held: 0 },
};

/** A folder of the person, older than what a sweep takes for a start of this moment, and a state folder beside it. */
function bed(): { readonly victim: string; readonly state: string } {
  const folder = tmp();
  const [victim, state] = [join(folder, "victim"), join(folder, "state/ringfence")];
  mkdirSync(join(victim, "old"), { recursive: true });
  mkdirSync(state, { recursive: true, mode: 0o700 });
  writeFileSync(join(victim, "old/file"), "");
  utimesSync(join(victim, "old"), 1, 1);
  utimesSync(victim, 1, 1);
  return { victim, state };
}

function meta(folder: string, id: string): void {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "meta.json"), JSON.stringify({ id, ...KILLED }));
}

describe("a sweep", () => {
  test("removes what a killed session left", async (context) => {
    needs(context, "helper");
    const { state } = bed();
    meta(join(state, "sessions", ID), ID);
    expect(listSessions(state)).toMatchObject([{ id: ID, state: "killed" }]);
    await sweepSessions(state, helperPath);
    expect(existsSync(join(state, "sessions", ID))).toBe(false);
  });

  test.for([
    ["sessions is a link", (state: string, victim: string) => symlinkSync(victim, join(state, "sessions"))],
    [
      "a session is a link",
      (state: string, victim: string) => {
        mkdirSync(join(state, "sessions"));
        symlinkSync(victim, join(state, "sessions", ID));
      },
    ],
    ["a session goes by another name", (state: string) => meta(join(state, "sessions", ID), "../../../victim")],
  ] as const)("leaves everything else alone: %s", async ([_name, fill], context) => {
    needs(context, "helper");
    const { state, victim } = bed();
    fill(state, victim);
    expect(listSessions(state)).toEqual([]);
    await sweepSessions(state, helperPath);
    expect(existsSync(join(victim, "old/file"))).toBe(true);
  });
});

test.for([
  ["open to others", /open to others\nhint: /],
  ["a link", /no folder\nhint: /],
] as const)("a state folder that is %s is refused by every command", ([name, why], context) => {
  needs(context, "helper");
  const { state } = bed();
  const home = join(state, name === "a link" ? "other" : "..");
  if (name === "a link") {
    mkdirSync(home);
    symlinkSync(state, join(home, "ringfence"));
  } else {
    mkdirSync(join(state, "sessions")); // an empty one is made private instead
    chmodSync(state, 0o755);
  }
  const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: home };
  const ended = spawnSync(launcher, ["sessions"], { encoding: "utf8", env });
  expect([ended.status, ended.stderr]).toEqual([125, expect.stringMatching(why)]);
});

test("a state folder that is wherever one stands is refused", (context) => {
  needs(context, "helper");
  const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: "/proc/self/cwd" };
  const ended = spawnSync(launcher, ["sessions"], { encoding: "utf8", env, cwd: tmp() });
  expect([ended.status, ended.stderr]).toEqual([125, expect.stringContaining("the kernel's")]);
});
