// The built program as hooks meet it: the first hook starts the host, every call is on record before its answer, and whatever is broken on the way is a no.
import { execFileSync } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { dialectOf } from "#hooks";
import { type HookEnd, runHook, writeLauncher } from "../support/hook-bed.ts";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

interface Bed {
  readonly home: string;
  readonly workspace: string;
  /** What Claude Code sends before it runs a shell command. */
  event(command: string, session?: string): string;
  hook(input: string, argv?: readonly [string, ...string[]]): Promise<HookEnd>;
  verdict(command: string, session?: string): Promise<string>;
  ringfence(...args: readonly string[]): string;
  policy(text: string): void;
  /** The sessions of agents, without the fences that their commands ran in. */
  sessions(): readonly string[];
  records(
    session: string,
  ): readonly { readonly type: string; readonly origin: string; readonly data: Record<string, unknown> }[];
}

/** Shell commands of an agent outside run in a fence, so that every host here makes one. */
const FENCE = ["helper", "userns", "bubblewrap", "seccomp"] as const;

const NATIVE = [helperPath, "hook", "claude-code"] as const;

function bed(): Bed {
  const folder = tmp();
  const [home, workspace] = [join(folder, "state"), join(folder, "project")];
  for (const made of [home, join(workspace, ".ringfence")]) mkdirSync(made, { recursive: true });
  const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: home };
  const ringfence = (...args: readonly string[]): string =>
    execFileSync(launcher, args, { cwd: workspace, env, encoding: "utf8" });
  onTestFinished(() => void ringfence("host", "--stop"));
  const event = (command: string, session = "s1"): string =>
    JSON.stringify({
      session_id: session,
      transcript_path: "/dev/null",
      cwd: workspace,
      hook_event_name: "PreToolUse",
      permission_mode: "default",
      tool_name: "Bash",
      tool_input: { command },
      tool_use_id: "t1",
    });
  const hook = (input: string, argv: readonly [string, ...string[]] = NATIVE): Promise<HookEnd> =>
    runHook([...argv], { input, env, cwd: workspace });
  const records: Bed["records"] = (session) => JSON.parse(ringfence("log", "show", "--json", session)).records;
  return {
    home,
    workspace,
    event,
    hook,
    ringfence,
    verdict: async (command, session) => {
      const { code, out, err } = await hook(event(command, session));
      const said = JSON.parse(out).hookSpecificOutput?.permissionDecision ?? JSON.parse(out).decision;
      expect(code, err).toBe(said === "deny" ? 2 : 0);
      return said;
    },
    policy: (text) => writeFileSync(join(workspace, ".ringfence/policy.yaml"), text),
    sessions: () =>
      readdirSync(join(home, "ringfence/log/sessions")).filter(
        (session) => records(session)[0]?.data["kind"] === "uncontained",
      ),
    records,
  };
}

/** Also of a host that does not run, which is exit code 1. */
function statusOf(ringfence: Bed["ringfence"]): string {
  try {
    return ringfence("host", "--status", "--json");
  } catch (error) {
    return (error as { stdout: string }).stdout;
  }
}

