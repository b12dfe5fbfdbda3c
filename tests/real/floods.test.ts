// What would take the whole machine, each under a limit of its own: a file without end, a hundred thousand small ones, processes, records. The session
// ends with its reason, the machine answers meanwhile, the record is whole. Bounded by themselves too: nothing here goes on for more than seconds.
import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const names = process.getuid?.() === 0 ? (["root", "user"] as const) : (["user"] as const);

interface Flood {
  readonly limits: Readonly<Record<string, string | number>>;
  readonly argv: readonly string[];
  readonly says: RegExp;
  readonly args?: readonly string[];
}

/** No folder shows it, and it takes room for as long as somebody holds it. */
const NAMELESS = `
import os, time
file = open("big", "wb")
os.unlink("big")
for i in range(400): file.write(bytes(1 << 20))
time.sleep(5)`;

const FLOODS: Readonly<Record<string, Flood>> = {
  "a file of ten gigabytes": {
    limits: { disk: "100m", fileSize: "20g" },
    argv: ["timeout", "20", "dd", "if=/dev/zero", "of=big", "bs=1M", "count=10240"],
    says: /the disk limit of this session is reached \((?:\d.* of )?100 MB\)/,
  },
  "the same in a live workspace": {
    limits: { disk: "100m", fileSize: "20g" },
    argv: ["timeout", "20", "dd", "if=/dev/zero", "of=big", "bs=1M", "count=10240"],
    args: ["--workspace", "direct"],
    says: /the disk limit of this session is reached \((?:\d.* of )?100 MB\)/,
  },
  "the same in /tmp": {
    limits: { disk: "100m", fileSize: "20g" },
    argv: ["timeout", "20", "dd", "if=/dev/zero", "of=/tmp/big", "bs=1M", "count=10240"],
    says: /the disk limit of this session is reached \((?:\d.* of )?100 MB\)/,
  },
  "the same in a file without a name": {
    limits: { disk: "100m", fileSize: "20g" },
    argv: ["python3", "-c", NAMELESS],
    says: /the disk limit of this session is reached \((?:\d.* of )?100 MB\)/,
  },
  "the same in a kept cache": {
    limits: { disk: "100m", fileSize: "20g" },
    argv: ["sh", "-c", "head -c 400000000 /dev/zero >$HOME/.cache/big; sleep 5"],
    says: /the disk limit of this session is reached \((?:\d.* of )?100 MB\)/,
  },
  "a hundred thousand small files": {
    limits: { files: 3000 },
    argv: ["python3", "-c", "import time\nfor i in range(100000): open(f'f{i}', 'w').write('x')\ntime.sleep(5)"],
    says: /the files limit of this session is reached \(3001 of 3000\)/,
  },
  "records without end": {
    limits: { eventRate: 100 },
    argv: ["python3", "-c", "import os\nfor i in range(20000): os.mkdir(f'd{i}')"],
    says: /the eventRate limit of this session is reached \(100 a second\)/,
  },
  "a record that is full": {
    limits: { logBytes: "1m" },
    argv: ["python3", "-c", "import os\nfor i in range(20000): os.mkdir(f'd{i}')"],
    says: /the session's record reached its limit of 1048576 bytes/,
  },
};

function callerNamed(name: Caller["name"]): Caller {
  const found = callersIn(tmp()).find((caller) => caller.name === name);
  if (found === undefined) throw new Error(`no caller ${name}`);
  return found;
}

/** Runs it, and measures the longest time in which this process, beside it, was not let run. */
async function beside(
  caller: Caller,
  args: readonly string[],
  cwd: string,
): Promise<{ readonly status: number | null; readonly stderr: string; readonly longestMs: number }> {
  const [file = "", ...rest] = caller.as([launcher, ...args]);
  const child = spawn(file, rest, { cwd, env: { ...caller.env }, stdio: ["ignore", "ignore", "pipe"] });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  let longestMs = 0;
  let last = performance.now();
  const pulse = setInterval(() => {
    longestMs = Math.max(longestMs, performance.now() - last);
    last = performance.now();
  }, 10);
  const status = await new Promise<number | null>((done) => child.once("close", done));
  clearInterval(pulse);
  return { status, stderr, longestMs };
}

describe.each(names)("a flood, caller %s", (name) => {
  it.for(Object.entries(FLOODS))("%s", async ([, { limits, argv, says, args = [] }], context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const policy = join(caller.folder("policy"), "limits.json");
    writeFileSync(policy, JSON.stringify({ version: 1, sandbox: { limits } }));
    const cwd = caller.folder("work");
    const { status, stderr, longestMs } = await beside(
      caller,
      ["run", "--policy", policy, ...args, "--", ...argv],
      cwd,
    );
    expect(stderr).toMatch(says);
    expect(status).toBe(124);
    expect(longestMs).toBeLessThan(2_000);
    const verify = caller.ringfence(["log", "verify"], { cwd });
    expect(verify.status, verify.stdout + verify.stderr).toBe(0);
    if (!stderr.includes("record reached"))
      expect(caller.ringfence(["log", "show"], { cwd }).stdout).toMatch(/limit\.hit +limit=\w+ most=\d+/);
  });

  it("open files of one process: the next one is refused", (context) => {
    needs(context, "userns", "bubblewrap", "helper", "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    const policy = join(caller.folder("policy"), "limits.json");
    writeFileSync(policy, JSON.stringify({ version: 1, sandbox: { limits: { openFiles: 64 } } }));
    const open = ["python3", "-c", "f = [open('/dev/null') for i in range(200)]; print('lived')"];
    expect(caller.ringfence(["run", "--", ...open], { cwd }).stdout).toBe("lived\n");
    const refused = caller.ringfence(["run", "--policy", policy, "--", ...open], { cwd });
    expect(refused).toMatchObject({ status: 1, stdout: "" });
    expect(refused.stderr).toContain("Too many open files");
  });
});
