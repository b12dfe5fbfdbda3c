// Git through the fence: ordinary work comes back whole, and what would run, be lost or lead elsewhere does not.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { applyChanges } from "#sandbox";
import { findGitDir } from "../../src/monitor/prepare/git-folder.ts";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { overlayBench } from "../support/overlay.ts";
import { tmp } from "../support/tmp.ts";

const IDENTITY = "[user]\n name = n\n email = n@example.org\n[init]\n defaultBranch = main\n";

interface Bench {
  readonly root: string;
  outside(script: string): string;
  /** Runs the script in the fence; what was printed, and each held path with its reason. */
  inside(script: string): {
    readonly out: string;
    readonly held: Readonly<Record<string, string>>;
    readonly status: number | null;
  };
  ringfence(...args: readonly string[]): string;
}

// By variables: a caller whose home of the passwd entry is not the bench's has no identity of ours there.
const WHO = ["AUTHOR", "COMMITTER"].flatMap((role) => [
  "--env",
  `GIT_${role}_NAME=t`,
  "--env",
  `GIT_${role}_EMAIL=t@example.org`,
]);

function bench(setUp: string): Bench {
  const caller = callersIn(tmp()).at(-1) as Caller;
  writeFileSync(join(caller.home, ".gitconfig"), IDENTITY);
  const root = caller.folder("project");
  const summary = join(caller.state, "summary.json");
  const outside = (script: string): string => {
    const done = caller.outside(["bash", "-ec", script], { cwd: root });
    if (done.status !== 0) throw new Error(`${script}: ${done.stderr}`);
    return done.stdout;
  };
  outside(setUp);
  return {
    root,
    outside,
    inside(script) {
      const done = caller.ringfence(["run", ...WHO, "--json", summary, "--", "bash", "-ec", script], { cwd: root });
      const outcome = existsSync(summary) ? JSON.parse(readFileSync(summary, "utf8")) : { held: [] };
      const held = outcome.held.map(({ path, reason }: { path: string; reason: string }) => [path, reason]);
      return { out: `${done.stdout}${done.stderr}`, held: Object.fromEntries(held), status: done.status };
    },
    ringfence(...args) {
      const done = caller.ringfence(args, { cwd: root });
      return `${done.stdout}${done.stderr}`;
    },
  };
}

const REPOSITORY =
  "git init -q; for i in 1 2 3; do echo $i >f$i; git add .; git commit -qm c$i; done; git branch side HEAD~1";