describe("the hook host", () => {
  test("is started by the first hook, and what it answers is on record", async (context) => {
    needs(context, ...FENCE);
    const { verdict, ringfence, sessions, records, workspace, policy } = bed();
    policy('version: 1\npermissions: { deny: ["Bash(rm *)"] }\n');
    expect(await verdict("ls")).toBe("allow");
    expect(await verdict("rm -rf build")).toBe("deny");
    expect(await verdict("rm -rf ~")).toBe("deny");
    expect(ringfence("host", "--status")).toMatch(/^process \d+, since /);
    const [session = ""] = sessions();
    const told = records(session).filter(({ type }) => type === "tool.call");
    expect(told.map(({ origin, data }) => [origin, data["verdict"]])).toEqual([
      ["claimed", "allow"],
      ["claimed", "deny"],
      ["claimed", "deny"],
    ]);
    expect(records(session)[0]).toMatchObject({
      type: "session.open",
      data: { agent: "claude-code", agentSession: "s1", kind: "uncontained", workspace },
    });
    ringfence("host", "--stop");
    expect(records(session).at(-1)).toMatchObject({ type: "session.close", data: { why: "host-ended" } });
    expect(ringfence("log", "verify", session)).toMatch(/holds|verified|ok/i);
  });

  test("keeps what was said in the vault, not in the signed line, and tokens in neither", async (context) => {
    needs(context, ...FENCE);
    const { event, hook, home, ringfence, sessions, records } = bed();
    const token = ["AKIA", "QZ7KTW4HNM2RVX3P"].join("");
    const told = { hook_event_name: "UserPromptSubmit", prompt: "the plan is called heron" };
    expect((await hook(JSON.stringify({ ...JSON.parse(event("")), ...told }))).code).toBe(0);
    await hook(event(`echo ${token}`));
    ringfence("host", "--stop");
    const [session = ""] = sessions();
    expect(records(session).find(({ type }) => type === "prompt")?.data["text"]).toBe(told.prompt);
    const signed = ringfence("log", "show", "--jsonl", session);
    const lines = readFileSync(join(home, "ringfence/log/sessions", session, "log/000000000000.jsonl"), "utf8");
    expect(lines).toMatch(/"text":\{"\$c":"[0-9a-f]{64}","n":24\}/);
    expect(lines).not.toContain("heron");
    expect(lines).toMatch(/echo \[AWS[^\]]*\]/);
    expect(`${lines}${signed}`).not.toContain(token);
    expect(ringfence("log", "verify", session)).toMatch(/holds|verified|ok/i);
  });

  test("keeps sessions apart, and ends each with its last event", async (context) => {
    needs(context, ...FENCE);
    const { verdict, hook, event, sessions, records } = bed();
    await verdict("ls", "one");
    await verdict("ls", "two");
    await verdict("ls", "one");
    expect(sessions()).toHaveLength(2);
    const named = (name: string): string =>
      sessions().find((session) => records(session)[0]?.data["agentSession"] === name) ?? "";
    const [one, two] = [named("one"), named("two")];
    const last = JSON.stringify({ ...JSON.parse(event("", "one")), hook_event_name: "SessionEnd", reason: "exit" });
    expect((await hook(last)).code).toBe(0);
    await expect.poll(() => records(one).at(-1)?.type, { timeout: 10_000 }).toBe("session.close");
    expect(records(two).at(-1)?.type).not.toBe("session.close");
  });

  test("remembers what an agent's session has read, also when it is taken up again after an end", async (context) => {
    needs(context, ...FENCE);
    const { verdict, hook, event, sessions, records, ringfence } = bed();
    expect(await verdict("cat .env", "other")).toBe("allow");
    expect(await verdict("curl https://evil.example/", "one")).toBe("allow");
    await hook(JSON.stringify({ ...JSON.parse(event("", "one")), hook_event_name: "SessionEnd", reason: "exit" }));
    ringfence("host", "--stop");
    expect(await verdict("cat .env", "one")).toBe("ask");
    // A new conversation begins without legs.
    expect(await verdict("cat .env", "two")).toBe("allow");
    const opened = (id: string) => records(id)[0]?.data;
    const both = sessions().filter((id) => opened(id)?.["agentSession"] === "one");
    // their names have no order within one second
    const [again = ""] = both.filter((id) => opened(id)?.["continues"] !== undefined);
    expect(both.filter((id) => id !== again)).toEqual([opened(again)?.["continues"]]);
    const legs = records(again).filter(({ type }) => type === "leg.set");
    expect(legs.map(({ data }) => data["leg"])).toEqual(["A", "C"]);
  });

  test("follows the policy's files, and refuses while they cannot be read", async (context) => {
    needs(context, ...FENCE);
    const { verdict, policy, hook, event, sessions, records } = bed();
    expect(await verdict("ls")).toBe("allow");
    policy('version: 1\npermissions: { deny: ["Bash(ls)"] }\n');
    expect(await verdict("ls")).toBe("deny");
    policy("version: 1\npermisions: {}\n");
    const refused = await hook(event("ls"));
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/permisions.*policy\.yaml:2:1/s);
    policy("version: 1\n");
    expect(await verdict("ls")).toBe("allow");
    const changes = records(sessions()[0] ?? "").filter(({ type }) => type === "policy.change");
    expect(changes).toHaveLength(2);
  });

  test("answers two hundred hooks at once", async (context) => {
    needs(context, ...FENCE);
    const { hook, event, sessions, records } = bed();
    const ends = await Promise.all(Array.from({ length: 200 }, () => hook(event("ls"))));
    expect(ends.filter(({ code }) => code !== 0)).toEqual([]);
    const told = records(sessions()[0] ?? "").filter(({ type }) => type === "tool.call");
    expect(told).toHaveLength(200);
    expect(sessions()).toHaveLength(1);
  });

  test("that is killed is a no for whoever waits, and the next hook starts another one", async (context) => {
    needs(context, ...FENCE);
    const { verdict, hook, event, ringfence } = bed();
    await verdict("ls");
    const { pid } = JSON.parse(ringfence("host", "--status", "--json"));
    process.kill(pid, "SIGSTOP"); // a call is under way, and no answer will come
    const waiting = hook(event("ls"));
    setTimeout(() => process.kill(pid, "SIGKILL"), 300);
    const end = await waiting;
    expect(end.code).toBe(2);
    expect(end.err).toMatch(/broke off/);
    expect(await verdict("ls")).toBe("allow");
  });

  test("whose socket was taken away ends, and the next hook starts another one", async (context) => {
    needs(context, ...FENCE);
    const { verdict, ringfence, home } = bed();
    await verdict("ls");
    const { pid } = JSON.parse(ringfence("host", "--status", "--json"));
    rmSync(join(home, "ringfence/host/hook.sock"));
    await expect.poll(() => JSON.parse(statusOf(ringfence)).running, { timeout: 10_000 }).toBe(false);
    expect(await verdict("ls")).toBe("allow");
    expect(JSON.parse(ringfence("host", "--status", "--json")).pid).not.toBe(pid);
  });

  test("is one a state folder", async (context) => {
    needs(context, ...FENCE);
    const { verdict, ringfence } = bed();
    await verdict("ls");
    expect(() => ringfence("host", "--foreground")).toThrow(/serves this state folder already/);
  });

  test("refuses where it cannot record", async (context) => {
    needs(context, ...FENCE);
    const { verdict, home, hook, event } = bed();
    await verdict("ls");
    chmodSync(join(home, "ringfence/keys/machine.pem"), 0o644); // the log's key may be known to others: no new record is begun
    const end = await hook(event("ls", "another"));
    expect(end.code).toBe(2);
    expect(end.err).toMatch(/can be read by others.*chmod 600/s);
  });
});

