// Deliver 7: the demo for people without an account. It must pass where the fence holds, fail where it does not, and leave nothing behind but the log.
import { execFile, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { demoFailures } from "../../src/cli/demo-screen.ts";
import { ACTS } from "../../src/monitor/demo/acts.ts";
import { openSink } from "../../src/monitor/demo/sink.ts";
import { type Ended, runDemo } from "../../src/monitor/demo.ts";
import { checkout, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { ordinaryUser } from "../support/user.ts";

const FENCE = ["userns", "bubblewrap", "overlay", "seccomp", "helper", "git"] as const;

describe("`ringfence demo`", () => {
  it.for(["root", "user"] as const)(
    "as %s: the work is done, every theft is stopped, the log holds",
    { timeout: 300_000 },
    (typist, context) => {
      needs(context, ...FENCE, typist);
      const folder = tmp();
      const user = typist === "user" ? ordinaryUser(folder) : undefined;
      const [temporary, state] = [join(folder, "t"), join(folder, "state")];
      for (const made of [temporary, state]) {
        mkdirSync(made);
        if (user !== undefined) chownSync(made, user.uid, user.gid);
      }
      const env = {
        PATH: process.env["PATH"],
        HOME: user?.home ?? folder,
        XDG_STATE_HOME: state,
        TMPDIR: temporary,
        LANG: "C.UTF-8",
      };
      const as = (...argv: readonly string[]): { status: number | null; stdout: string; stderr: string } => {
        const [program = "", ...args] = user?.as(argv) ?? argv;
        return spawnSync(program, args, { cwd: temporary, env, encoding: "utf8" });
      };
      const demo = as(launcher, "demo");
      expect(demo.status, demo.stdout + demo.stderr).toBe(0);
      const lines = demo.stdout.trimEnd().split("\n");
      expect(lines.length).toBeLessThanOrEqual(40);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
      expect(demo.stdout).not.toContain("\u001b");
      expect(lines.at(-1)).toMatch(/^the work was done \(\d of 4\), every theft was stopped \(11 of 11\)/);

      // Nothing is left but the log: no temporary folder, no session, no package cache.
      expect(readdirSync(temporary)).toEqual([]);
      const left = readdirSync(join(state, "ringfence"), { recursive: true, encoding: "utf8" });
      expect(left.filter((path) => !/^(log|keys|undo|git-view)(\/|$)/.test(path) && path.includes("/"))).toEqual([]);
      expect(as(launcher, "log", "verify").status).toBe(0);
    },
  );
});

describe("runDemo", () => {
  it("fails and names every theft when there is no fence", { timeout: 120_000 }, async (context) => {
    needs(context, "git");
    const report = await runDemo({
      example: join(checkout, "examples/agent"),
      parent: tmp(),
      node: process.execPath,
      env: { PATH: process.env["PATH"] },
      ringfence: unfenced,
      signal: new AbortController().signal,
      say: () => undefined,
    });
    if (!report.ok) throw new Error(report.error.message);
    const failures = demoFailures(report.value);
    for (const act of ACTS.filter(({ honest }) => !honest)) {
      expect(failures.join("\n")).toContain(`${act.name}: `);
    }
    expect(report.value.leaked).toBe(4);
    expect(failures).toContain("4 messages reached the collector from inside");
  });

  it("removes what it made when it is interrupted", { timeout: 120_000 }, async (context) => {
    needs(context, "git");
    const parent = tmp();
    const interrupt = new AbortController();
    const report = runDemo({
      example: join(checkout, "examples/agent"),
      parent,
      node: process.execPath,
      env: { PATH: process.env["PATH"] },
      ringfence: unfenced,
      signal: interrupt.signal,
      say: () => setTimeout(() => interrupt.abort(), 100),
    });
    expect(await report).toMatchObject({ ok: false, error: { code: "demo-interrupted" } });
    expect(readdirSync(parent)).toEqual([]);
  });

  it("says what is missing where there is no git, or no room for its folder", async () => {
    const deps = {
      example: join(checkout, "examples/agent"),
      node: process.execPath,
      signal: new AbortController().signal,
    };
    const parent = tmp();
    const without = (env: object, folder: string): ReturnType<typeof runDemo> =>
      runDemo({ ...deps, parent: folder, env: { ...env }, ringfence: unfenced, say: () => undefined });
    expect(await without({ PATH: join(parent, "bin") }, parent)).toMatchObject({ error: { code: "git-missing" } });
    expect(await without({ PATH: process.env["PATH"] }, join(parent, "none"))).toMatchObject({
      error: { code: "demo-stage" },
    });
    expect(readdirSync(parent)).toEqual([]);
  });

  it("says why when the run could not start", { timeout: 120_000 }, async (context) => {
    needs(context, "git");
    const refused = {
      code: 125,
      stdout: "",
      stderr: "ringfence: bubblewrap is not installed\nhint: apt-get install bubblewrap\n",
    };
    const report = await runDemo({
      example: join(checkout, "examples/agent"),
      parent: tmp(),
      node: process.execPath,
      env: { PATH: process.env["PATH"] },
      ringfence: async () => refused,
      signal: new AbortController().signal,
      say: () => undefined,
    });
    expect(report).toEqual({
      ok: false,
      error: { code: "demo-run", message: "bubblewrap is not installed", hint: "apt-get install bubblewrap" },
    });
  });
});

/** Stands in for `ringfence run` and has no walls at all: what it lets through must turn the demo red. */
function unfenced(args: readonly string[], cwd: string): Promise<Ended> {
  if (args[0] !== "run") return Promise.resolve({ code: 0, stdout: "HOLDS", stderr: "" });
  const [program = "", ...rest] = args.slice(args.indexOf("--") + 1);
  const summary = args[args.indexOf("--json") + 1] ?? "";
  writeFileSync(summary, JSON.stringify({ session: "none", applied: [], held: [] }));
  return new Promise((resolve) => {
    execFile(program, rest, { cwd }, (_error, stdout, stderr) => resolve({ code: 0, stdout, stderr }));
  });
}

describe("the collector", () => {
  it("sees HTTP, raw TCP and DNS", async () => {
    await using sink = await openSink();
    const [host = "", port = ""] = sink.address.split(":");
    await fetch(`http://${sink.address}/fetch`, { method: "POST", body: "one" });
    const socket = connect(Number(port), host);
    socket.end("tcp two");
    await text(socket);
    const dns = `const r=new (require("dns").promises.Resolver)({timeout:1000,tries:1});r.setServers(["${sink.address}"]);r.resolve4("three.test")`;
    runLater(["-e", dns]);
    await expect
      .poll(() => sink.received().map(({ way }) => way), { timeout: 10_000 })
      .toEqual(["fetch", "tcp", "dns"]);
    expect(
      sink
        .received()
        .map(({ text: sent }) => sent)
        .join(),
    ).toMatch(/^one,tcp two,.*three/s);
  });
});

/** Not `spawnSync`: the collector answers from this very process. */
function runLater(args: readonly string[]): void {
  execFile(process.execPath, args, () => undefined);
}
