// The real agents, outside any fence, with our hooks in their own settings: a denied command does not run, an allowed one does, and when the
// monitor is gone, hung or answers rubbish, nothing runs. Each act is first shown to happen without the hooks.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { HOOKED_AGENTS } from "../support/agents.ts";
import { hookedSession, hookWord } from "../support/hooked-session.ts";
import { needs } from "../support/needs.ts";

// The allowed command needs a rule; whatever nobody speaks of would be a question, and nobody is there.
const POLICY = `version: 1
permissions:
  allow: ["Bash(touch allowed-*)"]
  deny: ["Bash(touch denied-*)"]
sandbox: { mode: danger-full-access }
`;

const FAULTS: readonly string[] = ["hung", "rubbish", "closes", "half"];

const made = (workspace: string): readonly string[] =>
  readdirSync(workspace)
    .filter((name) => /^(?:allowed|denied|open)-/.test(name))
    .sort();

describe("an agent that only its hooks guard", () => {
  it.for(HOOKED_AGENTS.map((agent) => ({ agent, name: agent.name })))(
    "$name: runs what is allowed, and nothing else",
    { timeout: 300_000 },
    async ({ agent }, context) => {
      // the person's policy is that of the passwd entry's home: only a user made for the test has one that may be written
      needs(context, "root", "helper", "userns", "user");
      await using session = hookedSession(context, agent, POLICY);
      const script = [
        agent.shell("touch denied-1"),
        agent.shell("touch allowed-1"),
        agent.shell("true && touch denied-2; touch allowed-2"),
        agent.shell("touch open-1"),
        { text: "all done" },
      ];

      // The control: without the hooks everything runs.
      const control = await session.work(script);
      expect(made(session.workspace), control.stderr).toEqual([
        "allowed-1",
        "allowed-2",
        "denied-1",
        "denied-2",
        "open-1",
      ]);
      expect((await session.ringfence("install", hookWord(agent))).code).toBe(0);
      for (const name of made(session.workspace)) session.remove(name);

      const ended = await session.work(script);
      expect(made(session.workspace), ended.stdout + ended.stderr).toEqual(["allowed-1"]);
      expect(ended.results).toHaveLength(4);
      expect(ended.results[0]).toContain("Bash(touch denied-*)");
      const calls = session.records().filter(({ type }) => type === "tool.call");
      expect(calls.map((record) => (record["data"] as Record<string, unknown>)["verdict"])).toEqual([
        "deny",
        "allow",
        "deny",
        expect.stringMatching(/^(?:deny|ask)$/),
      ]);

      // Taken out again, it is as before.
      expect((await session.ringfence("uninstall", hookWord(agent))).code).toBe(0);
      for (const name of made(session.workspace)) session.remove(name);
      await session.work(script.slice(0, 1).concat({ text: "done" }));
      expect(existsSync(join(session.workspace, "denied-1"))).toBe(true);
    },
  );

  it.for(HOOKED_AGENTS.map((agent) => ({ agent, name: agent.name })))(
    "$name: runs nothing when its monitor hangs, answers rubbish, or goes away",
    { timeout: 300_000 },
    async ({ agent }, context) => {
      needs(context, "helper", "userns", "user");
      await using session = hookedSession(context, agent, POLICY);
      const script = [agent.shell("touch allowed-1"), { text: "done" }];
      expect((await session.ringfence("install", hookWord(agent))).code).toBe(0);
      // The control: with its monitor there, it runs.
      await session.work(script);
      expect(made(session.workspace)).toEqual(["allowed-1"]);
      session.remove("allowed-1");
      await session.ringfence("host", "--stop");
      // Its calls meet one fault each; whatever else the agent tells passes, or a refused prompt would spare it the calls.
      const met = await session.fake("named");
      const ended = await session.work(
        FAULTS.map((fault) => agent.shell(`touch allowed-${fault}`)).concat({ text: "done" }),
      );
      expect(made(session.workspace), ended.stdout + ended.stderr).toEqual([]);
      expect([...new Set(met)]).toEqual(FAULTS);
      expect(ended.results).toHaveLength(FAULTS.length);
      await session.fake("closes");
      const cut = await session.work(script);
      expect(made(session.workspace), cut.stdout + cut.stderr).toEqual([]);
    },
  );
});
