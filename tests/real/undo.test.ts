// What a session replaced is given back: the identical tree, only where nobody else worked since, also after a crash.
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { applyChanges, planUndo, type UndoPlaces, undoChanges } from "#sandbox";
import { helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { type OverlayBench, overlayBench } from "../support/overlay.ts";
import { snapshot } from "../support/snapshot.ts";
import { tmp } from "../support/tmp.ts";
import { shellOf, stepsOf } from "../support/tree-steps.ts";

function undoPlaces({ root, places }: OverlayBench): UndoPlaces {
  return { helper: helperPath, root, past: places.past };
}

async function applyAll(bench: OverlayBench): Promise<void> {
  expect(applyChanges(bench.places, (await bench.changes()).changes).refused).toEqual([]);
}

function undoAll(bench: OverlayBench, redo = false): { applied: readonly string[]; refused: readonly unknown[] } {
  const plan = planUndo(undoPlaces(bench), { redo });
  const done = undoChanges(undoPlaces(bench), plan);
  return { applied: done.applied, refused: [...plan.refused, ...done.refused] };
}

describe("undo", () => {
  it("gives back the identical tree, and a redo the session's", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside(
      "echo a >same; echo b >edit; echo c >gone; mkdir -p d/e x/y deps/node_modules/p; echo 1 >d/e/1; echo 2 >d/2; echo t >t; ln -s same l; echo m >m; echo 3 >x/y/3; " +
        "echo p >deps/node_modules/p/i.js; ln edit twin; chmod 640 gone; chmod 500 d/e; head -c 9000000 /dev/urandom >large; touch -d '2001-02-03 04:05:06.123456789' edit same l -h",
    );
    const before = snapshot(bench.root);
    bench.inside(
      "echo more >>edit; rm gone; chmod 700 d/e; rm -r d; rm t; mkdir t; echo n >t/n; ln -sfn edit l; chmod 755 m; rm -r x; echo file >x; mkdir -p new/closed; echo q >new/closed/q; chmod 500 new/closed; rm -r deps/node_modules/p; echo l >large",
    );
    await applyAll(bench);
    const after = snapshot(bench.root);
    expect(after).not.toBe(before);
    expect(undoAll(bench).refused).toEqual([]);
    expect(snapshot(bench.root)).toBe(before);
    expect(undoAll(bench).applied).toEqual([]);
    expect(undoAll(bench, true).refused).toEqual([]);
    expect(bench.outside("cat edit t/n x new/closed/q large; readlink l; stat -c %a m new/closed")).toBe(
      "b\nmore\nn\nfile\nq\nl\nedit\n755\n500\n",
    );
    expect(undoAll(bench).refused).toEqual([]);
    expect(snapshot(bench.root)).toBe(before);
  });

  it("property: apply, then undo, is nothing at all", async (context) => {
    needs(context, "overlay", "helper");
    const steps = fc.array(stepsOf(), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(steps, steps, steps, async (start, first, second) => {
        const bench = overlayBench(tmp());
        bench.outside(shellOf(start));
        const before = snapshot(bench.root);
        for (const session of [first, second]) {
          bench.inside(shellOf(session));
          applyChanges(bench.places, (await bench.changes()).changes);
        }
        expect(undoAll(bench).refused).toEqual([]);
        expect(snapshot(bench.root)).toBe(before);
      }),
      // The same trees each time, so that a commit is not held up by another one; `RUNS=300` looks for new ones.
      process.env["RUNS"] === undefined ? { numRuns: 25, seed: 4 } : { numRuns: Number(process.env["RUNS"]) },
    );
  }, 120_000);

  it("leaves alone what somebody changed since, path by path, and never follows a link", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    const elsewhere = tmp();
    writeFileSync(join(elsewhere, "f"), "agent\n");
    bench.outside("mkdir d; echo a >d/f; echo b >mine; echo c >theirs; echo e >gone");
    bench.inside("echo agent >d/f; echo agent >mine; echo agent >theirs; rm gone; mkdir n; echo agent >n/x");
    await applyAll(bench);
    bench.outside("rm -r d; echo person >mine; echo person >gone; echo person >n/y");
    symlinkSync(elsewhere, join(bench.root, "d"));
    const { applied, refused } = undoAll(bench);
    expect([...applied].sort()).toEqual(["n/x", "theirs"]);
    expect(refused).toEqual([
      { path: "d/f", code: "host-moved" },
      { path: "mine", code: "host-moved" },
      { path: "gone", code: "host-moved" },
      { path: "n", code: "not-empty" },
    ]);
    expect(bench.outside("cat mine theirs gone n/y")).toBe("person\nc\nperson\nperson\n");
    expect(readFileSync(join(elsewhere, "f"), "utf8")).toBe("agent\n");
  });

  it("an image is never changed by what is written to the host's file, before or after", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("echo first >f; ln f other");
    bench.inside("echo agent >f");
    const changes = (await bench.changes()).changes;
    applyChanges(bench.places, changes);
    // The other name is the old inode, and so is a twin of it.
    writeFileSync(join(bench.root, "other"), "written later\n");
    expect(undoAll(bench).refused).toEqual([]);
    expect(bench.outside("cat f other")).toBe("first\nwritten later\n");
  });

  it("says when an image is not what was kept, and changes nothing", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("echo first >f");
    bench.inside("echo agent >f");
    await applyAll(bench);
    bench.outside(`for i in ../past/images/*; do chmod 600 $i; echo forged >$i; done`);
    expect(undoAll(bench).refused).toEqual([{ path: "f", code: "image-lost" }]);
    expect(bench.outside("cat f")).toBe("agent\n");
  });

  it("what a person did between two applies is theirs: undo goes back to that", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("echo one >f; echo one >g");
    bench.inside("echo two >f; echo two >g");
    await applyAll(bench);
    bench.outside("echo person >f");
    bench.inside("echo three >f; echo three >g");
    await applyAll(bench);
    expect(undoAll(bench).refused).toEqual([]);
    expect(bench.outside("cat f g")).toBe("person\none\n");
  });

  it("git: commits, branches and objects go, and a status in between is no change of anybody's", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    const git = "git -c user.name=a -c user.email=a@b -c commit.gpgsign=false";
    bench.outside(`git init -q -b main; echo a >a; echo b >b; git add .; ${git} commit -qm one`);
    const state = (): string =>
      bench.outside("git fsck --full 2>&1; git status --porcelain=v2 --branch; git log --oneline");
    const before = state();
    const tree = snapshot(bench.root);
    bench.inside(`echo more >>a; git rm -q b; git checkout -qb topic; ${git} commit -qam two; git gc -q`);
    await applyAll(bench);
    expect(state()).toContain("two");
    expect(undoAll(bench).refused).toEqual([]);
    const index = (text: string): string => text.replace(/^(?:\.git\/index|\.git) .*$/gm, "");
    expect(index(snapshot(bench.root))).toBe(index(tree));
    expect(state()).toBe(before);
  });

  it("git: what somebody gave a name since is never taken away", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    const git = "git -c user.name=a -c user.email=a@b -c commit.gpgsign=false";
    bench.outside(`git init -q -b main; echo a >a; git add .; ${git} commit -qm one`);
    bench.inside(`echo more >>a; ${git} commit -qam two`);
    await applyAll(bench);
    bench.outside("git tag keep");
    const { refused } = undoAll(bench);
    expect(new Set(refused.map((one) => (one as { code: string }).code))).toEqual(new Set(["git-in-use"]));
    expect(bench.outside("git log --format=%s; git log --format=%s keep; git fsck --full")).toBe("one\ntwo\none\n");
    // And a commit on top keeps the branch whole.
    const second = overlayBench(tmp());
    second.outside(`git init -q -b main; echo a >a; git add .; ${git} commit -qm one`);
    second.inside(`echo more >>a; ${git} commit -qam two`);
    await applyAll(second);
    second.outside(`echo mine >m; git add m; ${git} commit -qm three`);
    expect(undoAll(second).applied).toEqual(["a"]);
    expect(second.outside("git log --format=%s; git fsck --full")).toBe("three\ntwo\none\n");
  });
});
