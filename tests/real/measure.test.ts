// The helper that counts for a whole session: any number of trees in one request, one request after the other, and an end where its words are cut.
import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { openMeasurer } from "#sandbox";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

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
