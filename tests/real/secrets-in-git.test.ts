// Secrets in git's objects (CRED-6): what a masked file ever held is nowhere in the view, git goes on working, and nothing of the view comes back.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const WHO = ["AUTHOR", "COMMITTER"].flatMap((role) => [
  "--env",
  `GIT_${role}_NAME=t`,
  "--env",
  `GIT_${role}_EMAIL=t@example.org`,
]);
// Made like one of the others; each is looked through byte by byte.
const ALSO: readonly string[] = process.env["SLOW"] === "1" ? ["read-only", "worktree"] : [];
const GIT = "git -c user.name=t -c user.email=t@example.org";

// Every version has the mark `hunter2`. Old versions are in a pack, one on another branch, one only in a stash, one only in the reflog, one only staged,
// one is staged where no file stands any more, one was added and never committed, and one stood at another path.
const HISTORY = `
git init -q -b main .
mkdir app keys node_modules
echo SECRET=hunter2-first >app/.env
echo SECRET=hunter2-first >copy.txt
printf -- '-----BEGIN PRIVATE KEY-----\\nhunter2-key\\n' >keys/server.pem
echo 'KEY=VALUE' >.env.example
echo 'TOKEN=for-tests' >node_modules/.env
for n in $(seq 30); do echo "line $n of a file that is no secret" >>plain.txt; done
git add -A -f; ${GIT} commit -qm first
git rm -q --cached copy.txt; rm copy.txt
echo SECRET=hunter2-second >app/.env; ${GIT} commit -qam second
git gc -q
echo SECRET=hunter2-reflog >app/.env; ${GIT} commit -qam lost; git reset -q --hard HEAD~1
git checkout -q -b prod; echo PROD=hunter2-prod >.env.prod; git add -f .env.prod; ${GIT} commit -qm prod; git checkout -q main
echo SECRET=hunter2-stash >app/.env; ${GIT} stash -q
echo SECRET=hunter2-dropped >app/.env; git add app/.env; echo SECRET=hunter2-staged >app/.env; git add app/.env
echo 'no setting, hunter2-index' >app/.env.local; git add -f app/.env.local; rm app/.env.local
echo SECRET=hunter2-now >app/.env
`;

// Everything that git can be made to tell, and the objects themselves as bytes: each deflated stream in each file below .git.
const LOOK = `
cat app/.env 2>/dev/null || :
git --no-pager log -p --all --reflog 2>/dev/null | grep -a hunter2 || :
git --no-pager stash show -p 2>/dev/null | grep -a hunter2 || :
for c in $(git rev-list --all --reflog); do for f in app/.env .env.prod copy.txt keys/server.pem; do git show $c:$f 2>/dev/null | grep hunter2 || :; done; done
git cat-file --batch-all-objects --batch | grep -a hunter2 || :
git archive --format=tar HEAD | grep -a hunter2 || :
GIT_INDEX_FILE=.git/index git ls-files -s | while read -r _ id _; do git cat-file -p $id | grep -a hunter2 || :; done
GIT_NO_REPLACE_OBJECTS=1 git diff --cached | grep -a hunter2 || :
python3 - <<'P'
import os, zlib
for top, _, names in os.walk("."):
    for name in names:
        path = os.path.join(top, name)
        try: data = open(path, "rb").read()
        except OSError: continue
        if b"hunter2" in data: print("plain hunter2 in", path)
        if "/objects/" not in path: continue
        at = data.find(b"\\x78")
        while at >= 0:
            try:
                if b"hunter2" in zlib.decompressobj().decompress(data[at:]): print("deflated hunter2 in", path)
            except zlib.error: pass
            at = data.find(b"\\x78", at + 1)
P
`;

interface Bench {
  readonly caller: Caller;
  readonly root: string;
  outside(script: string): string;
  inside(script: string, ...options: readonly string[]): string;
}

