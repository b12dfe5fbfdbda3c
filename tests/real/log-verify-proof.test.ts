// Options beside a proof are looked at or refused: a time stamp that nobody read must not stand beside an `OK`.
import { spawnSync } from "node:child_process";
import { copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { makeExtension, makeReceipt } from "#audit";
import { formatVerifierKey } from "#core/log";
import { launcher } from "../support/installation.ts";
import { smallLog } from "../support/small-log.ts";
import { tmp } from "../support/tmp.ts";

test("with a receipt and with a consistency proof", async () => {
  const { signed, keys } = await smallLog();
  const [receipt, extension] = [makeReceipt(signed, 1), makeExtension(signed, signed.checkpoint)];
  if (!receipt.ok || !extension.ok) throw new Error("no proof");
  const home = tmp();
  const at = (name: string): string => join(home, name);
  copyFileSync(join(signed.dir, "checkpoint"), at("kept"));
  writeFileSync(at("vkey"), `${keys.map(formatVerifierKey).join("\n")}\n`);
  writeFileSync(at("receipt"), receipt.value);
  writeFileSync(at("growth"), extension.value);
  const env = { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home };
  const status = (...args: readonly string[]): number | null =>
    spawnSync(launcher, ["log", "verify", ...args, "--key", "vkey"], { cwd: home, env }).status;
  expect(status("receipt")).toBe(0);
  expect(status("growth", "--anchor", "kept")).toBe(0);
  const stamp = ["--timestamp", "kept", "--tsa", "kept"];
  expect(status("receipt", ...stamp)).toBe(64);
  expect(status("receipt", "--anchor", "kept", ...stamp)).not.toBe(0);
  expect(status("growth", "--anchor", "kept", ...stamp)).not.toBe(0);
  expect(status("growth", "--anchor", "kept", "--rekor", "kept", "--rekor-key", "kept")).not.toBe(0);
  for (const proof of ["receipt", "growth"])
    for (const option of ["--against", "--witness"]) expect(status(proof, option, "kept")).toBe(64);
});
