// The analysis against a real bash: what it calls constant must be what bash makes of it, what bash refuses must not be allowed, and
// what it calls read-only must leave no trace.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "unbash";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { resolveWord } from "../../src/core/shell/word.ts";
import { judge } from "../support/judge.ts";
import { snippet, statements } from "../support/shell-fuzz.ts";

const SAMPLES = 6000;
const NOTHING_KNOWN = { constant: () => undefined, folder: () => undefined, isNumber: () => false };
let folder = "";
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "shell-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const bash = (text: string, input = ""): string =>
  execFileSync("/bin/bash", ["--norc", "--noprofile", "-c", text], {
    input,
    cwd: folder,
    env: { PATH: "/usr/bin:/bin", HOME: folder, LC_ALL: "C.UTF-8" },
    encoding: "utf8",
    stdio: ["pipe", "pipe", "ignore"],
  });

const PIECES = [
  "a",
  "b",
  "-x",
  "'q w'",
  '"d q"',
  "$'\\x41\\t'",
  "$'a\\'b'",
  '$"loc"',
  "\\ ",
  "\\a",
  "\\'",
  "{a,b}",
  "{1..3}",
  "{a,",
  "}",
  "{",
  "x=",
  "~",
  "/",
  "''",
  '""',
  "{a,'b c'}",
  "{{a,b},c}",
  "{c..a}",
  '"\\$x"',
  "$'\\u00e9'",
  "$'\\0tail'",
  "\\\n",
  "=~",
  "%",
  "a{b",
  ",",
  "'{a,b}'",
  "{'a',b}",
  "{,a}",
  "{01..03}",
  "..",
  "{a..}",
] as const;

describe("a constant word", () => {
  it("is what bash makes of it", () => {
    const samples = fc.sample(
      fc.array(fc.constantFrom(...PIECES), { minLength: 1, maxLength: 5 }).map((p) => p.join("")),
      3000,
    );
    const texts: string[] = [];
    const claims: (readonly string[])[] = [];
    for (const text of new Set(samples)) {
      const script = parse(`: ${text}`);
      const command = script.commands[0]?.command;
      if (script.errors?.length || script.commands.length !== 1 || command?.type !== "Command") continue;
      if (command.suffix.some((part) => part.type !== "Word")) continue;
      const words = command.suffix.flatMap((part) =>
        part.type === "Word" ? [...resolveWord(part, NOTHING_KNOWN)] : [],
      );
      if (words.some((w) => w.value === undefined || w.tilde)) continue;
      texts.push(text);
      claims.push(words.map((w) => w.value ?? ""));
    }
    expect(texts.length).toBeGreaterThan(800);
    const said = bash(texts.map((text) => `printf '%s\\0' ${text}\nprintf '\\0END\\0'`).join("\n"));
    const got = said
      .split("\0END\0")
      .slice(0, -1)
      .map((chunk) => chunk.slice(0, -1).split("\0"));
    for (const [i, text] of texts.entries())
      expect([text, ...(got[i] ?? [])]).toEqual([text, ...(claims[i]?.length === 0 ? [""] : (claims[i] ?? []))]);
  });
});

describe("text that bash does not accept", () => {
  it("is never allowed", () => {
    const parts = [
      "ls",
      "cat a",
      "&&",
      "||",
      ";",
      "|",
      "(",
      ")",
      "{",
      "}",
      "if",
      "then",
      "fi",
      "do",
      "done",
      "for i in a",
      "while",
      "'",
      '"',
      "$(",
      "`",
      "<<E\n",
      "\n",
      "E\n",
      "case a in",
      "esac",
      "a)",
      ";;",
      "[[",
      "]]",
      "!",
      "f()",
      ">",
      "<",
      "2>&1",
      "&",
      "\\",
      "#",
      "$'",
      "${",
      "((",
      "))",
    ];
    const samples = new Set(
      fc.sample(
        fc.array(fc.constantFrom(...parts), { minLength: 1, maxLength: 7 }).map((p) => p.join(" ")),
        1500,
      ),
    );
    for (const text of samples) {
      if (judge(text, { allow: ["Bash(ls *)", "Bash(cat *)"] }).verdict !== "allow") continue;
      const checked = spawnSync("/bin/bash", ["-n", "-c", text], { encoding: "utf8" });
      expect([text, checked.status, checked.stderr]).toEqual([text, 0, ""]);
    }
  });
});

const HANDLER = "command_not_found_handle() { printf '%s\\0' \"$1\" >&9; return 127; }\n";

