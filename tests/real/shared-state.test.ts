// A state folder and a cgroup tree that a container shares with its host: the start of a session outside keeps its hands off one inside.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { openCgroup, staleGroups } from "#sandbox";
import { callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { sleep } from "../support/lifecycle-session.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

it("a session of another pid namespace lives, and is let live", { timeout: 60_000 }, async (context) => {
  needs(context, "root", "userns", "bubblewrap", "helper");
  const caller = callersIn(tmp()).find(({ name }) => name === "root");
  if (caller === undefined) throw new Error("no caller root");
  const [file = "", ...rest] = caller.as(["unshare", "-p", "-f", "--kill-child", "--mount-proc", launcher, "run"]);
  const work = "echo kept >~/f; sleep 6; cat ~/f";
  const child = spawn(file, [...rest, "--quiet", "--", "sh", "-c", work], {
    ...{ cwd: caller.folder("inside"), env: { ...caller.env } },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    said += text;
  });
  const over = new Promise<number | null>((done) => child.once("close", done));
  await sleep(3_000);
  const cwd = caller.folder("outside");
  expect(caller.ringfence(["sessions", "list"], { cwd }).stdout).toContain("running");
  expect(caller.ringfence(["run", "--", "true"], { cwd }).status).toBe(0);
  expect(await over).toBe(0);
  expect(said).toBe("kept\n");
});

it("a group that a killed session left is told as left while somebody is in it, and only to one who may remove it", (context) => {
  needs(context, "root", "helper");
  const cgroup = openCgroup("left", { memoryBytes: 1 << 30, pids: 100, cpus: 0 });
  if ("reason" in cgroup) return context.skip(cgroup.reason);
  onTestFinished(() => cgroup.close());
  const left = dirname(cgroup.procs[0] ?? "").replace(/-\d+-left$/, `-${2 ** 22}-left`);
  mkdirSync(left);
  const somebody = spawn("sleep", ["60"], { stdio: "ignore" });
  onTestFinished(async () => {
    somebody.kill("SIGKILL");
    await once(somebody, "close");
    rmdirSync(left);
  });
  writeFileSync(join(left, "cgroup.procs"), `${somebody.pid}`);
  for (const caller of callersIn(tmp())) {
    const isRoot = caller.name === "root";
    const { stderr, stdout } = caller.ringfence(["sessions", "clean"], { cwd: caller.folder("here") });
    expect(stdout.includes(left)).toBe(isRoot);
    expect(stderr.includes(`cannot remove \`${left}\`: somebody is still in it`)).toBe(isRoot);
  }
});

it("a cgroup of another pid namespace is left alone, whatever its supervisor's number says here", (context) => {
  needs(context, "root");
  const cgroup = openCgroup("shared", { memoryBytes: 1 << 30, pids: 100, cpus: 0 });
  if ("reason" in cgroup) return context.skip(cgroup.reason);
  onTestFinished(() => cgroup.close());
  const own = dirname(cgroup.procs[0] ?? "");
  // 2²² is above the kernel's highest process number: nobody has it here.
  const elsewhere = join(dirname(own), `ringfence-1-${2 ** 22}-x`);
  mkdirSync(elsewhere);
  onTestFinished(() => rmdirSync(elsewhere));
  expect(staleGroups()).not.toContain(elsewhere);
  expect(staleGroups()).not.toContain(own);
});
