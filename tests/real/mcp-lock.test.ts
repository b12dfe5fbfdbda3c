// `mcp lock`, `verify`, `diff` and `approve` for real: the files that they write, git's merges of them, several at once, and a person at a terminal.
import { spawn, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type JsonObject, writeJson } from "#core/mcp";
import { readCases } from "../support/cases.ts";
import { type Edit, edited } from "../support/description-edit.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { openTerminal, quoted } from "../support/tmux.ts";

interface Head {
  readonly base: JsonObject;
}

interface Line {
  readonly name: string;
  readonly ops: readonly Edit[];
  readonly changed: boolean;
  readonly fields: readonly string[];
}

interface Tool {
  readonly name: string;
  readonly description: string;
}

const tool = (name: string, description = `Does ${name}.`): Tool => ({ name, description });

/** A project with a state folder of its own, and what a person types in it. */
function project(): {
  readonly folder: string;
  readonly work: string;
  readonly lock: string;
  readonly env: Readonly<Record<string, string>>;
  mcp(...args: readonly string[]): { readonly status: number | null; readonly stdout: string; readonly stderr: string };
  says(tools: readonly Tool[], more?: object): string;
} {
  const folder = tmp();
  const work = join(folder, "work");
  mkdirSync(work);
  const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: join(folder, "state"), TERM: "xterm", NO_COLOR: "1" };
  let count = 0;
  return {
    folder,
    work,
    lock: join(work, ".ringfence/mcp.lock.json"),
    env,
    mcp: (...args) => spawnSync(launcher, ["mcp", ...args], { cwd: work, env, encoding: "utf8", timeout: 60_000 }),
    says: (tools, more = {}) => {
      count += 1;
      const file = join(folder, `description-${count}.json`);
      writeFileSync(file, JSON.stringify({ capabilities: { tools: {} }, tools, ...more }));
      return file;
    },
  };
}