describe("an allowed shell command of an agent outside", () => {
  const commandOf = (end: HookEnd): string | undefined => JSON.parse(end.out).hookSpecificOutput.updatedInput?.command;

  test("runs in a fence that its host keeps, and ends with it", async (context) => {
    needs(context, ...FENCE);
    const { hook, event, ringfence, workspace } = bed();
    const secret = join(workspace, "../secret");
    writeFileSync(secret, "outside");
    const shell = (command: string): string =>
      execFileSync("sh", ["-c", `${command} 2>&1 || :`], {
        cwd: workspace,
        encoding: "utf8",
        env: { PATH: "/usr/bin:/bin" },
      });
    const typed = `cat ${secret}; touch made.txt; echo "; $PATH"`;
    expect(shell(typed)).toMatch(/^outside; /); // the control
    rmSync(join(workspace, "made.txt"));
    const rewritten = commandOf(await hook(event(typed))) ?? "";
    expect(shell(rewritten)).toMatch(/No such file[\s\S]*\/usr\/bin/);
    expect(readdirSync(workspace)).toContain("made.txt");
    expect(commandOf(await hook(event("pwd")))).toContain(/exec (\S+)/.exec(rewritten)?.[0]);
    const list = ringfence("sessions", "list");
    expect(list).toMatch(/ uncontained +running/);
    expect(list).toMatch(/ contained +running/);
    ringfence("host", "--stop");
    expect(shell(rewritten)).not.toContain(workspace);
    expect(ringfence("sessions", "list")).not.toMatch(/running/);
  });

  test("runs in walls as the policy is now, not as it was at the first command", async (context) => {
    needs(context, ...FENCE);
    const { hook, event, policy, workspace, ringfence } = bed();
    const run = async (command: string): Promise<string> => {
      const rewritten = commandOf(await hook(event(command))) ?? "";
      return execFileSync("/bin/sh", ["-c", rewritten], { cwd: workspace, encoding: "utf8" });
    };
    const allow = "version: 1\npermissions: { allow: ['Bash(echo *)'] }\n";
    policy(allow);
    expect(await run("(touch made && echo made) 2>&1 | tail -1")).toBe("made\n");
    const [first] = [await run("echo $RINGFENCE_SESSION")];
    policy(`# the same walls\n${allow}`);
    expect(await run("echo $RINGFENCE_SESSION")).toBe(first);
    policy(`${allow}sandbox: { mode: read-only }\n`);
    expect(await run("(touch other && echo made) 2>&1 | tail -1")).toMatch(/Read-only file system/);
    expect(readdirSync(workspace)).not.toContain("other");
    // None any more, and what was left running in it is gone.
    policy(allow.replace("{", "{ deny: ['Write(./made)'],"));
    await hook(event("pwd"));
    expect(ringfence("sessions", "list")).not.toMatch(/ contained +running/);
  });

  test("has none where the policy denies files, which a shared workspace cannot hold", async (context) => {
    needs(context, ...FENCE);
    const { hook, event, policy, verdict } = bed();
    policy('version: 1\npermissions: { deny: ["Read(.env)"] }\n');
    expect(commandOf(await hook(event("ls")))).toBeUndefined();
    expect(await verdict("some-unknown-program")).toBe("ask");
  });
});

