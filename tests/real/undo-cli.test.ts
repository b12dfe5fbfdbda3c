// `sessions undo` by the program: what it says, what goes on record, what a kill -9 in the middle leaves, and how much is kept.
import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { expect, it } from "vitest";
import { type Caller, callersIn, type Ended } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { snapshot } from "../support/snapshot.ts";
import { tmp } from "../support/tmp.ts";

function bench(setUp: string): {
  readonly caller: Caller;
  readonly root: string;
  outside(script: string): string;
  ringfence(...args: readonly string[]): Ended;
} {
  const caller = callersIn(tmp())[0];
  if (caller === undefined) throw new Error("no caller");
  const root = caller.folder("project");
  const outside = (script: string): string => caller.outside(["bash", "-ec", script], { cwd: root }).stdout;
  outside(setUp);
  return { caller, root, outside, ringfence: (...args) => caller.ringfence(args, { cwd: root }) };
}

it("by path, whole, dry, again; on record; and what is kept is told", (context) => {
  needs(context, "userns", "overlay", "helper");
  const { root, outside, ringfence } = bench("mkdir d; echo a >a; echo b >d/b; echo c >d/c");
  expect(ringfence("sessions", "undo").stderr).toMatch(/no session changed anything in this folder .*\nhint: /);
  const before = snapshot(root);
  ringfence("run", "--", "bash", "-c", "echo x >a; echo x >d/b; rm d/c; echo n >d/n");
  const after = outside("cat a d/*");
  expect(ringfence("sessions", "undo", "--dry-run").stdout).toContain("would be taken away  d/n");
  expect(outside("cat a d/*")).toBe(after);
  expect(ringfence("sessions", "undo", "nothing").status).toBe(65);
  expect(ringfence("sessions", "undo", "last", "d/").status).toBe(0);
  expect(outside("cat a d/*")).toBe("x\nb\nc\n");
  expect(ringfence("sessions", "undo", "--redo").status).toBe(0);
  expect(outside("cat a d/*")).toBe(after);
  const whole = JSON.parse(ringfence("sessions", "undo", "--json").stdout);
  expect(whole).toMatchObject({ workspace: root, refused: [], already: [] });
  expect(whole.changes).toHaveLength(4);
  expect(snapshot(root)).toBe(before);
  expect(ringfence("sessions", "show", whole.session).stdout).toMatch(/undo +\d.* kept \(ringfence sessions undo/);
  expect(ringfence("doctor").stdout).toMatch(/1 session, .*20 sessions and 4 GiB a workspace are kept/);
});

it("killed at any moment, an undo is finished by the next look, and nothing of ours stays in the workspace", async (context) => {
  needs(context, "userns", "overlay", "helper");
  const { caller, root, outside, ringfence } = bench(
    "mkdir big; for i in $(seq 1200); do echo $i >big/$i; done; ln big/1 second",
  );
  const before = snapshot(root);
  ringfence("run", "--", "bash", "-c", "for i in $(seq 1200); do echo x$i >big/$i; done; rm -r big/1; mv big/2 moved");
  const top = join(caller.state, "ringfence/undo");
  const journal = join(top, readdirSync(top)[0] ?? "", "journal.json");
  let killed = 0;
  for (const delay of [0, 5, 20, 60]) {
    const child = spawn(launcher, ["sessions", "undo"], { cwd: root, env: caller.env, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve));
    while (child.exitCode === null && !existsSync(journal)) await setTimeout(1);
    await setTimeout(delay);
    if (child.kill("SIGKILL")) killed += 1;
    await ended;
  }
  expect(killed).toBeGreaterThan(0);
  ringfence("sessions", "undo");
  expect(outside("find . -name '.ringfence*'")).toBe("");
  expect(snapshot(root)).toBe(before);
});

it("a direct session whose supervisor was killed: nobody saw how it left the workspace, so what goes back must be named", async (context) => {
  needs(context, "userns", "helper");
  const { caller, root, outside, ringfence } = bench("echo a >a; mkdir d; echo b >d/b");
  const before = snapshot(root);
  const args = ["run", "--workspace", "direct", "--", "sh", "-c", "echo x >a; mv d e; echo n >n; sleep 60"];
  const child = spawn(launcher, args, { cwd: root, env: caller.env, stdio: "ignore" });
  const ended = new Promise((resolve) => child.once("close", resolve));
  while (child.exitCode === null && !existsSync(join(root, "n"))) await setTimeout(20);
  expect(ringfence("sessions", "undo").stderr).toContain("is still running");
  await setTimeout(300);
  child.kill("SIGKILL");
  await ended;
  const plain = ringfence("sessions", "undo");
  expect(plain.status).toBe(1);
  expect(plain.stdout).toMatch(/refused +a {2}\(left-unknown/);
  expect(outside("cat a")).toBe("x\n");
  expect(ringfence("sessions", "undo", "last", ".").status).toBe(0);
  expect(snapshot(root)).toBe(before);
});

it("never inside a fence, and not while the session runs", (context) => {
  needs(context, "userns", "overlay", "helper");
  const { ringfence, caller, root } = bench("echo a >a");
  ringfence("run", "--", "bash", "-c", "echo x >a");
  const inside = caller.ringfence(["sessions", "undo"], { cwd: root, env: { RINGFENCE: "1" } });
  expect(inside).toMatchObject({ status: 126, stdout: "" });
});