describe("the lock of a project", () => {
  test("is written, holds, and tells what differs", () => {
    const { mcp, says, lock, work } = project();
    const first = says([tool("a"), tool("b")]);
    expect(mcp("verify").status).toBe(2);
    expect(mcp("lock", "s", "--from", first, "--", "npx", "s")).toMatchObject({ status: 0, stderr: "" });
    const text = readFileSync(lock, "utf8");
    expect(statSync(lock).mode & 0o777).toBe(0o644);
    expect(readdirSync(join(work, ".ringfence"))).toEqual(["mcp.lock.json"]);
    expect(mcp("verify", "s", "--from", first)).toMatchObject({ status: 0, stdout: "holds    s\n" });
    expect(mcp("verify", "s", "--from", says([tool("b"), tool("a")]))).toMatchObject({ status: 0 });
    const second = says([tool("a", "Does a. \u202eHidden"), tool("c", "Does b.")]);
    const told = mcp("verify", "s", "--from", second);
    expect(told.status).toBe(1);
    expect(told.stdout).toMatch(
      /changed: tool a in description\n {2}renamed: tool c \(it was b\) in name\n {2}gone: tool b\n/,
    );
    const diff = mcp("diff", "s", "--from", second);
    expect(diff.status).toBe(1);
    expect(diff.stdout).toContain("    + Does a. \\u{202e}Hidden\n");
    expect(JSON.parse(mcp("verify", "s", "--from", second, "--json").stdout)).toMatchObject({ holds: false });
    // What is pinned is not overwritten but where somebody says so.
    expect(mcp("lock", "s", "--from", second, "--", "npx", "s").status).toBe(1);
    expect(readFileSync(lock, "utf8")).toBe(text);
    // Nor is what hides something pinned at all without a person.
    expect(mcp("lock", "s", "--from", second, "--update", "--", "npx", "s").status).toBe(1);
    expect(readFileSync(lock, "utf8")).not.toContain("/s/tools/a");
    const third = says([tool("a", "Does a. Now."), tool("c", "Does b.")]);
    expect(mcp("lock", "s", "--from", third, "--update", "--", "npx", "s").status).toBe(0);
    expect(mcp("verify", "s", "--from", third).status).toBe(0);
  });

  test("is unreadable when it is damaged, and then verifies nothing", () => {
    const { mcp, says, lock } = project();
    const first = says([tool("a")]);
    mcp("lock", "s", "--from", first);
    const text = readFileSync(lock, "utf8");
    writeFileSync(lock, text.replace("Does a.", "Does all."));
    expect(mcp("verify", "s", "--from", first)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/mcp\.lock\.json:\d+:1: .*does not fit its digest/),
    });
    expect(mcp("diff", "s", "--from", first).status).toBe(65);
    expect(mcp("lock", "s", "--from", first).status).toBe(65);
    writeFileSync(lock, `<<<<<<< HEAD\n${text}`);
    expect(mcp("verify", "s", "--from", first)).toMatchObject({
      status: 3,
      stderr: expect.stringMatching(/merge conflict[\s\S]*hint: /),
    });
  });

  test("is neither read nor written through a link, nor in another person's folder", (context) => {
    const { mcp, says, lock, work, folder } = project();
    const first = says([tool("a")]);
    mkdirSync(join(folder, "elsewhere"));
    symlinkSync(join(folder, "elsewhere"), join(work, ".ringfence"));
    expect(mcp("lock", "s", "--from", first)).toMatchObject({ status: 65, stderr: expect.stringMatching(/is a link/) });
    expect(readdirSync(join(folder, "elsewhere"))).toEqual([]);
    const other = project();
    mkdirSync(join(other.work, ".ringfence"));
    symlinkSync("/etc/hostname", other.lock);
    expect(other.mcp("verify").status).toBe(3);
    expect(other.mcp("lock", "s", "--from", first).status).toBe(65);
    needs(context, "root");
    const theirs = project();
    mkdirSync(join(theirs.work, ".ringfence"));
    chownSync(join(theirs.work, ".ringfence"), 12_345, 12_345);
    expect(theirs.mcp("lock", "s", "--from", first)).toMatchObject({
      status: 65,
      stderr: expect.stringMatching(/another user/),
    });
    expect(existsSync(lock)).toBe(false);
  });

  test("loses nothing when several write it at once", async () => {
    const { says, lock, work, env } = project();
    const names = ["a", "b", "c", "d", "e", "f"];
    const from = says([tool("x")]);
    const ended = names.map(
      (name) =>
        new Promise((done) =>
          spawn(launcher, ["mcp", "lock", name, "--from", from], { cwd: work, env, stdio: "ignore" }).once(
            "exit",
            done,
          ),
        ),
    );
    expect(await Promise.all(ended)).toEqual(names.map(() => 0));
    const text = readFileSync(lock, "utf8");
    for (const name of names) expect(text).toContain(`"/${name}/tools/x"`);
    expect(readdirSync(join(work, ".ringfence"))).toEqual(["mcp.lock.json"]);
  });
});

test("a batch of differences has a line for each, in order, and what cannot be read counts as changed", () => {
  const { work, env } = project();
  const [{ base }, ...cases] = readCases<Head, Line>("mcp-pins/changes.jsonl");
  const lines = cases.map(({ name, ops }) => writeJson({ id: name, before: base, after: edited(base, ops) }));
  const odd = [
    '{"id":"twice","before":[],"after":{"name":"a","name":"b"}}',
    "no",
    "\0",
    '{"id":7,"before":[],"after":[]}',
  ];
  const input = `\ufeff${[...lines, "", " \t\r", ...odd].join("\n")}`;
  const { status, stdout } = spawnSync(launcher, ["mcp", "diff", "--batch"], {
    cwd: work,
    env,
    input,
    encoding: "utf8",
  });
  expect(status).toBe(0);
  const answers = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Line & { readonly id: unknown });
  expect(answers.map(({ id, changed, fields }) => ({ id, changed, fields }))).toEqual([
    ...cases.map(({ name, changed, fields }) => ({ id: name, changed, fields })),
    { id: "twice", changed: true, fields: [] },
    { id: null, changed: true, fields: [] },
    { id: null, changed: true, fields: [] },
    { id: 7, changed: false, fields: [] },
  ]);
});

