// What of a real agent's session with its model is on record (docs/log-format.md, "Who said it"): the proxy saw the prompt, the answers with their
// calls and tokens; the agent's own telemetry claims the same. The model is a stub; agent, fence, proxy and record are real.
import { afterEach, describe, expect, it } from "vitest";
import type { LogRecord } from "#core/log";
import { agentSession, seedSettings } from "../support/agent-session.ts";
import { FENCED_AGENTS } from "../support/agents.ts";
import { openModelServer } from "../support/model-server.ts";
import { needs } from "../support/needs.ts";

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one[Symbol.asyncDispose]();
});

/** What each agent's telemetry tells of such a session. */
const TELLS: Readonly<Record<string, readonly string[]>> = {
  claude: ["prompt", "model.output", "tool.result"],
  codex: ["prompt", "model.output", "tool.result"],
  gemini: ["prompt", "model.output", "tool.result"],
};

describe("a session with a model", () => {
  // an agent takes half a minute: `SLOW=1` runs all of them
  const names = Object.keys(TELLS).slice(0, process.env["SLOW"] === "1" ? undefined : 1);
  it.for(names)("of %s is on record, observed and claimed", { timeout: 180_000 }, async (name, context) => {
    needs(context, "userns", "bubblewrap", "overlay", "seccomp", "helper", "root");
    const agent = FENCED_AGENTS.find((one) => one.name === name);
    if (agent === undefined) throw new Error(name);
    const model = await openModelServer([agent.shell("echo seen by the model"), { text: "all is said" }]);
    open.push(model);
    const session = agentSession(context, agent, model, "root", "\naudit: { telemetry: on }\n");
    await seedSettings(agent, session.state, () => session.runFenced(["--version"]));
    const ended = await session.runFenced(agent.headless);
    expect(ended.code, ended.stderr).toBe(0);
    const shown = await session.ringfence("log", "show", "last", "--json");
    const { records } = JSON.parse(shown.stdout) as { readonly records: readonly LogRecord[] };
    const of = (type: string, via: string): readonly LogRecord[] =>
      records.filter((one) => one.type === type && one.data["via"] === via);

    const outputs = of("model.output", "proxy");
    expect(outputs.every(({ origin, data }) => origin === "observed" && data["incomplete"] === undefined)).toBe(true);
    const calls = outputs.flatMap(
      ({ data }) => (data["calls"] ?? []) as { readonly id: string; readonly input: string }[],
    );
    expect(calls.map(({ input }) => input).join()).toContain("seen by the model");
    expect(outputs.some(({ data }) => data["text"] === "all is said")).toBe(true);
    expect(outputs.some(({ data }) => data["inputTokens"] === 10 && data["outputTokens"] === 10)).toBe(true);
    const prompts = of("prompt", "proxy");
    expect(prompts.some(({ data }) => /\bgo$/m.test(String(data["text"])))).toBe(true);
    // the result went back under the id that the model gave
    const results = prompts.flatMap(({ data }) => (data["results"] ?? []) as { readonly call: string }[]);
    expect(results.map(({ call }) => call)).toContain(calls[0]?.id);

    const told = new Set(records.filter(({ data }) => data["via"] === "otel").map(({ type }) => type));
    expect([...told].toSorted()).toEqual([...(TELLS[name] ?? [])].toSorted());
    expect(records.filter(({ data }) => data["via"] === "otel").every(({ origin }) => origin === "claimed")).toBe(true);
    expect(of("prompt", "otel").map(({ data }) => data["text"])).toContain("go");
  });
});
