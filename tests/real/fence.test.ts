// The fence by doing: every refusal is first shown to be no refusal outside, and the host is looked at afterwards.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { beforeEach, describe, expect, test } from "vitest";
import { planFor, type Run, runPlan, type Stage, stage } from "../support/fence.ts";
import { checkout, helperPath } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

const shell = (at: Stage, script: string): Promise<Run> => runPlan(at, planFor(at, ["sh", "-c", script]));
const outside = (script: string): number | null => spawnSync("sh", ["-c", script], { stdio: "ignore" }).status;

/** Processes whose command line holds this word. */
function alive(word: string): readonly string[] {
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "latin1").includes(word);
    } catch {
      return false; // ended meanwhile
    }
  });
}

async function until(holds: () => boolean, milliseconds: number): Promise<boolean> {
  for (const end = Date.now() + milliseconds; Date.now() < end; await sleep(10)) if (holds()) return true;
  return holds();
}

describe("who runs inside", () => {
  test("one ordinary user, no capability, no new privileges, a filter, its own host name", async () => {
    const at = stage(tmp());
    const { out, exit } = await shell(
      at,
      "id -u; id -g; uname -n; grep -E '^(Cap|NoNewPrivs|Seccomp:)' /proc/self/status | tr -d '\\t'",
    );
    const caps = ["Inh", "Prm", "Eff", "Bnd", "Amb"].map((name) => `Cap${name}:0000000000000000`);
    expect(out.split("\n").filter(Boolean)).toEqual([
      "1000",
      "1000",
      "ringfence",
      ...caps,
      "NoNewPrivs:1",
      "Seccomp:2",
    ]);
    expect(exit).toEqual({ code: 0 });
  });

  test("it sees its own processes, three pipes, and no place of the helper's", async () => {
    const at = stage(tmp());
    const { out } = await shell(
      at,
      "ls -d /proc/[0-9]*; ls /; ls /dev; readlink /proc/self/fd/0 /proc/$$/fd/1 /proc/$$/fd/2",
    );
    expect(out).toMatch(
      /^\/proc\/1\n\/proc\/2\n(\/proc\/\d+\n)?bin\ndev\netc\nhome\nlib\nlib64\nproc\nsbin\ntmp\nusr\n/,
    );
    expect(out).toMatch(
      /\nfd\nfull\nnull\nptmx\npts\nrandom\nshm\nstderr\nstdin\nstdout\ntty\nurandom\nzero\n(pipe:\[\d+\]\n){3}$/,
    );
    // The staging folder's name remains in the overlay's options; the folder itself is gone.
    expect((await shell(at, "cd /.ringfence")).exit.code).not.toBe(0);
  });

  test("process 1 can be neither read, nor traced, nor killed", async () => {
    const at = stage(tmp());
    const script = "cat /proc/1/environ; cat /proc/1/mem; readlink /proc/1/root; kill -9 1; kill -15 1; echo alive";
    expect(outside("cat /proc/self/environ")).toBe(0);
    const { out, err } = await shell(at, script);
    expect(out).toBe("alive\n");
    expect(err.match(/Permission denied/g)?.length).toBeGreaterThanOrEqual(2);
  });
});

