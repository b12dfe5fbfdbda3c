// Each limit by doing, as root (cgroup) and as an ordinary user (watched memory, RLIMIT_NPROC): it ends its own session with exit 124 and
// one useful line; the same act without the limit succeeds.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const names = process.getuid?.() === 0 ? (["root", "user"] as const) : (["user"] as const);

function callerNamed(name: Caller["name"]): Caller {
  const found = callersIn(tmp()).find((caller) => caller.name === name);
  if (found === undefined) throw new Error(`no caller ${name}`);
  return found;
}

/** A policy file of the caller's own with these limits. */
function limitsFile(caller: Caller, limits: Readonly<Record<string, string | number>>): string {
  const file = join(caller.folder("policy"), "limits.json");
  writeFileSync(file, JSON.stringify({ version: 1, sandbox: { limits } }));
  return file;
}

const holdMemory = (make: string): readonly string[] => [
  "python3",
  "-c",
  `${make}\nimport time\ntime.sleep(3)\nprint("lived")`,
];
const MEMORY: Readonly<Record<string, readonly string[]>> = {
  "private memory": holdMemory("x = bytearray(300 << 20)"),
  "shared memory": holdMemory("f = open('/dev/shm/f', 'wb')\nfor i in range(300): f.write(bytes(1 << 20))"),
  "a file in memory": holdMemory(
    "import os\nf = os.memfd_create('f')\nfor i in range(300): os.write(f, bytes(1 << 20))",
  ),
};
// Ends by itself after some seconds when nothing stops it.
const BOMB = [
  "python3",
  "-c",
  "import os, time\nfor i in range(200):\n  if os.fork() == 0: time.sleep(4); os._exit(0)\ntime.sleep(1)",
];

describe.each(names)("limits of a session, caller %s", (name) => {
  it("time", (context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    expect(caller.ringfence(["run", "--", "sleep", "2"], { cwd }).status).toBe(0);
    const ended = caller.ringfence(["run", "--timeout", "1s", "--", "sleep", "30"], { cwd });
    expect(ended).toMatchObject({ status: 124 });
    expect(ended.stderr).toContain("the timeout limit of this session is reached (1 s): everything inside is ended");
  });

  it.for(Object.entries(MEMORY))("%s", ([, argv], context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    expect(caller.ringfence(["run", "--memory", "1g", "--", ...argv], { cwd })).toMatchObject({
      status: 0,
      stdout: "lived\n",
    });
    const ended = caller.ringfence(["run", "--memory", "128m", "--", ...argv], { cwd });
    expect(ended).toMatchObject({ status: 124, stdout: "" });
    expect(ended.stderr).toContain("the memory limit of this session is reached (128 MB): everything inside is ended");
  });

  it("processes", (context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    expect(caller.ringfence(["run", "--pids", "1000", "--", ...BOMB], { cwd }).status).toBe(0);
    const ended = caller.ringfence(["run", "--pids", "50", "--", ...BOMB], { cwd });
    // RLIMIT_NPROC refuses the next process and cannot tell anybody: there the bomb itself fails, and nothing else does.
    expect(ended.status).toBe(ended.stderr.includes("pids limit") ? 124 : 1);
    if (name === "user") expect(ended.stderr).toMatch(/pids limit|Resource temporarily unavailable/);
  });

  it("the size of one file: the signal, 128+25", (context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    const write = ["dd", "if=/dev/zero", "of=big", "bs=1M", "count=5"];
    expect(caller.ringfence(["run", "--", ...write], { cwd }).status).toBe(0);
    const policy = limitsFile(caller, { fileSize: "1m" });
    expect(caller.ringfence(["run", "--policy", policy, "--", ...write], { cwd }).status).toBe(153);
  });

  it("disk: what was written waits for review", (context) => {
    needs(context, "userns", "bubblewrap", "helper");
    const caller = callerNamed(name);
    const write = ["sh", "-c", 'for i in 1 2 3 4; do head -c 1000000 /dev/zero >f$i; done; sleep "$0"'];
    expect(caller.ringfence(["run", "--", ...write, "0"], { cwd: caller.folder("roomy") }).status).toBe(0);
    const policy = limitsFile(caller, { disk: "2m" });
    const ended = caller.ringfence(["run", "--policy", policy, "--", ...write, "45"], { cwd: caller.folder("tight") });
    expect(ended.status).toBe(124);
    expect(ended.stderr).toContain("the disk limit of this session is reached");
    expect(ended.stderr).toContain("stopped-by-disk");
  });

  it("a session that is ended leaves its neighbour alone", (context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    const both = `"$0" run --quiet -- sh -c 'sleep 4; echo lived' & "$0" "$@" >&2; echo "first $?"; wait`;
    const tight = ["run", "--memory", "128m", "--", ...(MEMORY["private memory"] ?? [])];
    const ended = caller.outside(["sh", "-c", both, launcher, ...tight], { cwd });
    expect(ended).toMatchObject({ stdout: "first 124\nlived\n" });
  });
});