describe("git merges two branches", () => {
  const twoBranches = (
    ours: readonly Tool[],
    theirs: readonly Tool[],
    attributes?: string,
  ): ReturnType<typeof project> & { readonly merged: number | null } => {
    const here = project();
    const git = (...args: readonly string[]) =>
      spawnSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", "-c", "commit.gpgsign=false", ...args], {
        cwd: here.work,
        env: { ...here.env, HOME: here.folder, GIT_CONFIG_NOSYSTEM: "1" },
      });
    git("init", "-q", "-b", "main");
    if (attributes !== undefined) writeFileSync(join(here.work, ".gitattributes"), attributes);
    const commit = (tools: readonly Tool[]): void => {
      here.mcp("lock", "s", "--from", here.says(tools), "--update");
      git("add", "-A");
      git("commit", "-q", "-m", "x");
    };
    const base = [tool("b"), tool("m")];
    commit(base);
    git("checkout", "-q", "-b", "theirs");
    commit([...base, ...theirs]);
    git("checkout", "-q", "main");
    commit([...base, ...ours]);
    return { ...here, merged: git("merge", "-q", "theirs").status };
  };

  test("that add tools in different places without a conflict, and the lock holds both", (context) => {
    needs(context, "git");
    const { merged, mcp, says } = twoBranches([tool("a")], [tool("z")]);
    expect(merged).toBe(0);
    expect(mcp("verify", "s", "--from", says(["a", "b", "m", "z"].map((name) => tool(name))))).toMatchObject({
      status: 0,
    });
  });

  test("that add tools in one place, where git is told that lines stand for themselves", (context) => {
    needs(context, "git");
    const { merged, mcp, says } = twoBranches(
      [tool("c")],
      [tool("d"), tool("e")],
      ".ringfence/mcp.lock.json merge=union\n",
    );
    expect(merged).toBe(0);
    expect(mcp("verify", "s", "--from", says(["b", "c", "d", "e", "m"].map((name) => tool(name))))).toMatchObject({
      status: 0,
    });
  });

  test("that say two things of one tool into nothing that is read", (context) => {
    needs(context, "git");
    const plain = twoBranches([tool("c", "One.")], [tool("c", "Two.")]);
    expect(plain.merged).toBe(1);
    expect(plain.mcp("verify").status).toBe(3);
    const union = twoBranches([tool("c", "One.")], [tool("c", "Two.")], ".ringfence/mcp.lock.json merge=union\n");
    expect(union.merged).toBe(0);
    expect(union.mcp("verify")).toMatchObject({ status: 3, stderr: expect.stringMatching(/says one thing twice/) });
  });
});