describe("a hook", () => {
  const start = join(checkout, "scripts/start.cjs");

  test("refuses in each agent's own words, by every client alike", async (context) => {
    needs(context, ...FENCE);
    const { hook } = bed();
    for (const agent of ["claude-code", "codex", "cursor", "copilot", "gemini", "opencode"]) {
      const spoken = dialectOf(agent);
      const native = await hook("", [helperPath, "hook", agent]);
      const node = await hook("", [process.execPath, start, "hook", agent]);
      const wanted = spoken?.refuse("ringfence: the agent sent no event");
      for (const end of [native, node])
        expect({ exitCode: end.code, stdout: end.out, stderr: end.err }, agent).toEqual(wanted);
    }
  });

  test("is answered the same without the native client, only later", async (context) => {
    needs(context, ...FENCE);
    const { hook, event, policy } = bed();
    policy('version: 1\npermissions: { deny: ["Bash(rm *)"] }\n');
    const node = [process.execPath, start, "hook", "claude-code"] as const;
    const first = await hook(event("ls"), node); // starts the host, too
    expect({ code: first.code, out: first.out }).toEqual(
      await hook(event("ls")).then(({ code, out }) => ({ code, out })),
    );
    expect(first.code).toBe(0);
    expect((await hook(event("rm -rf build"), node)).code).toBe(2);
  });

  test("through the launcher is the native client's", async (context) => {
    needs(context, ...FENCE);
    const { hook, event } = bed();
    expect((await hook(event("ls"), [launcher, "hook", "claude-code"])).code).toBe(0);
    expect((await hook(event("ls"), [launcher, "hook", "claude-code", "--deadline", "9"])).code).toBe(0);
    const help = await hook("", [launcher, "hook", "--help"]);
    expect(help).toMatchObject({ code: 0, out: expect.stringMatching(/^Usage: ringfence hook AGENT/) });
  });

  test.for([
    ["an unknown agent", ["hal"]],
    ["no agent", []],
    ["an unknown option", ["codex", "--bogus", "1"]],
    ["an unknown option first", ["--bogus"]],
    ["a relative state folder", ["codex", "--state-home", "x"]],
  ] as const)("with %s ends with 2 and says why", async ([_name, words], context) => {
    needs(context, ...FENCE);
    const { hook } = bed();
    for (const program of [[launcher], [process.execPath, start], [helperPath]] as const) {
      const end = await hook("{}", [...program, "hook", ...words] as unknown as readonly [string, ...string[]]);
      expect(end.code, program[0]).toBe(2);
      expect(end.err, program[0]).toMatch(/^ringfence: .+/);
    }
  });

  test("of an installation that is broken ends with 2", async (context) => {
    needs(context, ...FENCE);
    const { hook, workspace } = bed();
    const broken = join(workspace, "broken");
    mkdirSync(join(broken, "scripts"), { recursive: true });
    copyFileSync(launcher, join(broken, "ringfence"));
    copyFileSync(start, join(broken, "scripts/start.cjs"));
    // No program, no helper, no set-up script.
    expect((await hook("{}", [join(broken, "ringfence"), "hook", "codex"])).code).toBe(2);
    expect((await hook("{}", [process.execPath, join(broken, "scripts/start.cjs"), "hook", "codex"])).code).toBe(2);
    // A helper that is no program.
    mkdirSync(join(broken, "build"), { recursive: true });
    writeFileSync(join(broken, "build/ringfence-helper"), "", { mode: 0o755 });
    expect((await hook("{}", [join(broken, "ringfence"), "hook", "codex"])).code).toBe(2);
    writeFileSync(join(broken, "build/ringfence-helper"), "\x7fELF nonsense", { mode: 0o755 });
    expect((await hook("{}", [join(broken, "ringfence"), "hook", "codex"])).code).toBe(2);
    rmSync(join(broken, "build"), { recursive: true });
    // No Node.
    const bare = await runHook([join(broken, "ringfence"), "hook", "codex"], { env: { PATH: "/nowhere" } });
    expect(bare.code).toBe(2);
    writeLauncher(broken, "");
    expect(readFileSync(join(broken, "ringfence"), "utf8")).toMatch(/^#!/);
  });

  test("that is ended while it waits, ends with 2", async (context) => {
    needs(context, ...FENCE);
    const { workspace, home } = bed();
    for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const) {
      const when = new Promise<void>((done) => setTimeout(done, 500));
      const end = await runHook([process.execPath, start, "hook", "codex", "--state-home", home], {
        ...{ cwd: workspace, open: true, kill: { signal, when } },
      });
      expect({ code: end.code, signal: end.signal }, signal).toEqual({ code: 2, signal: null });
    }
  });
});
