// A linked worktree or a submodule as the person's workspace: commits are made inside and come back through the gate, and nothing else of the
// common repository does. And what a read-only session leaves for a person.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { workspaceBench } from "../support/workspace-bench.ts";

const oneCaller = (): Caller => callersIn(tmp()).at(-1) as Caller;

describe("a repository that lies elsewhere", () => {
  it("takes a linked worktree's commits, branches and stashes; the main checkout does not move", (context) => {
    needs(context, "userns", "overlay", "helper", "git");
    for (const caller of callersIn(tmp())) {
      const bench = workspaceBench(caller, "git worktree add -q ../tree side");
      const tree = join(bench.root, "../tree");
      const before = bench.outside("cat .git/HEAD .git/config; git rev-parse main; git status --short");
      const { held, notices } = bench.inside(
        [],
        "echo w >w; git add w; git commit -qm one; git branch more; echo s >>w; git stash -q; git commit -q --allow-empty --amend -m two; git rebase -q main; git log --format=%s",
        tree,
      );
      expect({ held, notices }).toEqual({ held: {}, notices: [] });
      expect(
        bench.outside(
          "git log --format=%s; git stash list | wc -l; git status --short; git fsck --strict --no-dangling 2>&1",
          tree,
        ),
      ).toBe("two\nc3\nc2\nc1\n1\n");
      expect(bench.outside("cat .git/HEAD .git/config; git rev-parse main; git status --short")).toBe(before);
      expect(bench.outside("git log -1 --format=%s more")).toBe("one\n");
    }
  });

  it("holds what the agent makes of the rest of it", () => {
    const bench = workspaceBench(
      oneCaller(),
      "git worktree add -q ../tree side; git worktree add -q ../other -b other",
    );
    const tree = join(bench.root, "../tree");
    const common = join(bench.root, ".git");
    const snapshot =
      "cat .git/HEAD .git/config .git/worktrees/*/HEAD .git/worktrees/*/commondir; ls .git/hooks .git/worktrees; git -C ../other status --short; git status --short";
    const before = bench.outside(snapshot);
    const { held } = bench.inside(
      [],
      `cd ${common}; echo 'ref: refs/heads/evil' >HEAD; rm -f index; git config core.fsmonitor evil; printf '#!/bin/sh\\n' >hooks/post-commit; chmod +x hooks/post-commit
       echo 'ref: refs/heads/evil' >worktrees/other/HEAD; echo /etc >worktrees/tree/commondir; echo /etc >objects/info/alternates; echo evil >worktrees/tree/config.worktree; mkdir worktrees/new; echo x >worktrees/new/HEAD`,
      tree,
    );
    expect(Object.keys(held).length).toBeGreaterThanOrEqual(9);
    expect(Object.keys(held).every((path) => path.startsWith(`${common}/`))).toBe(true);
    expect(bench.outside(snapshot)).toBe(before);
    const review = bench.ringfence("review");
    expect(review.stderr).toContain("no session waits for review in this folder");
  });

  it("reviews, applies and discards by absolute names", () => {
    const caller = oneCaller();
    const bench = workspaceBench(caller, "git worktree add -q ../tree side");
    const cwd = join(bench.root, "../tree");
    bench.inside(["--apply", "ask"], "echo w >w; git add w; git commit -qm held", cwd);
    const ask = (...args: readonly string[]): string => caller.ringfence(args, { cwd }).stdout;
    expect(ask("review")).toContain(`in ${bench.root}/\nheld   changed  .git/refs/heads/side`);
    expect(ask("apply", `${bench.root}/.git/refs/heads/side`)).toContain(
      `applied  ${bench.root}/.git/worktrees/tree/index`,
    );
    expect(bench.outside("git log -1 --format=%s side; git -C ../tree status --short")).toBe("held\n D w\n");
    expect(ask("apply", "w")).toContain("nothing left to review");
    expect(bench.outside("git -C ../tree status --short; git fsck --strict --no-dangling 2>&1")).toBe("");
  });

  it("takes a submodule's commits", () => {
    const caller = oneCaller();
    const lib = workspaceBench(caller, "true", "lib");
    const bench = workspaceBench(caller, `git submodule --quiet add ${lib.root} lib; git commit -qm lib`);
    const cwd = join(bench.root, "lib");
    const { held } = bench.inside([], "echo w >w; git add w; git commit -qm inside; git checkout -qb topic", cwd);
    expect(held).toEqual({});
    expect(
      bench.outside(
        "git log -1 --format=%s; git branch --show-current; git status --short; git fsck --strict 2>&1",
        cwd,
      ),
    ).toBe("inside\ntopic\n");
  });
});

