// A secret of the session that somebody inside writes into a command or a file's name stands in the record by its name alone (AUD-4).
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { userInfo } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const SECRET = "zq83Jd0aLx92mWqPz71x";

it("records commands and names with a secret in them, without its value", (ctx) => {
  needs(ctx, "userns", "bubblewrap", "overlay", "helper", "git");
  const folder = join(tmp(), "shop");
  mkdirSync(folder);
  execFileSync("git", ["init", "-q", folder]);
  writeFileSync(join(folder, ".env"), `API_KEY=${SECRET}\n`);
  const env = { PATH: process.env["PATH"], HOME: userInfo().homedir, XDG_STATE_HOME: join(folder, "../state") };
  const ringfence = (...args: string[]) => spawnSync(launcher, args, { cwd: folder, encoding: "utf8", env });
  const done = ringfence("run", "--quiet", "--", "sh", "-c", `touch /tmp/${SECRET}; /bin/echo ${SECRET}`);
  expect(done.stdout).toBe(`${SECRET}\n`);
  const record = ringfence("log", "show", "last", "--json").stdout;
  expect(record).toContain("/tmp/[.env:API_KEY]");
  expect(record).toContain('["/bin/echo","[.env:API_KEY]"]');
  expect(record).not.toContain(SECRET);
  expect(ringfence("log", "verify", "last").status).toBe(0);
});
