// What a bundle holds and most starts do not need is read when it is first used: tables in JSON, and packages of which only functions are imported.
// Plugins for esbuild; to the code that imports them nothing changes.
import { readFileSync } from "node:fs";

/** A smaller table costs less than its getters. */
const LEAST_BYTES = 3000;

/**
 * A JSON object as one string, and an object with the same keys whose values stand in it when one of them is first read.
 * A list, or a small object, stays as it is.
 * @type {import("esbuild").Plugin}
 */
export const lateTables = {
  name: "late-tables",
  setup(build) {
    build.onLoad({ filter: /\.json$/ }, ({ path }) => {
      const text = readFileSync(path, "utf8");
      const value = JSON.parse(text);
      if (text.length < LEAST_BYTES || Array.isArray(value) || path.includes("/node_modules/")) return undefined;
      const json = JSON.stringify(value);
      const getters = Object.keys(value).map(
        (key) => `get [${JSON.stringify(key)}]() { return at(${JSON.stringify(key)}); }`,
      );
      return {
        contents: `let table;\nconst at = (key) => (table ??= JSON.parse(${JSON.stringify(json)}))[key];\nexport default { ${getters.join(", ")} };`,
        loader: "js",
      };
    });
  },
};

/** Functions of packages that a start does not call. A name that is missing here does not build. */
const PACKAGES = {
  tldts: ["getDomain", "getPublicSuffix"],
  unbash: ["forEachChild", "parse"],
  diff: ["diffArrays", "createTwoFilesPatch"],
};

/**
 * A package of PACKAGES, loaded when one of its functions is first called: out of the same bundle, never from a disk.
 * @type {import("esbuild").Plugin}
 */
export const latePackages = {
  name: "late-packages",
  setup(build) {
    const filter = new RegExp(`^(?:${Object.keys(PACKAGES).join("|")})$`);
    build.onResolve({ filter }, ({ path, importer, namespace, resolveDir }) =>
      namespace === "late" || importer.includes("/node_modules/")
        ? undefined
        : { path, namespace: "late", pluginData: resolveDir, sideEffects: false },
    );
    build.onLoad({ filter: /.*/, namespace: "late" }, ({ path, pluginData }) => {
      const functions = PACKAGES[path].map(
        (name) => `export function ${name}(...values) { return loaded().${name}(...values); }`,
      );
      return {
        contents: `let room;\nconst loaded = () => (room ??= require(${JSON.stringify(path)}));\n${functions.join("\n")}`,
        resolveDir: pluginData,
      };
    });
  },
};
