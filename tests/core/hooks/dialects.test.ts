// Each agent's dialect against a table: what it sends → the event, and the exact bytes that answer it. Cases named "sent by the agent" were
// taken down from the real agent at the version in its dialect's header, paths shortened.
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { HookAnswer, HookEvent } from "#core";
import { DIALECTS, dialectOf } from "#hooks";

interface Case {
  readonly name: string;
  readonly event?: Readonly<Record<string, unknown>>;
  readonly text?: string;
  readonly problem?: string;
  readonly want?: Readonly<Record<string, unknown>>;
  readonly replies?: Readonly<
    Record<string, { readonly exitCode: number; readonly stdout?: unknown; readonly stderr?: string }>
  >;
}

const ANSWERS: Readonly<Record<string, HookAnswer>> = {
  deny: { verdict: "deny", reason: "no: rule 3" },
  ask: { verdict: "ask", reason: "a person" },
  allow: { verdict: "allow", reason: "ok" },
  pass: { verdict: "pass", reason: "-" },
  rewrite: { verdict: "allow", reason: "ok", rewrite: "ringfence exec s -- true" },
};

function casesOf(agent: string): readonly Case[] {
  const file = new URL(`../../cases/hooks/${agent}.jsonl`, import.meta.url);
  return readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Case);
}

/** What a case says of an event: everything but what every event repeats. */
function shown(event: HookEvent): Readonly<Record<string, unknown>> {
  const { agent, agentSession, cwd, event: name, ...rest } = event;
  const { input, ...told } = rest as typeof rest & { readonly input?: unknown };
  return JSON.parse(JSON.stringify(told)) as Readonly<Record<string, unknown>>;
}

describe.each(DIALECTS.map((dialect) => [dialect.agent, dialect] as const))("%s", (agent, dialect) => {
  test.each(casesOf(agent).map((each) => [each.name, each] as const))("%s", (_name, each) => {
    const parsed = dialect.parse(each.text ?? JSON.stringify(each.event));
    if (!parsed.ok) {
      expect({ problem: parsed.error.code }).toEqual({ problem: each.problem });
      return;
    }
    expect(shown(parsed.value)).toEqual(each.want);
    for (const [name, answer] of Object.entries(ANSWERS)) {
      const { exitCode, stdout, stderr } = dialect.reply(parsed.value, answer);
      const said = {
        exitCode,
        ...(stdout === "" ? {} : { stdout: JSON.parse(stdout) as unknown }),
        ...(stderr === "" ? {} : { stderr }),
      };
      // Where the table says nothing, the agent cannot be refused any more, and nothing is said.
      expect([name, said]).toEqual([name, each.replies?.[name] ?? { exitCode: 0 }]);
    }
  });
});

test("a question about a call that would run in the fence shows and runs the fenced one, where the agent's person can be asked", () => {
  const call = casesOf("claude-code").find(({ name }) => name === "sent by the agent: PreToolUse Bash")?.event;
  const claude = dialectOf("claude-code");
  const event = claude?.parse(JSON.stringify(call));
  if (claude === undefined || event?.ok !== true) throw new Error("no such case");
  const reply = claude.reply(event.value, { verdict: "ask", reason: "a person", rewrite: "ringfence exec s -- true" });
  expect(reply.exitCode).toBe(0);
  expect(JSON.parse(reply.stdout).hookSpecificOutput).toMatchObject({
    permissionDecision: "ask",
    updatedInput: { command: "ringfence exec s -- true" },
  });
});

test("an unknown agent has no dialect", () => {
  expect([dialectOf("claude"), dialectOf(""), dialectOf("__proto__")]).toEqual([undefined, undefined, undefined]);
});
