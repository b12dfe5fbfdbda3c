// Which folders a server's command line shows it: its own program's, and never one that an entry only names.
import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { programFolders } from "../../src/monitor/mcp/program-folder.ts";

const base = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-program-")));
const [home, root] = [join(base, "home"), join(base, "home/project")];
const installed = join(home, "weather");
const script = join(installed, "dist/index.js");

beforeAll(() => {
  const files = [
    "weather/package.json",
    "weather/dist/index.js",
    "weather/start",
    "weather/run.py",
    "project/run",
    "project/node",
  ];
  for (const file of [...files, "package.json", "lone/index.js", "tools/node_modules/.bin/tsx"]) {
    mkdirSync(dirname(join(home, file)), { recursive: true });
    writeFileSync(join(home, file), "");
    chmodSync(join(home, file), 0o755);
  }
  symlinkSync(home, join(base, "link"));
});
afterAll(() => rmSync(base, { recursive: true }));

const shown = (argv: readonly string[], declared: readonly string[] = [], at = home): readonly string[] =>
  programFolders(argv, { declared, root, kept: [at, join(home, ".local/state/ringfence")] });

describe("a server's own program", () => {
  test.each([
    ["a script of an interpreter", ["node", script]],
    ["a script behind a harmless option", ["python3", "-u", join(installed, "run.py")]],
    ["a program", [join(installed, "start"), "--stdio"]],
    ["with a way around in its path", ["node", `${home}/lone/../weather/dist/index.js`]],
  ])("is shown with its folder: %s", (_, argv) => {
    expect(shown(argv, ["WEATHER_KEY"])).toEqual([installed]);
  });

  test("is shown alone where its folder would be the home, however the home is spelled", () => {
    const lone = join(home, "lone/index.js");
    expect(shown(["node", lone])).toEqual([lone]);
    expect(shown(["node", lone], [], join(base, "link"))).toEqual([lone]);
    expect(shown(["node", join(base, "link/lone/index.js")])).toEqual([join(base, "link/lone/index.js"), lone]);
  });

  test("is shown with the packages it is one of, not with who installed them", () => {
    expect(shown([join(home, "tools/node_modules/.bin/tsx"), "server.ts"])).toEqual([join(home, "tools/node_modules")]);
  });
});

describe("what an entry only names stays closed", () => {
  test.each([
    ["by a program of the workspace", ["./run", script]],
    ["by one in full", [join(root, "run"), script]],
    ["by one that is called as an interpreter", [join(root, "node"), script]],
    ["by a way around to one", [`${installed}/../project/node`, script]],
    ["by what is no interpreter", ["env", script]],
    ["by a runner that looks into the workspace", ["bun", script]],
    ["behind code in an option", ["node", "--import=./evil.mjs", script]],
    ["as an option's own word", ["node", "--import", script, "./evil.mjs"]],
    ["behind a script of the workspace", ["node", "server.mjs", script]],
    ["behind a command in words", ["sh", "-c", "node evil.mjs", script]],
  ])("%s", (_, argv) => expect(shown(argv)).toEqual([]));

  test.each(["NODE_OPTIONS", "LD_PRELOAD", "PATH", "PYTHONPATH", "BASH_ENV", "CLASSPATH", "node_options"])(
    "beside a variable that loads code: %s",
    (name) => expect(shown(["node", script], ["WEATHER_KEY", name])).toEqual([]),
  );
});