describe("workspace: read-only", () => {
  it("offers what was left, and copies it to a folder that a person names", (context) => {
    needs(context, "userns", "overlay", "helper");
    for (const caller of callersIn(tmp())) {
      const bench = workspaceBench(caller, "true");
      const to = caller.folder("here");
      writeFileSync(join(to, "taken"), "mine\n");
      const { held, out } = bench.inside(
        ["--workspace", "read-only"],
        `touch f1 2>/dev/null || echo read-only; cd $RINGFENCE_OUTPUT; echo r >report; mkdir -p a/b; echo x >a/b/x; chmod +x a/b/x; ln -s b/x a/link
         echo theirs >taken; ln -s /etc/passwd out; mkfifo pipe; mkdir .git; printf '[remote "evil"]\\n\\turl = https://evil.example/x\\n' >.git/config`,
      );
      expect(out).toBe("read-only\n");
      expect(held).toMatchObject({
        report: "offered",
        "a/b/x": "offered",
        "a/link": "offered",
        out: "link-out",
        pipe: "special-file",
        ".git/config": "protected-path",
      });
      expect(bench.ringfence("review").stdout).toContain("ringfence apply SESSION --to FOLDER");
      expect(bench.ringfence("apply", "--all").stderr).toContain("goes to a folder that you name");
      const taken = bench.ringfence("apply", "--to", to);
      expect(taken.stdout).toContain("applied  report");
      expect(taken.stdout).toContain("refused  taken  (host-moved)");
      const named = bench.ringfence("apply", "--to", to, "--all");
      expect(named.stdout).toContain("refused  out  (link-out)");
      expect(named.stdout).toContain("refused  pipe  (special-file)");
      expect(bench.outside(`cd ${to}; find . | sort; cat taken report a/link; test -x a/b/x`)).toBe(
        ".\n./.git\n./.git/config\n./a\n./a/b\n./a/b/x\n./a/link\n./report\n./taken\nmine\nr\nx\n",
      );
      for (const folder of [caller.state, "/nowhere", join(bench.root, "f1"), join(bench.root, ".git/info")])
        expect(bench.ringfence("apply", "--to", folder, "report").status).toBe(65);
      expect(bench.ringfence("discard").status).toBe(0);
      expect(bench.outside("git status --short; git remote")).toBe("");
    }
  });

  it("a folder makes no name harmless that is protected together with the folder's own", () => {
    const bench = workspaceBench(oneCaller(), "mkdir .github");
    const to = join(bench.root, ".github");
    bench.inside(
      ["--workspace", "read-only"],
      "cd $RINGFENCE_OUTPUT; mkdir workflows; echo x >workflows/ci.yml; echo n >notes",
    );
    const taken = bench.ringfence("apply", "--to", to);
    expect(taken.stdout).toContain("refused  workflows/ci.yml  (protected-path)");
    expect(bench.outside("find .github -type f")).toBe(".github/notes\n");
    expect(bench.ringfence("apply", "--to", to, "workflows/ci.yml").stdout).toContain("applied  workflows/ci.yml");
  });

  it("nothing left is nothing to review, and no other kind has the folder", () => {
    const bench = workspaceBench(oneCaller(), "true");
    expect(bench.inside(["--workspace", "read-only"], "ls $RINGFENCE_OUTPUT").held).toEqual({});
    expect(bench.ringfence("review").stderr).toContain("no session waits");
    expect(bench.inside([], 'echo "[$RINGFENCE_OUTPUT]"').out).toBe("[]\n");
    bench.inside(["--apply", "ask"], "echo a >a");
    expect(bench.ringfence("apply", "--to", bench.root).stderr).toContain("only a read-only session leaves files");
    expect(existsSync(join(bench.root, "a"))).toBe(false);
    expect(readFileSync(join(bench.root, "f1"), "utf8")).toBe("1\n");
  });
});
