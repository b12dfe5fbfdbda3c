// Workspaces `clone` and `worktree`: a private copy that shows what is committed and nothing else, files that are judged against the person's own,
// and commits that arrive as a branch, checked, whatever the agent made of its repository.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { type WorkspaceBench, workspaceBench } from "../support/workspace-bench.ts";

const KINDS = ["clone", "worktree"] as const;
// What an agent makes of its repository is the same in both; all of it twice only in the long run (SLOW=1).
const ATTACKED: readonly string[] = process.env["SLOW"] === "1" ? KINDS : ["clone"];
const oneCaller = (): Caller => callersIn(tmp()).at(-1) as Caller;
const session = (bench: WorkspaceBench): string =>
  bench.outside("git for-each-ref --format='%(refname:short)' refs/heads/ringfence").trim();

describe.each(KINDS)("workspace: %s", (kind) => {
  const of = ["--workspace", kind];

  it("shows what is committed, brings every sort of change, and hands commits over as a branch", (context) => {
    needs(context, "userns", "overlay", "helper", "git");
    for (const caller of callersIn(tmp())) {
      const bench = workspaceBench(
        caller,
        `ln -s f1 link; head -c 3000 /dev/urandom >binary; echo '#!/bin/sh' >tool; mkdir -p dir/deep; echo x >dir/deep/x; echo y >dir/y
         git add .; git commit -qm more; echo stashed >f1; git stash -q; echo untracked >untracked; echo dirty >f3
         git config alias.evil '!id'; echo 'exit 1' >.git/hooks/pre-commit; chmod +x .git/hooks/pre-commit`,
      );
      const before = bench.outside(
        "git rev-parse HEAD; cat .git/HEAD .git/config; git ls-files -s; ls .git/hooks; git stash list",
      );
      const { held, applied, out, err } = bench.inside(
        of,
        `ls -A; cat f3; git status --short; git config --get alias.evil || true; ls .git/hooks 2>/dev/null || true; git stash list
         echo edited >f1; git mv f2 g2; chmod +x g2; rm -r dir; head -c 4000 /dev/urandom >binary; ln -sf g2 link; mkdir new; echo n >new/n
         git add -A; git commit -qm first; echo again >new/n; git commit -qam second; echo rest >rest; git log --format=%s -2`,
      );
      expect(err).toContain("0 held");
      expect(out).toBe(".git\nbinary\ndir\nf1\nf2\nf3\nlink\ntool\n3\nsecond\nfirst\n");
      expect(held).toEqual({});
      expect(applied).toContain("g2");
      expect(bench.outside("cat f1 g2 new/n rest f3 untracked; readlink link; test -x g2; ls -A")).toBe(
        "edited\n2\nagain\nrest\ndirty\nuntracked\ng2\n.git\nbinary\nf1\nf3\ng2\nlink\nnew\nrest\ntool\nuntracked\n",
      );
      // HEAD, the checked-out branch, the index and the settings are the person's.
      expect(
        bench.outside("git rev-parse HEAD; cat .git/HEAD .git/config; git ls-files -s; ls .git/hooks; git stash list"),
      ).toBe(before);
      const branch = session(bench);
      expect(bench.outside(`git log --format=%s main..${branch}; git fsck --strict --no-dangling 2>&1`)).toBe(
        "second\nfirst\n",
      );
      expect(
        bench.outside(
          `for f in new/n g2 tool binary; do git show ${branch}:$f | cmp - $f; done; git worktree list | wc -l`,
        ),
      ).toBe("1\n");
    }
  });

  it("holds what would replace a person's own work, and drops what is there already", () => {
    const bench = workspaceBench(
      oneCaller(),
      "echo mine >f1; echo same >f2; rm f3; echo mine >untracked; mkdir loose; echo l >loose/l",
    );
    const { held } = bench.inside(
      of,
      "echo theirs >f1; echo same >f2; echo back >f3; echo theirs >untracked; mkdir loose; echo k >loose/k",
    );
    expect(held).toEqual({ f1: "host-moved", f3: "host-moved", untracked: "host-moved" });
    expect(bench.outside("cat f1 f2 untracked loose/l loose/k; test ! -e f3")).toBe("mine\nsame\nmine\nl\nk\n");
    const review = bench.ringfence("review");
    expect(review.stdout).toContain("host-moved: the host's file is not the one that the session knew");
    expect(bench.ringfence("apply", "f1").stdout).toContain("applied  f1");
    expect(bench.ringfence("discard").stdout).toContain("discarded 2 changes");
    expect(bench.outside("cat f1 untracked")).toBe("theirs\nmine\n");
  });

  it("deletes what git knew, and leaves in a folder what it did not", () => {
    const bench = workspaceBench(oneCaller(), "mkdir d; echo a >d/a; git add d; git commit -qm d; echo own >d/own");
    expect(bench.inside(of, "rm -r d f1").held).toEqual({});
    expect(bench.outside("ls d; test ! -e f1")).toBe("own\n");
  });

  it("hands over a branch for each branch, and nothing for what the host has", () => {
    const bench = workspaceBench(oneCaller(), "true");
    bench.inside(
      of,
      "git checkout -qb topic/one; echo o >o; git add o; git commit -qm one; git checkout -q -b two HEAD~1; echo t >t; git add t; git commit -qm two; git branch nothing HEAD~1",
    );
    expect(bench.outside("git for-each-ref --format='%(refname:short) %(subject)' refs/heads/ringfence")).toMatch(
      /^ringfence\/[-0-9a-f]+ two\nringfence\/[-0-9a-f]+-branches\/topic\/one one\n$/,
    );
    bench.inside(of, "git checkout -q HEAD~1 2>/dev/null; git log -1 --format=%s");
    expect(bench.outside("git branch --list 'ringfence/*' | wc -l")).toBe("2\n");
  });

  it("the host's branch may move meanwhile: the session's commits come beside it", async () => {
    const bench = workspaceBench(oneCaller(), "true");
    const { held } = await bench.insideWhile(
      of,
      "echo a >a; git add a; git commit -qm agent; echo ready; sleep 1.5",
      () => {
        bench.outside("echo h >h; git add h; git commit -qm host; git branch -D side");
      },
    );
    expect(held).toEqual({});
    expect(
      bench.outside(`git log --format=%s -1; git log --format=%s -1 ${session(bench)}; cat a h; git status --short`),
    ).toBe("host\nagent\na\nh\n?? a\n");
  });

  it("nothing that the agent makes of its repository reaches the host's, or runs", () => {
    const bench = workspaceBench(oneCaller(), "true");
    const before = bench.outside(
      "cat .git/config; find .git -path .git/objects -prune -o -type f -print | grep -v -e '^.git/refs/heads/ringfence' | sort",
    );
    const run = `touch ${bench.root}/../ran; exit 0`;
    const { held } = bench.inside(
      of,
      `git commit -q --allow-empty -m good
       mkdir -p .git/hooks .git/info .git/modules/evil; for h in post-checkout reference-transaction pre-auto-gc fsmonitor-watchman; do printf '#!/bin/sh\\n${run}\\n' >.git/hooks/$h; chmod +x .git/hooks/$h; done
       git config core.fsmonitor '${run}'; git config core.sshCommand '${run}'; git config filter.x.smudge '${run}'; git config uploadpack.packObjectsHook '${run}'; git config alias.log '!${run}'; git config core.hooksPath .git/hooks; git config gc.recentObjectsHook '${run}'
       echo '* filter=x' >.git/info/attributes; echo /etc >>.git/objects/info/alternates; git rev-parse HEAD >.git/info/grafts
       git replace HEAD HEAD~1; printf '[submodule "evil"]\\n\\turl = ext::sh\\n' >.git/modules/evil/config; cp -r .git/hooks .git/modules/evil/`,
    );
    expect(held).toEqual({});
    expect(existsSync(join(bench.root, "../ran"))).toBe(false);
    expect(bench.outside(`git log --format=%s -1 ${session(bench)}; git fsck --strict --no-dangling 2>&1`)).toBe(
      "good\n",
    );
    expect(
      bench.outside(
        "cat .git/config; find .git -path .git/objects -prune -o -type f -print | grep -v -e '^.git/refs/heads/ringfence' | sort",
      ),
    ).toBe(before);
    expect(
      bench.outside("git replace; cat .git/objects/info/alternates .git/info/grafts .git/shallow 2>/dev/null || true"),
    ).toBe("");
  });

  it("a repository's own settings run nothing, and what it borrows is not looked for", () => {
    const caller = oneCaller();
    const elsewhere = workspaceBench(caller, "echo secret >secret; git add secret; git commit -qm secret", "elsewhere");
    const secret = elsewhere.outside("git rev-parse HEAD:secret").trim();
    const run = (name: string): string => `sh -c 'touch ${caller.state}/ran-${name}'`;
    const bench = workspaceBench(
      caller,
      `echo '*.bin filter=evil' >.gitattributes; echo b >x.bin; git add .; git commit -qm filtered
       git config core.fsmonitor "${run("fsmonitor")}"; git config filter.evil.smudge "${run("smudge")}"; git config filter.evil.process "${run("process")}"; git config filter.evil.required true
       git config core.sshCommand "${run("ssh")}"; git config core.hooksPath .git/evil; mkdir .git/evil; printf '#!/bin/sh\\n${run("hook")}\\n' >.git/evil/post-checkout; chmod +x .git/evil/post-checkout
       echo ${elsewhere.root}/.git/objects >.git/objects/info/alternates`,
    );
    const { out, notices, status } = bench.inside(
      of,
      `cat x.bin; git status --short; git cat-file -p ${secret} 2>/dev/null || echo absent`,
    );
    expect({ status, out }).toEqual({ status: 0, out: "b\nabsent\n" });
    expect(notices.join()).toContain("filters are not run");
    expect(caller.outside(["bash", "-c", `ls ${caller.state} | grep ran- || true`], { cwd: bench.root }).stdout).toBe(
      "",
    );
  });

  it("is refused with the reason where it cannot be made", () => {
    const caller = oneCaller();
    const plain = caller.folder("plain");
    const at = (cwd: string, ...options: readonly string[]): string =>
      caller.ringfence(["run", ...of, ...options, "--", "true"], { cwd }).stderr;
    expect(at(plain)).toContain("is no git repository");
    caller.outside(["git", "init", "-q"], { cwd: plain });
    expect(at(plain)).toContain("has no commit that HEAD names");
    const bench = workspaceBench(caller, "mkdir untracked; git branch ringfence");
    expect(at(bench.root)).toContain("a branch named `ringfence` stands where");
    bench.outside("git branch -D ringfence");
    expect(at(join(bench.root, "untracked"))).toContain("is not in the commit");
    bench.outside(`mv .git/objects ${caller.state}/objects; ln -s ${caller.state}/objects .git/objects`);
    expect(at(bench.root)).toContain("behind a symbolic link");
    expect(caller.outside(["ls", join(caller.state, "ringfence/sessions")], { cwd: plain }).stdout).toBe("");
  });

  it("waits whole when it is asked to, also after its supervisor was killed", async () => {
    const bench = workspaceBench(oneCaller(), "true");
    const { held } = bench.inside([...of, "--apply", "ask"], "echo a >a; git add a; git commit -qm asked");
    expect(Object.values(held).every((reason) => reason === "asked")).toBe(true);
    expect(bench.ringfence("apply", ".git").stdout).toMatch(/applied {2}\.git\/refs\/heads\/ringfence\//);
    expect(bench.outside(`git log -1 --format=%s ${session(bench)}; test ! -e a`)).toBe("asked\n");
    expect(bench.ringfence("apply", "--all").stdout).toContain("applied  a");
    await bench.insideWhile(of, "echo b >b; git add b; git commit -qm killed; echo ready; sleep 20", async (kill) => {
      kill();
      await setTimeout(300);
    });
    expect(bench.ringfence("review").stdout).toContain(".git/refs/heads/ringfence/");
    expect(bench.ringfence("apply", "--all").stdout).toContain("applied  b");
    expect(
      bench.outside(
        "git for-each-ref --format='%(subject)' refs/heads/ringfence | sort; git fsck --strict --no-dangling 2>&1",
      ),
    ).toBe("asked\nkilled\n");
  });

  it("starts from a linked worktree, too, and its branch comes to the common repository", () => {
    const bench = workspaceBench(oneCaller(), "git worktree add -q ../tree side");
    const tree = join(bench.root, "../tree");
    const { out, held } = bench.inside(of, "git log --format=%s -1; echo t >t; git add t; git commit -qm tree", tree);
    expect({ out, held }).toEqual({ out: "c2\n", held: {} });
    expect(bench.outside(`git log -1 --format=%s ${session(bench)}; git -C ../tree status --short`)).toBe(
      "tree\n?? t\n",
    );
  });
});

describe.each(ATTACKED)("the repository of an agent in a %s", (kind) => {
  const of = ["--workspace", kind];

  it.each([
    [
      "an object that is not what its name says",
      `o=$(git rev-parse HEAD:new); f=.git/objects/\${o:0:2}/\${o:2}; chmod 600 $f; python3 - $f <<'X'
import sys, zlib
open(sys.argv[1], 'wb').write(zlib.compress(b'blob 2' + bytes([0]) + b'x' + bytes([10])))
X`,
    ],
    ["an object that is missing", "o=$(git rev-parse HEAD:new); rm -f .git/objects/${o:0:2}/${o:2}"],
    [
      "a tree with a .git in it",
      `python3 - <<'X'
import subprocess, hashlib, zlib, os
data = b'100644 .git' + bytes([0]) + bytes.fromhex(subprocess.check_output(['git', 'rev-parse', 'HEAD:f1']).decode())
tree = b'tree %d' % len(data) + bytes([0]) + data
name = hashlib.sha1(tree).hexdigest()
os.makedirs('.git/objects/' + name[:2], exist_ok=True)
open('.git/objects/' + name[:2] + '/' + name[2:], 'wb').write(zlib.compress(tree))
commit = subprocess.check_output(['git', 'commit-tree', name, '-p', 'HEAD', '-m', 'evil']).decode()
open('.git/' + open('.git/HEAD').read().strip()[5:], 'w').write(commit)
X`,
    ],
    [
      "a branch that names no commit",
      "o=$(git rev-parse HEAD:new); echo $o >.git/refs/heads/$(sed 's,ref: refs/heads/,,' .git/HEAD)",
    ],
    [
      "history cut short by a shallow file",
      "h=$(git rev-parse HEAD); o=$(git rev-parse HEAD~1); echo $h >.git/shallow; rm -f .git/objects/${o:0:2}/${o:2}",
    ],
  ])("does not hand over %s, and says so", (what, script) => {
    const bench = workspaceBench(oneCaller(), "true");
    const { held } = bench.inside(
      of,
      `echo new >new; git add new; git commit -qm one; echo more >more; git add more; git commit -qm two; ${script}`,
    );
    const unverified = Object.entries(held).filter(([, reason]) => reason === "git-unverified");
    expect(unverified, what).toHaveLength(1);
    expect(session(bench)).toBe("");
    expect(bench.outside("cat new; git fsck --strict 2>&1")).toBe("new\n");
    const applied = bench.ringfence("apply", "--all");
    expect(applied.stdout).toContain("(git-unverified)");
    expect(session(bench)).toBe("");
    expect(bench.ringfence("discard").status).toBe(0);
  });

  it.each([
    [
      "a link in the place of a branch",
      "mkdir -p .git/refs/heads; ln -sf /etc/passwd .git/refs/heads/evil; ln -s ../../../.. .git/refs/heads/up",
    ],
    [
      "names that no shell takes for one word",
      "c=$(git rev-parse HEAD); for n in '-evil' 'a b' 'x;id' '$(id)' 'a..b' 'é'; do printf '%s\\n' $c >\".git/refs/heads/$n\"; done; printf '%s refs/heads/../../../../hooks/post-checkout\\n' $c >>.git/packed-refs",
    ],
    [
      "a branch below another",
      "c=$(git rev-parse HEAD); git commit -q --allow-empty -m two; printf '%s refs/heads/a\\n%s refs/heads/a/b\\n' $c $(git rev-parse HEAD) >>.git/packed-refs; git reset -q --hard $c; git commit -q --allow-empty -m three",
    ],
    ["a HEAD that is no file", "rm .git/HEAD; mkfifo .git/HEAD"],
    ["objects behind a link", "mv .git/objects .git/o; ln -s o .git/objects"],
    ["no repository at all", "rm -rf .git; echo gitdir: /etc >.git"],
  ])("takes nothing but plain branches: %s", (_, script) => {
    const bench = workspaceBench(oneCaller(), "true");
    const { err } = bench.inside(of, `echo w >w; git add w; git commit -qm w; ${script}`);
    expect(err).toContain("ringfence: exit 0");
    expect(
      bench.outside(
        "find .git/refs .git/hooks -name '*evil*' -o -type l -o -name '* *' -o -name post-checkout; cat w; git fsck --strict --no-dangling 2>&1",
      ),
    ).toBe("w\n");
    bench.ringfence("discard");
  });
});

describe("what the two kinds see of a repository", () => {
  it("a clone has HEAD's history alone; a worktree sees every branch and cannot write the host's objects", () => {
    const bench = workspaceBench(
      oneCaller(),
      "git checkout -q side; echo s >s; git add s; git commit -qm other; git checkout -q main",
    );
    const look =
      "git branch -a --format='%(refname:short)'; git tag; git log --all --format=%s | sort | tr '\\n' ' '; touch /run/ringfence/objects/x 2>/dev/null || echo closed";
    expect(bench.inside(["--workspace", "clone"], look).out).toBe("main\nv1\nc1 c2 c3 closed\n");
    expect(bench.inside(["--workspace", "worktree"], look).out).toMatch(
      /^main\nringfence\/[-0-9a-f]+\nside\nv1\nc1 c2 c3 other closed\n$/,
    );
  });

  it("submodules are empty, and the summary says so", () => {
    const caller = oneCaller();
    const lib = workspaceBench(caller, "true", "lib");
    const bench = workspaceBench(caller, `git submodule --quiet add ${lib.root} lib; git commit -qm lib`);
    const { out, notices } = bench.inside(["--workspace", "clone"], "ls lib | wc -l; git status --short");
    expect(out).toBe("0\n");
    expect(notices.join()).toContain("submodules are empty folders in the copy: lib");
    expect(bench.outside("ls lib; git submodule status | cut -c1")).toBe("f1\nf2\nf3\n \n");
  });

  it("tier high takes a clone, and refuses what is weaker", () => {
    const bench = workspaceBench(oneCaller(), "true");
    for (const kind of ["direct", "worktree"]) {
      const refused = bench.inside(["--tier", "high", "--workspace", kind], "true");
      expect(refused.status).not.toBe(0);
    }
  });

  it("masks a committed secret in the copy, and its absence is no deletion", () => {
    const bench = workspaceBench(oneCaller(), "echo KEY=1 >.env; git add -f .env; git commit -qm env");
    for (const kind of KINDS) {
      const { out, held } = bench.inside(["--workspace", kind], "cat .env 2>/dev/null || echo masked; echo x >>f1");
      expect({ out, held }).toEqual({ out: "masked\n", held: {} });
      bench.outside("git checkout -q f1");
    }
    expect(readFileSync(join(bench.root, ".env"), "utf8")).toBe("KEY=1\n");
  });
});
