// One helper counts for a whole session: as often as asked it is the same one, nothing of an earlier count stays, and one that was killed in between
// is replaced.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { openMeasurer } from "#sandbox";
import { helperPath } from "../support/installation.ts";
import { tmp } from "../support/tmp.ts";

/** The counting helpers below this process. */
function helpers(): readonly number[] {
  const rows = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" });
  return rows
    .split("\n")
    .flatMap((row) => (row.endsWith("ringfence-helper measure") ? [Number.parseInt(row, 10)] : []));
}

it("counts again and again with one helper, and with a new one after its death", async () => {
  const folder = tmp();
  writeFileSync(join(folder, "file"), "x".repeat(5000));
  const warned: string[] = [];
  const note = (warning: Error): void => void warned.push(warning.message);
  process.on("warning", note);
  const measurer = openMeasurer(helperPath);
  try {
    const count = async (): Promise<number | undefined> => (await measurer.measure({ paths: [folder] }))?.files;
    const first = await count();
    const [helper = 0] = helpers();
    for (let n = 0; n < 40; n += 1) expect(await count()).toBe(first);
    expect(helpers()).toEqual([helper]);
    process.kill(helper, "SIGKILL");
    await pause(100);
    expect(await count()).toBe(first);
    expect(helpers()).toHaveLength(1);
    expect(helpers()).not.toEqual([helper]);
    expect(warned).toEqual([]);
  } finally {
    process.off("warning", note);
    measurer.close();
  }
});
