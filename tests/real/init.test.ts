// init reads a hostile repository in a fence and writes only words of its own table; what it writes, the loader takes without a complaint.
import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it, test } from "vitest";
import { compileRules, lintPolicy, loadPolicy } from "#core/policy";
import { proposePolicy, surveyRepository, writePolicyFile } from "#monitor";
import { SURVEYED, surveyOf } from "../../src/monitor/init/proposal.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

function load(text: string): ReturnType<typeof loadPolicy> {
  return loadPolicy([{ name: "project", file: "policy.yaml", text, digest: "0".repeat(64), trusted: true }]);
}

const MANIFEST = JSON.stringify({
  scripts: { test: "x", build: "y", "rm -rf ~": "z", 'a"\n  - "Bash(*)': "z" },
  devDependencies: { vite: "1", 'x"\n    - "*"': "1" },
});

describe("the proposal", () => {
  it.each([
    ["nothing known", new Map<string, string>()],
    ["everything known", new Map(SURVEYED.map((name) => [name, name === "package.json" ? MANIFEST : "all:\ntest:\n"]))],
    ["a manifest that does not parse", new Map([["package.json", "{"]])],
    ["a manifest of the wrong shape", new Map([["package.json", '[{"scripts":7}]']])],
  ])("loads without a problem: %s", (_, contents) => {
    const loaded = load(proposePolicy(surveyOf(contents)));
    expect(loaded.ok ? [] : loaded.error).toEqual([]);
  });

  it("opens registries for reading, which lint has nothing to say of", () => {
    const names = ["package.json", "pyproject.toml", "Cargo.toml", "go.mod", "Gemfile", "pom.xml"];
    const loaded = load(proposePolicy(surveyOf(new Map(names.map((name) => [name, "{}"])))));
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.error));
    const opened = loaded.value.policy.sandbox.network.allow;
    expect(opened.map(({ text }) => text)).toEqual(
      ["npm", "pypi", "crates", "go", "rubygems", "maven"].map((name) => `preset:${name}/read`),
    );
    const rules = compileRules(loaded.value.policy.permissions, { root: "/work", home: "/home/me" });
    const findings = rules.ok ? lintPolicy(loaded.value, rules.value, { root: "/work", home: "/home/me" }) : [];
    expect(findings.filter(({ code }) => code.startsWith("leaky") || code.startsWith("broad"))).toEqual([]);
  });

  it("gives every entry a reason, and no word of the repository", () => {
    const text = proposePolicy(surveyOf(new Map([["package.json", MANIFEST]])));
    const entries = text.split("\n").filter((line) => /^\s+- /.test(line));
    expect(entries.filter((line) => !/ # \S/.test(line))).toEqual([]);
    expect(text).toContain('"Bash(npm run build)"');
    expect(text).not.toContain("rm -rf");
    expect(text).not.toContain("Bash(*)");
    expect(text).toContain("- 5173 #");
  });
});

test("a repository is read through a fence: no link out is followed, and what is no file is left out", async (context) => {
  needs(context, "userns", "bubblewrap", "seccomp");
  const folder = tmp();
  const root = join(folder, "repository");
  mkdirSync(root);
  writeFileSync(join(folder, "outside.json"), MANIFEST);
  symlinkSync("../outside.json", join(root, "package.json"));
  // The control: outside the fence that link leads to a manifest with scripts.
  expect(readFileSync(join(root, "package.json"), "utf8")).toBe(MANIFEST);
  execFileSync("mkfifo", [join(root, "Cargo.toml")]);
  mkdirSync(join(root, "go.mod"));
  writeFileSync(join(root, "Makefile"), "test:\n\0pom.xml\0<project>\0");
  const survey = await surveyRepository(root);
  expect(survey.ok ? [...survey.value.files] : survey.error).toEqual(["Makefile"]);
});

describe("writing", () => {
  it("keeps an existing file unless forced", () => {
    const root = tmp();
    expect(writePolicyFile(root, "one\n", { force: false }).ok).toBe(true);
    expect(writePolicyFile(root, "two\n", { force: false })).toMatchObject({
      ok: false,
      error: { code: "policy-exists" },
    });
    expect(readFileSync(join(root, ".ringfence/policy.yaml"), "utf8")).toBe("one\n");
    expect(writePolicyFile(root, "two\n", { force: true }).ok).toBe(true);
    expect(readFileSync(join(root, ".ringfence/policy.yaml"), "utf8")).toBe("two\n");
  });

  it("follows no planted link: neither the folder's nor the file's", () => {
    const folder = tmp();
    mkdirSync(join(folder, "victim"));
    writeFileSync(join(folder, "victim/precious"), "precious\n");
    const linkedFolder = join(folder, "one");
    mkdirSync(linkedFolder);
    symlinkSync("../victim", join(linkedFolder, ".ringfence"));
    expect(writePolicyFile(linkedFolder, "x\n", { force: true })).toMatchObject({
      ok: false,
      error: { code: "policy-folder" },
    });
    const linkedFile = join(folder, "two");
    mkdirSync(join(linkedFile, ".ringfence"), { recursive: true });
    symlinkSync("../../victim/precious", join(linkedFile, ".ringfence/policy.yaml"));
    expect(writePolicyFile(linkedFile, "x\n", { force: false })).toMatchObject({ ok: false });
    expect(writePolicyFile(linkedFile, "x\n", { force: true }).ok).toBe(true);
    expect(readFileSync(join(folder, "victim/precious"), "utf8")).toBe("precious\n");
  });
});
