// Ten real packages of npm, through TLS that is read, from the registry that this machine's npm is set to: its address is asked for at test time and
// written nowhere.

import { lookup } from "node:dns/promises";
import { chmodSync, existsSync, mkdtempSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const PACKAGES = "commander diff ipaddr.js picocolors semver smol-toml tldts unbash yaml zod".split(" ");
const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-registry-")));
chmodSync(folder, 0o755);
afterAll(() => removeTree(folder));

test("ten packages install through it, and publishing is refused by the same rule", {
  timeout: 180_000,
}, async (context) => {
  needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "registry");
  const [caller] = callersIn(folder);
  if (caller === undefined) throw new Error("nobody calls");
  const cwd = caller.folder("packages");
  const registry = new URL(caller.outside(["npm", "config", "get", "registry"], { cwd }).stdout.trim());
  context.skip(registry.protocol !== "https:", "needs a registry by https");
  const addresses = await lookup(registry.hostname, { all: true });
  const name = registry.port === "" ? registry.hostname : `${registry.hostname}:${registry.port}`;
  const policy = join(folder, "policy.json");
  const allowPrivate = addresses.map(({ address, family }) => ({
    host: registry.hostname,
    cidr: `${address}/${family === 4 ? 32 : 128}`,
    reason: "where this machine's registry is",
  }));
  const network = { allow: [{ host: name, methods: ["GET", "HEAD"] }], allowPrivate };
  writeFileSync(policy, JSON.stringify({ version: 1, sandbox: { network } }));
  writeFileSync(join(cwd, "package.json"), '{"name":"ringfence-registry-test","version":"1.0.0"}');
  const npm = (...args: readonly string[]): ReturnType<typeof caller.ringfence> =>
    caller.ringfence(["run", "--quiet", "--policy", policy, "--", "npm", ...args, "--fetch-retries=0"], {
      cwd,
      timeoutMs: 120_000,
    });
  const installed = npm("install", "--no-audit", "--no-fund", ...PACKAGES);
  expect({ status: installed.status, stderr: installed.stderr }).toEqual({ status: 0, stderr: expect.anything() });
  for (const one of PACKAGES) expect(existsSync(join(cwd, "node_modules", one, "package.json"))).toBe(true);
  const published = npm("publish", `--//${registry.host}${registry.pathname}:_authToken=x`);
  expect(published.status).not.toBe(0);
  expect(published.stderr).toMatch(/method-not-allowed/);
});