describe("approving", () => {
  const held = (): ReturnType<typeof project> & { readonly second: string } => {
    const here = project();
    here.mcp("lock", "s", "--from", here.says([tool("a"), tool("b")]), "--", "npx", "s");
    const second = here.says([tool("a", "Does a, \u001b[2Jand more."), tool("n")]);
    // What the gateway would keep for a person, `lock` keeps, too.
    expect(here.mcp("lock", "s", "--from", second, "--", "npx", "s").status).toBe(1);
    return { ...here, second };
  };

  test("is not done without a terminal, nor inside a fence; the difference is shown all the same", () => {
    const { mcp, second, work, env } = held();
    const tried = mcp("approve", "s");
    expect(tried).toMatchObject({ status: 126, stderr: expect.stringMatching(/needs a person at a terminal/) });
    expect(tried.stdout).toContain("    + Does a, \\u{1b}[2Jand more.\n");
    expect(mcp("verify", "s", "--from", second).status).toBe(1);
    const inside = spawnSync(launcher, ["mcp", "approve", "s"], { cwd: work, env: { ...env, RINGFENCE: "1" } });
    expect(inside.status).toBe(126);
  });

  test("at a terminal takes exactly what was shown, one tool or all of it", async (context) => {
    needs(context, "tmux");
    const { mcp, second, folder, work, env } = held();
    const person = (args: string) =>
      openTerminal({
        folder,
        cwd: work,
        env,
        columns: 110,
        rows: 45,
        shell: `${quoted(launcher)} mcp approve ${args}; echo ended $?; sleep 30`,
      });
    {
      using screen = person("s a");
      expect(await screen.until(/type a word and Enter:/)).toContain("    + Does a, \\u{1b}[2Jand more.");
      screen.type("yes", "Enter");
      await screen.until(/approved tool a/);
    }
    expect(mcp("verify", "s", "--from", second).stdout).toBe(
      "differs  s\n  new: tool n in description, name\n  gone: tool b\n",
    );
    {
      using screen = person("s");
      expect(await screen.until(/type a word and Enter:/)).toContain("new tool n");
      screen.type("no", "Enter");
      await screen.until(/ended 126/);
    }
    expect(mcp("verify", "s", "--from", second).status).toBe(1);
    {
      using screen = person("s");
      await screen.until(/type a word and Enter:/);
      screen.type("yes", "Enter");
      await screen.until(/ended 0/);
    }
    expect(mcp("verify", "s", "--from", second)).toMatchObject({ status: 0 });
    expect(mcp("approve")).toMatchObject({ status: 0, stdout: "nothing of an MCP server waits\n" });
  });

  test("another version by the same name shows old and new command, what differs, and takes the place of the old one", async (context) => {
    needs(context, "tmux");
    const { mcp, says, work, env, folder, lock } = project();
    const first = says([tool("a"), tool("b")]);
    const typed = (args: string) =>
      openTerminal({
        folder,
        cwd: work,
        env,
        columns: 150,
        rows: 45,
        shell: `${quoted(launcher)} mcp ${args}; echo ended $?; sleep 30`,
      });
    {
      using screen = typed(`lock s --from ${first} -- npx -y s-mcp@1.1.0`);
      await screen.until(/and approved here[\s\S]*ended 0/);
    }
    const second = says([tool("a"), tool("b", "Does b, faster.")]);
    const bump = ["s", "--from", second, "--", "npx", "-y", "s-mcp@1.2.0"];
    const words =
      /was pinned as `npx -y s-mcp@1\.1\.0` and is `npx -y s-mcp@1\.2\.0` now \(package s-mcp@1\.1\.0 → s-mcp@1\.2\.0\)/;
    expect(mcp("lock", ...bump)).toMatchObject({ status: 1, stdout: expect.stringMatching(words) });
    // also where only the command is another
    const same = ["s", "--from", first, "--", "npx", "-y", "s-mcp@1.2.0"];
    expect(mcp("lock", ...same)).toMatchObject({ status: 1, stdout: expect.stringMatching(words) });
    expect(mcp("verify", ...same)).toMatchObject({ status: 1, stdout: expect.stringMatching(words) });
    expect(mcp("lock", ...bump).status).toBe(1);
    expect(mcp("diff", "s")).toMatchObject({ status: 1, stdout: expect.stringMatching(words) });
    {
      using screen = typed("approve s");
      const shown = await screen.until(/type a word and Enter:/);
      expect(shown).toMatch(words);
      expect(shown).toContain("+ Does b, faster.");
      expect(shown).toMatch(/2 word for word as approved of the one before/);
      expect(shown).not.toContain("Does a.");
      screen.type("yes", "Enter");
      await screen.until(/ended 0/);
    }
    expect(mcp("verify", ...bump)).toMatchObject({ status: 0 });
    expect(readFileSync(lock, "utf8")).toContain('"/s/package": {"name":"s-mcp","version":"1.2.0"}');
    expect(mcp("approve")).toMatchObject({ stdout: "nothing of an MCP server waits\n" });
    // what it took the place of is another server again, and told as what it is
    const back = ["s", "--from", first, "--", "npx", "-y", "s-mcp@1.1.0"];
    expect(mcp("verify", ...back).status).toBe(1);
    expect(mcp("lock", ...back).status).toBe(1);
    {
      using screen = typed("approve s");
      const shown = await screen.until(/type a word and Enter:/);
      expect(shown).toMatch(
        /is `npx -y s-mcp@1\.1\.0` again, and `npx -y s-mcp@1\.2\.0` was approved in its place: a rollback/,
      );
      screen.type("no", "Enter");
      await screen.until(/ended 126/);
    }
    expect(mcp("verify", ...bump)).toMatchObject({ status: 0 });
    expect(mcp("lock", ...bump)).toMatchObject({ status: 0 });
  });
});
