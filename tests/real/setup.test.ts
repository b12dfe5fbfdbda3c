// The launcher, as people call it: through links, from any folder, in a path with spaces, in a hostile environment, in a checkout of somebody else.
// The installation itself (npm, apt) is what `.ci/run` and `npm test` on a fresh clone go through; here the checkout is a built copy.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { checkout, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { ordinaryUser } from "../support/user.ts";

/** What a start needs of a checkout, copied to a folder with a space in its name. */
function builtCopy(folder: string): string {
  const copy = join(folder, "a checkout");
  for (const part of ["scripts", "dist", "build", "src", "native"])
    cpSync(join(checkout, part), join(copy, part), { recursive: true, preserveTimestamps: true });
  for (const file of ["ringfence", "package.json", "package-lock.json"])
    copyFileSync(join(checkout, file), join(copy, file));
  return copy;
}

function call(
  argv: readonly string[],
  options: { readonly cwd?: string; readonly env?: Record<string, string> } = {},
): SpawnSyncReturns<string> {
  const [program = "", ...args] = argv;
  const env = { PATH: process.env["PATH"], ...options.env };
  return spawnSync(program, args, { cwd: options.cwd ?? "/", env, encoding: "utf8", timeout: 60_000 });
}

const VERSION = /^\d+\.\d+\.\d+\n$/;

test("it starts through a chain of links, from any folder, and by a relative name", (context) => {
  needs(context, "helper");
  const folder = tmp();
  symlinkSync(launcher, join(folder, "one"));
  symlinkSync("one", join(folder, "two"));
  expect(call([join(folder, "two"), "--version"]).stdout).toMatch(VERSION);
  expect(call(["two", "--version"], { env: { PATH: `${folder}:${process.env["PATH"]}` } }).stdout).toMatch(VERSION);
  expect(call(["sh", "two", "--version"], { cwd: folder }).stdout).toMatch(VERSION);
  expect(call([launcher, "--version"], { env: { CDPATH: "/tmp:/usr" } }).stdout).toMatch(VERSION);
});

test("nothing in the environment loads code into it, and it says nothing about it", (context) => {
  needs(context, "helper");
  const folder = tmp();
  const trap = join(folder, "trap.cjs");
  writeFileSync(trap, "console.log('TRAPPED')");
  const env = { NODE_OPTIONS: `--require ${trap}`, NODE_PATH: folder, OPENSSL_CONF: trap, NODE_V8_COVERAGE: folder };
  // The controls: a bare node does load the first, and cannot even start with the second.
  expect(call([process.execPath, "-e", "0"], { env: { NODE_OPTIONS: env.NODE_OPTIONS } }).stdout).toContain("TRAPPED");
  expect(call([process.execPath, "-e", "0"], { env: { OPENSSL_CONF: trap } }).status).not.toBe(0);
  const done = call([launcher, "--version"], { env });
  expect([done.stdout, done.stderr]).toEqual([expect.stringMatching(VERSION), ""]);
});

test("a repository does not choose the node that guards it", (context) => {
  needs(context, "helper");
  const folder = tmp();
  const bin = join(folder, "node_modules/.bin");
  mkdirSync(bin, { recursive: true });
  for (const place of [folder, bin]) {
    writeFileSync(join(place, "node"), "#!/bin/sh\necho v22.0.0; echo TRAPPED\n");
    chmodSync(join(place, "node"), 0o755);
  }
  for (const entry of [".", "node_modules/.bin", bin, ""]) {
    // The control: by that PATH, a shell does find the planted one.
    const env = { PATH: `${entry}:${process.env["PATH"]}` };
    expect(call(["/bin/sh", "-c", "node --version"], { cwd: folder, env }).stdout).toContain("TRAPPED");
    expect(call([launcher, "--version"], { cwd: folder, env }).stdout).toMatch(VERSION);
  }
});

test("somebody else's built checkout works read-only; one that is not built is one line and 125", (context) => {
  needs(context, "root", "user", "helper");
  const folder = tmp();
  const copy = builtCopy(folder);
  const user = ordinaryUser(folder);
  const version = [...user.as([join(copy, "ringfence"), "--version"])];
  const done = call(version, { env: { HOME: user.home } });
  expect([done.stdout, done.stderr, done.status]).toEqual([expect.stringMatching(VERSION), "", 0]);
  writeFileSync(join(copy, "build/ringfence-helper"), "");
  chmodSync(join(copy, "build/ringfence-helper"), 0o600);
  const refused = call(version, { env: { HOME: user.home } });
  expect([refused.stdout, refused.status]).toEqual(["", 125]);
  expect(refused.stderr).toMatch(
    /^ringfence: `.*a checkout` is not set up yet, and you may not write there\nhint: [^\n]*\n$/,
  );
});
