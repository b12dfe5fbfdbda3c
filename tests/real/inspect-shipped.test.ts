// The runtimes of issue 5, point 4, that no distribution brings: programs which npm carries, at pinned versions, as inspect-runtimes.test.ts shows the
// others. uv is on neither of the registries reached here; what it reads is in docs/inspection.md.
import { chmodSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { type Runtime, SERVED, showRuntime } from "../support/inspect-runtime.ts";
import { type InspectWorld, inspectWorld } from "../support/inspect-world.ts";
import { needs } from "../support/needs.ts";
import { type Shipped, shipped } from "../support/shipped.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-shipped-")));
chmodSync(folder, 0o755);
let world: InspectWorld;
beforeAll(async () => {
  world = await inspectWorld(folder);
});
afterAll(() => {
  world.close();
  removeTree(folder);
});
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

const FETCH = `const [method, url] = process.argv.slice(2);
console.log(await (await fetch(url, method === "POST" ? { method, body: "x" } : {})).text());
`;

// Azure's server for agents is .NET's own HttpClient and SslStream, self-contained. Its two kinds of managed identity ask where they are told to:
// App Service's by GET, Cloud Shell's by POST.
const AZURE =
  "AZURE_MCP_COLLECT_TELEMETRY=false DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 AZURE_TOKEN_CREDENTIALS=ManagedIdentityCredential";
const ASK = "$P subscription list --retry-max-retries 0 2>&1";

const TURBO = `${["TURBO_TELEMETRY_DISABLED=1", "TURBO_TOKEN=x", "TURBO_TEAM=t"].join(" ")} TURBO_API=$U/ok $P run build 2>&1`;

const RUNTIMES: readonly (Runtime & { readonly from: Shipped })[] = [
  {
    name: "Deno",
    from: { npm: "@deno/linux-x64-glibc@2.9.6", program: "deno" },
    exe: /\/deno$/,
    probe: "$P --version",
    get: "$P run -A fetch.mjs GET $U/ok/g",
    post: "$P run -A fetch.mjs POST $U/ok/p",
    says: SERVED,
    files: { "fetch.mjs": FETCH },
  },
  {
    // Its module loader is a client of its own, and never posts.
    name: "Deno's modules",
    from: { npm: "@deno/linux-x64-glibc@2.9.6", program: "deno" },
    exe: /\/deno$/,
    probe: "$P --version",
    get: "$P run -A --reload $U/ok/g.js",
    post: "$P run -A --reload $U/no/g.js 2>&1",
    says: SERVED,
    control: /Download.*\/no\/g\.js/,
  },
  {
    name: "Bun",
    from: { npm: "@oven/bun-linux-x64@1.4.5", program: "bin/bun" },
    exe: /\/bun$/,
    probe: "$P --version",
    get: "$P fetch.mjs GET $U/ok/g",
    post: "$P fetch.mjs POST $U/ok/p",
    says: SERVED,
    files: { "fetch.mjs": FETCH },
  },
  {
    name: "Bun's package manager",
    from: { npm: "@oven/bun-linux-x64@1.4.5", program: "bin/bun" },
    exe: /\/bun$/,
    probe: "$P --version",
    get: "$P pm view ringfence-test version --registry $U/ok/npm/",
    post: 'echo "//${U#https://}/ok/npm/:_authToken=x" >.npmrc; $P publish --registry $U/ok/npm/ 2>&1',
    says: /^1\.2\.3$/m,
    control: /\+ x@1\.0\.0/,
    files: { "package.json": '{ "name": "x", "version": "1.0.0" }' },
  },
  {
    name: ".NET 10",
    from: { npm: "@azure/mcp-linux-x64@2.0.5", program: "dist/azmcp" },
    exe: /\/azmcp$/,
    probe: "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1 $P --version",
    get: `${AZURE} IDENTITY_HEADER=x IDENTITY_ENDPOINT=$U/ok/g ${ASK}`,
    post: `${AZURE} MSI_ENDPOINT=$U/ok/p ${ASK}`,
    says: /MSI returned 200 OK/,
    refusal: /method-not-allowed/,
    control: /MSI returned 200 OK/,
  },
  {
    // ureq over rustls with Mozilla's roots and the system's. It never posts.
    name: "dprint",
    from: { npm: "@dprint/linux-x64-glibc@0.57.4", program: "dprint" },
    exe: /\/dprint$/,
    probe: "$P --version",
    get: "DPRINT_CACHE_DIR=$PWD/c $P check -c $U/ok/dprint.json 2>&1",
    post: "DPRINT_CACHE_DIR=$PWD/c $P check -c $U/no/dprint.json 2>&1",
    says: /No formatting plugins found/,
    control: /served GET \/no|expected|unexpected|pars/i,
  },
  {
    // reqwest over rustls with the system's roots, linked against musl.
    name: "turbo",
    from: { npm: "turbo-linux-64@2.8.17", program: "bin/turbo" },
    exe: /\/turbo$/,
    probe: "$P --version",
    get: `${TURBO} --cache=remote:r`,
    post: `${TURBO} --cache=remote:rw`,
    says: /Remote caching enabled/,
    control: /Remote caching enabled(?![\s\S]*could not connect)/,
    trustsBundleOnly: true,
    files: {
      "package.json": '{ "private": true, "packageManager": "npm@10.0.0", "scripts": { "build": "true" } }',
      "package-lock.json": '{ "lockfileVersion": 3, "packages": {} }',
      "turbo.json": '{ "tasks": { "build": {} } }',
    },
  },
  {
    // Debian 12's own cargo is older than sparse registries; the one that its browsers are built with is not.
    name: "cargo",
    from: { debian: "cargo-web", program: "usr/bin/cargo" },
    exe: /\/cargo$/,
    probe: "$P -V",
    get: `printf '[registries.t]\\nindex = "sparse+%s/ok/index/"\\n' $U >c.toml && $P --config c.toml search --registry t x 2>&1`,
    post: `printf '[registries.t]\\nindex = "sparse+%s/ok/index/"\\n' $U >c.toml && $P --config c.toml yank --registry t --token x --version 1.0.0 x 2>&1`,
    says: /ringfence-crate/,
    control: /Yank/,
  },
];

for (const runtime of RUNTIMES)
  test(runtime.name, { timeout: 180_000 }, (context) => {
    const program = shipped(context, runtime.from);
    const [caller] = callersIn(folder);
    if (caller === undefined) throw new Error("nobody calls");
    showRuntime(context, runtime, { world, caller, folder, program });
  });
