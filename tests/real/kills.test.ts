// `kill -9` of any process of a session at any moment (I16): nothing is left after the janitor, the workspace holds no trace, and the log verifies.
// 15 kills here; `SLOW=1` does 200. The moments come from a seed that is printed, so that a failure can be repeated with `KILL_SEED`.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { processesOf, sleep, until } from "../support/lifecycle-session.ts";
import { litterOf } from "../support/litter.ts";
import { needs } from "../support/needs.ts";
import { randomFrom } from "../support/random.ts";
import { tmp } from "../support/tmp.ts";

const names = process.getuid?.() === 0 ? (["root", "user"] as const) : (["user"] as const);
const KILLS = process.env["SLOW"] === "1" ? 200 : 15;
const SEED = Number(process.env["KILL_SEED"] ?? Date.now() % 1_000_000);

/** Writes, starts children of its own, and ends after about half a second: starts, runs, applies and ends are all hit. */
const WORK =
  "for i in 1 2 3 4 5 6 7 8; do echo $i >a$i; mkdir -p d; head -c 100000 /dev/zero >d/b$i; (setsid sleep 30 &) ; sleep 0.05; done";

const EXPECTED = ["keep", "d", ...Array.from({ length: 8 }, (_, at) => `a${at + 1}`)];

interface Killed {
  readonly session: string | undefined;
  readonly what: string;
}

/** One run, one kill; the whole tree below the launcher is the choice. */
async function killOne(caller: Caller, cwd: string, random: () => number): Promise<Killed> {
  const sessions = join(caller.state, "ringfence/sessions");
  const before = new Set(list(sessions));
  const [file = "", ...rest] = caller.as([launcher, "run", "--quiet", "--", "sh", "-c", WORK]);
  const child = spawn(file, rest, { cwd, env: { ...caller.env }, stdio: "ignore" });
  const over = new Promise((done) => child.once("close", done));
  await sleep(50 + random() * 1_800);
  const victim = choose(child, random);
  if (victim !== undefined) kill(victim.pid);
  const session = list(sessions).find((name) => !before.has(name));
  // A session whose agent alone was killed ends by itself.
  await Promise.race([over, sleep(20_000)]);
  child.kill("SIGKILL");
  return { session, what: victim?.name ?? "nothing, it was over" };
}

function choose(
  child: ChildProcess,
  random: () => number,
): { readonly pid: number; readonly name: string } | undefined {
  const all = descendants(child.pid ?? 0);
  // Not the launcher's own wrapper of the test (unshare, sh, setpriv become the launcher).
  const living = all.filter(({ name }) => name !== "");
  return living[Math.floor(random() * living.length)];
}

function descendants(root: number): readonly { readonly pid: number; readonly name: string }[] {
  const all = list("/proc").flatMap((name) => {
    if (!/^\d+$/.test(name)) return [];
    try {
      const stat = readFileSync(`/proc/${name}/stat`, "latin1");
      const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
      return [{ pid: Number(name), parent, name: stat.slice(stat.indexOf("(") + 1, stat.lastIndexOf(")")) }];
    } catch {
      return [];
    }
  });
  const below = new Set([root]);
  for (let grown = true; grown; ) {
    grown = false;
    for (const { pid, parent } of all) {
      if (!below.has(parent) || below.has(pid)) continue;
      below.add(pid);
      grown = true;
    }
  }
  return all.filter(({ pid }) => below.has(pid));
}

function kill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // it has ended meanwhile
  }
}

describe.each(names)(`after kill -9, caller %s`, (name) => {
  it("nothing is left, the workspace holds no trace, and the log verifies", { timeout: 3_600_000 }, async (context) => {
    needs(context, "userns", "bubblewrap", "helper");
    const caller = callersIn(tmp()).find((one) => one.name === name);
    if (caller === undefined) throw new Error(`no caller ${name}`);
    const random = randomFrom(SEED);
    // One run undisturbed: set-up is done, and the caches are warm.
    expect(caller.ringfence(["run", "--", "true"], { cwd: caller.folder("first") }).status).toBe(0);
    const killed: string[] = [];
    for (let count = 0; count < KILLS / names.length; count++) {
      const cwd = caller.folder(`work${count}`);
      writeFileSync(join(cwd, "keep"), "as it was\n");
      const { session, what } = await killOne(caller, cwd, random);
      const label = `kill ${count} of seed ${SEED}: ${what}, session ${session ?? "not begun"}`;
      killed.push(what);
      if (session === undefined) continue;
      await until(() => (processesOf(session).length === 0 ? true : undefined)).catch(() => undefined);
      expect(processesOf(session), label).toEqual([]); // at once, before anybody cleans
      const clean = caller.ringfence(["sessions", "clean", "--json"], { cwd });
      expect(clean.status, `${label}\n${clean.stdout}${clean.stderr}`).toBe(0);
      expect(litterOf(session, { state: caller.state, workspace: cwd, expected: EXPECTED }), label).toEqual([]);
      expect(readFileSync(join(cwd, "keep"), "utf8")).toBe("as it was\n");
      const verify = caller.ringfence(["log", "verify", session], { cwd });
      // 0: whole and closed; 2: whole as far as it goes, and it says that nobody closed it; 3 with no log at all: the kill came before the first record.
      const began = list(join(caller.state, "ringfence/log/sessions")).includes(session);
      if (began) expect([0, 2], `${label}\n${verify.stdout}${verify.stderr}`).toContain(verify.status);
      if (count % 10 === 0) caller.ringfence(["discard", session], { cwd });
    }
    process.stdout.write(`killed as ${name}, seed ${SEED}: ${tally(killed)}\n`);
  });
});

function tally(all: readonly string[]): string {
  const counts = new Map<string, number>();
  for (const one of all) counts.set(one, (counts.get(one) ?? 0) + 1);
  return [...counts].map(([what, count]) => `${what} ${count}`).join(", ");
}

function list(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
