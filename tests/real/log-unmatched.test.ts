// `ringfence log show` where nothing is what was asked for: it says so beside the lines, never among them.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { launcher } from "../support/installation.ts";
import { smallLog } from "../support/small-log.ts";

test.each([
  [
    ["--type", "foo.*"],
    /no record of .* is of type `foo\.\*`\nhint: its types: prompt, session\.close, session\.open\n$/,
  ],
  [["--type", "foo", "--tree"], /is of type `foo`\nhint: its types: /],
  [["--host", "a.example", "--type", "prompt"], /is what was asked for\nhint: take an option out/],
  [["--type", "foo", "--last", "0"], /^$/],
] as const)("%j", async (options, words) => {
  const { dir } = (await smallLog()).signed;
  const { status, stdout, stderr } = spawnSync(launcher, ["log", "show", dir, ...options], { encoding: "utf8" });
  expect({ status, stdout }).toEqual({ status: 0, stdout: "" });
  expect(stderr).toMatch(words);
});
