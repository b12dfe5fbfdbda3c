// `kill -9` of a session's supervisor at any moment, while its command writes, says and connects: whatever had an effect is on record, no
// log is thought to be tampered with, the next session goes on, and nothing is left behind. 8 kills here; `SLOW=1` does 200. A failure is
// repeated with `KILL_SEED`.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { beforeEach, expect, it } from "vitest";
import { readLog, sessionPlaces } from "#audit";
import type { LogRecord } from "#core/log";
import { type Caller, callersIn } from "../support/caller.ts";
import { exited } from "../support/fault-trace.ts";
import { checkout } from "../support/installation.ts";
import { processesOf, sleep, until } from "../support/lifecycle-session.ts";
import { litterOf } from "../support/litter.ts";
import { needs } from "../support/needs.ts";
import { randomFrom } from "../support/random.ts";
import { tmp } from "../support/tmp.ts";

const PROGRAM = join(checkout, "scripts/start.cjs");
const KILLS = process.env["SLOW"] === "1" ? 200 : 8;
const SEED = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);

/** Says that it runs, then writes and asks a host, again and again. */
const WORK = `echo ran
for i in 1 2 3 4 5 6; do
  echo $i > made$i
  { exec 3<>/dev/tcp/127.0.0.1/3128; printf 'GET http://ok.test:%s/%s HTTP/1.1\\r\\nHost: ok.test:%s\\r\\nConnection: close\\r\\n\\r\\n' $0 $1 $0 >&3; cat <&3; } 2>&1 >/dev/null
  (setsid sleep 30 &)
done`;

const EXPECTED = ["keep", ...Array.from({ length: 6 }, (_, at) => `made${at + 1}`)];

beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

it("after kill -9 of the supervisor every effect is on record and nothing is left", {
  timeout: 3_600_000,
}, async () => {
  const caller = callersIn(tmp())[0] as Caller;
  const arrived = new Map<string, number>();
  const server = createServer((request, response) => {
    arrived.set(request.url ?? "", (arrived.get(request.url ?? "") ?? 0) + 1);
    response.end("ok");
  });
  const port = await listening(server);
  expect(caller.ringfence(["run", "--", "true"], { cwd: caller.folder("first") }).status).toBe(0);
  const random = randomFrom(SEED);
  const tally = { "not begun": 0, "did not run": 0, ran: 0, connected: 0, applied: 0 };
  for (let count = 0; count < KILLS; count += 1) {
    const cwd = caller.folder(`work${count}`);
    writeFileSync(join(cwd, "keep"), "");
    // Every second one from the command's first word on: on a busy machine most of the others come before it.
    const isLate = count % 2 === 1;
    const after = isLate ? random() * 900 : 150 + random() * 1_650;
    const { session, stdout } = await killOne(caller, { cwd, port, path: `${count}`, isLate, after });
    const label = `kill ${count} of seed ${SEED}, session ${session}`;
    if (session === undefined) {
      tally["not begun"] += 1;
      continue;
    }
    await until(() => (processesOf(session).length === 0 ? true : undefined)).catch(() => undefined);
    expect(processesOf(session), label).toEqual([]);
    const records = recordsOf(caller, session);
    const has = (type: string): number => records.filter((record) => record.type === type).length;
    const connected = arrived.get(`/${count}`) ?? 0;
    const applied = existsSync(join(cwd, "made1"));
    if (stdout.includes("ran")) expect(has("exec.start"), label).toBeGreaterThanOrEqual(1);
    if (applied) expect(has("diff"), label).toBe(1);
    expect(has("net.connect"), label).toBeGreaterThanOrEqual(connected);
    tally[stdout.includes("ran") ? "ran" : "did not run"] += 1;
    if (connected > 0) tally.connected += 1;
    if (applied) tally.applied += 1;
    const clean = caller.ringfence(["sessions", "clean", "--json"], { cwd });
    expect(clean.status, `${label}\n${clean.stdout}${clean.stderr}`).toBe(0);
    expect(litterOf(session, { state: caller.state, workspace: cwd, expected: EXPECTED }), label).toEqual([]);
    if (count % 10 !== 0) continue;
    expect(caller.ringfence(["run", "--", "true"], { cwd }).status, label).toBe(0);
    expect(badLogs(caller), label).toEqual([]);
  }
  server.close();
  expect(badLogs(caller)).toEqual([]);
  process.stdout.write(`supervisors killed, seed ${SEED}: ${JSON.stringify(tally)}\n`);
});

async function killOne(
  caller: Caller,
  how: { cwd: string; port: number; path: string; isLate: boolean; after: number },
): Promise<{ session: string | undefined; stdout: string }> {
  const sessions = join(caller.state, "ringfence/sessions");
  const before = new Set(list(sessions));
  const allow = ["--allow-domain", `ok.test:${how.port}=127.0.0.1/32`];
  const run = ["run", "--quiet", ...allow, "--", "bash", "-c", WORK, `${how.port}`, how.path];
  const [file = "", ...rest] = caller.as([process.execPath, PROGRAM, ...run]);
  const child = spawn(file, rest, { cwd: how.cwd, env: { ...caller.env }, stdio: ["ignore", "pipe", "ignore"] });
  const over = Promise.all([text(child.stdout), exited(child)]);
  if (how.isLate) await Promise.race([once(child.stdout, "data"), over]);
  await sleep(how.after);
  const session = list(sessions).find((name) => !before.has(name));
  child.kill("SIGKILL");
  const [stdout] = await over;
  return { session: session ?? list(sessions).find((name) => !before.has(name)), stdout };
}

function recordsOf({ state }: Caller, session: string): readonly LogRecord[] {
  const { dir } = sessionPlaces(join(state, "ringfence"), session);
  if (list(join(dir, "log")).length === 0) return [];
  return [...readLog(dir)].flatMap(({ record }) => (record === undefined ? [] : [record]));
}

/** Logs that verify does not believe in. A killed session's is whole as far as it goes. */
function badLogs(caller: Caller): readonly string[] {
  const { stdout } = caller.ringfence(["log", "verify", "--json"], { cwd: caller.home });
  const { logs } = JSON.parse(stdout) as { logs: readonly { name: string; verdict: string; exit: number }[] };
  return logs.filter(({ exit }) => exit !== 0).map(({ name, verdict }) => `${name}: ${verdict}`);
}

function listening(server: Server): Promise<number> {
  return new Promise((resolve) => {
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : 0);
    });
  });
}

function list(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder) : [];
}
