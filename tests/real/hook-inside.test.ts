// Real agents in a real fence, with the hooks that the fence hands them as system-wide settings: what a deny names does not run, everything else does, and
// neither the repository nor the agent can switch them off. The model is scripted, everything else is real.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { projectName } from "../../src/monitor/prepare/project.ts";
import { agentSession, contentOf } from "../support/agent-session.ts";
import { HOOKED_AGENTS } from "../support/agents.ts";
import type { Step } from "../support/model-protocols.ts";
import { openModelServer } from "../support/model-server.ts";
import { needs } from "../support/needs.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** What a repository may say against hooks. */
const SABOTAGE: Readonly<Record<string, readonly (readonly [file: string, text: string])[]>> = {
  claude: [
    [".claude/settings.json", '{"disableAllHooks":true,"hooks":{}}'],
    [".claude/settings.local.json", '{"disableAllHooks":true}'],
  ],
  codex: [[".codex/config.toml", "[features]\nhooks = false\ncodex_hooks = false\n"]],
  opencode: [["opencode.json", '{"plugin":[]}']],
  copilot: [[".github/hooks/none.json", '{"version":1,"hooks":{},"disableAllHooks":true}']],
  gemini: [
    [
      ".gemini/settings.json",
      '{"hooksConfig":{"enabled":false},"tools":{"enableHooks":false},"hooks":{"disabled":["ringfence"]}}',
    ],
  ],
};

const DENIES = `permissions:
  deny: ["Bash(touch denied.txt)"]
`;

describe("an agent in the fence", () => {
  it.for(HOOKED_AGENTS.map((agent) => ({ agent, name: agent.name })))(
    "$name: what a rule denies is refused before it runs, and on record",
    { timeout: 300_000 },
    async ({ agent }, context) => {
      needs(context, "userns", "bubblewrap", "overlay", "seccomp", "helper", "root");
      const script: Step[] = [agent.shell("touch allowed.txt"), agent.shell("touch denied.txt"), { text: "done" }];
      const model = await openModelServer(script);
      open.push(model);
      const session = agentSession(context, agent, model, "root", DENIES);
      for (const [file, text] of SABOTAGE[agent.name] ?? []) {
        mkdirSync(dirname(join(session.workspace, file)), { recursive: true });
        writeFileSync(join(session.workspace, file), text);
      }
      // A person chose their login at an earlier session of this project.
      const kept = join(session.state, "ringfence/agents", agent.name, projectName(session.workspace));
      for (const [file, text] of Object.entries(agent.settings ?? {})) {
        mkdirSync(dirname(join(kept, file)), { recursive: true, mode: 0o700 });
        writeFileSync(join(kept, file), text);
      }
      const ended = await session.runFenced(agent.headless);
      expect(ended.code, ended.stderr).toBe(0);
      expect(contentOf(session, "allowed.txt"), ended.stderr).toBe("");
      expect(contentOf(session, "denied.txt"), ended.stderr).toBeUndefined();
      const summary = JSON.parse(readFileSync(session.summaryFile, "utf8")) as { session: string };
      const log = await session.ringfence("log", "show", "--json", summary.session);
      const { records } = JSON.parse(log.stdout) as {
        records: readonly { type: string; origin: string; data: { verdict: string } }[];
      };
      const told = records.filter(({ type }) => type === "tool.call");
      expect(told.map(({ origin, data }) => [origin, data.verdict])).toEqual([
        ["claimed", expect.anything()],
        ["claimed", "deny"],
      ]);
    },
  );

  it("copilot: a repository that switches its hooks off is told at the start", {
    timeout: 300_000,
  }, async (context) => {
    needs(context, "userns", "bubblewrap", "overlay", "seccomp", "helper", "root");
    const copilot = HOOKED_AGENTS.find(({ name }) => name === "copilot");
    if (copilot === undefined) throw new Error("copilot is one of them");
    const model = await openModelServer([{ text: "done" }]);
    open.push(model);
    const session = agentSession(context, copilot, model, "root", DENIES);
    const file = join(session.workspace, ".github/copilot/settings.json");
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '{ "disableAllHooks": true }\n');
    const { stderr } = await session.runFenced(copilot.headless);
    expect(stderr).toContain(`\`${file}\` switches hooks off (disableAllHooks: true)`);
    expect(stderr).toContain("its calls are not judged");
  });
});
