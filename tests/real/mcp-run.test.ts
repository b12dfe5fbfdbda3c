// `ringfence mcp run` against the built program: a server works in its fence, a hostile one meets walls, and whatever ends it nothing is left. As root and
// as an ordinary user. Debian: bubblewrap.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeEach, describe, expect, test } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { converse, type ToolCall } from "../support/mcp-conversation.ts";
import { needs } from "../support/needs.ts";
import { recordsOf } from "../support/session-records.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-mcp-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
afterAll(() => void execFileSync(helperPath, ["remove", folder]));
beforeEach((context) => needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper"));

const NODE = "node";
let sequence = 0;

/** A project of the caller's with the server in it. */
function project(caller: Caller): string {
  const cwd = caller.folder(`p${sequence++}`);
  copyFileSync(join(checkout, "tests/support/mcp-server.mjs"), join(cwd, "server.mjs"));
  chmodSync(join(cwd, "server.mjs"), 0o644);
  return cwd;
}

function run(caller: Caller, cwd: string, calls: readonly ToolCall[], more: Partial<Run> = {}): Promise<Talked> {
  const { options = [], server = [NODE, "server.mjs"], env = {} } = more;
  const args = ["mcp", "run", "--server", "tries", "--client", "test", ...options, "--", ...server];
  return talked(caller, cwd, [launcher, ...args], { env, calls });
}

interface Run {
  readonly options: readonly string[];
  readonly server: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

function policy(cwd: string, text: string): readonly string[] {
  const file = join(cwd, "..", `policy-${sequence++}.yaml`);
  writeFileSync(file, text);
  return ["--policy", file];
}

describe.each(callers)("mcp run as $name", (caller) => {
  test("a server answers, its code is handed on, and its session says who spoke", async () => {
    const cwd = project(caller);
    const { answers, status, stderr } = await run(caller, cwd, [{ tool: "echo", arguments: { text: "hi" } }]);
    expect(answers, stderr).toEqual(["hi"]);
    expect(status).toBe(0);
    expect(stderr).toContain("up\n");
    const opened = recordsOf(caller, "session.open")[0];
    expect(opened?.data["mcp"]).toEqual({ server: "tries", client: "test" });
    expect((await run(caller, cwd, [], { server: ["sh", "-c", "exit 7"] })).status).toBe(7);
    expect((await run(caller, cwd, [], { server: ["no-such-program"] })).status).toBe(127);
  });

  test("what a hostile server tries outside works, and inside it does not", async () => {
    const cwd = project(caller);
    mkdirSync(join(caller.home, ".ssh"), { recursive: true });
    writeFileSync(join(caller.home, ".ssh/id_test"), "a private key\n");
    writeFileSync(join(cwd, "seen.txt"), "seen\n");
    chmodSync(join(caller.home, ".ssh/id_test"), 0o644);
    const listening = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
    await new Promise((done) => listening.once("listening", done));
    const { port } = listening.address() as { port: number };
    const calls = [
      { tool: "read", arguments: { path: join(caller.home, ".ssh/id_test") } },
      { tool: "variable", arguments: { name: "SOME_TOKEN" } },
      { tool: "dial", arguments: { host: "127.0.0.1", port: String(port) } },
      { tool: "write", arguments: { path: join(cwd, "made.txt"), text: "made" } },
      { tool: "read", arguments: { path: join(cwd, "seen.txt") } },
    ];
    const env = { SOME_TOKEN: "s3cr3t" };
    const outside = await talked(caller, cwd, [NODE, "server.mjs"], { env, calls });
    expect(outside.answers).toEqual(["a private key\n", "s3cr3t", "reached", "written", "seen\n"]);
    execFileSync("rm", [join(cwd, "made.txt")]);
    const argv = [launcher, "mcp", "run", "--server", "tries", "--", NODE, "server.mjs"];
    const inside = await talked(caller, cwd, argv, { env, calls });
    listening.close();
    const [key, token, dialled, written, seen] = inside.answers;
    expect(key, inside.stderr).toMatch(/^refused E/);
    expect(token).toBe("unset");
    expect(dialled).toMatch(/^refused/);
    expect(written).toMatch(/^refused E(?:ROFS|ACCES|PERM)/);
    expect(seen).toBe("seen\n");
    expect(existsSync(join(cwd, "made.txt"))).toBe(false);
  });

  test("a variable that the entry declares is there, said to be exposed, and a folder that the command names is live", async () => {
    const cwd = project(caller);
    mkdirSync(join(cwd, "data"));
    execFileSync("chown", ["--reference", cwd, join(cwd, "data")]);
    const calls = [
      { tool: "variable", arguments: { name: "SOME_TOKEN" } },
      { tool: "write", arguments: { path: join(cwd, "data/made.txt"), text: "made" } },
      { tool: "write", arguments: { path: join(cwd, ".git/hooks/post-checkout"), text: "made" } },
    ];
    const { answers, stderr } = await run(caller, cwd, calls, {
      ...{ env: { SOME_TOKEN: "shown-to-it" }, options: ["--env", "SOME_TOKEN"] },
      server: [NODE, "server.mjs", "./data"],
    });
    expect(answers.slice(0, 2), stderr).toEqual(["shown-to-it", "written"]);
    expect(answers[2]).toMatch(/^refused/);
    expect(readFileSync(join(cwd, "data/made.txt"), "utf8")).toBe("made");
    expect(stderr).toContain("$SOME_TOKEN is shown to this server as it is (exposed)");
    const opened = recordsOf(caller, "session.open")[0];
    expect(opened?.data["exposed"]).toEqual(["SOME_TOKEN"]);
  });

  test("a server's own words in the policy are its fence; the agent's rights are not its own", async () => {
    const cwd = project(caller);
    const shared = caller.folder(`shared${sequence++}`);
    writeFileSync(join(shared, "a.txt"), "shared\n");
    const calls = [{ tool: "read", arguments: { path: join(shared, "a.txt") } }];
    const agents = policy(cwd, `sandbox: { filesystem: { allowRead: [${shared}] } }\n`);
    expect((await run(caller, cwd, calls, { options: agents })).answers[0]).toMatch(/^refused ENOENT/);
    const own = policy(cwd, `mcp: { servers: { tries: { filesystem: { allowRead: [${shared}] } } } }\n`);
    expect((await run(caller, cwd, calls, { options: own })).answers).toEqual(["shared\n"]);
    const bound = policy(cwd, "mcp: { servers: { tries: { command: [node, other.mjs] } } }\n");
    const refused = await run(caller, cwd, calls, { options: bound });
    expect([refused.status, refused.answers], refused.stderr).toEqual([126, []]);
    expect(refused.stderr).toContain("`node other.mjs` by the policy, and not this command");
  });

  test("a host that its fence refuses is told to the person once, with the key that opens it, and to nobody as an option", async () => {
    const cwd = project(caller);
    const ask = (host: string): ToolCall => ({ tool: "ask", arguments: { host, port: "443" } });
    const calls = [{ tool: "echo", arguments: { text: "on" } }, ask("api.example"), ask("api.example")];
    const { answers, stderr } = await run(caller, cwd, calls);
    expect(answers).toEqual(["on", "fetch failed", "fetch failed"]);
    const told = stderr.split("\n").filter((line) => line.includes("api.example"));
    expect(told).toEqual([
      'ringfence: MCP server tries wanted api.example:443 and was refused it (no-rule): a person can allow it: mcp.servers.tries.network: { allow: ["api.example"] } in the policy',
    ]);
    const hint = recordsOf(caller, "net.blocked").at(-1)?.data["hint"];
    if (hint !== undefined) expect(hint).not.toContain("ringfence run");
    // what the words say is what opens it: now it is the name that cannot be found
    const rights =
      'permissions: { allow: [mcp__tries] }, mcp: { servers: { tries: { network: { allow: ["api.example"] } } } }';
    const opened = policy(cwd, `{ ${rights} }\n`);
    const other = await run(caller, cwd, [ask("api.example")], { options: opened });
    expect(other.stderr).toContain("api.example:443 and was refused it (no-address)");
  });

  test("a client that stands in its home is given no project, and a container is refused with a hint", async () => {
    const server = join(project(caller), "server.mjs");
    const source = readFileSync(server, "utf8");
    const { answers, stderr } = await run(
      caller,
      caller.home,
      [{ tool: "folder" }, { tool: "read", arguments: { path: server } }],
      {
        // another program by a name that is pinned would be held
        options: ["--server", "homeless"],
        server: [NODE, "--input-type=module", "-e", source],
      },
    );
    expect(answers[0], stderr).toBe(caller.home);
    expect(answers[1]).toMatch(/^refused/);
    const container = await run(caller, project(caller), [], { server: ["docker", "run", "-i", "mcp/time"] });
    expect(container.status).toBe(125);
    expect(container.stderr).toContain("hint: run the program itself");
  });

  test("standard error is escaped and has an end, and two copies at once are two sessions", async () => {
    const cwd = project(caller);
    const flood = await run(caller, cwd, [
      { tool: "flood", arguments: { lines: "9000" } },
      { tool: "echo", arguments: { text: "on" } },
    ]);
    expect(flood.answers).toEqual(["told", "on"]);
    expect(flood.stderr).not.toMatch(/[\u001b\u202e]/);
    expect(flood.stderr).toContain("\\u{1b}[2J\\u{202e}xxx");
    expect(flood.stderr.length).toBeLessThan(5 << 20);
    const argv = [launcher, "mcp", "run", "--server", "tries", "--", NODE, "server.mjs"];
    const calls = [{ tool: "echo", arguments: { text: "both" } }];
    const both = await Promise.all([talked(caller, cwd, argv, { calls }), talked(caller, cwd, argv, { calls })]);
    expect(both.map(({ answers }) => answers)).toEqual([["both"], ["both"]]);
  });

  test("a client inside the agent's fence has its server there, by the same gateway, on the same record", async () => {
    const cwd = project(caller);
    const calls = [
      { tool: "write", arguments: { path: join(cwd, "made.txt"), text: "made" } },
      { tool: "variable", arguments: { name: "SOME_TOKEN" } },
    ];
    const agent = policy(cwd, "sandbox: { apply: ask }\n");
    const { answers, status, stderr } = await inside(caller, cwd, agent, calls);
    expect(answers, stderr).toEqual(["written", "of the agent"]);
    expect(status).toBe(0);
    expect(existsSync(join(cwd, "made.txt"))).toBe(false); // the agent's changes wait, and its server's are the agent's
    const records = recordsOf(caller);
    expect(records.filter(({ type }) => type === "mcp.call").map(({ data }) => data["tool"])).toEqual([
      "write",
      "variable",
    ]);
    expect(records.some(({ data }) => data["mcp"] === "tries" && data["further"] !== undefined)).toBe(true);
  });

  test("inside, rights of the policy are a server's only where it binds the command, and never by what the agent says", async () => {
    const cwd = project(caller);
    const shared = caller.folder(`shared${sequence++}`);
    writeFileSync(join(shared, "a.txt"), "shared\n");
    const rights = `filesystem: { allowRead: [${shared}] }, env: { set: { SOME_TOKEN: of the person } }`;
    const calls = [
      { tool: "read", arguments: { path: join(shared, "a.txt") } },
      { tool: "variable", arguments: { name: "SOME_TOKEN" } },
      { tool: "write", arguments: { path: join(cwd, "made.txt"), text: "made" } },
    ];
    const bound = policy(cwd, `mcp: { servers: { tries: { command: [node, server.mjs], ${rights} } } }\n`);
    const own = await inside(caller, cwd, bound, calls);
    expect(own.answers.slice(0, 2), own.stderr).toEqual(["shared\n", "of the person"]);
    expect(own.answers[2]).toMatch(/^refused E/);
    const other = await inside(caller, cwd, bound, calls, [NODE, "./server.mjs"]);
    expect(other.answers, other.stderr).toEqual(["refused ENOENT", "of the agent", "written"]);
  });

  test.each(["end", "SIGTERM", "SIGKILL"] as const)(
    "a stubborn server and what it left are gone after %s",
    async (how) => {
      const cwd = project(caller);
      const seconds = String(70_000 + sequence);
      const [file = "", ...args] = caller.as([
        launcher,
        "mcp",
        "run",
        "--server",
        "tries",
        "--",
        NODE,
        "server.mjs",
        "--stubborn",
      ]);
      const child = spawn(file, args, { cwd, env: caller.env, stdio: ["pipe", "pipe", "ignore"] });
      const ended = new Promise<void>((done) => child.once("exit", () => done()));
      expect(await converse(child, [{ tool: "leave", arguments: { seconds } }])).toEqual(["left"]);
      expect(running(seconds)).toBe(true);
      if (how === "end") child.stdin?.end();
      else process.kill(gatewayOf(child), how);
      await ended;
      for (let tries = 0; tries < 40 && running(seconds); tries++) await sleep(50);
      expect(running(seconds)).toBe(false);
    },
  );
});

/** The same with the client in an agent's fence. */
function inside(
  caller: Caller,
  cwd: string,
  options: readonly string[],
  calls: readonly ToolCall[],
  server: readonly string[] = [NODE, "server.mjs"],
): Promise<Talked> {
  const client = [launcher, "mcp", "run", "--server", "tries", "--env", "SOME_TOKEN", "--", ...server];
  const agent = ["sh", "-c", 'SOME_TOKEN="of the agent" exec "$@"', "agent", ...client];
  return talked(caller, cwd, [launcher, "run", "--quiet", ...options, "--", ...agent], { calls });
}

interface Talked {
  readonly answers: readonly string[];
  readonly status: number | null;
  readonly stderr: string;
}

/** One conversation, from its start to the end of the server. */
async function talked(
  caller: Caller,
  cwd: string,
  argv: readonly string[],
  { env = {}, calls }: { readonly env?: Readonly<Record<string, string>>; readonly calls: readonly ToolCall[] },
): Promise<Talked> {
  const [file = "", ...args] = caller.as(argv);
  const child = spawn(file, args, { cwd, env: { ...caller.env, ...env } });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const closed = new Promise<number | null>((done) => child.once("close", done));
  const answers = await converse(child, calls);
  child.stdin.end();
  return { answers, status: await closed, stderr };
}

/** The program itself, below whatever starts it as another user. */
function gatewayOf(child: ChildProcess): number {
  for (let pid = child.pid ?? 0; ; ) {
    const name = readFileSync(`/proc/${pid}/cmdline`, "utf8");
    if (name.includes("start.cjs")) return pid;
    const [next] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
    if (next === undefined || next === "") throw new Error("no gateway");
    pid = Number(next);
  }
}

function running(seconds: string): boolean {
  try {
    execFileSync("pgrep", ["-f", `^sleep ${seconds}$`]);
    return true;
  } catch {
    return false;
  }
}