describe("git through the fence", () => {
  it("brings commits, branches, merges, rebases, stashes, tags and gc back whole", (context) => {
    needs(context, "userns", "overlay", "helper", "git");
    const { inside, outside } = bench(REPOSITORY);
    for (const script of [
      "git checkout -qb work; echo w >w; git add w; git commit -qm w; git merge -q --no-edit side",
      "git checkout -q side; echo s >s; git add s; git commit -qm s; git rebase -q work",
      "echo more >>f1; git stash -q; git tag v1; git tag -a v2 -m v2",
      "git gc -q; git branch -D work",
      "git commit -q --amend -m again; git mv f1 g1; git commit -qam mv; git checkout -q main",
    ]) {
      expect(inside(`${script}; git log --all --format=%H >/tmp/log`).held, script).toEqual({});
      expect(outside("git fsck --strict --no-dangling 2>&1; git status --short"), script).toBe("");
    }
    expect(outside("git stash list | wc -l; git tag; git branch --format='%(refname:short)'; git show side:g1")).toBe(
      "1\nv1\nv2\nmain\nside\n1\n",
    );
  });

  it.each([
    ["the repository is deleted", "rm -rf .git"],
    ["its objects are deleted", "rm -rf .git/objects; mkdir .git/objects"],
    ["an object is rewritten", "f=$(find .git/objects -type f | head -1); chmod 600 $f; echo x >$f; chmod 444 $f"],
    ["its branches are deleted", "rm .git/refs/heads/*"],
    [
      "a false pack replaces them",
      "rm -r .git/objects/??; echo PACK >.git/objects/pack/pack-0123456789012345678901234567890123456789.pack; cp .git/objects/pack/*.pack .git/objects/pack/pack-0123456789012345678901234567890123456789.idx",
    ],
  ])("holds it when %s", (_, script) => {
    const { inside, outside } = bench(REPOSITORY);
    expect(Object.values(inside(script).held)).toContain("git-loss");
    expect(outside("git fsck --strict 2>&1; git log --oneline | wc -l; git branch | wc -l")).toBe("3\n2\n");
  });

  it("merges what a branch needs to know, and nothing that git would run", () => {
    const { inside, outside, root } = bench(`${REPOSITORY}; git remote add origin https://h.example/r`);
    const { held } = inside(
      "git config alias.x '!id'; git config core.fsmonitor id; git remote add fork https://h.example/f; git remote set-url origin https://evil.example/r; git config branch.side.remote origin; git config branch.side.merge refs/heads/side",
    );
    expect(held[".git/config"]).toBe("git-settings: remote.origin.url core.fsmonitor alias.x");
    expect(outside("git config --local --get-regexp 'remote.*url|branch|alias|fsmonitor'")).toBe(
      "remote.origin.url https://h.example/r\nremote.fork.url https://h.example/f\nbranch.side.remote origin\nbranch.side.merge refs/heads/side\n",
    );
    expect(readFileSync(join(root, ".git/config"), "utf8")).not.toContain("evil");
  });

  it.each([
    "ln -s /etc/passwd .git/config",
    "mkfifo .git/config",
    "mkdir .git/config",
    "head -c 300000 /dev/zero | tr '\\0' '#' >.git/config",
  ])("does not read settings from what is no small plain file: %s", (script) => {
    const { inside, outside, root } = bench(REPOSITORY);
    const before = readFileSync(join(root, ".git/config"), "utf8");
    expect(inside(`rm .git/config; ${script}`).held).toHaveProperty([".git/config"]);
    expect(readFileSync(join(root, ".git/config"), "utf8")).toBe(before);
    expect(outside("git status --short")).toBe("");
  });

  it("brings a new repository, and a nested clone, with settings about the disk alone", () => {
    const { inside, outside } = bench("true");
    expect(
      inside("git init -q; git config core.hooksPath /tmp; echo a >a; git add a; git commit -qm a; git init -q sub")
        .held,
    ).toEqual({
      ".git/config": "git-settings: core.hookspath",
    });
    expect(
      outside("git fsck 2>&1; git log --format=%s; git config --get core.hooksPath || git -C sub config core.bare"),
    ).toBe("a\nfalse\n");
  });

  it("gives the session's objects to a repository that moved meanwhile, and nothing else of it", async (context) => {
    needs(context, "overlay", "helper");
    const { inside, outside, changes, places } = overlayBench(tmp());
    const commit = "git -c user.name=n -c user.email=e commit -qam";
    outside(`git init -q; echo a >a; git add a; ${commit} one`);
    inside(`echo b >a; ${commit} two`);
    const read = (await changes()).changes;
    outside(`echo h >h; git add h; ${commit} host`);
    const before = outside("cat .git/HEAD .git/refs/heads/*; sha256sum .git/index .git/logs/HEAD");
    const { applied, refused } = applyChanges(places, read);
    expect(applied.some((path) => path.startsWith(".git/objects/"))).toBe(true);
    expect(applied.filter((path) => path.startsWith(".git/") && !path.startsWith(".git/objects/"))).toEqual([]);
    expect(new Set(refused.map(({ code }) => code))).toEqual(new Set(["git-moved"]));
    expect(outside("cat .git/HEAD .git/refs/heads/*; sha256sum .git/index .git/logs/HEAD")).toBe(before);
  });

  it("knows a worktree's repository, and refuses a file that only claims one", () => {
    const { root } = bench(`${REPOSITORY}; git worktree add -q tree side`);
    const there = bench("mkdir tree");
    expect(findGitDir(join(root, "tree"))).toEqual({
      ok: true,
      value: { common: join(root, ".git"), own: join(root, ".git/worktrees/tree"), kind: "worktree" },
    });
    const claims = [
      readFileSync(join(root, "tree/.git"), "utf8"),
      "gitdir: /nowhere\n",
      `gitdir: ${root}/.git\n`,
      "gitdir: /root\n",
      "x",
      "",
    ];
    for (const claim of claims) {
      writeFileSync(join(there.root, ".git"), claim);
      expect(findGitDir(there.root), claim).toMatchObject({ ok: false, error: { code: "git-elsewhere" } });
    }
    writeFileSync(join(there.root, ".git"), `gitdir: ${root}/.git\n`);
    const refused = there.inside(`ls ${root}`);
    expect(refused.status).toBe(125);
    expect(refused.out).toContain("does not name this folder in turn");
  });
});
