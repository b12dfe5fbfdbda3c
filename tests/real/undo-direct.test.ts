// Undo in `direct` workspaces: what the guard kept gives back the identical tree, whatever ordinary tools did to it, and says what it did not keep.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planUndo, sealDirectPast, undoChanges } from "#sandbox";
import { callersIn } from "../support/caller.ts";
import { compileGuard } from "../support/guard-binary.ts";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { snapshot } from "../support/snapshot.ts";
import { tmp } from "../support/tmp.ts";
import { shellOf, stepsOf } from "../support/tree-steps.ts";

const folder = realpathSync(mkdtempSync(path.join(tmpdir(), "rf-undo-")));
const binary = path.join(folder, "guard-main");
beforeAll(() => compileGuard(binary));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const env = { PATH: process.env["PATH"] ?? "/usr/bin:/bin", HOME: folder, LANG: "C.UTF-8", GIT_CONFIG_NOSYSTEM: "1" };

interface Bench {
  readonly root: string;
  readonly before: string;
  inside(script: string): void;
  outside(script: string): string;
  undo(): readonly unknown[];
  redo(): readonly unknown[];
}

/** A workspace under the real guard, without the fence around it. */
function bench(start: string): Bench {
  const at = tmp();
  const [root, past] = [path.join(at, "w"), path.join(at, "past")];
  for (const made of [root, past]) mkdirSync(made);
  const outside = (script: string): string =>
    execFileSync("bash", ["--norc", "-euc", script], {
      cwd: root,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  outside(start);
  const carry = (redo: boolean): readonly unknown[] => {
    const places = { helper: helperPath, root, past };
    const plan = planUndo(places, { redo });
    return [...plan.refused, ...undoChanges(places, plan).refused];
  };
  return {
    ...{ root, before: snapshot(root), outside },
    inside(script) {
      const guard = [root, ".git/hooks", "node_modules", path.join(at, "events"), "--", "bash", "-c", script];
      spawnSync(binary, guard, { cwd: root, env: { ...env, PAST: past }, timeout: 60_000 });
    },
    undo() {
      sealDirectPast({ root, past, unseen: false });
      return carry(false);
    },
    redo: () => carry(true),
  };
}

describe("undo of a direct workspace", () => {
  it("ordinary work of many kinds goes back to the identical tree", () => {
    const start =
      "mkdir -p d/deep sub; for i in 1 2 3; do echo $i >d/$i; done; echo x >d/deep/x; echo a >a; ln a hard; ln -s a l; echo s >sub/s; echo y >y; echo z >z; chmod 640 y; touch -d '2001-02-03 04:05:06.123456789' y z";
    const { before, root, inside, outside, undo } = bench(start);
    const script =
      "echo b >>a; echo n >new; mv d e; echo x >>e/1; rm e/2; mkdir d; echo q >d/1; mv e/deep/x e/deep/y; echo 2 >>e/deep/y; chmod 600 sub/s; rm l; ln -s b l; ln e/3 e/33; echo z >e/33; mv sub sub2; sed -i s/b/c/ a; head -c 100 /dev/zero >>hard; : >trunc; truncate -s 1 y; python3 -c 'import os; os.truncate(\"z\", 0)'; mkfifo pipe; rm -rf e/deep";
    outside(`cp -a . ../control; cd ../control; ${script}; rm -rf ../control`);
    inside(script);
    expect(snapshot(root)).not.toBe(before);
    expect(undo()).toEqual([]);
    expect(snapshot(root)).toBe(before);
  });

  it("names that share a file share it again after undo and redo, also among many changes", () => {
    const { before, root, inside, outside, undo, redo } = bench(
      "for i in $(seq 40); do echo $i >$i; done; echo a >a; ln a b; ln a c; echo r >r; ln r s; echo k >k",
    );
    inside("for i in $(seq 40); do echo more >>$i; done; : >b; sed -i s/r/q/ r s; ln k l; echo k2 >>k");
    // Which names are one file, and what is in each; one more name of it may be ours.
    const files = (): string =>
      outside("sha256sum *; for x in *; do for y in *; do ! test $x -ef $y || echo $x is $y; done; done");
    const after = files();
    for (let round = 0; round < 2; round++) {
      expect(undo()).toEqual([]);
      expect(snapshot(root)).toBe(before);
      expect(redo()).toEqual([]);
      expect(files()).toBe(after);
    }
  });

  it("property: any steps, then undo, are nothing at all", () => {
    const steps = fc.array(stepsOf(), { minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(steps, steps, steps, (start, first, second) => {
        const { before, root, inside, undo } = bench(shellOf(start));
        for (const act of [first, second]) inside(shellOf(act)); // each under a guard of its own
        expect(undo()).toEqual([]);
        expect(snapshot(root)).toBe(before);
      }),
      // The same trees each time, so that a commit is not held up by another one; `RUNS=300` looks for new ones.
      process.env["RUNS"] === undefined ? { numRuns: 25, seed: 4 } : { numRuns: Number(process.env["RUNS"]) },
    );
  }, 300_000);

  it("by the side doors: descriptors, second names, exchanged folders, unnamed files, a moved working directory, threads", () => {
    const { before, root, inside, undo } = bench(
      "mkdir d e d/in; for f in a b c g h; do echo $f >$f; done; echo x >d/in/x; echo y >e/y; ln -s ../a d/up; for i in $(seq 40); do echo $i >e/$i; done",
    );
    const script = [
      "import ctypes, os, threading",
      "fd = os.open('a', os.O_RDONLY); w = os.open(f'/proc/self/fd/{fd}', os.O_WRONLY | os.O_TRUNC); os.write(w, b'1'); os.close(w)",
      "os.link('b', 'second'); os.unlink('second'); os.link('b', 'third'); open('third', 'w').write('2')",
      "os.close(os.open('c', os.O_RDONLY | os.O_TRUNC))",
      "open('d/up', 'a').write('more')",
      "libc = ctypes.CDLL(None); libc.renameat2(-100, b'd', -100, b'e', 2)",
      "open('d/y', 'w').write('3'); open('e/in/x', 'w').write('4')",
      "t = os.open('.', os.O_TMPFILE | os.O_RDWR, 0o600); os.write(t, b'5'); libc.linkat(-100, f'/proc/self/fd/{t}'.encode(), -100, b'unnamed', 0x400)",
      "os.chdir('e/in'); os.rename('../../e', '../../moved'); open('x', 'a').write('6'); open('new', 'w').write('7'); os.chdir('../..')",
      "g = os.open('g', os.O_RDWR); os.rename('g', 'g2'); os.write(g, b'8'); os.ftruncate(g, 1); os.close(g)",
      "h = os.open('h', os.O_WRONLY); os.unlink('h'); os.write(h, b'9'); os.fchmod(h, 0o777); os.close(h)",
      "def work(n):\n  for i in range(1, 41):\n    p = f'd/{i}'\n    try: open(p, 'w').write(str(n)); os.rename(p, p + 'r') if n % 2 else os.rename(p + 'r', p)\n    except OSError: pass",
      "ts = [threading.Thread(target=work, args=(n,)) for n in range(6)]; [t.start() for t in ts]; [t.join() for t in ts]",
    ].join("\n");
    inside(`python3 - <<'END'\n${script}\nEND`);
    const after = snapshot(root);
    for (const path of ["unnamed", "moved/in/new", "g2", "d/y"]) expect(after).toContain(`\n${path} `);
    expect(undo()).toEqual([]);
    expect(snapshot(root)).toBe(before);
  });

  it("a repository: commit, branch, gc and back", () => {
    const git = "git -c user.name=a -c user.email=a@b";
    const { before, root, inside, outside, undo } = bench(
      `git init -q -b main; echo a >a; echo b >b; git add .; ${git} commit -qm one`,
    );
    inside(`echo more >>a; git rm -q b; git checkout -qb topic; ${git} commit -qam two; git gc -q`);
    expect(outside("git log --format=%s")).toBe("two\none\n");
    expect(undo()).toEqual([]);
    expect(snapshot(root)).toBe(before);
    expect(outside("git fsck --full; git status --porcelain")).toBe("");
  });

  it("more than the size is told at once and refused by name, and the rest goes back", () => {
    const { root, inside, outside, undo } = bench("head -c 2000000 /dev/zero >big; echo s >small");
    inside("echo x >big; echo x >small");
    expect(outside("cat ../events")).toContain("uncovered too-large big");
    expect(undo()).toEqual([{ path: "big", code: "too-large" }]);
    expect(outside("cat small big")).toBe("s\nx\n");
    expect(root).not.toBe("");
  });

  it("the whole way, by the program; what somebody changed after the session is left alone", (context) => {
    needs(context, "userns", "helper");
    const caller = callersIn(tmp())[0];
    if (caller === undefined) throw new Error("no caller");
    const root = caller.folder("project");
    const outside = (script: string): string => caller.outside(["bash", "-ec", script], { cwd: root }).stdout;
    outside("echo a >a; echo b >b; mkdir d; echo c >d/c");
    const before = snapshot(root);
    const ran = caller.ringfence(
      ["run", "--workspace", "direct", "--", "bash", "-c", "echo x >a; rm b; mv d e; echo n >n"],
      {
        cwd: root,
      },
    );
    expect(ran.status, ran.stderr).toBe(0);
    expect(outside("cat a; ls")).toBe("x\na\ne\nn\n");
    outside("echo mine >>a");
    expect(caller.ringfence(["sessions", "undo", "--dry-run"], { cwd: root }).stdout).toMatch(
      /refused +a {2}\(host-moved/,
    );
    expect(caller.ringfence(["sessions", "undo"], { cwd: root }).status).toBe(1);
    expect(outside("cat a b d/c; ls")).toBe("x\nmine\nb\nc\na\nb\nd\n");
    outside("echo x >a");
    expect(caller.ringfence(["sessions", "undo"], { cwd: root }).status).toBe(0);
    expect(snapshot(root)).toBe(before);
    expect(caller.ringfence(["log", "show"], { cwd: root }).status).toBe(0);
  });
});
