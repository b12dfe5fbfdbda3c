// The flight recorder where it hurts: a slow reader, storms, processes that die at every moment, hostile memory, its own death, a guard beside it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it, type TestContext } from "vitest";
import type { RecorderEvent, SandboxPlan } from "#core/sandbox";
import { planFor, type Run, runPlan, type Stage, stage } from "../support/fence.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const NEEDS = ["userns", "bubblewrap", "helper", "overlay", "python3"] as const;

function recorded(at: Stage, script: string, changes: Partial<SandboxPlan> = {}): SandboxPlan {
  return planFor(at, ["/bin/bash", "-c", script], { recorder: { reads: "none" }, ...changes });
}

function direct(at: Stage): Partial<SandboxPlan> {
  return { workspace: { kind: "direct", root: at.workspace, guard: { names: [".npmrc"], exceptBelow: [] } } };
}

function ready(context: TestContext, ...more: Parameters<typeof needs>[1][]): Stage {
  needs(context, ...NEEDS, ...more);
  return stage(tmp());
}

const python = (code: string): string => `python3 - <<'END'\n${code}\nEND`;
const paths = (run: Run): readonly string[] =>
  run.seen.flatMap((event) => (event.kind === "write" ? [event.path] : []));
const execs = (run: Run): readonly (RecorderEvent & { kind: "exec" })[] =>
  run.seen.flatMap((event) => (event.kind === "exec" ? [event] : []));

