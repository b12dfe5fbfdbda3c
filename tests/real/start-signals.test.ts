// A signal that comes before the command runs ends the start, also one that waits for somebody else: with 128+n, in words, and nothing is left.
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync } from "node:fs";
import { constants } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as sleep } from "node:timers/promises";
import { beforeEach, expect, it, onTestFinished } from "vitest";
import { ledgerPlaces, waitForLock } from "#audit";
import { exited } from "../support/fault-trace.ts";
import { checkout } from "../support/installation.ts";
import { until } from "../support/lifecycle-session.ts";
import { litterOf } from "../support/litter.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const PROGRAM = join(checkout, "scripts/start.cjs");

beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

it("ends a start that waits for the ledger", { timeout: 60_000 }, async () => {
  const bed = new Bed(tmp());
  expect((await bed.run().ended).status).toBe(0);
  const lock = await waitForLock(ledgerPlaces(join(bed.state, "ringfence")).dir, 5_000);
  onTestFinished(() => lock?.release());
  expect(lock).toBeDefined();
  for (const name of ["SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"] as const) {
    const { child, ended } = bed.run();
    const session = await until(() => bed.sessions()[0]);
    await sleep(300);
    const asked = performance.now();
    child.kill(name);
    const { status, stdout, stderr } = await ended;
    expect(status, `${name}: ${stderr}`).toBe(128 + constants.signals[name]);
    expect(stderr).toContain(`ringfence: ${name} came before the command ran and ended its start\nhint: `);
    expect(stdout).toBe("");
    expect(performance.now() - asked).toBeLessThan(10_000); // the wait for the ledger alone would be longer
    expect(litterOf(session, { state: bed.state, workspace: bed.workspace, expected: [] })).toEqual([]);
  }
  await lock?.release();
  expect(await bed.run().ended).toMatchObject({ status: 0, stdout: "ran\n" });
});

/** A caller's folders, and their `ringfence run`. */
class Bed {
  readonly state: string;
  readonly workspace: string;
  readonly #home: string;

  constructor(folder: string) {
    [this.state, this.workspace, this.#home] = ["state", "workspace", "home"].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    for (const path of [this.state, this.workspace, this.#home]) mkdirSync(path);
  }

  sessions(): readonly string[] {
    return readdirSync(join(this.state, "ringfence/sessions")).filter((name) => !name.startsWith("."));
  }

  run(): {
    readonly child: ReturnType<typeof spawn>;
    readonly ended: Promise<{ readonly status: number | null; readonly stdout: string; readonly stderr: string }>;
  } {
    const { PATH = "" } = process.env;
    const child = spawn(process.execPath, [PROGRAM, "run", "--", "echo", "ran"], {
      cwd: this.workspace,
      env: { PATH, HOME: this.#home, XDG_STATE_HOME: this.state },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const ended = Promise.all([exited(child), text(child.stdout), text(child.stderr)]).then(
      ([{ code: status }, stdout, stderr]) => ({ status, stdout, stderr }),
    );
    return { child, ended };
  }
}
