// install and uninstall on real files: every byte comes back, nobody else's file is touched, and what stands is told from what was once written.
import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { commandOf, EVENTS } from "../../src/hooks/install/settings.ts";
import { needs } from "../support/needs.ts";
import { put, settingsBed } from "../support/settings-bed.ts";
import { tmp } from "../support/tmp.ts";

const PLACES = [
  ["claude-code", ".claude/settings.json", ".claude/settings.json"],
  ["codex", ".codex/hooks.json", ".codex/hooks.json"],
  ["cursor", ".cursor/hooks.json", ".cursor/hooks.json"],
  ["copilot", ".copilot/hooks/ringfence.json", ".github/hooks/ringfence.json"],
  ["gemini", ".gemini/settings.json", ".gemini/settings.json"],
] as const;

const BEFORE: Readonly<Record<string, string | undefined>> = {
  "no file": undefined,
  "an empty file": "",
  "an empty object": "{}",
  "CRLF, tabs, members that share lines":
    '{\r\n\t"model": "x", "a": [1,\r\n2],\r\n\t"hooks": {\r\n\t\t"Stop": [\r\n\t\t\t{ "hooks": [] }\r\n\t\t]\r\n\t}\r\n}\r\n',
  "one line without an end": '{"hooks":{"PreToolUse":[],"x":1},"version":1}',
};

/** What people write beyond JSON, and the agents that read it (seen; the others skip the whole file without a word). */
const BEYOND_JSON: Readonly<Record<string, (text: string) => string>> = {
  "a comment": (text) => `// mine\n${text}`,
  "a BOM": (text) => `\ufeff${text}`,
  "a comma at the end": (text) => text.replace(/\n\}\n$/, ",\n}\n"),
};
const READ_BY: Readonly<Record<string, readonly string[]>> = { "a comment": ["gemini"], "a BOM": ["claude-code"] };