describe.each(["overlay", "direct"] as const)("what is seen, workspace %s", (kind) => {
  const changes = (at: Stage): Partial<SandboxPlan> => (kind === "direct" ? direct(at) : {});

  it("who is whose child, what it ran, and how it ended", async (context) => {
    const at = ready(context);
    const script =
      "printf '#!/bin/sh\\nexit 4\\n' > s; chmod +x s; ./s; (true; sh -c 'kill -9 $$'); PATH=/nowhere:/bin:/usr/bin env nothing; exit 5";
    const run = await runPlan(at, recorded(at, script, changes(at)));
    const [shell] = execs(run);
    const script4 = execs(run).find(({ script }) => script !== undefined);
    expect(shell).toMatchObject({ exe: "/usr/bin/bash", cwd: at.workspace, parent: 1 });
    expect(script4).toMatchObject({ exe: "/usr/bin/dash", script: join(at.workspace, "s"), parent: shell?.pid });
    const endOf = (pid: number | undefined): unknown =>
      run.seen.find((event) => event.kind === "exit" && event.pid === pid);
    expect(endOf(script4?.pid)).toMatchObject({ code: 4 });
    expect(endOf(execs(run).find(({ argv }) => argv[2] === "kill -9 $$")?.pid)).toMatchObject({ signal: 9 });
    const seeker = execs(run).find(({ argv }) => argv[0] === "env");
    // Names that are nowhere are no programs that ran: counted, not told.
    expect(endOf(seeker?.pid)).toMatchObject({ code: 127, probes: 3 });
    expect(endOf(shell?.pid)).toMatchObject({ code: 5 });
    expect(run.seen.at(-1)).toEqual({ kind: "end" });
  });

  it("paths as they are: relative, by descriptor, through links, of a thread, with every byte", async (context) => {
    const at = ready(context);
    const code = `
import os, threading
os.makedirs('d/e'); os.symlink('d', 'l'); d = os.open('d/e', os.O_RDONLY)
os.close(os.open('by-fd', os.O_CREAT | os.O_WRONLY, dir_fd=d))
open('l/e/by-link', 'w').close(); os.chdir('d'); open('../up', 'w').close(); os.symlink('target', 'to'); open('to', 'w').close()
t = threading.Thread(target=lambda: open('of-thread', 'w').close()); t.start(); t.join()
open(b'a\\nb %41 \\xc3\\xbc', 'w').close(); os.rename('of-thread', 'e/moved'); f = open('e/moved', 'a'); os.fchmod(f.fileno(), 0o600)
open('/proc/self/cwd/by-proc', 'w').close(); open('/dev/fd/%d' % f.fileno(), 'a').close()`;
    const run = await runPlan(at, recorded(at, python(code), changes(at)));
    expect(run.err).toBe("");
    const w = at.workspace;
    const wanted = [
      "d/e/by-fd",
      "d/e/by-link",
      "up",
      "d/target",
      "d/of-thread",
      "d/a\nb %41 ü",
      "d/e/moved",
      "d/by-proc",
    ];
    expect(paths(run)).toEqual(expect.arrayContaining(wanted.map((name) => join(w, name))));
    const told = (operation: string): unknown =>
      run.seen.filter((event) => event.kind === "write" && event.operation === operation);
    expect(told("rename")).toMatchObject([{ path: join(w, "d/of-thread"), to: join(w, "d/e/moved") }]);
    expect(told("chmod")).toMatchObject([{ path: join(w, "d/e/moved") }]);
    expect(run.seen.filter((event) => event.kind === "write" && event.unresolved === true)).toEqual([]);
  });

  it("sockets: a connection, a name, a datagram", async (context) => {
    const at = ready(context);
    const code = `
import socket
s = socket.socket(); s.bind(('127.0.0.1', 7001)); s.listen(); socket.create_connection(('127.0.0.1', 7001))
u = socket.socket(socket.AF_UNIX); u.bind('sock')
d = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); d.sendto(b'x', ('127.0.0.1', 7002))
a = socket.socket(socket.AF_UNIX); a.bind('\\0name')`;
    const run = await runPlan(at, recorded(at, python(code), changes(at)));
    const inet = (port: number): unknown => ({ family: "inet", address: "127.0.0.1", port });
    expect(run.err).toBe("");
    expect(run.seen).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: "bind", to: inet(7001) }),
        expect.objectContaining({ kind: "connect", to: inet(7001) }),
        expect.objectContaining({ kind: "send", to: inet(7002) }),
        expect.objectContaining({ kind: "bind", to: { family: "unix", path: join(at.workspace, "sock") } }),
        expect.objectContaining({ kind: "bind", to: { family: "unix", path: "@name" } }),
      ]),
    );
  });

  it("every one of a storm: processes, threads, and a reader that is slow", { timeout: 60_000 }, async (context) => {
    const at = ready(context);
    const code = `
import os, threading
def work(n):
    for i in range(20): open('f%d-%d' % (n, i), 'w').close()
t = [threading.Thread(target=work, args=(i,)) for i in range(50)]
[x.start() for x in t]; [x.join() for x in t]
for i in range(200):
    if os.fork() == 0:
        open('p%d' % i, 'w').close(); os._exit(i % 100)
for i in range(200): os.wait()`;
    let told = 0;
    const slowly = (): Promise<void> | undefined => (told++ % 50 === 0 ? sleep(5) : undefined);
    const run = await runPlan(at, recorded(at, python(code), changes(at)), { slowly });
    expect(run.err).toBe("");
    const files = new Set(paths(run).filter((path) => /\/(?:f\d+-\d+|p\d+)$/.test(path)));
    expect(files.size).toBe(1_200);
    expect(run.seen.filter((event) => event.kind === "fork")).toHaveLength(200);
    expect(run.seen.filter((event) => event.kind === "exit").length).toBeGreaterThanOrEqual(201);
    expect(run.seen.at(-1)).toEqual({ kind: "end" });
  });

  it("processes that are killed in the middle of a call do not stop it", { timeout: 60_000 }, async (context) => {
    const at = ready(context);
    const code = `
import os, signal, time
for i in range(150):
    p = os.fork()
    if p == 0:
        n = 0
        while True: open('k%d' % (n % 7), 'w').close(); n += 1
    time.sleep(0.002 + (i % 10) * 0.0003); os.kill(p, signal.SIGKILL); os.waitpid(p, 0)
print('through')`;
    const run = await runPlan(at, recorded(at, python(code), changes(at)));
    expect(run.out).toBe("through\n");
    expect(run.seen.at(-1)).toEqual({ kind: "end" });
  });

  it("memory that is not there, endless arguments, names that are too long", async (context) => {
    const at = ready(context);
    const code = `
import ctypes, os, errno
libc = ctypes.CDLL(None, use_errno=True)
for number, args in ((2, (1, 1, 0)), (83, (1, 0)), (59, (1, 1, 1)), (42, (3, 1, 16)), (82, (1, 1)), (257, (-100, 1, 1, 0))):
    assert libc.syscall(number, *args) == -1 and ctypes.get_errno() in (errno.EFAULT, errno.EBADF), (number, ctypes.get_errno())
try: open('x' * 5000, 'w')
except OSError as e: assert e.errno == errno.ENAMETOOLONG, e
os.chdir('/dev/shm'); deep = 'd' * 200
try:
    for i in range(30): os.mkdir(deep); os.chdir(deep)
    open('at-the-bottom', 'w').close()
except PermissionError: pass  # the guard of a direct workspace refuses places that have no path
os.chdir('/tmp')
argv = (ctypes.c_char_p * 3)(b'true', b'y' * 100000, None)
if os.fork() == 0: os.execv('/bin/true', ['true'] + ['z'] * 20000)
os.wait(); os.execv('/bin/echo', ['echo', 'q' * 100000][:2])`;
    const run = await runPlan(at, recorded(at, python(code), changes(at)));
    expect(run.err).toBe("");
    const many = execs(run).find(({ argv }) => argv[0] === "true");
    expect(many).toMatchObject({ cutFrom: 256 });
    expect(execs(run).at(-1)).toMatchObject({ cutFrom: 2 });
    expect(run.seen.at(-1)).toEqual({ kind: "end" });
  });
});

