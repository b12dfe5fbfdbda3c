// A session that pauses, goes on, is kept, comes back, and is told of: by doing, as root (freezer) and as an ordinary user (signals).
import { spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { type BackgroundSession, processesOf, sleep, startSession, until } from "../support/lifecycle-session.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const names = process.getuid?.() === 0 ? (["root", "user"] as const) : (["user"] as const);
const FENCE = ["userns", "bubblewrap", "helper"] as const;

function callerNamed(name: Caller["name"]): Caller {
  const found = callersIn(tmp()).find((caller) => caller.name === name);
  if (found === undefined) throw new Error(`no caller ${name}`);
  return found;
}

/** Counts on, ten times a second, in a file of the workspace. */
const COUNTS = ["sh", "-c", "i=0; while :; do i=$((i+1)); echo $i >count; sleep 0.1; done"];

function counted(session: BackgroundSession): number {
  return Number(readFileSync(join(session.folder, "upper/count"), "utf8")) || 0;
}

async function standsStill(session: BackgroundSession): Promise<boolean> {
  const before = counted(session);
  await sleep(700);
  return counted(session) === before;
}

function policyFile(caller: Caller, policy: object): string {
  const file = join(caller.folder("policy"), "policy.json");
  writeFileSync(file, JSON.stringify({ version: 1, ...policy }));
  return file;
}

describe.each(names)("a session, caller %s", (name) => {
  it("pauses and goes on; its time stands still meanwhile", async (context) => {
    needs(context, ...FENCE);
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    const session = await startSession(caller, ["--timeout", "5s", "--", ...COUNTS], { cwd, ready: "count" });
    const ask = (...args: readonly string[]) => caller.ringfence(["sessions", ...args], { cwd });
    expect(await standsStill(session)).toBe(false);
    expect(ask("pause", session.id)).toMatchObject({ status: 0 });
    expect(session.meta()["paused"]).toMatchObject({ by: "person" });
    if (name === "user") expect(session.meta()["paused"]).toMatchObject({ how: "signals" });
    expect(await standsStill(session)).toBe(true);
    expect(ask("pause", session.id).status).toBe(0); // twice is harmless
    expect(ask("list").stdout).toContain("paused");
    const refused = caller.ringfence(["exec", session.id, "--", "true"], { cwd });
    expect(refused).toMatchObject({ status: 125 });
    expect(refused.stderr).toContain("the session is paused");
    await sleep(5_000); // longer than its time
    expect(ask("resume", session.id).status).toBe(0);
    expect(await standsStill(session)).toBe(false);
    expect((await session.ended).code).toBe(124);
    expect(caller.ringfence(["log", "verify", session.id], { cwd }).status).toBe(0);
    const log = caller.ringfence(["log", "show", session.id], { cwd }).stdout;
    expect(log).toMatch(/lifecycle\.pause +by=person/);
    expect(log).toMatch(/lifecycle\.resume +by=person/);
  });

  it("cannot end its own pause, and is stopped in it", async (context) => {
    needs(context, ...FENCE, "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    // A timer of the kernel's sends the signal that would let it go on, every tenth of a second.
    const timer =
      "import signal,ctypes,struct,time\n" +
      "l=ctypes.CDLL(None); t=ctypes.c_void_p()\n" +
      "sev=struct.pack('<Qii48x',0,signal.SIGCONT,0)\n" +
      "assert l.timer_create(0,sev,ctypes.byref(t))==0\n" +
      "assert l.timer_settime(t,0,struct.pack('<4q',0,100000000,0,100000000),None)==0\n" +
      "i=0\n" +
      "while True:\n  i+=1; open('count','w').write(str(i)); time.sleep(0.02)\n";
    const session = await startSession(caller, ["--", "python3", "-c", timer], { cwd, ready: "count" });
    await sleep(300);
    expect(caller.ringfence(["sessions", "pause", session.id], { cwd }).status).toBe(0);
    const before = counted(session);
    await sleep(1_500);
    // Signals cannot keep the kernel's own from letting it run for a moment; a freezer can.
    if (session.meta()["paused"] !== undefined && name === "root") expect(counted(session)).toBe(before);
    else expect(counted(session) - before).toBeLessThan(40);
    expect(caller.ringfence(["sessions", "stop", session.id], { cwd }).status).toBe(0);
    expect((await session.ended).code).toBe(137);
    expect(processesOf(session.id)).toEqual([]);
  });

  it("dies with its supervisor while it is paused, and leaves nothing", async (context) => {
    needs(context, ...FENCE);
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    const session = await startSession(caller, ["--", ...COUNTS], { cwd, ready: "count" });
    expect(caller.ringfence(["sessions", "pause", session.id], { cwd }).status).toBe(0);
    process.kill(session.meta().supervisor.pid, "SIGKILL");
    await until(() => (processesOf(session.id).length === 0 ? true : undefined));
    // Somebody who only looks at what is left is nothing of the session's.
    const [file = "", ...args] = caller.as(["tail", "-f", join(session.folder, "meta.json")]);
    const reader = spawn(file, args, { env: { ...caller.env, RINGFENCE_SESSION: session.id }, stdio: "ignore" });
    onTestFinished(() => void reader.kill("SIGKILL"));
    const would = caller.ringfence(["sessions", "clean", "--dry-run"], { cwd });
    expect(would.stdout).toContain("would remove");
    const clean = caller.ringfence(["sessions", "clean"], { cwd });
    expect(clean).toMatchObject({ status: 0 });
    expect(reader.exitCode ?? reader.signalCode).toBeNull();
    expect(caller.ringfence(["sessions", "clean"], { cwd }).stderr).toContain("nothing is left");
    // A start that was killed before its folder had a name, and one that goes on.
    const sessions = join(caller.state, "ringfence/sessions");
    const halves = [`.new-${4_194_305}-20260101-000000-000000`, `.new-${process.pid}-20260101-000000-000001`];
    for (const half of halves)
      caller.outside(["sh", "-c", 'mkdir "$0" && : >"$0/starting.json"', join(sessions, half)], { cwd });
    expect(caller.ringfence(["sessions", "clean"], { cwd }).status).toBe(0);
    expect(readdirSync(sessions).filter((entry) => entry.startsWith("."))).toEqual(halves.slice(1));
    // What it had changed still waits.
    expect(caller.ringfence(["review", session.id], { cwd }).stdout).toContain("count");
  });

  it("is kept, comes back for review, and starts again from there", async (context) => {
    needs(context, ...FENCE, "python3");
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    writeFileSync(join(cwd, "gone"), "here\n");
    const make =
      "rm gone; mkdir -p d/e; echo one >d/e/f; ln d/e/f d/g; ln -s nowhere d/s; mkfifo d/p; chmod 0 d/e; echo kept >~/h; " +
      "python3 -c \"import os; open('d/sparse','w').truncate(1<<29); os.symlink('x', 'd/n\\n')\"; touch ready; sleep 60";
    const session = await startSession(caller, ["--apply", "ask", "--", "sh", "-c", make], { cwd, ready: "ready" });
    const ask = (...args: readonly string[]) => caller.ringfence(["sessions", ...args], { cwd });
    const kept = ask("snapshot", session.id, "before");
    expect(kept).toMatchObject({ status: 0 });
    expect(ask("snapshot", session.id, "before").stderr).toContain("has a snapshot `before`");
    expect(ask("snapshot", session.id, "../x").stderr).toContain("cannot name a snapshot");
    expect(ask("snapshot", session.id, "--max", "1k").stderr).toContain("larger than a snapshot may be");
    expect(ask("restore", session.id, "before").stderr).toContain("still runs");
    expect(ask("stop", session.id).status).toBe(0);
    await session.ended;
    expect(caller.ringfence(["discard", session.id], { cwd }).status).toBeLessThan(66);
    const back = ask("restore", session.id, "before");
    expect(back.stderr).toContain("changes wait");
    expect(caller.ringfence(["review", session.id], { cwd }).stdout).toContain("d/sparse");
    // Two restores that were killed: one before anything was replaced, and one between taking the changes away and putting the others in their place.
    const folder = join(caller.state, "ringfence/sessions", session.id);
    for (const taken of [false, true]) {
      caller.outside(
        ["sh", "-c", 'mkdir "$0/.restore" && echo \'{"pid":1,"startTicks":""}\' >"$0/starting.json"', folder],
        { cwd },
      );
      if (taken) renameSync(join(folder, "upper"), join(folder, ".restore/before"));
      expect(ask("clean").status).toBe(0);
      expect(readdirSync(folder).sort()).toEqual(["meta.json", "upper"]);
      expect(caller.ringfence(["review", session.id], { cwd }).stdout).toContain("d/sparse");
    }
    const check =
      "test ! -e gone && cat ~/h && chmod 755 d/e && cat d/g && test d/g -ef d/e/f && test -p d/p && stat -c %s d/sparse";
    const again = caller.ringfence(["run", "--from", `${session.id}/before`, "--", "sh", "-c", check], { cwd });
    expect(again).toMatchObject({ status: 0, stdout: "kept\none\n536870912\n" });
    const elsewhere = caller.ringfence(["run", "--from", `${session.id}/before`, "--", "true"], {
      cwd: caller.folder("other"),
    });
    expect(elsewhere).toMatchObject({ status: 125 });
    // Somebody changed what was kept.
    const snapshot = join(caller.state, "ringfence/snapshots", session.id, "before");
    writeFileSync(join(snapshot, "home/h"), "else");
    const damaged = caller.ringfence(["run", "--from", `${session.id}/before`, "--", "true"], { cwd });
    expect(damaged.stderr).toContain("is not what was kept");
    expect(ask("snapshots", session.id, "--remove", "before").status).toBe(0);
    expect(ask("snapshots").stderr).toContain("no snapshot is kept");
  });

  it("is paused when nobody works in it, goes on for a further command, and ends", async (context) => {
    needs(context, ...FENCE);
    const caller = callerNamed(name);
    const cwd = caller.folder("work");
    const policy = policyFile(caller, { sandbox: { idle: { pause: "1s", stop: "4s" } } });
    const session = await startSession(caller, ["--policy", policy, "--", "sleep", "60"], { cwd });
    await until(() => (session.meta()["paused"] === undefined ? undefined : true));
    expect(session.meta()["paused"]).toMatchObject({ by: "idle" });
    expect(caller.ringfence(["exec", session.id, "--", "echo", "awake"], { cwd }).stdout).toBe("awake\n");
    expect(session.meta()["paused"]).toBeUndefined();
    const { code, stderr } = await session.ended;
    expect(code).toBe(124);
    expect(stderr).toContain("the idle limit of this session is reached");
    // Work is no idleness.
    const busy = caller.ringfence(
      ["run", "--policy", policy, "--", "timeout", "5", "sh", "-c", "while :; do :; done"],
      { cwd },
    );
    expect(busy.status).toBe(124); // of timeout(1)
    expect(busy.stderr).not.toContain("paused");
  });
});

interface Told {
  readonly type: string;
  readonly session: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** A server that checks what it is sent; `answer` is its status for the N-th request. */
async function listener(
  answer: (count: number) => number,
): Promise<{ url: string; told: Told[]; requests: () => number }> {
  const told: Told[] = [];
  let count = 0;
  const server = createServer((request, reply) => {
    let body = "";
    request.setEncoding("utf8").on("data", (text: string) => {
      body += text;
    });
    request.on("end", () => {
      const signed = `${request.headers["webhook-id"]}.${request.headers["webhook-timestamp"]}.${body}`;
      const want = `v1,${createHmac("sha256", SECRET).update(signed).digest("base64")}`;
      const status = answer(++count);
      if (status === 200 && request.headers["webhook-signature"] === want) told.push(JSON.parse(body));
      reply.writeHead(status).end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  onTestFinished(() => void server.close());
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, told, requests: () => count };
}

const SECRET = "a secret of sixteen bytes or more";

describe("the lifecycle webhook", () => {
  it("hears of start, pause and end, signed, and once more after a failure", async (context) => {
    needs(context, ...FENCE);
    const caller = callerNamed(names[0]);
    const cwd = caller.folder("work");
    const { url, told, requests } = await listener((count) => (count === 1 ? 503 : 200));
    const policy = policyFile(caller, { lifecycle: { webhook: url, secretEnv: "HOOK" } });
    const env = { HOOK: SECRET };
    const session = await startSession(caller, ["--policy", policy, "--", ...COUNTS], { cwd, env, ready: "count" });
    caller.ringfence(["sessions", "pause", session.id], { cwd });
    caller.ringfence(["sessions", "resume", session.id], { cwd });
    await until(() => (told.length >= 3 ? true : undefined));
    caller.ringfence(["sessions", "stop", session.id], { cwd });
    await session.ended;
    expect(told.map(({ type }) => type)).toEqual(
      ["started", "paused", "resumed", "ended"].map((event) => `lifecycle.${event}`),
    );
    expect(requests()).toBe(5);
    const data: Told["data"] = told.at(-1)?.data ?? {};
    const log = caller.ringfence(["log", "show", session.id], { cwd }).stdout;
    expect(data["root"]).toMatch(/^[0-9a-f]{64}$/);
    expect(data["size"]).toBe(log.trimEnd().split("\n").length);
    expect(log).toMatch(/lifecycle\.delivery +event=started result=delivered tries=2/);
  });

  it("delays nothing when it is gone, and an unaccepted file of the workspace names none", async (context) => {
    needs(context, ...FENCE);
    const caller = callerNamed(names[0]);
    const cwd = caller.folder("work");
    const { url, requests } = await listener(() => 200);
    caller.folder("work/.ringfence");
    writeFileSync(
      join(cwd, ".ringfence/policy.yaml"),
      JSON.stringify({ version: 1, lifecycle: { webhook: url, secretEnv: "HOOK" } }),
    );
    const env = { HOOK: SECRET };
    expect(caller.ringfence(["run", "--", "true"], { cwd, env }).status).toBe(0);
    expect(requests()).toBe(0);
    const dead = policyFile(caller, { lifecycle: { webhook: "http://127.0.0.1:9/", secretEnv: "HOOK" } });
    const plain = time(() => caller.ringfence(["run", "--", "true"], { cwd, env }));
    const told = time(() => caller.ringfence(["run", "--policy", dead, "--", "true"], { cwd, env }));
    expect(told.result.status).toBe(0);
    expect(told.result.stderr).toContain("did not take the session's end");
    expect(told.ms - plain.ms).toBeLessThan(1_500);
    const secretless = caller.ringfence(["run", "--policy", dead, "--", "true"], { cwd });
    expect(secretless).toMatchObject({ status: 125 });
  });
});

function time<T>(act: () => T): { readonly ms: number; readonly result: T } {
  const began = performance.now();
  const result = act();
  return { ms: performance.now() - began, result };
}
