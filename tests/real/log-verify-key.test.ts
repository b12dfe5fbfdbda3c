// The key that `log verify` trusts when it is given none: the machine's, as far as what was published and what signs agree.
import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { openSessionLog } from "#audit";
import { launcher } from "../support/installation.ts";
import { tmp } from "../support/tmp.ts";

let home: string;
let stateDir: string;

const ringfence = (...args: string[]) =>
  spawnSync(launcher, args, { encoding: "utf8", env: { PATH: process.env["PATH"], HOME: home, XDG_STATE_HOME: home } });

beforeEach(async () => {
  home = tmp();
  stateDir = join(home, "ringfence");
  const opened = await openSessionLog({ stateDir, session: "s1", policy: "p", workspace: "/w", maxBytes: 10_000_000 });
  if (!opened.ok) throw new Error(opened.error.message);
  await opened.value.close({});
});

describe("the key that an auditor is given", () => {
  const vkey = (): string => join(stateDir, "keys/machine.vkey");

  it("is missed by name when it is gone, and the log holds by the one that the private key names", () => {
    rmSync(vkey());
    const said = ringfence("log", "verify");
    expect([said.status, said.stdout]).toEqual([0, expect.stringContaining("note: keys/machine.vkey is not there")]);
    expect(JSON.parse(ringfence("log", "verify", "--json").stdout).key).toMatchObject({
      source: "machine",
      note: expect.stringContaining("machine.pem"),
    });
  });

  it.each(["rubbish\n", ""])("is none that is something else than the machine's: `%s`", (text) => {
    writeFileSync(vkey(), text);
    for (const args of [["verify"], ["verify", "s1"]])
      expect(ringfence("log", ...args)).toMatchObject({
        status: 1,
        stdout: "",
        stderr: expect.stringMatching(/are not of one key\nhint: /),
      });
  });
});
