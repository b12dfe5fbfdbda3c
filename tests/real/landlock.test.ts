// The second layer (native/landlock.h): it holds where the mounts are wrong, binds all commands of a fence in one domain, and lets ordinary work be.
// That it is Landlock which refuses is shown by the same fence with one more line in its list, or without Landlock.
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import type { SandboxPlan } from "#core/sandbox";
import { planFor, type Run, runPlan, type Stage, stage } from "../support/fence.ts";
import { checkout } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "landlock"));

/** A fence whose mounts show a folder of the host as writable, by mistake. */
async function mistaken(script: string, changes: Partial<SandboxPlan> = {}, bwrap?: string): Promise<Run & Stage> {
  const at = stage(tmp());
  const wrong = join(at.folder, "wrong");
  mkdirSync(join(wrong, "folder"), { recursive: true });
  writeFileSync(join(wrong, "file"), "as it was\n");
  const plan = planFor(at, ["sh", "-c", script]);
  const mounts = [...plan.mounts, { kind: "bind" as const, source: wrong, target: "/srv/wrong" }];
  return { ...at, ...(await runPlan(at, { ...plan, mounts, ...changes }, bwrap === undefined ? {} : { bwrap })) };
}

const ACTS: readonly (readonly [name: string, script: string])[] = [
  ["writes", "echo changed >/srv/wrong/file"],
  ["appends", "echo more >>/srv/wrong/file"],
  ["truncates", "truncate -s 0 /srv/wrong/file"],
  ["makes a file", ": >/srv/wrong/new"],
  ["makes a folder", "mkdir /srv/wrong/new"],
  ["makes a link", "ln -s /etc/passwd /srv/wrong/new"],
  ["makes a second name", "ln /srv/wrong/file /srv/wrong/new"],
  ["makes a pipe", "mkfifo /srv/wrong/new"],
  ["removes a file", "rm -f /srv/wrong/file"],
  ["removes a folder", "rmdir /srv/wrong/folder"],
  ["renames", "mv /srv/wrong/file /srv/wrong/new"],
  ["brings one in", "echo x >x && mv x /srv/wrong/new"],
  ["takes one out", "mv /srv/wrong/file taken"],
];

describe("a folder that is mounted writable by mistake", () => {
  test.each(ACTS)("%s: refused", async (_, script) => {
    const refused = await mistaken(script);
    expect(refused.exit.code).not.toBe(0);
    expect(refused.err).toMatch(/Permission denied|Invalid cross-device link/);
    expect(readFileSync(join(refused.folder, "wrong/file"), "utf8")).toBe("as it was\n");
    expect(existsSync(join(refused.folder, "wrong/folder"))).toBe(true);
    expect(existsSync(join(refused.folder, "wrong/new"))).toBe(false);
    // The mount would let it: with the folder in the list, the same act works.
    const at = refused.workspace;
    expect((await mistaken(script, { writable: [at, "/tmp", "/home/dev", "/srv/wrong"] })).exit.code).toBe(0);
  });

  test("can still be read", async () => {
    expect((await mistaken("cat /srv/wrong/file")).out).toBe("as it was\n");
  });
});

test("no file below /proc is written, where the mount would let it", async () => {
  const { exit, err } = await mistaken("echo 500 >/proc/self/oom_score_adj");
  expect([exit.code, err]).toEqual([2, expect.stringContaining("Permission denied")]);
  const bwrap = withoutLandlock(tmp());
  expect((await mistaken("echo 500 >/proc/self/oom_score_adj", {}, bwrap)).exit.code).toBe(0);
});

test("ordinary work: files move between folders, devices answer, programs run from everywhere that may be written", async () => {
  const work = [
    "mkdir -p a/b c && echo x >a/b/f && mv a/b/f c/ && ln c/f a/g && mv a /tmp/a && rm -r /tmp/a",
    "cp /bin/true ./t && ./t && cp t /tmp/t && /tmp/t && cp t ~/t && ~/t",
    "head -c 8 /dev/urandom >/dev/null && : >/dev/null && echo x >/dev/shm/x && rm /dev/shm/x",
    "mkfifo p && (cat p >q & echo through >p; wait) && grep -q through q",
    "ls / /srv >/dev/null && test -r /etc/passwd && cat /proc/self/status /proc/cpuinfo >/dev/null",
    "truncate -s 10 c/f && chmod 600 c/f && touch -d 2001-01-01 c/f && rmdir c 2>/dev/null; rm -r c",
  ];
  const { exit, err } = await mistaken(work.map((line) => `{ ${line}; } || exit 9`).join("\n"));
  expect([exit.code, err]).toEqual([0, ""]);
});

/** A `bwrap` for which the kernel has no Landlock. */
function withoutLandlock(folder: string): string {
  const script = join(folder, "bwrap");
  const python = join(checkout, "tests/support/without_landlock.py");
  writeFileSync(script, `#!/bin/sh\nexec python3 '${python}' /usr/bin/bwrap "$@"\n`);
  chmodSync(script, 0o755);
  return script;
}

describe("a kernel without Landlock", () => {
  test("leaves the mounts alone, as the control of all of the above", async (context) => {
    needs(context, "python3");
    const bwrap = withoutLandlock(tmp());
    const { exit, folder } = await mistaken("echo changed >/srv/wrong/file", {}, bwrap);
    expect(exit.code).toBe(0);
    expect(readFileSync(join(folder, "wrong/file"), "utf8")).toBe("changed\n");
  });

  test("is refused where the plan insists", async (context) => {
    needs(context, "python3");
    const bwrap = withoutLandlock(tmp());
    await expect(mistaken("true", { landlock: "require" }, bwrap)).rejects.toThrow(/landlock/i);
    expect((await mistaken("true", { landlock: "require" })).exit.code).toBe(0);
  });
});