describe("what is refused", () => {
  test("namespaces and mounts, which work outside", async (context) => {
    needs(context, "userns");
    const at = stage(tmp());
    for (const flag of ["-U", "-Un", "-Um", "-Up --fork"]) {
      expect([flag, outside(`unshare ${flag} true`)]).toEqual([flag, 0]);
      expect([flag, (await shell(at, `unshare ${flag} true`)).exit]).toEqual([flag, { code: 1 }]);
    }
    expect((await shell(at, "cat /proc/sys/user/max_user_namespaces")).out).toBe("0\n");
    expect(Number(readFileSync("/proc/sys/user/max_user_namespaces", "utf8"))).toBeGreaterThan(0);
  });

  test("keyrings, netlink, raw sockets and io_uring", async (context) => {
    needs(context, "python3");
    const at = stage(tmp());
    const script = [
      "import ctypes, socket, os, errno",
      "libc = ctypes.CDLL(None, use_errno=True)",
      "def call(*a):",
      "  r = libc.syscall(*a); return errno.errorcode[ctypes.get_errno()] if r < 0 else 'works'",
      "def sock(*a):",
      "  try: socket.socket(*a); return 'works'",
      "  except OSError as e: return errno.errorcode[e.errno]",
      "m = os.uname().machine == 'x86_64'",
      "print(call(250 if m else 219, 0, -3, 1), call(425, 8, 0), call(321 if m else 280, 0, 0, 0), call(298 if m else 241, 0, 0, 0, 0, 0))",
      "print(sock(16, 3, 0), sock(16, 3, 12), sock(40, 1), sock(38, 5), sock(17, 3), sock(2, 3, 1), sock(2, 1), sock(1, 1))",
    ].join("\n");
    const { out } = await runPlan(at, planFor(at, ["/usr/bin/python3", "-c", script]));
    expect(out).toBe(`EPERM ENOSYS EPERM EPERM\n${"EAFNOSUPPORT ".repeat(5)}EPERM works works\n`);
  });

  test("the kernel's settings and the host's device inodes, also for a root caller", async () => {
    const at = stage(tmp());
    const before = statSync("/dev/null").mode;
    const probe =
      "for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/swappiness; do (: >>$f) 2>/dev/null && echo open $f; done; ";
    const modes =
      "chmod 600 /dev/null /dev/zero /dev/tty /proc/meminfo /proc/sys/kernel/core_pattern 2>/dev/null && echo changed; ";
    const { out } = await shell(
      at,
      `${probe}${modes}touch /x /etc/x /usr/x /dev/x 2>/dev/null && echo made; cat /proc/kcore /proc/kmsg /proc/keys | wc -c; echo ok > /dev/null && echo null works`,
    );
    expect(out).toBe("0\nnull works\n");
    expect(statSync("/dev/null").mode).toBe(before);
  });

  test("set-user-ID bits", async () => {
    const at = stage(tmp());
    const { out, exit } = await shell(at, "touch f && chmod 755 f && ! chmod 4755 f 2>/dev/null && stat -c %a f");
    expect([out, exit]).toEqual(["755\n", { code: 0 }]);
  });
});