function benches(): readonly Bench[] {
  return callersIn(tmp()).map((caller) => {
    const root = caller.folder("project");
    const outside = (script: string): string => {
      const done = caller.outside(["bash", "-ec", script], { cwd: root });
      if (done.status !== 0) throw new Error(`${script}: ${done.stderr}`);
      return done.stdout;
    };
    outside(HISTORY);
    return {
      ...{ caller, root, outside },
      inside(script, ...options) {
        const args = ["run", "--quiet", ...WHO, ...options, "--", "bash", "-c", script];
        const done = caller.ringfence(args, { cwd: root });
        return `${done.stdout}${done.stderr}`;
      },
    };
  });
}

describe("secrets in git's objects", () => {
  it("are seen outside and nowhere inside, in every kind of workspace", { timeout: 240_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git", "python3");
    for (const { caller, root, inside, outside } of benches()) {
      const control = outside(LOOK);
      for (const version of ["first", "second", "reflog", "prod", "stash", "staged", "index", "dropped", "key", "now"])
        expect(control, version).toContain(`hunter2-${version}`);
      const kinds = caller.name === "user" ? ["overlay", "direct"] : ["overlay", "direct", "clone", ...ALSO];
      for (const kind of kinds) {
        expect(inside(LOOK, "--workspace", kind), `${caller.name} ${kind}`).not.toContain("hunter2");
      }
      const told = inside(
        "git show HEAD:app/.env; git show HEAD:.env.example; cat node_modules/.env; git show HEAD:plain.txt | wc -l",
      );
      expect(told).toContain("masked by Ringfence");
      expect(told).toContain("KEY=VALUE");
      expect(told).toContain("TOKEN=for-tests");
      expect(told).toContain("30");
      expect(readFileSync(join(root, "app/.env"), "utf8")).toBe("SECRET=hunter2-now\n");
    }
  });

  it("leave git working, keep the file in commits, and come back neither replaced nor deleted", {
    timeout: 120_000,
  }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    for (const { inside, outside } of benches().slice(process.env["SLOW"] === "1" ? 0 : -1)) {
      outside(`git reset -q; git checkout -q -f main; echo SECRET=hunter2-now >app/.env`);
      const blob = outside("git rev-parse HEAD:app/.env");
      const out = inside(`
        git status --short; echo more >>plain.txt; git commit -qam work; echo new >new.txt; git add -A; git commit -qm "all" ; git status --short
        echo st >>plain.txt; git stash -q; git stash pop -q; git checkout -q -- plain.txt
        git checkout -q -b feature; git gc -q && echo collected; git rev-parse HEAD:app/.env; ls app/.env`);
      expect(out).toContain("collected");
      expect(out).toContain(blob.trim());
      expect(out).not.toMatch(/^.[MD] .*\.env/m);
      expect(out).toContain("cannot access");
      expect(outside("git log --format=%s -2 feature")).toBe("all\nwork\n");
      expect(outside("git show feature:app/.env; git show prod:.env.prod; git show main~1:app/.env")).toMatch(
        /hunter2-second\n.*hunter2-prod\n.*hunter2/s,
      );
      expect(outside("git fsck --no-dangling 2>&1; cat app/.env")).not.toMatch(/error|missing|corrupt|masked by/);
      // The session's bit is off again: a person's edit of the file is seen.
      expect(outside("git ls-files -v app/.env")).toBe("H app/.env\n");
    }
  });

  it("a branch that brings one writes words, which never reach the host", { timeout: 60_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const bench = benches().at(-1) as Bench;
    bench.outside("git reset -q; git checkout -q -f main");
    // Its object is loose. By the end of the second the watch for late secrets has looked once, and must have left the stand-in alone.
    expect(bench.inside("sleep 1; git checkout -q prod; cat .env.prod")).toContain("masked by Ringfence");
    expect(bench.outside("cat .env.prod 2>/dev/null || echo none; git show prod:.env.prod")).toBe(
      "none\nPROD=hunter2-prod\n",
    );
  });

  it("a name that is not UTF-8 keeps nothing else from the host", { timeout: 60_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { caller, inside, outside, root } = benches().at(-1) as Bench;
    outside("git reset -q; git checkout -q -f main");
    inside("printf x >\"$(printf 'odd\\377')\"; echo new >new.txt");
    expect(outside("cat new.txt; ls | grep -c odd || :")).toBe("new\n0\n");
    caller.ringfence(["discard", "--all"], { cwd: root });
  });

  it("a link where the repository was leads nobody to the host's own objects", { timeout: 120_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    for (const { caller, inside, outside, root } of benches().slice(-1)) {
      const list = "find .git/objects .git/index -type f -exec sha256sum {} + | sort";
      outside("git reset -q; git checkout -q -f main");
      const before = outside(list);
      for (const [from, to] of [
        [".git", `${root}/.git`],
        [".git/objects", `${root}/.git/objects`],
        [".git/objects/pack", `${root}/.git/objects/pack`],
      ] as const) {
        inside(
          `mv ${from} away || cp -r ${from} away && rm -rf ${from}; ln -s ${to} ${from}; ls -ld ${from}; for d in away/??; do ln -s ${root}/.git/objects/$(basename $d) .git/objects/; done`,
        );
        expect(outside(list), `${caller.name} ${from}`).toBe(before);
        caller.ringfence(["discard", "--all"], { cwd: root });
        outside("rm -rf away");
      }
    }
  });

  it("a Read deny of the policy reaches into history, folders too", { timeout: 60_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git", "python3");
    const bench = benches().at(-1) as Bench;
    bench.outside(
      `git reset -q; git checkout -q -f main; mkdir private; echo hush-hunter3 >private/plan.txt; git add -A; ${GIT} commit -qm plan`,
    );
    const look = LOOK.replaceAll("hunter2", "hunter3");
    expect(bench.outside(look)).toContain("hush-hunter3");
    expect(bench.inside(look, "--deny-read", "private")).not.toContain("hunter3");
    expect(bench.inside(look)).toContain("hunter3");
  });

  it("a person shows one file, and that is called exposed", { timeout: 60_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { caller, inside, outside, root } = benches().at(-1) as Bench;
    outside("git reset -q; git checkout -q -f main");
    const look = "cat app/.env keys/server.pem; git show HEAD:app/.env HEAD:keys/server.pem";
    const shown = inside(look, "--show-secret", "app/.env");
    expect(shown).toContain("hunter2-second");
    expect(shown).not.toContain("hunter2-key");
    const done = caller.ringfence(["run", "--show-secret", "app/.env", "--", "true"], { cwd: root });
    expect(done.stderr).toMatch(/exposed {2}app\/\.env/);
    // The workspace's own policy cannot: nobody accepted it. Nor can an allow outweigh a deny.
    outside(
      "mkdir .ringfence; printf 'version: 1\\nsandbox: {filesystem: {showSecrets: [app/.env]}}\\n' >.ringfence/policy.yaml",
    );
    expect(inside("cat app/.env")).not.toContain("hunter2");
    outside("rm -r .ringfence");
    expect(inside(look, "--show-secret", "app/.env", "--deny-read", "app/.env")).not.toContain("hunter2-second");
  });

  it("a history that cannot be read refuses the run, and says how to go on", { timeout: 60_000 }, (context) => {
    needs(context, "bubblewrap", "overlay", "seccomp", "helper", "git");
    const { caller, outside, root } = benches().at(-1) as Bench;
    outside(
      "pack=$(ls .git/objects/pack/*.pack); chmod u+w $pack; printf x | dd of=$pack bs=1 seek=40 conv=notrunc 2>/dev/null",
    );
    const refused = caller.ringfence(["run", "--", "true"], { cwd: root });
    expect([refused.status, refused.stderr]).toEqual([125, expect.stringContaining("--show-secret .git")]);
    expect(caller.ringfence(["run", "--show-secret", ".git", "--", "true"], { cwd: root }).status).toBe(0);
  });
});
