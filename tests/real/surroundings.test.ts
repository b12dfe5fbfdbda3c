// Where a person stands when they type `ringfence`: folders that are gone, states that cannot be kept, masks of their own, words that contradict each
// other. Every one is refused with the mend, or the run is what it would have been elsewhere.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { planFor, runPlan, stage } from "../support/fence.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

interface Surroundings {
  readonly work: string;
  readonly run: (script: string, env?: Readonly<Record<string, string>>) => readonly [number | null, string];
}

/** A work folder and a state folder; `run` is a shell there in which `$RF` is the program. */
function surroundings(): Surroundings {
  const folder = realpathSync(tmp());
  const work = join(folder, "work");
  mkdirSync(work);
  const run = (script: string, env: Readonly<Record<string, string>> = {}): readonly [number | null, string] => {
    const own = { PATH: process.env["PATH"] ?? "", RF: launcher, XDG_STATE_HOME: join(folder, "state"), ...env };
    const ended = spawnSync("sh", ["-c", script], { cwd: work, encoding: "utf8", env: own });
    return [ended.status, ended.stderr];
  };
  return { work, run };
}

test.for(["run -- true", "check -- ls", "policy lint", "review", "init --print", "doctor"])(
  "in a folder that is gone, `%s` says so",
  (words, context) => {
    needs(context, "helper");
    const { run } = surroundings();
    const [status, said] = run(`mkdir gone && cd gone && rmdir ../gone && exec "$RF" ${words}`);
    expect([status, said]).toEqual([125, expect.stringMatching(/the working directory is gone.*\nhint: /)]);
  },
);

test("a state folder below a file is refused", (context) => {
  needs(context, "helper");
  const { work, run } = surroundings();
  writeFileSync(join(work, "file"), "");
  const [status, said] = run('exec "$RF" run -- true', { XDG_STATE_HOME: join(work, "file") });
  expect([status, said]).toEqual([125, expect.stringMatching(/cannot be looked at \(ENOTDIR\)\nhint: /)]);
});

test("doctor goes to its end where no state can be kept", (context) => {
  needs(context, "userns", "bubblewrap", "helper", "root");
  const { run } = surroundings();
  const readOnly = 'mkdir s && mount -t tmpfs -o ro none s && XDG_STATE_HOME=$PWD/s exec "$RF" doctor >&2';
  const [status, said] = run(`exec unshare -m --propagation private sh -c '${readOnly}'`);
  expect([status, said]).toEqual([1, expect.stringContaining("not ready")]);
  expect(said).not.toContain("runs start");
});

test("what waits for review is not made live by a word beside it", (context) => {
  needs(context, "userns", "bubblewrap", "overlay", "helper");
  const { run } = surroundings();
  expect(run('exec "$RF" run --quiet --workspace direct -- true')[0]).toBe(0);
  const [status, said] = run('exec "$RF" run --workspace direct --apply ask -- true');
  expect([status, said]).toEqual([125, expect.stringMatching(/`apply: ask` holds every change.*\nhint: /)]);
});

test.for(["077", "002"])("the files of a session have the caller's umask, %s", (mask, context) => {
  needs(context, "userns", "bubblewrap", "overlay", "helper");
  const { work, run } = surroundings();
  chmodSync(work, 0o755);
  run(`umask ${mask}; echo >outside; exec "$RF" run --quiet -- sh -c 'echo >inside'`);
  expect(statSync(join(work, "inside")).mode).toBe(statSync(join(work, "outside")).mode);
});

test("the end of a command is heard, whatever its supervisor says at that moment", async (context) => {
  needs(context, "userns", "bubblewrap", "overlay", "helper");
  const at = stage(tmp());
  const { exit } = await runPlan(at, planFor(at, ["/bin/sh", "-c", "exit 7"]), {
    during: (fence) => {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 400); // nothing is read while the command ends
      fence.resized();
    },
  });
  expect(exit).toEqual({ code: 7 });
});