it("what is done in folders too deep for a path is no failure, and says how far the path goes", async (context) => {
  const at = ready(context);
  const code = `
import os
deep = 'd' * 200; os.chdir('/dev/shm')
for i in range(30): os.mkdir(deep); os.chdir(deep)
open('bottom', 'w').close(); os.rename('bottom', 'ground')
with open('s', 'w') as f: f.write('#!./t')
with open('t', 'w') as f: f.write('#!/bin/true')
os.chmod('s', 0o755); os.chmod('t', 0o755); os.execv('./s', ['s', 'x'])`;
  const run = await runPlan(at, recorded(at, python(code)));
  expect(run).toMatchObject({ err: "", exit: { code: 0 } });
  const ofName = (name: string): unknown =>
    run.seen.find((event) => event.kind === "write" && event.path.endsWith(`/.../${name}`));
  expect(ofName("bottom")).toMatchObject({ operation: "create", result: "unknown", unresolved: true });
  expect(ofName("bottom")).not.toHaveProperty("error");
  expect((ofName("bottom") as { path: string }).path.startsWith(`/dev/shm/${"d".repeat(200)}/`)).toBe(true);
  const renamed = run.seen.find((event) => event.kind === "write" && event.operation === "rename");
  expect(renamed).toMatchObject({ to: expect.stringMatching(/\/\.\.\.\/ground$/) });
  expect(execs(run).at(-1)).toMatchObject({ exe: "/usr/bin/true", script: "./s", argv: ["s", "x"] });
});

it("a process is named when its first thread has ended, and one that only asks about an exec has not executed", async (context) => {
  const at = ready(context, "gcc");
  const code = `#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
static void *rest(void *unused) { usleep(50000); open("late", O_CREAT | O_WRONLY, 0600); _exit(0); return unused; }
int main(void) {
  char *argv[] = {"git", "push", 0};
  syscall(SYS_execveat, AT_FDCWD, "/bin/true", argv, argv + 2, 0x10000 /* AT_EXECVE_CHECK, or on older kernels no exec either */);
  if (fork() == 0) { pthread_t t; pthread_create(&t, 0, rest, 0); syscall(SYS_exit, 0); }
  wait(0);
}`;
  const script = `cat > z.c <<'END'\n${code}\nEND\ngcc -pthread -o z z.c && ./z`;
  const run = await runPlan(at, recorded(at, script));
  expect(run).toMatchObject({ err: "", exit: { code: 0 } });
  const late = run.seen.find((event) => event.kind === "write" && event.path.endsWith("/late"));
  const forked = run.seen.find((event) => event.kind === "fork" && event.pid === (late as { pid: number }).pid);
  expect(forked).toMatchObject({ exe: join(at.workspace, "z") });
  expect(execs(run).filter(({ argv }) => argv[0] === "git")).toEqual([]);
});

