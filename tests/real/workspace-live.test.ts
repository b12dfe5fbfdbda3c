// `apply: live`: what is clean comes while the agent works, what a person edited meanwhile stays theirs, the agent's own view never changes under
// it, and whatever ends the session early, nothing comes twice or half.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { workspaceBench } from "../support/workspace-bench.ts";

const oneCaller = (): Caller => callersIn(tmp()).at(-1) as Caller;

/** Waits for the host to be so. */
async function until(holds: () => boolean): Promise<void> {
  for (let left = 1_600; left > 0 && !holds(); left--) await setTimeout(25);
  expect(holds()).toBe(true);
}

const text = (file: string): string => (existsSync(file) ? readFileSync(file, "utf8") : "");

// The agent waits for the host's next step by a file that is live in both worlds.
const wait = (file: string): string => `until [ -e ${file} ]; do sleep 0.05; done`;

describe.each(["overlay", "clone", "worktree"])("apply: live, workspace: %s", (kind) => {
  it("brings, changes, renames and takes back while the session goes on, and keeps the agent's view", async (context) => {
    needs(context, "userns", "overlay", "helper", "git");
    const caller = oneCaller();
    const bench = workspaceBench(caller, "mkdir d; echo k >d/k; git add d; git commit -qm d");
    const go = caller.folder("go");
    const at = (name: string): string => text(join(bench.root, name));
    const step = (name: string): void => writeFileSync(join(go, name), "");
    const { applied, held, out } = await bench.insideWhile(
      ["--workspace", kind, "--apply", "live", "--allow-write", go],
      `echo one >f1; mkdir new; echo n >new/n; echo t >temporary; echo ready
       ${wait(`${go}/1`)}; echo two >f1; mv temporary moved; rm new/n; rm -r d; git checkout -q f2 2>/dev/null || true; echo x >f2; ls; ls new
       ${wait(`${go}/2`)}; git checkout -q f2; rm moved; ls; ls new; echo mine >f3
       ${wait(`${go}/3`)}; echo again >f3; echo last >late; ls`,
      async () => {
        await until(() => at("f1") === "one\n" && at("new/n") === "n\n" && at("temporary") === "t\n");
        step("1");
        await until(
          () =>
            at("f1") === "two\n" &&
            at("moved") === "t\n" &&
            !existsSync(join(bench.root, "temporary")) &&
            !existsSync(join(bench.root, "d/k")) &&
            !existsSync(join(bench.root, "new/n")) &&
            at("f2") === "x\n",
        );
        step("2");
        await until(() => at("f2") === "2\n" && !existsSync(join(bench.root, "moved")) && at("f3") === "mine\n");
        writeFileSync(join(bench.root, "f3"), "person\n");
        writeFileSync(join(bench.root, "f1"), "person\n");
        step("3");
      },
    );
    expect(out.split("ready\n")[1]).toBe("f1\nf2\nf3\nmoved\nnew\nf1\nf2\nf3\nnew\nf1\nf2\nf3\nlate\nnew\n");
    expect(held).toEqual({ f3: "host-moved" });
    expect(applied).toEqual(expect.arrayContaining(["f1", "new", "late"]));
    expect(bench.outside("cat f1 f2 f3 late")).toBe("person\n2\nperson\nlast\n");
    const records = caller.ringfence(["log", "show", "last"], { cwd: bench.root }).stdout;
    expect(records).toContain("live=true");
    expect(caller.ringfence(["log", "verify"], { cwd: bench.root }).status).toBe(0);
    bench.ringfence("discard");
  });

  it("holds what is held at an end, and leaves git's own data for it", async () => {
    const bench = workspaceBench(
      oneCaller(),
      "for i in $(seq 40); do echo $i >n$i; done; git add .; git commit -qm many",
    );
    const { held, applied } = await bench.insideWhile(
      ["--workspace", kind, "--apply", "live"],
      "echo v >f1; mkdir .vscode node_modules; echo 1 >.vscode/tasks.json; echo p >node_modules/p; ln -s /etc/passwd out; git add f1; git commit -qm in; rm n?; echo ready; sleep 2; rm n1?; sleep 2; rm n2?; sleep 2",
      async () => {
        await until(() => text(join(bench.root, "f1")) === "v\n");
        expect(bench.outside("git log -1 --format=%s; test ! -e node_modules; test ! -e .vscode")).toBe("many\n");
      },
    );
    expect(held).toMatchObject({ ".vscode/tasks.json": "protected-path", out: "link-out" });
    // A little at a time is a mass, too.
    expect(Object.values(held)).toContain("mass-deletion");
    expect(applied).toContain("node_modules/p");
    expect(bench.outside("git for-each-ref --format='%(subject)' | grep -c '^in$'")).toBe("1\n");
    bench.ringfence("discard");
  });
});

describe("apply: live, ended early", () => {
  it("a limit holds the rest, and what came stays", async () => {
    const bench = workspaceBench(oneCaller(), "true");
    const { held, applied, status } = await bench.insideWhile(
      ["--apply", "live", "--timeout", "4s"],
      "echo a >a; echo ready; sleep 3; while :; do echo b >>b; sleep 0.05; done",
      () => until(() => text(join(bench.root, "a")) === "a\n"),
    );
    expect({ status, held, applied }).toEqual({ status: 124, held: { b: "stopped-by-timeout" }, applied: ["a"] });
  });

  it("a killed supervisor leaves whole files; the rest waits, and nothing comes twice", async () => {
    const caller = oneCaller();
    const bench = workspaceBench(caller, "true");
    const sessions = join(caller.state, "ringfence/sessions");
    const isApplying = (): boolean =>
      existsSync(sessions) && readdirSync(sessions).some((id) => existsSync(join(sessions, id, "journal.json")));
    await bench.insideWhile(
      ["--apply", "live"],
      "mkdir many; for i in $(seq 1500); do echo x$i >many/$i; done; echo ready; sleep 20",
      async (kill) => {
        for (let left = 8_000; left > 0 && !isApplying(); left--) await setTimeout(1);
        kill();
      },
    );
    const came = Number(bench.outside("ls many 2>/dev/null | wc -l"));
    bench.ringfence("review");
    expect(
      Number(bench.outside("cat many/* | grep -c '^x[0-9]*$'; ls -A many | grep -c ringfence || true").split("\n")[0]),
    ).toBeGreaterThanOrEqual(came);
    bench.ringfence("apply", "--all");
    expect(bench.outside("cat many/* | sort -u | wc -l; ls -A | grep -c ringfence || true")).toBe("1500\n0\n");
    bench.outside("echo person >many/1");
    expect(bench.ringfence("review").stderr).toContain("no session waits");
    expect(bench.outside("cat many/1")).toBe("person\n");
  });

  it("an agent that makes a folder a link while it is read brings nothing of what the link leads to", async () => {
    const caller = oneCaller();
    const secret = join(caller.folder("secret"), "key");
    writeFileSync(secret, "SECRET\n");
    const bench = workspaceBench(caller, "mkdir swap; echo s >swap/s; git add swap; git commit -qm s");
    await bench.insideWhile(
      ["--apply", "live"],
      `mkdir -p swap; echo decoy >swap/key; echo ready; end=$((SECONDS + 7))
       while [ $SECONDS -lt $end ]; do mv swap aside; ln -s ${caller.folder("secret")} swap; rm swap; mv aside swap; touch swap/key; done 2>/dev/null; exit 0`,
      () => setTimeout(100),
    );
    expect(bench.outside("grep -rl SECRET . || true; readlink swap || true")).toBe("");
  });
});
