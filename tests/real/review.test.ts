// What waits after a session, and what a person does with it: by path and whole, twice, and after a supervisor that was killed in between.
import { spawn } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn, type Ended } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

interface Bench {
  readonly caller: Caller;
  readonly root: string;
  outside(script: string): string;
  inside(script: string): string;
  ringfence(...args: readonly string[]): Ended;
}

function bench(setUp: string): Bench {
  const caller = callersIn(tmp())[0] as Caller;
  const root = caller.folder("project");
  const outside = (script: string): string => caller.outside(["bash", "-ec", script], { cwd: root }).stdout;
  outside(setUp);
  return {
    caller,
    root,
    outside,
    inside: (script) => caller.ringfence(["run", "--", "bash", "-ec", script], { cwd: root }).stderr,
    ringfence: (...args) => caller.ringfence(args, { cwd: root }),
  };
}

describe("review, apply, discard", () => {
  it("apply by path brings the file and the folders it stands in; the rest is discarded", (context) => {
    needs(context, "userns", "overlay", "helper");
    const { inside, outside, ringfence } = bench("echo a >a");
    inside(
      "mkdir -p .github/workflows .vscode; echo 1 >.github/workflows/a.yml; echo 2 >.github/workflows/b.yml; echo 3 >.vscode/x; echo b >a",
    );
    expect(outside("ls -A; cat a")).toBe("a\nb\n");
    expect(ringfence("review").stdout).toContain("held   new  .github/workflows/a.yml");
    expect(ringfence("apply", "./.github/workflows/a.yml").status).toBe(0);
    expect(outside("find .github -type f; ls -A")).toBe(".github/workflows/a.yml\n.github\na\n");
    expect(ringfence("apply", "nope").status).not.toBe(0);
    expect(ringfence("discard", ".github").stdout).toContain("2 left");
    expect(ringfence("apply", ".vscode").stdout).toContain("nothing left");
    expect(ringfence("apply", ".vscode").stderr).toContain("no session waits");
    expect(outside("find .github .vscode -type f")).toBe(".github/workflows/a.yml\n.vscode/x\n");
  });

  it("unnamed, a session is one of the folder one stands in: another project's is never thrown away", (context) => {
    needs(context, "userns", "overlay", "helper");
    const { inside, caller, ringfence } = bench("echo a >a");
    inside("mkdir .vscode; echo 1 >.vscode/x");
    const elsewhere = caller.ringfence(["discard"], { cwd: caller.folder("other") });
    expect(elsewhere).toMatchObject({ status: 65, stdout: "" });
    expect(elsewhere.stderr).toMatch(/no session waits for review in this folder\nhint: waiting: \S+ \(\S+project\)/);
    expect(ringfence("discard").stdout).toContain("discarded 2 changes of");
  });

  it("apply --all never makes a pipe, and says so each time", () => {
    const { inside, outside, ringfence } = bench("true");
    inside("mkfifo pipe; ln -s /etc/passwd out; echo x >CLAUDE.md");
    const first = ringfence("apply", "--all");
    expect(first.stdout).toContain("refused  pipe  (special-file)");
    expect(first.status).toBe(1);
    expect(ringfence("apply", "--all").stdout).toContain("refused  pipe  (special-file)");
    expect(outside("ls -A")).toBe("CLAUDE.md\nout\n");
    expect(ringfence("discard").stdout).toContain("discarded 1");
  });

  it("what the host changed since is overwritten only by its own name", () => {
    const { caller, root, outside, ringfence } = bench("mkdir d e s; echo a | tee d/g e/g s/h f >/dev/null; ln -s f l");
    const agent = "echo agent | tee d/g s/h f >/dev/null; ln -sfn d l";
    caller.ringfence(["run", "--apply", "ask", "--", "sh", "-c", agent], { cwd: root });
    outside("echo person >s/h; ln -sfn e l; mv d d.own; ln -s e d");
    const all = ringfence("apply", "--all");
    expect(all.status).toBe(1);
    for (const path of ["d", "l", "s/h"]) expect(all.stdout).toContain(`refused  ${path}  (host-moved)`);
    expect(outside("cat f s/h e/g; readlink l d")).toBe("agent\nperson\na\ne\ne\n");
    expect(ringfence("apply", "s").stdout).toContain("refused  s/h  (host-moved)");
    expect(ringfence("apply", "s/h", "l", "d").stdout).toContain("nothing left");
    expect(outside("cat s/h d/g e/g; readlink l")).toBe("agent\nagent\na\nd\n");
  });

  it("a discard stays in the session's layer, whatever the agent put in a folder's place", () => {
    const { caller, inside, outside, ringfence } = bench("mkdir d; echo a >d/x; echo a >d/y");
    const elsewhere = caller.folder("elsewhere");
    writeFileSync(join(elsewhere, "x"), "mine\n");
    inside(`rm -r d; ln -s ${elsewhere} d`);
    expect(ringfence("discard", "d").stdout).toContain("discarded");
    expect(readFileSync(join(elsewhere, "x"), "utf8")).toBe("mine\n");
    expect(outside("cat d/x")).toBe("a\n");
  });

  it("a Python environment and linked programs of packages come back whole", (context) => {
    needs(context, "python3");
    const { inside, outside } = bench("true");
    const told = inside(
      "python3 -m venv --without-pip .venv; mkdir -p node_modules/.bin node_modules/x; echo '#!/bin/sh\necho ran' >node_modules/x/c; chmod +x node_modules/x/c; ln -s ../x/c node_modules/.bin/x",
    );
    expect(told).toContain("0 held");
    expect(outside(".venv/bin/python -c 'print(1)'; node_modules/.bin/x")).toBe("1\nran\n");
  });

  it("keeps what the host changed meanwhile", () => {
    const { caller, inside, outside, ringfence, root } = bench("echo a >f; echo a >g");
    const told = inside(`echo agent >f; echo agent >g; touch /tmp/done`);
    expect(told).toContain("2 applied");
    outside("echo person >f");
    expect(caller.ringfence(["run", "--", "true"], { cwd: root }).status).toBe(0);
    expect(outside("cat f g")).toBe("person\nagent\n");
    expect(ringfence("review").stderr).toContain("no session waits");
  });

  it("an apply that was killed is finished by the next look, and nothing of ours stays in the workspace", async () => {
    const { caller, outside, ringfence, root } = bench("mkdir big; for i in $(seq 1500); do echo $i >big/$i; done");
    const sessions = join(caller.state, "ringfence/sessions");
    const script = "for i in $(seq 1500); do echo x$i >big/$i; done; echo n >new";
    const child = spawn(launcher, ["run", "--", "bash", "-c", script], { cwd: root, env: caller.env, stdio: "ignore" });
    const ended = new Promise((resolve) => child.once("close", resolve));
    const isApplying = (): boolean =>
      existsSync(sessions) && readdirSync(sessions).some((id) => existsSync(join(sessions, id, "journal.json")));
    while (child.exitCode === null && !isApplying()) await setTimeout(1);
    child.kill("SIGKILL");
    await ended;
    ringfence("review");
    expect(outside("find . -name '.ringfence*'; cat big/* | grep -c x; cat new")).toBe("1500\nn\n");
    expect(ringfence("review").stderr).toContain("no session waits");
  });
});
