// Builds everything that is not source: `node scripts/build.mjs [program]`.
//   program   dist/ringfence.mjs (one bundled file: 22 ms less at each start), dist/bench.mjs, build/ringfence-helper
//   (nothing) the same, and dist/lib: the library with its types
// Each result appears whole or not at all (temporary name, then rename), so a run that starts meanwhile never sees half a file.
import { execFileSync } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
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

/** @param {string} entry @param {string} target */
async function bundle(entry, target) {
  const temporary = `${target}.${process.pid}.tmp`;
  await build({
    absWorkingDir: root,
    entryPoints: [entry],
    outfile: temporary,
    bundle: true,
    platform: "node",
    target: "node20",
    format: "esm",
    conditions: ["source"],
    minifySyntax: false,
    legalComments: "none",
    logLevel: "warning",
    // CommonJS packages inside the bundle ask for `require`; ESM has none of its own.
    banner: {
      js: 'import { createRequire as ringfenceCreateRequire } from "node:module"; const require = ringfenceCreateRequire(import.meta.url);',
    },
  });
  renameSync(temporary, join(root, target));
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
  await bundle("src/cli/main.ts", "dist/ringfence.mjs");
  if (existsSync(join(root, "tests/bench/main.ts"))) await bundle("tests/bench/main.ts", "dist/bench.mjs");
  compileHelper();
  if (process.argv[2] !== "program") emitLibrary();
} catch (error) {
  failed(error);
}
