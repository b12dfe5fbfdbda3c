// The guard of `direct` workspaces with real programs: every attack of the table works outside and changes nothing under the guard,
// and ordinary work is the same in both. The helper's C code is compiled alone; the fence around it has its own tests.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { lstatSync, mkdirSync, mkdtempSync, readFileSync, readlinkSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { guardPlan } from "#core/paths";
import { compileGuard } from "../support/guard-binary.ts";

const root = path.resolve(import.meta.dirname, "../..");
const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "rf-guard-")));
const binary = path.join(folder, "guard-main");
const race = path.join(folder, "guard-race");
const plan = guardPlan();
let sequence = 0;

interface Case {
  readonly name: string;
  readonly before: string;
  readonly act: string;
  readonly victim: string;
}

function cases(file: string): Case[] {
  const text = readFileSync(path.join(root, "tests/cases/guard", file), "utf8");
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => JSON.parse(line) as Case);
}

beforeAll(() => {
  compileGuard(binary);
  const flags = ["-O2", "-static", "-Wall", "-Wextra", "-Werror"];
  const support = path.join(root, "tests/support/native");
  execFileSync("gcc", [...flags, path.join(support, "guard-race.c"), "-o", race]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder, LANG: "C", GIT_CONFIG_NOSYSTEM: "1" };

/** A fresh workspace, prepared by `script` outside the guard. */
function workspace(script: string): string {
  const at = path.join(folder, `w${sequence++}`);
  mkdirSync(at);
  execFileSync("bash", ["-c", script], { cwd: at, env, stdio: "pipe" });
  return at;
}

function guarded(at: string, ...command: string[]): string[] {
  return [at, plan.names.join(","), plan.exceptBelow.join(","), path.join(folder, "events"), "--", ...command];
}

function outside(at: string, act: string): number {
  return spawnSync("bash", ["-c", act], { cwd: at, env, timeout: 30_000 }).status ?? -1;
}

function inside(at: string, act: string): number {
  return spawnSync(binary, guarded(at, "bash", "-c", act), { cwd: at, env, timeout: 30_000 }).status ?? -1;
}

/** All that an attack could change of a path: what it is, its mode, its content or target. */
function state(at: string): string {
  try {
    const found = lstatSync(at);
    const kind = found.mode.toString(8);
    if (found.isSymbolicLink()) return `${kind} ${readlinkSync(at)}`;
    return found.isFile() ? `${kind} ${readFileSync(at, "utf8")}` : kind;
  } catch {
    return "absent";
  }
}

test("the rule over names, as its table says", () => {
  const names =
    ".git/hooks,.git/config,.git/modules/*/**/hooks,.git/modules/*/**/config,.git/modules/*/**/objects/info/alternates,.github/workflows,.npmrc,.aider*,*.iml,tools/bazel";
  const main = path.join(folder, "names-main");
  const sources = [path.join(root, "tests/support/native/guard-names-main.c"), path.join(root, "native/guard_names.c")];
  // The rule is pure, so it can run under the sanitizers; the rest of the guard cannot (static, seccomp).
  execFileSync("gcc", [
    "-g",
    "-fsanitize=address,undefined",
    "-fno-sanitize-recover",
    "-Wall",
    "-Wextra",
    "-Werror",
    ...sources,
    "-o",
    main,
  ]);
  const text = readFileSync(path.join(root, "tests/cases/guard/names.jsonl"), "utf8").trimEnd();
  const rows = text.split("\n").map((line) => JSON.parse(line) as { name: string; ask: string[]; want: string });
  const input = rows.map(({ ask }) => `${ask.join("\t")}\n`).join("");
  const options = { input, encoding: "utf8", env: { ...env, ASAN_OPTIONS: "detect_leaks=0" } } as const;
  const answers = execFileSync(main, [names, "node_modules,vendor"], options).trimEnd().split("\n");
  expect(rows.map(({ name }, index) => ({ name, want: answers[index] }))).toEqual(
    rows.map(({ name, want }) => ({ name, want })),
  );
});

describe("attacks", () => {
  test.each(cases("attacks.jsonl"))("$name", ({ before, act, victim }) => {
    const free = workspace(before);
    const untouched = state(path.join(free, victim));
    outside(free, act);
    expect(state(path.join(free, victim)), "the attack must work outside").not.toBe(untouched);
    const fenced = workspace(before);
    inside(fenced, act);
    expect(state(path.join(fenced, victim))).toBe(untouched);
  });
});

describe("ordinary work", () => {
  test.each(cases("work.jsonl"))("$name", ({ before, act }) => {
    expect(outside(workspace(before), act)).toBe(0);
    expect(inside(workspace(before), act)).toBe(0);
  });

  test("errors are the kernel's own", () => {
    const script = path.join(root, "tests/support/native/guard-errors.py");
    const free = spawnSync("python3", [script], { cwd: workspace(":"), env, encoding: "utf8" });
    const at = workspace(":");
    const fenced = spawnSync(binary, guarded(at, "python3", script), { cwd: at, env, encoding: "utf8" });
    expect(free.status).toBe(0);
    expect(fenced.stdout).toBe(free.stdout);
  });
});

test("threads that swap the path's memory, its folders and its links never get through", () => {
  const before = "mkdir -p .github/workflows a b; echo good > .npmrc; echo good > .github/workflows/ci.yml";
  const free = workspace(before);
  spawnSync(race, ["2"], { cwd: free, env });
  expect([state(path.join(free, ".npmrc")), state(path.join(free, ".github/workflows/ci.yml"))].join()).not.toMatch(
    /good.*good/s,
  );
  const fenced = workspace(before);
  const result = spawnSync(binary, guarded(fenced, race, "6"), { cwd: fenced, env, timeout: 60_000 });
  expect(result.status).toBe(0);
  expect(state(path.join(fenced, ".npmrc"))).toMatch(/good\n$/);
  expect(state(path.join(fenced, ".github/workflows/ci.yml"))).toMatch(/good\n$/);
  expect(execFileSync("find", [fenced, "-name", "evil*", "-path", "*.github/workflows*"], { encoding: "utf8" })).toBe(
    "",
  );
});

test("a FIFO without a peer keeps its own opener waiting and nobody else", () => {
  const at = workspace("mkfifo f g h i j k");
  const act = "for x in f g h i j k; do (echo hi > $x) & done; sleep 0.2; echo alive > out; cat f g h i j k; wait";
  const result = spawnSync(binary, guarded(at, "bash", "-c", act), { cwd: at, env, encoding: "utf8", timeout: 20_000 });
  expect(result.stdout).toBe("hi\n".repeat(6));
  expect(state(path.join(at, "out"))).toMatch(/alive/);
});

test("without its guard a trapped call fails and does not pass", () => {
  const at = workspace(":");
  const act = "echo before > a; sleep 1; echo after > b; true";
  const result = spawnSync(binary, guarded(at, "bash", "-c", act), {
    cwd: at,
    env: { ...env, KILL_GUARD_AFTER: "500" },
    encoding: "utf8",
  });
  expect(state(path.join(at, "a"))).toMatch(/before/);
  expect(state(path.join(at, "b"))).toBe("absent");
  expect(result.stderr).toContain("Function not implemented");
});

test("each refusal is one event with the act and the place", () => {
  const at = workspace(":");
  inside(at, "mkdir 'a b'; echo x > 'a b/.npmrc'");
  const events = readFileSync(path.join(folder, "events"), "utf8").trimEnd().split("\n");
  expect(events.at(-1)).toMatch(/^refused open \d+ a%20b\/\.npmrc$/);
});

test("the guard ends with the last process of the command", async () => {
  const at = workspace(":");
  const child = spawn(binary, guarded(at, "bash", "-c", "true"), { cwd: at, env, stdio: ["ignore", "pipe", "ignore"] });
  // The pipe ends when every holder of it has: the guard holds it as long as it lives, unless it closed what it does not need.
  const code = await new Promise((done) => child.once("close", done));
  expect(code).toBe(0);
});
