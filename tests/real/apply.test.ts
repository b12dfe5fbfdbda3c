// Accepted changes on their way to the real workspace.
import { spawn } from "node:child_process";
import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { applyChanges, finishApply } from "#sandbox";
import { needs } from "../support/needs.ts";
import { overlayBench } from "../support/overlay.ts";
import { tmp } from "../support/tmp.ts";

describe("apply", () => {
  it("makes the workspace what the agent saw, and leaves nothing of ours in it", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside(
      "echo a >same; echo b >edit; echo c >gone; mkdir -p d/e x/y; echo 1 >d/e/1; echo 2 >d/2; echo t >t; ln -s same l; echo m >m; echo 3 >x/y/3",
    );
    const inside = bench.inside(
      "echo more >>edit; rm gone; rm -r d; rm t; mkdir t; echo n >t/n; ln -sfn edit l; chmod 755 m; rm -r x; echo file >x; mkdir -p new/closed; echo q >new/closed/q; chmod 500 new/closed; find . | sort",
    );
    const { changes } = await bench.changes();
    const applied = applyChanges(bench.places, changes);
    expect(applied.refused).toEqual([]);
    expect([...applied.applied].sort()).toEqual(changes.map(({ path }) => path).sort());
    expect(bench.outside("find . | sort")).toBe(inside);
    expect(bench.outside("cat edit t/n x new/closed/q; readlink l; stat -c %a m new/closed")).toBe(
      "b\nmore\nn\nfile\nq\nedit\n755\n500\n",
    );
    expect((await bench.changes()).changes).toEqual([]);
    expect(readdirSync(bench.places.stage)).toEqual([]);
    expect(existsSync(bench.places.journal)).toBe(false);
  });

  it("never sets set-id bits and keeps the mode and owner of what it replaces", async (context) => {
    needs(context, "overlay", "helper", "root");
    const bench = overlayBench(tmp());
    bench.outside("echo a >theirs; chown 1234:1235 theirs; chmod 640 theirs");
    bench.inside("rm theirs; echo b >theirs; chmod 640 theirs; cp theirs suid; chmod 6755 suid");
    applyChanges(bench.places, (await bench.changes()).changes);
    expect(bench.outside("stat -c '%u:%g %a' theirs suid; cat theirs")).toBe("1234:1235 640\n0:0 755\nb\n");
  });

  it("refuses where the host moved after the reading", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("echo a >edit; echo b >gone; mkdir d; echo c >d/c");
    bench.inside("echo agent >edit; rm gone; rm -r d; echo agent >new");
    const { changes } = await bench.changes();
    bench.outside("echo person >edit; echo person >gone; echo person >new; echo person >d/theirs");
    expect(applyChanges(bench.places, changes).refused).toEqual([
      { path: "edit", code: "host-moved" },
      { path: "new", code: "host-moved" },
      { path: "gone", code: "host-moved" },
      { path: "d", code: "not-empty" },
    ]);
    expect(bench.outside("cat edit gone new d/theirs")).toBe("person\n".repeat(4));
  });

  it("never follows a link that stands in the way", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    const elsewhere = tmp();
    writeFileSync(join(elsewhere, "f"), "outside\n");
    bench.outside("mkdir d e; echo a >d/f; echo a >g");
    bench.inside("echo agent >d/f; echo agent >d/new; echo agent >g; echo agent >e/h; chmod 700 e");
    const { changes } = await bench.changes();
    bench.outside("rm -r d e g");
    for (const name of ["d", "e"]) symlinkSync(elsewhere, join(bench.root, name));
    symlinkSync(join(elsewhere, "f"), join(bench.root, "g"));
    chmodSync(elsewhere, 0o755);
    const { applied } = applyChanges(bench.places, changes);
    expect(applied).toEqual([]);
    expect(readdirSync(elsewhere)).toEqual(["f"]);
    expect(readFileSync(join(elsewhere, "f"), "utf8")).toBe("outside\n");
    expect(lstatSync(elsewhere).mode & 0o777).toBe(0o755);
    expect(readlinkSync(join(bench.root, "g"))).toBe(join(elsewhere, "f"));
  });

  it("refuses a session's file that is no longer the one that was judged", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.inside("echo good >f");
    const { changes } = await bench.changes();
    writeFileSync(join(bench.places.upper, "f"), "evil\n");
    expect(applyChanges(bench.places, changes)).toEqual({
      applied: [],
      refused: [{ path: "f", code: "session-moved" }],
    });
    expect(readdirSync(bench.root)).toEqual([]);
  });

  it("reads no file but the session's own when a folder of its layer became a link after it was judged", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    const elsewhere = tmp();
    writeFileSync(join(elsewhere, "f"), "same\n");
    // `zero` never ends, and to open some devices is an act; many files go another way than one.
    bench.inside("mkdir d e; for i in $(seq 20) zero; do echo x >d/$i; done; echo same >e/f");
    const { changes } = await bench.changes();
    for (const [name, target] of [
      ["d", "/dev"],
      ["e", elsewhere],
    ] as const) {
      rmSync(join(bench.places.upper, name), { recursive: true });
      symlinkSync(target, join(bench.places.upper, name));
    }
    const { applied, refused } = applyChanges(bench.places, changes);
    expect(applied).toEqual(["d", "e"]);
    expect(refused.map(({ code }) => code)).toEqual(Array(22).fill("ENOTDIR"));
    expect(bench.outside("find . -type f")).toBe("");
    expect(readdirSync(bench.places.stage)).toEqual([]);
  });

  it("copies no more of a session's file than was judged, and keeps nothing of what it did not take", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.inside("for i in $(seq 20); do echo x >f$i; done");
    const { changes } = await bench.changes();
    for (const { path } of changes) truncateSync(join(bench.places.upper, path), 1e13);
    expect(new Set(applyChanges(bench.places, changes).refused.map(({ code }) => code))).toEqual(
      new Set(["session-moved"]),
    );
    expect([readdirSync(bench.places.stage), readdirSync(bench.root)]).toEqual([[], []]);
  });

  it("finishes what was cut off", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    bench.outside("echo a >edit; echo b >gone");
    bench.inside("echo agent >edit; rm gone; echo agent >new; mkdir d; echo x >d/x");
    const { changes } = await bench.changes();
    const token = "0123456789ab";
    // What a kill leaves behind: the journal, some changes done, one temporary name in the workspace.
    writeFileSync(bench.places.journal, JSON.stringify({ version: 1, token, changes }));
    bench.outside(
      `mkdir d; echo agent >new; echo half >.ringfence-${token}-${changes.findIndex(({ path }) => path === "edit")}`,
    );
    expect(finishApply(bench.places)?.refused).toEqual([]);
    expect(bench.outside("find . -type f | sort | xargs tail -n 1; cat edit")).toContain("agent");
    expect(readdirSync(bench.root).sort()).toEqual(["d", "edit", "new"]);
    expect(finishApply(bench.places)).toBeUndefined();
  });

  it("races: a folder that is swapped for a link all the time leads nowhere, and a file that is rewritten all the time comes as judged or not", async (context) => {
    needs(context, "overlay", "helper");
    const bench = overlayBench(tmp());
    const elsewhere = tmp();
    bench.outside("mkdir d; for i in $(seq 300); do echo old >d/$i; done");
    bench.inside("for i in $(seq 300); do echo agent >d/$i; echo agent >n$i; done");
    const { changes } = await bench.changes();
    const swap = `while :; do mv d e && ln -s ${elsewhere} d; rm -f d; mv e d; done`;
    const rewrite = "while :; do for i in $(seq 300); do echo evil >n$i; echo agent >n$i; done; done";
    const racers = [
      spawn("bash", ["--norc", "-c", swap], { cwd: bench.root, stdio: "ignore" }),
      spawn("bash", ["--norc", "-c", rewrite], { cwd: bench.places.upper, stdio: "ignore" }),
    ];
    try {
      await setTimeout(200);
      for (let round = 0; round < 3; round += 1) applyChanges(bench.places, changes);
    } finally {
      for (const racer of racers) racer.kill("SIGKILL");
      await Promise.all(racers.map((racer) => new Promise((done) => racer.once("close", done))));
    }
    expect(readdirSync(elsewhere)).toEqual([]);
    expect(bench.outside("cat n* 2>/dev/null | grep -vc agent || true")).toBe("0\n");
    expect(bench.outside("find . -name '.ringfence*'")).toBe("");
  });
});
