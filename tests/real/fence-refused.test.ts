// A fence whose command may not run ends at once, however far its start has come: bubblewrap, killed early, leaves nobody behind who holds
// a pipe of ours.
import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, it } from "vitest";
import { planFor, runPlan, stage } from "../support/fence.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

it("ends wherever its start has come", { timeout: 60_000 }, async () => {
  const folder = tmp();
  const at = stage(folder);
  const plan = planFor(at, ["true"]);
  for (let ms = 0; ms <= 30; ms += 1) {
    const before = async (): Promise<void> => {
      await sleep(ms);
      throw { code: "not-recorded", message: "refused" };
    };
    const ended = runPlan(at, plan, { before }).catch((error: Error) => error.message);
    expect(await Promise.race([ended, sleep(5_000, "it hangs")]), `${ms} ms`).toBe("not-recorded: refused");
  }
  expect(processesNaming(folder)).toEqual([]);
});

/** Command lines that name a folder: each part of a fence's start does. */
function processesNaming(folder: string): readonly string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
        return line.includes(folder) ? [line.replaceAll("\0", " ")] : [];
      } catch {
        return []; // it ended meanwhile
      }
    });
}
