// Ordinary tools under the filter and Landlock (docs/syscalls.md), for real, in the built program's own fence. A tool that is not installed, or does
// not work outside either, is skipped with what it said.
import { chmodSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-tools-")));
chmodSync(folder, 0o755);
afterAll(() => removeTree(folder));
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

const C = `printf '#include <stdio.h>\\nint g=41;int f(int x){return x+g;}int main(void){printf("%%d\\\\n",f(1));return 0;}' >d.c`;
const SERVER = `const h=require("http");const s=h.createServer((q,r)=>r.end("served")).listen(5173,"127.0.0.1",()=>h.get("http://127.0.0.1:5173",r=>r.on("data",d=>{console.log(String(d));s.close()})))`;

/** What a tool does all day, and what it then says. */
const TOOLS: readonly (readonly [name: string, script: string, says: RegExp])[] = [
  [
    "git",
    "git init -q g && cd g && echo a >a && git add a && git -c user.name=a -c user.email=a@b commit -qm x && git gc -q && git log --oneline",
    /x$/,
  ],
  ["make", `${C}; printf 'd: d.c\\n\\tcc -o d d.c\\n' >Makefile; make -s && ./d`, /^42$/],
  [
    "gdb",
    `${C}; gcc -g -o d d.c && gdb -nx -q -batch -ex 'break f' -ex run -ex 'set var g=1' -ex continue ./d`,
    /^2$/m,
  ],
  ["strace", "strace -f -e trace=execve sh -c '/bin/true' 2>&1", /execve\("\/bin\/true"/],
  [
    "npm",
    `echo '{"name":"x","version":"1.0.0","scripts":{"t":"echo ran"}}' >package.json && npm install --offline --no-audit --no-fund >/dev/null && npm run -s t`,
    /^ran$/,
  ],
  ["node", `node -e '${SERVER}'`, /^served$/],
  ["node", `node -e 'new (require("worker_threads").Worker)("process.stdout.write(String(6*7))",{eval:true})'`, /^42$/],
  [
    "python3",
    `python3 -m venv --without-pip v && v/bin/python -c "import ssl,sqlite3,multiprocessing as m; c=sqlite3.connect('x.db'); c.execute('pragma journal_mode=wal'); c.execute('create table t(a)'); c.commit(); print(m.Pool(2).map(abs,[-1]))"`,
    /\[1\]/,
  ],
  ["cargo", "cargo new -q --vcs none c && cd c && cargo --offline run -q", /Hello/],
  [
    "go",
    `printf 'module x\\n' >go.mod && printf 'package main\\nfunc main(){println("ran")}\\n' >m.go && GOTOOLCHAIN=local GOPROXY=off go run . 2>&1`,
    /^ran$/m,
  ],
  [
    "java",
    `echo 'public class H{public static void main(String[] a){System.out.println(java.util.stream.IntStream.range(0,1000).parallel().sum());}}' >H.java && java H.java`,
    /^499500$/,
  ],
  [
    "chromium",
    `chromium --headless --no-sandbox --disable-gpu --user-data-dir=$PWD/u --dump-dom 'data:text/html,<p>rendered</p>' 2>/dev/null`,
    /rendered/,
  ],
  [
    "tmux",
    "tmux -L rf -f /dev/null new-session -d 'echo drawn >t; sleep 9'; for i in 1 2 3 4 5 6 7 8 9; do [ -s t ] && break; sleep 0.3; done; cat t; tmux -L rf kill-server",
    /^drawn$/,
  ],
  ["script", "script -qc 'test -t 0 && echo on a terminal' /dev/null", /on a terminal/],
];

describe.each(callersIn(folder).map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  for (const [at, [name, script, says]] of TOOLS.entries()) {
    test(`${name} (${at})`, { timeout: 90_000 }, (context) => {
      const cwd = caller.folder(`tool-${at}`);
      const inside = caller.ringfence(["run", "--quiet", "--", "sh", "-c", script], { cwd });
      if (says.test(inside.stdout.trim())) return;
      const outside = caller.outside(["sh", "-c", script], { cwd: caller.folder(`tool-${at}-outside`) });
      context.skip(!says.test(outside.stdout.trim()), `needs ${name}: ${outside.stderr.split("\n")[0]}`);
      expect({ status: inside.status, stdout: inside.stdout, stderr: inside.stderr }).toEqual("what it says outside");
    });
  }

  test("Docker's client finds nobody", (context) => {
    if (caller.outside(["docker", "--version"], { cwd: caller.home }).status !== 0)
      context.skip(true, "needs docker: its client is not installed");
    const { status, stderr } = caller.ringfence(["run", "--quiet", "--", "docker", "ps"], {
      cwd: caller.folder("docker"),
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/Cannot connect|permission denied|no such file/i)]);
  });
});