describe.each(PLACES)("%s", (agent, own, shared) => {
  it.each(Object.entries(BEFORE))("every byte comes back: %s", (name, text) => {
    const { run, tree, home, project } = settingsBed();
    if (text !== undefined) {
      put(join(home, own), text);
      put(join(project, shared), text);
      chmodSync(join(home, own), 0o640);
    }
    const before = tree();
    for (const scope of name === "no file" ? ["--user", "--project"] : ["--user"]) {
      expect(run("install", agent, scope).code).toBe(0);
      expect(tree()).not.toEqual(before);
      expect(run("uninstall", agent, scope).code).toBe(0);
      expect(tree()).toEqual(before);
    }
  });

  it("a dry run and a second installation write nothing", () => {
    const { run, tree } = settingsBed();
    const before = tree();
    expect(run("install", agent, "--dry-run")).toMatchObject({ code: 0, out: expect.stringContaining("+") });
    expect(tree()).toEqual(before);
    expect(run("install", agent).code).toBe(0);
    const installed = tree();
    expect(run("install", agent).out).toContain("nothing was written");
    expect(tree()).toEqual(installed);
  });

  it("keeps what was changed since, and takes only its own", () => {
    const { run, home } = settingsBed();
    const file = join(home, own);
    put(file, '{\n  "version": 1,\n  "a": [1],\n  "hooks": {}\n}\n');
    expect(run("install", agent).code).toBe(0);
    const edited = readFileSync(file, "utf8").replace('"a": [1],', '"a": [1, 2], // two');
    writeFileSync(file, edited);
    expect(run("uninstall", agent).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe('{\n  "version": 1,\n  "a": [1, 2], // two\n  "hooks": {}\n}\n');
  });

  it.each(Object.entries(BEYOND_JSON))(
    "a file that the agent skips is not written to, and holds no hooks: %s",
    (what, mark) => {
      const { run, home, tree } = settingsBed();
      const file = join(home, own);
      const taken = READ_BY[what]?.includes(agent) === true;
      put(file, mark('{\n  "version": 1\n}\n'));
      const before = tree();
      const refused = { code: 65, err: expect.stringContaining("skips the whole file") };
      expect(run("install", agent)).toMatchObject(taken ? { code: 0 } : refused);
      if (!taken) expect(tree()).toEqual(before);

      // The same after the hooks were written.
      put(file, '{\n  "version": 1\n}\n');
      expect(run("install", agent).code).toBe(0);
      writeFileSync(file, mark(readFileSync(file, "utf8")));
      expect(run("install", "--check", agent).code).toBe(taken ? 0 : 1);
      expect(run("uninstall", agent).code).toBe(0);
      expect(readFileSync(file, "utf8")).toBe(mark('{\n  "version": 1\n}\n'));
    },
  );

  it("refuses a file that it does not understand, with its place, and writes nothing", () => {
    const { run, home, tree } = settingsBed();
    put(join(home, own), '{\n  "hooks": {,}\n}\n');
    const before = tree();
    const { code, err } = run("install", agent);
    expect(code).toBe(65);
    expect(err).toContain(`${own}:2:13: `);
    expect(tree()).toEqual(before);
    put(join(home, own), '{ "hooks": { "hooks": 1 }, "hooks": {} }\n');
    expect(run("install", agent).code).toBe(65);
    put(join(home, own), '{ "hooks": "none" }\n');
    expect(run("install", agent).code).toBe(65);
  });

  it("follows a link inside the home, and none that leads out of it", () => {
    const { run, home, project } = settingsBed();
    put(join(home, "dotfiles/settings.json"), "{}\n");
    mkdirSync(dirname(join(home, own)), { recursive: true });
    symlinkSync(join(home, "dotfiles/settings.json"), join(home, own));
    expect(run("install", agent).code).toBe(0);
    expect(lstatSync(join(home, own)).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(home, "dotfiles/settings.json"), "utf8")).toContain("ringfence");
    expect(run("uninstall", agent).code).toBe(0);
    expect(readFileSync(join(home, "dotfiles/settings.json"), "utf8")).toBe("{}\n");

    // A repository may bring a link along: to the person's own settings, or to nowhere yet.
    for (const target of [join(home, "dotfiles/settings.json"), join(home, "new.json"), "/etc/hostname"]) {
      mkdirSync(dirname(join(project, shared)), { recursive: true });
      rmSync(join(project, shared), { force: true });
      symlinkSync(target, join(project, shared));
      expect(run("install", agent, "--project")).toMatchObject({ code: 65 });
    }
    expect(readFileSync(join(home, "dotfiles/settings.json"), "utf8")).toBe("{}\n");
    expect(existsSync(join(home, "new.json"))).toBe(false);
  });

  it("refuses a file of somebody else", (context) => {
    needs(context, "root");
    const { run, home, tree } = settingsBed();
    put(join(home, own), "{}\n");
    chownSync(join(home, own), 12_345, 12_345);
    const before = tree();
    expect(run("install", agent)).toMatchObject({ code: 65 });
    expect(tree()).toEqual(before);
  });

  it("a hook that was taken out is noticed", () => {
    const { run, home } = settingsBed();
    expect(run("install", agent).code).toBe(0);
    const file = join(home, own);
    writeFileSync(file, readFileSync(file, "utf8").replace(/"timeout(Sec)?": 180/, '"timeout$1": 1'));
    expect(run("install", "--check", agent)).toMatchObject({ code: 1 });
    // Installing again mends it.
    expect(run("install", agent).code).toBe(0);
    expect(run("install", "--check", agent)).toMatchObject({ code: 0 });
  });
});

it.each([
  ["claude-code", ".claude/settings.json", '{ "disableAllHooks": true }'],
  ["claude-code", ".claude/settings.local.json", '{ "disableAllHooks": true }'],
  ["copilot", ".github/copilot/settings.json", '{ "disableAllHooks": true }'],
  ["copilot", ".claude/settings.local.json", '{ "disableAllHooks": true }'],
  ["gemini", ".gemini/settings.json", '{ "hooksConfig": { "disabled": ["ringfence"] } }'],
  ["codex", ".codex/config.toml", "[features]\nhooks = false\n"],
])("%s: a repository that switches a person's hooks off by %s is seen", (agent, file, text) => {
  const { run, project } = settingsBed();
  expect(run("install", agent).code).toBe(0);
  expect(run("install", "--check", agent).code).toBe(0);
  put(join(project, file), text);
  expect(run("install", "--check", agent)).toMatchObject({ code: 1, out: expect.stringContaining(file) });
  expect(run("install", agent, "--json").code).toBe(0);
});

