// Builds everything that is not source: `node scripts/build.mjs [program]`.
//   program   dist/ringfence.cjs (one bundled file: 22 ms less at each start) and its code cache (30 ms less), dist/bench.mjs, build/ringfence-helper
//   (nothing) the same, and dist/lib: the library with its types
// Each result appears whole or not at all (temporary name, then rename), so a run that starts meanwhile never sees half a file.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.umask(0o022);

const HELPER_FLAGS = [
  ..."-std=gnu11 -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2".split(
    " ",
  ),
  ..."-fno-strict-aliasing -Wl,-z,relro,-z,now,-z,noexecstack".split(" "),
];

/** The program is CommonJS, because only that can be started from V8's code cache (scripts/start.cjs) on Node 20. */
const PROGRAM = {
  format: "cjs",
  define: { "import.meta.url": "ringfenceUrl" },
  banner: { js: 'const ringfenceUrl = require("node:url").pathToFileURL(__filename).href;' },
};
// CommonJS packages inside an ESM bundle ask for `require`; ESM has none of its own.
const MODULE = {
  format: "esm",
  banner: {
    js: 'import { createRequire as ringfenceCreateRequire } from "node:module"; const require = ringfenceCreateRequire(import.meta.url);',
  },
};

/** @param {string} entry @param {string} target @param {import("esbuild").BuildOptions} kind */
async function bundle(entry, target, kind) {
  const temporary = `${target}.${process.pid}.tmp`;
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: temporary,
    bundle: true,
    platform: "node",
    target: "node20",
    conditions: ["source"],
    minify: true,
    keepNames: true,
    legalComments: "none",
    logLevel: "warning",
    ...kind,
  });
  renameSync(join(root, temporary), join(root, target));
}

/** A session of `true` takes a second on a busy machine; one that hangs does not hold up the build. */
const CACHE_MS = 60_000;

/** Lets the program run `true` in a scratch folder, so that what a session compiles from its start to its end is in the cache. */
function makeCodeCache() {
  const scratch = mkdtempSync(join(tmpdir(), "ringfence-build-"));
  const workspace = join(scratch, "workspace");
  mkdirSync(workspace); // beside the state, which no workspace may hold
  try {
    execFileSync(process.execPath, [join(root, "scripts/start.cjs"), "run", "--quiet", "--", "true"], {
      cwd: workspace,
      env: { PATH: process.env.PATH, XDG_STATE_HOME: join(scratch, "state"), RINGFENCE_MAKE_CACHE: "1" },
      stdio: "ignore",
      timeout: CACHE_MS,
    });
  } catch {
    // A machine that cannot make a fence yet (doctor says why) still gets the cache of what was compiled.
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const made = join(root, "dist/ringfence.cache.new");
  if (existsSync(made)) renameSync(made, join(root, "dist/ringfence.cache"));
}

function compileHelper() {
  const sources = readdirSync(join(root, "native")).filter((name) => name.endsWith(".c"));
  if (
    !sources.includes("main.c") &&
    !sources.some((name) => readFileSync(join(root, "native", name), "utf8").includes("int main("))
  )
    return;
  mkdirSync(join(root, "build"), { recursive: true });
  const temporary = join(root, "build", `ringfence-helper.${process.pid}.tmp`);
  const files = sources.sort().map((name) => join("native", name));
  try {
    execFileSync("gcc", [...HELPER_FLAGS, "-o", temporary, ...files], { cwd: root, stdio: "inherit" });
    chmodSync(temporary, 0o755);
    renameSync(temporary, join(root, "build/ringfence-helper"));
  } finally {
    rmSync(temporary, { force: true });
  }
}

function emitLibrary() {
  mkdirSync(join(root, "dist"), { recursive: true });
  const temporary = mkdtempSync(join(root, "dist/lib-"));
  try {
    const tsc = join(root, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [tsc, "-p", "tsconfig.build.json", "--outDir", temporary], {
      cwd: root,
      stdio: "inherit",
    });
    chmodSync(temporary, 0o755);
    rmSync(join(root, "dist/lib"), { recursive: true, force: true });
    renameSync(temporary, join(root, "dist/lib"));
  } finally {
    rmSync(temporary, { recursive: true, force: true });
  }
}

/** A failed compiler has said why on its own; anything else is worth its one line. */
function failed(error) {
  if (error?.status === undefined && error?.errors === undefined) console.error(String(error?.message ?? error));
  process.exit(1);
}

try {
  // V8 knows a source by its length alone: another one of the same length would be taken for what the old cache holds.
  rmSync(join(root, "dist/ringfence.cache"), { force: true });
  await bundle("src/cli/main.ts", "dist/ringfence.cjs", PROGRAM);
  // A hook without the native client starts once a tool call: its bundle holds nothing else, a tenth of the program.
  await bundle("src/cli/hook-main.ts", "dist/hook.cjs", PROGRAM);
  if (existsSync(join(root, "tests/bench/main.ts"))) await bundle("tests/bench/main.ts", "dist/bench.mjs", MODULE);
  compileHelper();
  makeCodeCache();
  if (process.argv[2] !== "program") emitLibrary();
} catch (error) {
  failed(error);
}