describe("the workspace", () => {
  test("overlay: changes land above, the workspace stays, masked files are not there", async () => {
    const at = stage(tmp());
    mkdirSync(join(at.workspace, "sub"));
    chmodSync(join(at.workspace, "sub"), 0o711);
    for (const name of [".env", "sub/.env", "kept"]) writeFileSync(join(at.workspace, name), "secret");
    const masked = [".env", "sub/.env"].map((name) => join(at.workspace, name));
    const script =
      "cat .env sub/.env 2>&1; stat -c %a . sub; ls -A . sub; echo new > added; rm kept; echo mine > .env; cat .env";
    const { out } = await runPlan(at, planFor(at, ["sh", "-c", script], { masked }));
    const no = (name: string): string => `cat: ${name}: No such file or directory\n`;
    expect(out).toBe(`${no(".env")}${no("sub/.env")}755\n711\n.:\nkept\nsub\n\nsub:\nmine\n`);
    expect(readFileSync(join(at.workspace, ".env"), "utf8")).toBe("secret");
    expect(readdirSync(at.workspace).sort()).toEqual([".env", "kept", "sub"]);
    expect(readdirSync(join(at.session, "upper")).sort()).toEqual([".env", "added", "kept"]);
    expect(lstatSync(join(at.session, "upper/kept")).isCharacterDevice()).toBe(true);
  });

  test("direct: changes are live, covered files can be neither read nor removed nor opened up", async () => {
    const at = stage(tmp());
    writeFileSync(join(at.workspace, ".env"), "secret");
    const workspace = { kind: "direct", root: at.workspace, guard: { names: [".npmrc"], exceptBelow: [] } } as const;
    const script =
      "cat .env; rm -f .env; chmod 644 .env; mv .env x; ln .env y; cat .env; echo evil > .npmrc; echo live > new";
    const run = await runPlan(
      at,
      planFor(at, ["sh", "-c", script], { workspace, masked: [join(at.workspace, ".env")] }),
    );
    expect([run.out, run.exit]).toEqual(["", { code: 0 }]);
    expect(readdirSync(at.workspace).sort()).toEqual([".env", "new"]);
    expect(readFileSync(join(at.workspace, ".env"), "utf8")).toBe("secret");
    expect(run.events.map((event) => event.kind === "refused" && [event.op, event.path])).toEqual([["open", ".npmrc"]]);
  });

  test("a folder of the host that may be written keeps no program that runs as its owner or group", async () => {
    const at = stage(tmp());
    const folder = join(at.folder, "shared");
    mkdirSync(folder);
    const script = `cd ${folder} && for mode in 4755 2755; do cp /bin/true $mode && chmod $mode $mode; done`;
    expect(outside(script)).toBe(0);
    expect(statSync(join(folder, "2755")).mode & 0o7777).toBe(0o2755);
    rmSync(folder, { recursive: true });
    mkdirSync(folder);
    const plan = planFor(at, ["sh", "-c", script.replaceAll(" && chmod", "; chmod")]);
    const live = { kind: "live", source: folder, target: folder } as const;
    await runPlan(at, { ...plan, mounts: [...plan.mounts, live], writable: [...plan.writable, folder] });
    expect(readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o7000)).toEqual([0, 0]);
  });

  test("read-only: nothing can be written", async () => {
    const at = stage(tmp());
    const workspace = { kind: "read-only", root: at.workspace } as const;
    const run = await runPlan(at, planFor(at, ["sh", "-c", "touch x || echo refused"], { workspace }));
    expect(run.out).toBe("refused\n");
  });

  test("names with commas, colons, backslashes and line ends", async () => {
    const folder = join(tmp(), "a,b:c\\d e\nf");
    const at = stage(folder);
    const run = await shell(at, "pwd; echo x > y");
    expect(run.out).toBe(`${at.workspace}\n`);
    expect(existsSync(join(at.session, "upper/y"))).toBe(true);
  });
});

