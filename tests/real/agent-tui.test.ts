// Deliver 8: the agents' terminal interfaces start inside the fence, answer, follow the terminal's size and quit cleanly, in a real terminal.
// Typed are the first-run screens too, but one: Claude Code's first start of all insists on reaching its vendor before it shows anything
// (also with another model server), so its folder is marked as "introduction done" first.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type AgentSession, agentSession } from "../support/agent-session.ts";
import { TEST_AGENTS, type TestAgent } from "../support/agents.ts";
import { openModelServer } from "../support/model-server.ts";
import { needs } from "../support/needs.ts";
import type { Typist } from "../support/script.ts";
import { openTerminal, quoted, type Terminal } from "../support/tmux.ts";

/** The screens of an agent's first start, each with the keys that answer it, and how a person leaves. */
const MANNERS: Readonly<
  Partial<
    Record<
      TestAgent["name"],
      { screens: readonly (readonly [RegExp, ...string[]])[]; ready: RegExp; leave: readonly string[] }
    >
  >
> = {
  claude: {
    screens: [
      [/trust this folder/, "Up", "Enter"],
      [/Do you want to use this API key/, "Up", "Enter"],
    ],
    ready: /effort/,
    leave: ["/exit", "Enter"],
  },
  codex: { screens: [[/Trust this folder/, "Enter"]], ready: /Ask Codex/, leave: ["C-c"] },
  opencode: { screens: [], ready: /Ask anything/, leave: ["C-c"] },
};

// The ordinary user is the common case; one agent shows that root's terminal is none other.
const CASES = TEST_AGENTS.flatMap((agent) => {
  const typists: readonly Typist[] = agent.name === "claude" ? ["user", "root"] : ["user"];
  return typists.map((typist) => ({ agent, name: agent.name, typist }));
});

describe("an agent's terminal interface in the fence", () => {
  it.for(CASES)(
    "$name, typed by $typist: starts, answers, follows the terminal's size and quits",
    { timeout: 300_000 },
    async ({ agent, typist }, context) => {
      needs(context, "userns", "bubblewrap", "overlay", "seccomp", "helper", "tmux", typist);
      await using model = await openModelServer([{ text: "hello from the script" }]);
      const session = agentSession(context, agent, model, typist);
      if (agent.name === "claude") await skipIntroduction(session, agent);

      const command = session.fenced([]).map(quoted).join(" ");
      using terminal = openTerminal({
        folder: dirname(session.workspace),
        cwd: session.workspace,
        // The bell of the shell afterwards shows that the terminal was given back as it was.
        shell: `before=$(stty -g); ${command}; echo "exit=$?"; [ "$before" = "$(stty -g)" ] && echo terminal=restored; sleep 300`,
        env: session.env,
        columns: 100,
        rows: 30,
      });
      const manners = MANNERS[agent.name];
      if (manners === undefined) throw new Error(`nobody wrote down how one talks to ${agent.name}`);
      for (const [screen, ...keys] of manners.screens) await answer(terminal, screen, keys);
      await terminal.until(manners.ready);
      await answer(terminal, manners.ready, ["hi", "Enter"]);
      await terminal.until(/hello from the script/);

      expect(widest(terminal.screen())).toBeLessThanOrEqual(100);
      terminal.resize(130, 30);
      // A status line or a rule reaches the new right edge only if the new size reached the agent.
      await expect.poll(() => widest(terminal.screen()), { timeout: 20_000 }).toBeGreaterThan(110);

      await typed(terminal, manners.leave);
      await expect.poll(() => leave(terminal, manners), { timeout: 60_000, interval: 5_000 }).toMatch(/exit=\d+/);
      const end = terminal.screen();
      expect(end).toContain("exit=0");
      await terminal.until(/terminal=restored/);
    },
  );
});

/** Answers a screen key by key, as fast as a person: an interface that has just drawn may not listen yet. */
async function answer(terminal: Terminal, screen: RegExp, keys: readonly string[]): Promise<void> {
  await terminal.until(screen);
  for (const key of keys) {
    await sleep(700);
    terminal.type(key);
  }
}

/**
 * Types what leaves, and gives the screen after it. Typed again where the agent still shows that it listens: one that works takes the first time as "stop
 * that". What is typed later than that could reach the shell outside.
 */
async function leave(
  terminal: Terminal,
  { ready, leave: keys }: { ready: RegExp; leave: readonly string[] },
): Promise<string> {
  await sleep(3_000);
  const screen = terminal.screen();
  if (!/exit=\d+/.test(screen) && ready.test(screen)) await typed(terminal, keys);
  return terminal.screen();
}

async function typed(terminal: Terminal, keys: readonly string[]): Promise<void> {
  for (const key of keys) {
    terminal.type(key);
    await sleep(500);
  }
}

function widest(screen: string): number {
  return Math.max(...screen.split("\n").map((line) => line.trimEnd().length));
}

async function skipIntroduction(session: AgentSession, agent: TestAgent): Promise<void> {
  expect((await session.runFenced(agent.headless)).code).toBe(0);
  const agents = join(session.state, "ringfence/agents/claude");
  const file = readdirSync(agents, { recursive: true, encoding: "utf8" }).find((path) =>
    path.endsWith("/.claude.json"),
  );
  const path = join(agents, file ?? "no .claude.json in the agent's state folder");
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), hasCompletedOnboarding: true }));
}
