// Starts the program from its bundle with V8's code cache beside it, which saves a third of the start. The cache is only ever a shortcut:
// V8 refuses one that was made from other source or by another version, and then the source is compiled as usual.
"use strict";
const { readFileSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { createRequire } = require("node:module");
const { Script } = require("node:vm");

// A hook ends with 0 or 2 (DESIGN 5): any other code, and agents run the call. Set first, so that it also holds for what fails below.
if (process.argv[2] === "hook")
  process.on("exit", (code) => {
    if (code !== 0) process.exitCode = 2;
  });

// The launcher trusts what it wrote down about this Node; a Node that was exchanged for an older one under the same name is seen here.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  try {
    rmSync(join(__dirname, "../build/node"));
  } catch {
    // somebody else's checkout: the line below is all that can be said
  }
  process.stderr.write(
    `ringfence: needs Node 20.19 or later (found: ${process.version})\nhint: install it from https://nodejs.org, then try again\n`,
  );
  process.exit(125);
}

// What starts most is a bundle of its own, a part of the program; its help, and everything else, is the whole program's.
const [, , command = "", next] = process.argv;
const isAlone = /^(?:run|check|hook)$/.test(command) && next !== "--help" && next !== "-h";
const hasOwn = isAlone || (command === "mcp" && next === "run" && !/^(?:--help|-h)$/.test(process.argv[4] ?? ""));
const making = process.env.RINGFENCE_MAKE_CACHE; // the build names the bundle whose cache it makes
const name = making === "ringfence" || !hasOwn ? "ringfence" : command;
const file = join(__dirname, `../dist/${name}.cjs`);
const cacheFile = join(__dirname, `../dist/${name}.cache`);

function readCache() {
  try {
    return readFileSync(cacheFile);
  } catch {
    return undefined; // not made yet; a hook's bundle is too small to gain by one
  }
}

// The bundle is ASCII, which the build makes sure of: read as such it is neither checked nor widened.
function readBundle() {
  try {
    return readFileSync(file, "latin1");
  } catch {
    process.stderr.write(
      `ringfence: \`${file}\` is missing\nhint: build it anew: node ${join(__dirname, "build.mjs")} program\n`,
    );
    return process.exit(125);
  }
}

const script = new Script(readBundle(), { filename: file, cachedData: readCache() });
script.runInThisContext()({}, createRequire(file), { exports: {} }, file, join(__dirname, "../dist"));

// The build runs this once a bundle, after the program has compiled what its command needs.
if (making === name) process.on("exit", () => writeFileSync(`${cacheFile}.new`, script.createCachedData()));