describe("streams, signals and ends", () => {
  test.each([
    ["exit 7", { code: 7 }],
    ["kill -9 $$", { code: 137, signal: 9 }],
    ["kill -TERM $$", { code: 143, signal: 15 }],
  ])("`%s`", async (script, exit) => {
    expect((await shell(stage(tmp()), script)).exit).toEqual(exit);
  });

  test("what is not there is 127, what cannot be executed is 126", async () => {
    const at = stage(tmp());
    expect((await runPlan(at, planFor(at, ["no-such-program"]))).exit).toEqual({ code: 127 });
    expect((await runPlan(at, planFor(at, ["/etc/passwd"]))).exit).toEqual({ code: 126 });
  });

  test("50 MB pass unchanged", async () => {
    const at = stage(tmp());
    const input = randomBytes(50 << 20);
    const { out } = await runPlan(at, planFor(at, ["cat"]), { input });
    const sum = (data: Buffer): string => createHash("sha256").update(data).digest("hex");
    expect(sum(Buffer.from(out, "latin1"))).toBe(sum(input));
  });

  test("what the supervisor writes to the same open file meanwhile is not overwritten", async () => {
    const at = stage(tmp());
    const run = await runPlan(at, planFor(at, ["sh", "-c", "sleep 0.3; echo its"]), {
      during: (_, stdio) => void writeSync(stdio.stdout, "mine\n"),
    });
    expect(run.out).toBe("mine\nits\n");
  });

  test("signals reach the command, which may handle them", async () => {
    const at = stage(tmp());
    const script = 'trap "echo got; exit 9" INT; echo > /tmp/ready; while :; do sleep 0.05; done';
    const run = await runPlan(at, planFor(at, ["sh", "-c", script]), {
      during: async (fence) => {
        await until(() => existsSync(join(at.session, "tmp/ready")), 5000);
        fence.signal(2);
      },
    });
    expect([run.out, run.exit]).toEqual(["got\n", { code: 9 }]);
  });

  test("what the command leaves behind ends with it", async () => {
    const at = stage(tmp());
    const run = await shell(
      at,
      "setsid sleep 987651 & sleep 987651 & (exec >/dev/null 2>&1; nohup sleep 987651 &) ; exit 3",
    );
    expect(run.exit).toEqual({ code: 3 });
    expect(alive("987651")).toEqual([]);
  });

  test("watched memory ends the fence and says so", async (context) => {
    needs(context, "python3");
    const at = stage(tmp());
    const limits = { pids: 0, fileSizeBytes: 0, watchMemoryBytes: 100 << 20, openFiles: 1024, processors: 0 };
    const argv = ["/usr/bin/python3", "-c", "import time; x = b'a' * (300 << 20); time.sleep(20)"];
    const run = await runPlan(at, planFor(at, argv, { limits }));
    expect([run.exit, run.events]).toEqual([
      { code: 137, signal: 9, limit: "memory" },
      [{ kind: "limit", limit: "memory" }],
    ]);
  });

  test("kill ends everything at once", async () => {
    const at = stage(tmp());
    const run = await runPlan(at, planFor(at, ["sh", "-c", 'trap "" TERM INT; sleep 987652; sleep 987652']), {
      during: (fence) => fence.kill(),
    });
    expect(run.exit).toEqual({ code: 137, signal: 9 });
    expect(alive("987652")).toEqual([]);
  });

  test("kill -9 of the supervisor, at any moment, leaves no process, no mount and nothing in the workspace", async () => {
    const folder = tmp();
    const bundle = join(folder, "main.mjs");
    await build({
      entryPoints: [join(checkout, "tests/support/fence-main.ts")],
      ...{ bundle: true, platform: "node", format: "esm", conditions: ["source"], outfile: bundle, logLevel: "silent" },
    });
    const mounts = readFileSync("/proc/self/mountinfo", "utf8").split("\n").length;
    for (let round = 0; round < 12; round++) {
      const at = join(folder, `r${round}`);
      mkdirSync(at);
      const child = spawn("node", [bundle, at, "0", "sh", "-c", `setsid sleep 987653 & echo up; sleep 987653`], {
        env: { PATH: process.env["PATH"], FENCE_HELPER: helperPath },
        stdio: ["ignore", "pipe", "ignore"],
      });
      // From before bubblewrap's start, over the middle of the set-up, to a running command.
      if (round < 8) await sleep(40 + round * 8);
      else await new Promise((up) => child.stdout?.once("data", up));
      child.kill("SIGKILL");
      expect(await until(() => alive("987653").length === 0, 2000)).toBe(true);
      expect(readdirSync(at).includes("workspace") ? readdirSync(join(at, "workspace")) : []).toEqual([]);
    }
    expect(readFileSync("/proc/self/mountinfo", "utf8").split("\n").length).toBe(mounts);
  });
});

describe("removing a session's folder", () => {
  test("goes through closed folders and great depth, and follows no link", (context) => {
    needs(context, "python3");
    const folder = tmp();
    const victim = join(folder, "victim");
    mkdirSync(victim);
    writeFileSync(join(victim, "precious"), "x");
    const target = join(folder, "session");
    mkdirSync(target);
    symlinkSync(victim, join(target, "link"));
    // Deeper than any path can be long, its last folders without permissions.
    const script =
      "import os\nfor i in range(300): os.mkdir('d' * 32); os.chdir('d' * 32)\nopen('f', 'w')\nos.chmod('..', 0); os.chmod('.', 0)";
    execFileSync("/usr/bin/python3", ["-c", script], { cwd: target });
    expect(spawnSync(helperPath, ["remove", target]).status).toBe(0);
    expect([existsSync(target), readdirSync(victim)]).toEqual([false, ["precious"]]);
    expect(spawnSync(helperPath, ["remove", target]).status).toBe(0);
  });
});
