// Script tests: a text with a shell session and the files it starts from, run against the built `./ringfence` (after Go's testscript).
//
//   # comment                    needs userns overlay            only root | only user
//   $ cmd     must exit 0        ! cmd    must not exit 0        exit 64 cmd
//   stdout /re/   stderr /re/    of the last command; `! stdout /re/` must not match
//   exists path   ! exists path  cmp one two                     skip why
//   [root] line   [user] line    only when the session runs as root, or as an ordinary user
//   -- path --                   begins a file; the rest of the text up to the next such line is its content
//
// Each session has a folder of its own with a home and a state folder, and `ringfence` on PATH through a link.
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import {
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "vitest";
import { launcher } from "./installation.ts";
import { type Feature, needs } from "./needs.ts";
import { tmp } from "./tmp.ts";
import { ordinaryUser } from "./user.ts";

/** Who types: the caller of the tests, or an ordinary user made for it. */
export type Typist = "root" | "user";

interface Line {
  readonly number: number;
  readonly text: string;
}

interface Session {
  readonly work: string;
  readonly run: (command: string) => SpawnSyncReturns<string>;
  last: SpawnSyncReturns<string> | undefined;
}

/** Splits a script into its lines (comments and blanks gone) and its files. */
export function parseScript(text: string): {
  readonly lines: readonly Line[];
  readonly files: ReadonlyMap<string, string>;
} {
  const lines: Line[] = [];
  const files = new Map<string, string>();
  let file: string | undefined;
  for (const [index, raw] of text.split("\n").entries()) {
    const name = /^-- (.+) --$/.exec(raw)?.[1];
    if (name !== undefined) {
      file = name;
      files.set(file, "");
    } else if (file !== undefined) files.set(file, `${files.get(file)}${raw}\n`);
    else if (raw.trim() !== "" && !raw.startsWith("#")) lines.push({ number: index + 1, text: raw.trim() });
  }
  return { lines, files };
}

/** Who a script wants to be typed by: both, unless it says `only`. */
export function typistsOf(text: string): readonly Typist[] {
  const only = /^only (root|user)$/m.exec(text)?.[1];
  return only === undefined ? ["root", "user"] : [only as Typist];
}

/** Runs a script as that typist; throws at the first line that does not hold, naming it. */
export function runScript(context: TestContext, text: string, typist: Typist): void {
  needs(context, typist);
  const { lines, files } = parseScript(text);
  const session = openSession(files, typist);
  for (const line of lines) {
    const condition = /^\[(root|user)\] (.*)$/.exec(line.text);
    if (condition !== null && condition[1] !== typist) continue;
    step(context, session, { number: line.number, text: condition?.[2] ?? line.text });
  }
}

function openSession(files: ReadonlyMap<string, string>, typist: Typist): Session {
  const folder = tmp();
  const user = typist === "user" ? ordinaryUser(folder) : undefined;
  const home = user?.home ?? join(folder, "home");
  const work = join(home, "work");
  const bin = join(folder, "bin");
  for (const made of [home, work, bin]) mkdirSync(made, { recursive: true });
  symlinkSync(launcher, join(bin, "ringfence"));
  for (const [name, content] of files) {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    writeFileSync(join(work, name), content);
  }
  if (user !== undefined && process.getuid?.() === 0) give(work, user);
  const env = {
    PATH: `${bin}:${process.env["PATH"]}`,
    HOME: home,
    XDG_STATE_HOME: join(home, "state"),
    LANG: "C.UTF-8",
    TERM: "dumb",
  };
  return {
    work,
    last: undefined,
    run: (command) => {
      const [program = "sh", ...args] = user?.as(["sh", "-c", command]) ?? ["sh", "-c", command];
      return spawnSync(program, args, {
        cwd: work,
        env,
        encoding: "utf8",
        timeout: 90_000,
        stdio: ["ignore", "pipe", "pipe"],
      });
    },
  };
}

function give(path: string, owner: { readonly uid: number; readonly gid: number }): void {
  chownSync(path, owner.uid, owner.gid);
  if (lstatSync(path).isDirectory()) for (const name of readdirSync(path)) give(join(path, name), owner);
}

function step(context: TestContext, session: Session, line: Line): void {
  const fail = (why: string): never => {
    const { stdout = "", stderr = "", status = null } = session.last ?? {};
    throw new Error(
      `line ${line.number}: ${line.text}\n${why}\n--- exit ${status}\n--- stdout\n${stdout}--- stderr\n${stderr}`,
    );
  };
  const [, verb = "", rest = ""] = /^(! \w+ (?=\/)|! exists|\S+) ?(.*)$/.exec(line.text) ?? [];
  switch (verb.trim()) {
    case "$":
      session.last = session.run(rest);
      if (session.last.status !== 0) fail("should have succeeded");
      return;
    case "!":
      session.last = session.run(rest);
      if (session.last.status === 0) fail("should have failed");
      return;
    case "exit": {
      const [, code, command = ""] = /^(\d+) (.*)$/.exec(rest) ?? [];
      session.last = session.run(command);
      if (`${session.last.status}` !== code) fail(`should have exited ${code}`);
      return;
    }
    case "stdout":
    case "stderr":
    case "! stdout":
    case "! stderr": {
      const wanted = !verb.startsWith("!");
      const stream = verb.includes("stdout") ? session.last?.stdout : session.last?.stderr;
      const [, pattern = "", flags] = /^\/(.*)\/([a-z]*)$/.exec(rest) ?? [];
      if (pattern === "") fail("wants /pattern/");
      if (new RegExp(pattern, flags).test(stream ?? "") !== wanted) fail(wanted ? "does not match" : "matches");
      return;
    }
    case "exists":
    case "! exists":
      if (existsSync(join(session.work, rest)) === verb.startsWith("!")) fail("is not so");
      return;
    case "cmp": {
      const [one = "", two = ""] = rest.split(" ");
      if (readFileSync(join(session.work, one), "utf8") !== readFileSync(join(session.work, two), "utf8"))
        fail("they differ");
      return;
    }
    case "needs":
      needs(context, ...(rest.split(" ") as Feature[]));
      return;
    case "only":
      return;
    case "skip":
      context.skip(true, rest);
      return;
    default:
      fail("is no line of a script");
  }
}
