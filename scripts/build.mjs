// Builds everything that is not source: `node scripts/build.mjs [program]`.
//   program   dist/run.cjs, check.cjs and hook.cjs (a bundle each for what starts most), dist/ringfence.cjs (everything), their code caches
//             (docs/decisions/0002-code-cache.md), dist/log-reader.mjs (a thread of log verify), dist/bench.mjs, build/ringfence-helper
//   (nothing) the same, and dist/lib: the library with its types
// Each result appears whole or not at all (temporary name, then rename), so a run that starts meanwhile never sees half a file.
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { latePackages, lateTables } from "./late.mjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.umask(0o022);

const HELPER_FLAGS = [
  ..."-std=gnu11 -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2".split(
    " ",
  ),
  ..."-fno-strict-aliasing -Wl,-z,relro,-z,now,-z,noexecstack".split(" "),
];

/** Stands where a program is to hold the digest of its own text, until that is known (src/cli/installation.ts). */
const UNNAMED = "the digest of this program's own text".padEnd(64, ".");

/**
 * The program is CommonJS, because only that can be started from V8's code cache on Node 20; it stands in the function that a CommonJS
 * module is, and is ASCII, so that scripts/start.cjs need neither wrap nor decode two megabytes.
 */
const PROGRAM = {
  format: "cjs",
  charset: "ascii",
  define: { "import.meta.url": "ringfenceUrl", RINGFENCE_BUILD: JSON.stringify(UNNAMED) },
  banner: {
    js: '(function (exports, require, module, __filename, __dirname) {const ringfenceUrl = require("node:url").pathToFileURL(__filename).href;',
  },
  footer: { js: "})" },
  plugins: [lateTables, latePackages],
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
    // Names stay: they tell in a fault where it was, and to give each function its name again would cost every start.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    ...kind,
  });
  nameBuild(join(root, temporary));
  if (kind.charset === "ascii" && /[^\x00-\x7f]/.test(readFileSync(join(root, temporary), "latin1")))
    throw new Error(`${target} is not ASCII: scripts/start.cjs would misread it`);
  renameSync(join(root, temporary), join(root, target));
}

/** Puts a bundle's digest in where it is asked for: what is remembered of its work holds for exactly this text. */
function nameBuild(file) {
  const text = readFileSync(file, "utf8");
  if (text.includes(UNNAMED))
    writeFileSync(file, text.replaceAll(UNNAMED, createHash("sha256").update(text).digest("hex")));
}

/** A session of `true` takes a second on a busy machine; one that hangs does not hold up the build. */
const CACHE_MS = 60_000;

/** The bundles that start from a cache, and what fills it: each function that this compiles is in it, from the start to the end. */
const CACHED = {
  run: ["run", "--quiet", "--", "true"],
  mcp: ["mcp", "run", "--server", "cache", "--", "true"],
  check: ["check", "--", "true"],
  // A session that is kept, a demonstration and a hook's host run fences out of the whole program.
  ringfence: ["run", "--quiet", "--", "true"],
};

/** Lets a bundle run its command in a scratch folder, and keeps what V8 has compiled by then. */
function makeCodeCache(name) {
  const scratch = mkdtempSync(join(tmpdir(), "ringfence-build-"));
  const workspace = join(scratch, "workspace");
  mkdirSync(workspace); // beside the state, which no workspace may hold
  try {
    execFileSync(process.execPath, [join(root, "scripts/start.cjs"), ...CACHED[name]], {
      cwd: workspace,
      env: { PATH: process.env.PATH, XDG_STATE_HOME: join(scratch, "state"), RINGFENCE_MAKE_CACHE: name },
      stdio: "ignore",
      timeout: CACHE_MS,
    });
  } catch {
    // A machine that cannot make a fence yet (doctor says why) still gets the cache of what was compiled.
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  const made = join(root, `dist/${name}.cache.new`);
  if (existsSync(made)) renameSync(made, join(root, `dist/${name}.cache`));
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
  for (const name of Object.keys(CACHED)) rmSync(join(root, `dist/${name}.cache`), { force: true });
  // What starts with every session, every decision and every tool call (there without the native client) holds nothing else.
  await bundle("src/cli/run-main.ts", "dist/run.cjs", PROGRAM);
  await bundle("src/cli/mcp-main.ts", "dist/mcp.cjs", PROGRAM);
  await bundle("src/cli/check-main.ts", "dist/check.cjs", PROGRAM);
  await bundle("src/cli/hook-main.ts", "dist/hook.cjs", PROGRAM);
  // What a thread of `log verify` runs.
  await bundle("src/audit/verify/reader-main.ts", "dist/log-reader.mjs", MODULE);
  // The last one: where it is, all are (scripts/setup.sh).
  await bundle("src/cli/main.ts", "dist/ringfence.cjs", PROGRAM);
  if (existsSync(join(root, "tests/bench/main.ts"))) await bundle("tests/bench/main.ts", "dist/bench.mjs", MODULE);
  compileHelper();
  for (const name of Object.keys(CACHED)) makeCodeCache(name);
  if (process.argv[2] !== "program") emitLibrary();
} catch (error) {
  failed(error);
}
