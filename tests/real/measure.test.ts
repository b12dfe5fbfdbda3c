// The helper that counts for a whole session: any number of trees in one request, as often as asked and nothing left of an earlier count, another one
// where it was killed in between, and an end where its words are cut.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect, it } from "vitest";
import { openMeasurer } from "#sandbox";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

/** The counting helpers below this process. */
function helpers(): readonly number[] {
  const rows = execFileSync("ps", ["-o", "pid=,args=", "--ppid", String(process.pid)], { encoding: "utf8" });
  return rows
    .split("\n")
    .flatMap((row) => (row.endsWith("ringfence-helper measure") ? [Number.parseInt(row, 10)] : []));
}

it("counts as many trees as a session has, and the next request as well", async (context) => {
  needs(context, "helper");
  const top = tmp();
  const paths = Array.from({ length: 600 }, (_, at) => join(top, `folder ${at}`));
  for (const path of paths) {
    mkdirSync(path);
    writeFileSync(join(path, "file"), "x");
  }
  const measurer = openMeasurer(helperPath);
  try {
    expect((await measurer.measure({ paths }))?.files).toBe(1_200);
    expect((await measurer.measure({ paths: paths.slice(0, 2) }))?.files).toBe(4);
  } finally {
    measurer.close();
  }
});

it("counts again and again with one helper, and with a new one after its death", async (context) => {
  needs(context, "helper");
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

it.each([
  ["no word", ""],
  ["half a request", "9\x009\x000\0/tmp"],
  ["words without paths' numbers", "9\0\0"],
  ["a word without an end", "9".repeat(1 << 20)],
])("ends by itself after %s", (_, input) => {
  expect(spawnSync(helperPath, ["measure"], { input, timeout: 10_000, encoding: "utf8" })).toMatchObject({
    status: 0,
    stdout: "",
  });
});