it("opencode: the plugin comes and goes, and an edited one is left for its editor", () => {
  const { run, home, tree } = settingsBed();
  const before = tree();
  expect(run("install", "opencode").code).toBe(0);
  const file = join(home, ".config/opencode/plugins/ringfence.js");
  execFileSync(process.execPath, ["--check", "--input-type=module"], { input: readFileSync(file) });
  writeFileSync(file, `${readFileSync(file, "utf8")}// mine\n`);
  expect(run("install", "--check").code).toBe(1);
  expect(run("uninstall", "opencode")).toMatchObject({ code: 65 });
  writeFileSync(file, readFileSync(file, "utf8").replace("// mine\n", ""));
  expect(run("uninstall", "opencode").code).toBe(0);
  expect(tree()).toEqual(before);
});

it("codex: trust is added to config.toml, noticed when gone, and refused where it cannot be added", () => {
  const { run, home } = settingsBed();
  const config = join(home, ".codex/config.toml");
  put(config, 'model = "x"\r\n[features]\r\nhooks = true');
  expect(run("install", "codex").code).toBe(0);
  const trusted = readFileSync(config, "utf8");
  expect(trusted.startsWith('model = "x"\r\n[features]\r\nhooks = true\r\n')).toBe(true);
  expect(trusted.match(/trusted_hash = "sha256:[0-9a-f]{64}"/g)).toHaveLength(8);
  writeFileSync(config, `${trusted}[projects."/p"]\r\ntrust_level = "trusted"\r\n`);
  expect(run("install", "--check").code).toBe(0);
  // A hook of the person's before ours moves it, and Codex would skip it in silence.
  const hooks = join(home, ".codex/hooks.json");
  const ours = readFileSync(hooks, "utf8");
  writeFileSync(hooks, ours.replace('"PreToolUse": [', '"PreToolUse": [ { "hooks": [] },'));
  expect(run("install", "--check")).toMatchObject({ code: 1, out: expect.stringContaining("no longer trusts") });
  expect(run("install", "codex").code).toBe(0);
  expect(run("install", "--check").code).toBe(0);
  expect(run("uninstall", "codex").code).toBe(0);
  expect(readFileSync(config, "utf8")).toBe(
    'model = "x"\r\n[features]\r\nhooks = true\r\n[projects."/p"]\r\ntrust_level = "trusted"\r\n',
  );
  expect(JSON.parse(readFileSync(hooks, "utf8"))).toEqual({ hooks: { PreToolUse: [{ hooks: [] }] } });
  put(config, "hooks = { state = {} }\n");
  expect(run("install", "codex")).toMatchObject({ code: 65, err: expect.stringContaining("config.toml:1:1") });
});

it.each([
  ["claude-code", ".claude/settings.json", '{ "disableAllHooks": true }'],
  ["gemini", ".gemini/settings.json", '{ "hooksConfig": { "enabled": false } }'],
  ["gemini", ".gemini/settings.json", '{ "hooksConfig": { "disabled": ["ringfence"] } }'],
  ["codex", ".codex/config.toml", "[features]\nhooks = false\n"],
] as const)("%s: a switch that turns hooks off is told", (agent, file, text) => {
  const { run, home } = settingsBed();
  put(join(home, file), text);
  expect(run("install", agent)).toMatchObject({ code: 0, err: expect.stringContaining("switches hooks off") });
  expect(run("install", "--check").code).toBe(1);
});

it("bad usage is told apart", () => {
  const { run } = settingsBed();
  expect(run("install")).toMatchObject({ code: 64 });
  expect(run("install", "emacs")).toMatchObject({ code: 64, err: expect.stringContaining("claude-code") });
  expect(run("install", "codex", "--user", "--project")).toMatchObject({ code: 64 });
  expect(run("uninstall", "codex")).toMatchObject({ code: 0, out: "no hooks of ringfence are there\n" });
});

it.each(["sh", "bash", "dash"])(
  "a client that was killed, or is gone, is a refusal: the words that %s is given",
  (shell) => {
    const words = EVENTS["claude-code"].filter(({ gate }) => gate).map((event) => commandOf(event, '"$0" hook'));
    const client = join(tmp(), "client");
    for (const [script, code] of [
      ["exit 0", 0],
      ["exit 2", 2],
      ["exit 1", 2],
      ["kill -9 $$", 2],
      [undefined, 2],
    ] as const) {
      if (script !== undefined) put(client, `#!/bin/sh\n${script}\n`);
      else rmSync(client);
      if (script !== undefined) chmodSync(client, 0o755);
      for (const word of words) expect(spawnSync(shell, ["-c", word, client]).status, script).toBe(code);
    }
  },
);
