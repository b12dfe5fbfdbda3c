// The presets of known agents: found by what a person types, and never by what a repository contains.

import { describe, expect, it } from "vitest";
import { protection } from "#core/paths";
import { AGENT_PRESETS, agentEnvironment, agentFor, insideArgv } from "#core/presets";

describe("agentFor", () => {
  it.each([
    [["claude"], "claude"],
    [["claude", "-p", "fix the tests"], "claude"],
    [["/usr/local/bin/codex", "exec", "x"], "codex"],
    [["opencode"], "opencode"],
    [["npx", "@openai/codex"], "codex"],
    [["npx", "-y", "@anthropic-ai/claude-code@2.1.329", "-p", "x"], "claude"],
    [["bunx", "opencode-ai"], "opencode"],
    [["copilot", "-p", "x"], "copilot"],
    [["npx", "@github/copilot"], "copilot"],
    [["gemini"], "gemini"],
    [["npx", "-y", "@google/gemini-cli@0.61.0"], "gemini"],
    [["/home/dev/.local/bin/cursor-agent"], "cursor-agent"],
    [["aider", "--model", "x"], "aider"],
    [["goose", "session"], "goose"],
  ])("%j is %s", (argv, name) => {
    expect(agentFor(argv)?.name).toBe(name);
  });

  it.each([
    { argv: [], why: "nothing was typed" },
    { argv: ["./claude"], why: "a file of the workspace that has the name" },
    { argv: ["bin/codex"], why: "a file of the workspace that has the name" },
    { argv: ["claude-evil"], why: "another name" },
    { argv: ["agent"], why: "a name that cursor-agent shares with everybody" },
    { argv: ["npx", "gemini"], why: "npx takes a package, and `gemini` is somebody else's" },
    { argv: ["sh", "-c", "claude"], why: "behind a shell" },
    { argv: ["env", "X=1", "claude"], why: "behind a wrapper" },
    { argv: ["npx"], why: "no package" },
    { argv: ["npx", "claude"], why: "npx takes a package, and `claude` is somebody else's" },
    { argv: ["npx", "-p", "evil", "@openai/codex"], why: "an option of npx that takes a value" },
    { argv: ["npx", "@openai/codex-evil"], why: "another package" },
    { argv: ["toString"], why: "a name of Object.prototype" },
    { argv: ["constructor", "@openai/codex"], why: "a name of Object.prototype" },
  ])("$argv has no preset: $why", ({ argv }) => {
    expect(agentFor(argv)).toBeUndefined();
    expect(insideArgv(argv)).toEqual(argv);
  });
});

describe("insideArgv", () => {
  it("puts the switches directly behind the command, so that a person's own come later and win", () => {
    expect(insideArgv(["claude", "--settings", "mine.json"])).toEqual([
      "claude",
      "--settings",
      '{"sandbox":{"enabled":false}}',
      "--settings",
      "mine.json",
    ]);
  });

  it("goes behind the package of npx, not behind npx", () => {
    expect(insideArgv(["npx", "-y", "@openai/codex", "exec", "x"]).slice(0, 5)).toEqual([
      "npx",
      "-y",
      "@openai/codex",
      "-c",
      'sandbox_mode="danger-full-access"',
    ]);
  });

  it("never skips an agent's permission prompts", () => {
    for (const { insideArgs } of AGENT_PRESETS) {
      expect(insideArgs.join(" ")).not.toMatch(/bypass|skip-permissions|yolo|never|--auto|approval/i);
    }
  });
});

describe("the data", () => {
  it.each(AGENT_PRESETS.map((preset) => [preset.name, preset] as const))("%s is well formed", (_name, preset) => {
    for (const folder of preset.stateFolders) expect(folder).toMatch(/^\.[a-z]+(\/[a-z]+)*$/);
    for (const setting of preset.protectedSettings) expect(setting).not.toMatch(/^\/|\.\./);
    for (const host of preset.hosts) expect(host).not.toContain("*");
    for (const value of Object.values(preset.env)) expect(value).not.toContain("$");
  });

  it("names settings that are protected in every workspace, whichever agent runs: the next one may be another", () => {
    for (const name of AGENT_PRESETS.flatMap(({ protectedSettings }) => protectedSettings)) {
      expect({ name, protected: protection(name) !== undefined }).toEqual({ name, protected: true });
      expect({ name, protected: protection(`packages/a/${name}`) !== undefined }).toEqual({ name, protected: true });
    }
  });

  it("points a state variable at a folder that is kept", () => {
    for (const preset of AGENT_PRESETS) {
      for (const value of Object.values(preset.env).filter((text) => text.startsWith("~/"))) {
        const path = value.slice(2);
        expect(preset.stateFolders.some((folder) => path === folder || path.startsWith(`${folder}/`))).toBe(true);
      }
    }
  });

  it("spells `~/` as the fence's home, also when that holds a `$&`", () => {
    const [claude] = AGENT_PRESETS;
    expect(claude && agentEnvironment(claude, "/home/$&")["CLAUDE_CONFIG_DIR"]).toBe("/home/$&/.claude");
  });
});
