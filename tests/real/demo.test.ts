// Deliver 7: the demo for people without an account. It must pass where the fence holds, fail where it does not, and leave nothing behind but the log.
import { execFile, spawnSync } from "node:child_process";
import { chownSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it } from "vitest";
import { demoFailures, demoScreen } from "../../src/cli/demo-screen.ts";
import { ACTS } from "../../src/monitor/demo/acts.ts";
import { judge, type Observation, parseClaims } from "../../src/monitor/demo/judge.ts";
import { openSink } from "../../src/monitor/demo/sink.ts";
import { type DemoReport, type Ended, runDemo } from "../../src/monitor/demo.ts";
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
      expect(left.filter((path) => !/^(log|keys)(\/|$)/.test(path) && path.includes("/"))).toEqual([]);
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

describe("the judge believes what it sees, not what it is told", () => {
  const nothing: Observation = {
    claims: [],
    secrets: { sshKey: "S", token: "T", customers: "C" },
    received: [],
    read: () => undefined,
    neighbourStands: true,
    held: [],
  };
  const act = (name: string): (typeof ACTS)[number] => {
    const found = ACTS.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no act ${name}`);
    return found;
  };
  const claim = (name: string, output: string, ok = true): Observation["claims"] => [
    { act: name, ok, status: ok ? 0 : 1, output },
  ];

  it.each([
    {
      name: "a post that the agent calls a failure, but that arrived",
      act: "post-curl",
      inside: { ...nothing, received: [{ way: "curl" }] },
    },
    {
      name: "a hook that the agent does not mention, but that stands",
      act: "git-hook",
      inside: { ...nothing, read: () => "curl" },
    },
    {
      name: "a secret that came out under another act's name",
      act: "ssh-key",
      inside: { ...nothing, claims: claim("run-tests", "xSx") },
    },
    {
      name: "a deletion that the agent calls a failure",
      act: "delete-outside",
      inside: { ...nothing, neighbourStands: false },
    },
  ])("$name", ({ act: name, inside }) => {
    const outside = {
      ...nothing,
      claims: claim(name, "S T C"),
      received: [{ way: "curl" }],
      read: () => "curl",
      neighbourStands: false,
    };
    expect(judge(act(name), outside, inside).result).toBe("fails");
    expect(judge(act(name), outside, nothing).result).toBe("holds");
  });

  it("a theft that the agent only boasts of is none", () => {
    const outside = { ...nothing, received: [{ way: "curl" }] };
    expect(judge(act("post-curl"), outside, { ...nothing, claims: claim("post-curl", "sent!") }).result).toBe("holds");
  });

  it("work that the agent only claims is not done", () => {
    const outside = { ...nothing, read: () => ".match(/[a-z0-9]+/g)" };
    expect(judge(act("edit-source"), outside, { ...nothing, claims: claim("edit-source", "fixed") }).result).toBe(
      "fails",
    );
  });

  it("a theft that does not even work outside proves nothing", () => {
    expect(judge(act("post-tcp"), nothing, nothing).result).toBe("fails");
    const missing = {
      ...nothing,
      claims: [{ act: "post-curl", ok: false, status: 127, output: "sh: 1: curl: not found" }],
    };
    expect(judge(act("post-curl"), missing, nothing)).toMatchObject({
      result: "skipped",
      inside: "skipped: sh: 1: curl: not found",
    });
  });

  it("reads only whole report lines", () => {
    const lines = [
      '{"act":"a","ok":true,"status":0,"output":"x"}',
      "noise",
      '{"act":"b","ok":tr',
      '{"act":7,"output":"x"}',
    ];
    expect(parseClaims(lines.join("\n"))).toEqual([{ act: "a", ok: true, status: 0, output: "x" }]);
  });
});

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

describe("the screen", () => {
  it("fits 40 lines of 100 columns and hides nothing, also with hostile names", () => {
    const findings = ACTS.map((act) => ({
      act,
      outside: "\u001b[2J".repeat(30),
      inside: "x".repeat(200),
      result: "fails" as const,
    }));
    const many = Array.from({ length: 500 }, (_, index) => `node_modules/\u202e${index}/a-long-name-of-a-file.js`);
    const report: DemoReport = {
      findings,
      applied: many,
      held: many,
      leaked: 2,
      session: "20261125-120000-abcdef",
      leftBehind: true,
      log: { holds: false, words: "\u0007".repeat(200) },
      note: "n\u001b",
    };
    const screen = demoScreen(report, { color: false });
    expect(screen).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
    expect(screen).toContain("and 49");
    expect(Math.max(...screen.split("\n").map((line) => line.length))).toBeLessThanOrEqual(140);
  });
});
