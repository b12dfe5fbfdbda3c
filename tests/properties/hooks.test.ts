// Laws of the dialects, on any text: reading is total, a refusal is obeyed by the agent's own rules, an answer is never a yes by accident.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Dialect, HookAnswer, HookEvent, HookReply } from "#core";
import { DIALECTS } from "#hooks";

// The rules by which each agent takes a refusal, as seen (docs/hooks.md): written again here, not taken from the dialects.
const OBEYS: Readonly<Record<string, (reply: HookReply) => boolean>> = {
  "claude-code": ({ exitCode, stderr, stdout }) => exitCode === 2 && stderr.trim() !== "" && fits(stdout, CLAUDE_KEYS),
  // Unknown fields void the JSON; exit 2 counts with words on standard error alone.
  codex: ({ exitCode, stderr, stdout }) => exitCode === 2 && stderr.trim() !== "" && fits(stdout, CLAUDE_KEYS),
  cursor: ({ exitCode, stdout }) =>
    exitCode === 2 && (json(stdout)["permission"] === "deny" || json(stdout)["continue"] === false),
  copilot: ({ exitCode, stdout }) => exitCode === 2 && /deny|block/.test(stdout),
  gemini: ({ exitCode, stderr, stdout }) =>
    exitCode === 2 && stderr.trim() !== "" && json(stdout)["decision"] === "deny" && json(stdout)["reason"] !== "",
  opencode: ({ exitCode, stdout }) => exitCode === 2 && json(stdout)["verdict"] === "deny",
};
const CLAUDE_KEYS = ["decision", "reason", "hookSpecificOutput"];

function json(text: string): Readonly<Record<string, unknown>> {
  return JSON.parse(text) as Readonly<Record<string, unknown>>;
}

function fits(text: string, keys: readonly string[]): boolean {
  const value = json(text);
  const inner = value["hookSpecificOutput"] as Readonly<Record<string, unknown>> | undefined;
  const reasons = [value["reason"], inner?.["permissionDecisionReason"]].filter((reason) => reason !== undefined);
  return (
    Object.keys(value).every((key) => keys.includes(key)) && reasons.every((reason) => String(reason).trim() !== "")
  );
}

const NAMES =
  "session_id sessionId conversation_id sessionID cwd hook_event_name event tool_name toolName tool tool_input toolArgs args prompt text v";
const words = fc.constantFrom(
  ..."PreToolUse PermissionRequest PostToolUse BeforeTool AfterTool BeforeAgent preToolUse beforeShellExecution beforeReadFile".split(
    " ",
  ),
  ..."beforeSubmitPrompt tool.execute.before permission.ask chat.message Stop UserPromptSubmit Bash bash apply_patch Read".split(
    " ",
  ),
  ...[
    "run_shell_command",
    "web_fetch",
    "mcp__a__b",
    "a-b",
    "write_stdin",
    "/p",
    "s1",
    "ls",
    "~/x",
    "",
    "__proto__",
    "\u001b[2J",
    "\ud800",
  ],
);
const value: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  any: fc.oneof(
    { depthSize: "small" },
    words,
    fc.constantFrom(1, 2, null, true, 1e300),
    fc.array(tie("any"), { maxLength: 3 }),
    tie("object"),
  ),
  object: fc.dictionary(
    fc.oneof(fc.constantFrom(...NAMES.split(" "), "command", "file_path", "path", "patch", "url", "input"), words),
    tie("any"),
    { maxKeys: 12 },
  ),
}))["object"] as fc.Arbitrary<unknown>;

// Mostly events that are nearly right, so that the deeper code is reached.
const text = fc.oneof(
  fc.string(),
  fc.json(),
  value.map((each) => JSON.stringify(each)),
  fc
    .tuple(value, value)
    .map(([event, input]) =>
      JSON.stringify({ ...base(), ...(event as object), tool_input: input, args: input, toolArgs: input }),
    ),
  fc.tuple(words, words, value).map(([event, tool, input]) =>
    JSON.stringify({
      ...base(),
      hook_event_name: event,
      event,
      tool_name: tool,
      tool,
      toolName: tool,
      tool_input: input,
      args: input,
    }),
  ),
);

function base(): Readonly<Record<string, unknown>> {
  return {
    v: 1,
    session_id: "s",
    sessionId: "s",
    sessionID: "s",
    conversation_id: "s",
    cwd: "/p",
    prompt: "hi",
    text: "hi",
    command: "ls",
  };
}

const reason = fc.oneof(fc.string(), fc.constantFrom("", "  \n", "x".repeat(50_000)));

function refusable(event: HookEvent): boolean {
  return event.kind === "before-tool" || event.kind === "prompt" || event.kind === "permission";
}

describe.each(DIALECTS.map((dialect) => [dialect.agent, dialect] as const))("%s", (agent, dialect: Dialect) => {
  const obeys = OBEYS[agent];

  test("reads any text, to an event that is whole or to a problem with words", () => {
    fc.assert(
      fc.property(text, (each) => {
        const parsed = dialect.parse(each);
        if (!parsed.ok) return parsed.error.message !== "";
        const { value: event } = parsed;
        const acts = "actions" in event ? event.actions : [];
        return event.agentSession !== "" && event.cwd.startsWith("/") && (!("actions" in event) || acts.length > 0);
      }),
      { numRuns: 2_000 },
    );
  });

  test("a refusal that knows nothing is obeyed", () => {
    fc.assert(fc.property(reason, (each) => obeys?.(dialect.refuse(each)) === true));
  });

  test("no answer but an allow lets a call pass that was to be refused or asked", () => {
    const answer: fc.Arbitrary<HookAnswer> = fc.record(
      { verdict: fc.constantFrom("deny" as const, "ask" as const), reason, rewrite: fc.string() },
      { requiredKeys: ["verdict", "reason"] },
    );
    fc.assert(
      fc.property(text, answer, (each, said) => {
        const parsed = dialect.parse(each);
        if (!parsed.ok || !refusable(parsed.value)) return true;
        const reply = dialect.reply(parsed.value, said);
        if (said.verdict === "deny")
          return parsed.value.kind === "permission" ? refusesPermission(parsed.value, reply) : obeys?.(reply) === true;
        return !/"(?:allow|approve)"/.test(reply.stdout);
      }),
      { numRuns: 2_000 },
    );
  });

  test("what cannot be refused any more is never answered", () => {
    fc.assert(
      fc.property(text, reason, (each, why) => {
        const parsed = dialect.parse(each);
        if (!parsed.ok || refusable(parsed.value)) return true;
        const reply = dialect.reply(parsed.value, { verdict: "deny", reason: why });
        expect(reply).toEqual({ exitCode: 0, stdout: "", stderr: "" });
        return true;
      }),
    );
  });
});

// Claude Code and Codex read a permission request's own words; the others as above.
function refusesPermission(event: HookEvent, reply: HookReply): boolean {
  if (event.agent === "claude-code" || event.agent === "codex") {
    const inner = json(reply.stdout)["hookSpecificOutput"] as { readonly decision?: { readonly behavior?: string } };
    return inner.decision?.behavior === "deny" && reply.exitCode === 2;
  }
  return OBEYS[event.agent]?.(reply) === true;
}