it("a name that is changed between the look and the exec is put right at the program's next act", {
  timeout: 60_000,
}, async (context) => {
  const at = ready(context, "gcc");
  const liar = `#include <pthread.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static char path[16];
static void *flip(void *unused) { for (;;) { memcpy(path, "/bin/true\\0", 10); memcpy(path, "./other\\0\\0\\0", 10); } return unused; }
int main(void) {
  for (int i = 0; i < 120; i++) {
    if (fork() == 0) { pthread_t t; pthread_create(&t, 0, flip, 0); usleep(100); char *argv[] = {path, 0}; for (;;) execv(path, argv); }
    wait(0);
  }
}`;
  const other = '#include <fcntl.h>\nint main(void) { return open("made", O_CREAT | O_WRONLY, 0600) < 0; }';
  const script = `cat > l.c <<'END'\n${liar}\nEND\ncat > o.c <<'END'\n${other}\nEND\ngcc -static -o other o.c && gcc -static -pthread -o liar l.c && ./liar`;
  // the race is the kernel's to give: the lie is told until it was told once, and holds every time
  for (let tries = 1, told = 0; told === 0; tries++) {
    const run = await runPlan(at, recorded(at, script));
    expect(run).toMatchObject({ err: "", exit: { code: 0 } });
    const made = run.seen.flatMap((event) =>
      event.kind === "write" && event.path.endsWith("/made") ? [event.pid] : [],
    );
    const known = new Set(execs(run).flatMap(({ pid, exe }) => (exe.endsWith("/other") ? [pid] : [])));
    expect(made.length).toBeGreaterThan(10);
    expect(made.filter((pid) => !known.has(pid))).toEqual([]);
    told = execs(run).filter(({ exe, cutFrom }) => exe.endsWith("/other") && cutFrom === 0).length;
    expect(tries, "runs without one lie").toBeLessThan(20);
  }
});

it("a guard's own no and its outcomes are told", async (context) => {
  const at = ready(context);
  const run = await runPlan(at, recorded(at, "echo x > .npmrc; echo y > ok; mkdir ok; mv ok now; true", direct(at)));
  const told = run.seen.flatMap((event) =>
    event.kind === "write" && event.path.startsWith(at.workspace) ? [[event.operation, event.result, event.error]] : [],
  );
  expect(told).toEqual([
    ["create", "refused", undefined],
    ["create", "done", undefined],
    ["mkdir", "failed", "EEXIST"],
    ["rename", "done", undefined],
  ]);
  const renamed = run.seen.find((event) => event.kind === "write" && event.operation === "rename");
  expect(renamed).toMatchObject({ path: join(at.workspace, "ok"), to: join(at.workspace, "now") });
  expect(renamed).not.toHaveProperty("unresolved");
  expect(run.events.filter(({ kind }) => kind === "refused")).toHaveLength(1);
});

it("opens for reading are told when they are asked for, and only then", async (context) => {
  const at = ready(context);
  const read = async (reads: "none" | "all"): Promise<boolean> => {
    const run = await runPlan(at, recorded(at, "cat /etc/passwd", { recorder: { reads } }));
    return run.seen.some((event) => event.kind === "read" && event.path === "/etc/passwd");
  };
  expect([await read("none"), await read("all")]).toEqual([false, true]);
});

it.for(["overlay", "direct"] as const)(
  "what cannot be recorded does not happen, workspace %s",
  async (kind, context) => {
    const at = ready(context);
    const script = "echo before > before; until test -e /tmp/go; do sleep 0.05; done; echo after > after; echo lived";
    let killed = 0;
    const during = (fence: { readonly pid: number }): void => {
      killed = recorderOf(fence.pid);
      process.kill(killed, "SIGKILL");
    };
    const plan = recorded(at, script, kind === "direct" ? direct(at) : {});
    const run = await runPlan(at, plan, { during: (fence) => setTimeout(() => during(fence), 300) });
    expect(killed).toBeGreaterThan(0);
    expect(run.exit).toMatchObject({ code: 137 });
    expect(run.events).toContainEqual({ kind: "unrecorded" });
    expect(run.out).toBe("");
  },
);

/** The child of the outer helper that has threads: process 1 of the inside has none. */
function recorderOf(bwrap: number): number {
  const below = (pid: number): readonly number[] => {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim();
    return children === "" ? [] : children.split(" ").map(Number);
  };
  const threads = (pid: number): number =>
    Number(/^Threads:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0);
  const found = below(bwrap)
    .flatMap(below)
    .find((pid) => threads(pid) > 1);
  if (found === undefined) throw new Error("no recorder found");
  return found;
}
