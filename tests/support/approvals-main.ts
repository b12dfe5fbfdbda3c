// A session with questions in a process of its own, for tests that type at it: `approvals-main FOLDER [--fence] [--alone] [--agent PID]`.
// It asks whether the command in FOLDER/command may run whenever a line `ask` appears in FOLDER/go, and writes what came of it, and every record,
// to FOLDER/log.
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { compileRules, type Judge } from "#core/policy";
import { linkResolver, openApprovals, overScreen, serveApprovals } from "#monitor";
import { type Fence, launch } from "#sandbox";
import { terminalChannel } from "../../src/cli/terminal-channel.ts";
import { planFor, stage } from "./fence.ts";
import { helperPath } from "./installation.ts";

const [folder = "", ...options] = process.argv.slice(2);
const command = readFileSync(join(folder, "command"), "utf8");
const helper = process.env["FENCE_HELPER"] ?? helperPath;
const log = (line: unknown): void => appendFileSync(join(folder, "log"), `${JSON.stringify(line)}\n`);
const session = "20261125-141530-9f3a1c";
const at = { workspaceRoot: folder, stateDir: join(folder, "xdg/ringfence"), home: folder };
mkdirSync(at.stateDir, { recursive: true, mode: 0o700 });

let fence: Fence | undefined;
if (options.includes("--fence")) {
  const streams = { stdinTty: true, stdoutTty: true, stderrTty: true };
  const plan = planFor(stage(folder), ["bash", "--norc", join(folder, "workspace/agent.sh")], { streams });
  writeFileSync(join(folder, "workspace/agent.sh"), readFileSync(join(folder, "agent.sh"), "utf8"));
  const started = await launch(
    { ...plan, env: { ...plan.env, TERM: "xterm-256color" } },
    { helper, bwrap: "/usr/bin/bwrap", stdio: { stdin: 0, stdout: 1, stderr: 2 }, cgroups: [] },
  );
  if (!started.ok) throw new Error(started.error.message);
  fence = started.value;
}
const screen = fence ?? { suspend: async () => true, resume: () => undefined };
const approvals = openApprovals({
  session,
  contained: fence !== undefined,
  append: async (body) => {
    log({ type: body.type, ...body.data });
    return 1;
  },
  channels: options.includes("--alone") ? [] : [overScreen(terminalChannel(), screen)],
  timeoutMs: () => 60_000,
  places: at,
  tell: (line) => log({ told: line }),
});
const agent = Number(options[options.indexOf("--agent") + 1]);
const server = await serveApprovals({
  approvals,
  session,
  contained: fence !== undefined,
  stateDir: at.stateDir,
  helper,
  agentPids: () => (options.includes("--agent") ? [agent] : []),
});
if (!server.ok) throw new Error(server.error.message);
const compiled = compileRules({ allow: [], ask: [], deny: [] }, { root: folder, home: folder });
if (!compiled.ok) throw new Error("rules");
const judge: Judge = {
  rules: compiled.value,
  mode: "default",
  facts: { root: folder, home: folder, resolve: linkResolver() },
};
log({ ready: process.pid });
let over = false;
void fence?.exited.then(() => {
  over = true;
});
for (let asked = 0; !over; await sleep(50)) {
  const go = existsSync(join(folder, "go")) ? readFileSync(join(folder, "go"), "utf8").split("\n") : [];
  if (go.includes("end")) break;
  if (go.filter((line) => line === "ask").length <= asked) continue;
  asked++;
  const reasons = [{ code: "no-rule", verdict: "ask" as const, subject: command }];
  const actions = [{ kind: "exec" as const, command, cwd: folder }] as const;
  const facts = { agent: "claude", actions, cwd: folder, reasons, legs: [] };
  void approvals.ask(facts, judge, new AbortController().signal).then((answer) => log({ answer }));
}
fence?.kill();
await fence?.exited;
await approvals.close();
await server.value.close();
process.exit(0);