describe("every case", () => {
  it("that is allowed is text that bash accepts", () => {
    const cases = new URL("../cases/check/", import.meta.url);
    let checked = 0;
    for (const file of readdirSync(cases).filter((name) => name.endsWith(".jsonl"))) {
      const [head, ...lines] = readFileSync(new URL(file, cases), "utf8")
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line));
      for (const line of lines) {
        const { command, ...rules } = { ...head, ...line };
        // plain words joined by pipes are no question of syntax
        if (!/[;&()<>$`{}!#\n\\]|\|\|/.test(command) || judge(command, rules).verdict !== "allow") continue;
        checked++;
        const { status, stderr } = spawnSync("/bin/bash", ["-n", "-c", command], { encoding: "utf8" });
        expect([command, status, stderr]).toEqual([command, 0, ""]);
      }
    }
    expect(checked).toBeGreaterThan(200);
  });
});

const HOSTILE = "a[$(q9)]";

describe("text that is allowed", () => {
  const ran = (text: string, path = "/nowhere"): readonly string[] => {
    const nine = new Array<"ignore" | "pipe">(9).fill("ignore");
    const done = spawnSync("/bin/bash", ["--norc", "--noprofile", "-c", HANDLER + text], {
      cwd: folder,
      env: { PATH: path, HOME: folder, v: HOSTILE, i: HOSTILE, x: HOSTILE },
      stdio: [...nine, "pipe"],
      timeout: 10_000,
    });
    return String(done.output[9] ?? "")
      .split("\0")
      .filter((name) => /^(?:q\d|[fg]$)/.test(name));
  };

  it("runs nothing but what the rules allow", () => {
    expect(ran("p1 $(q1); eval q2")).toEqual(["q1", "q2"]); // control: what runs is seen
    const allow = ["Bash(p1 *)", "Bash(p2 *)"];
    let allowed = 0;
    for (const text of new Set(fc.sample(snippet, SAMPLES))) {
      if (judge(text, { allow }).verdict !== "allow") continue;
      allowed++;
      expect([text, ran(text)]).toEqual([text, []]);
    }
    expect(allowed).toBeGreaterThan(50);
  });

  it("evaluates no variable but numbers, and calls no function but those it defines", () => {
    expect(ran("echo $((x))", "/usr/bin:/bin")).toEqual(["q9"]); // control: evaluating the variable runs what it holds
    const allow = ["p1", "p2", "echo", "eval", "trap", "read", "cat", "seq", "wc"].map((name) => `Bash(${name} *)`);
    let allowed = 0;
    for (const text of new Set(fc.sample(statements, SAMPLES))) {
      if (judge(text, { allow }).verdict !== "allow") continue;
      allowed++;
      expect([text, ran(text, "/usr/bin:/bin")]).toEqual([text, []]);
    }
    expect(allowed).toBeGreaterThan(300);
  });
});

const READS = [
  "ls -la . sub",
  "cat a b | grep -n x | sort -u | wc -l",
  "head -2 a; tail -1 b",
  "find . -name '*.txt' -size -1M -print0 | tr '\\0' '\\n' | sort",
  "sed -n '1,2p;s/a/b/g' a",
  "jq -c .k j.json",
  "diff -u a b",
  "stat -c %s a",
  "du -sh .",
  "file a",
  "base64 a",
  "strings a",
  "od -c a | cut -c1-9",
  "basename a.txt .txt",
  "realpath a",
  "md5sum a b",
  "date +%F",
  "uname -a",
  "id -u",
  "pwd",
  "which bash",
  "echo {a,b}{1..3} $'x\\ty'",
  "printf '%s\\n' a",
  "if [ -f a ]; then cat a; else ls; fi",
  "for i in 1 2; do echo x; done",
  "cd sub && ls",
  "( ls; cat a )",
  "cat < a",
  "ls 2>/dev/null",
  "git status -s; git log --oneline; git diff --stat; git branch -a; git remote -v; git show HEAD --stat",
  "X=1; echo done",
  "test -f a && echo yes",
  "grep -rn x .",
  "tree -L 1",
];

describe("what is called read-only", () => {
  it("leaves no trace in the workspace", () => {
    mkdirSync(join(folder, "ws/sub"), { recursive: true });
    for (const [name, text] of [
      ["a", "axa\nb\n"],
      ["b", "x\n"],
      ["j.json", '{"k":1}'],
      ["t.txt", "t"],
    ] as const)
      writeFileSync(join(folder, "ws", name), text);
    bash(
      "cd ws && git init -q . && git -c user.name=a -c user.email=a@b.c add a && git -c user.name=a -c user.email=a@b.c commit -qm one",
    );
    const seen = (): string =>
      bash("cd ws && find . -path ./.git/index -prune -o -type f -printf '%p %s %T@\\n' | sort");
    const before = seen();
    for (const command of READS) {
      expect([command, judge(command).verdict]).toEqual([command, "allow"]);
      spawnSync("/bin/bash", ["--norc", "-c", command], {
        cwd: join(folder, "ws"),
        env: { PATH: "/usr/bin:/bin", HOME: folder },
        stdio: "ignore",
      });
      expect([command, seen()]).toEqual([command, before]);
    }
    // control: something that is not read-only does leave one
    expect(judge("touch new").verdict).toBe("ask");
    bash("cd ws && touch new");
    expect(seen()).not.toBe(before);
    expect(readdirSync(folder).sort()).toEqual(["ws"]);
  });
});
