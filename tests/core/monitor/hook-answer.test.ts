// What an agent is told when judging its call fails: the words of the record where that is the reason, with what to type.
import { expect, test } from "vitest";
import { LogError } from "#audit";
import { dialectOf } from "#hooks";
import { answerHooks } from "../../../src/monitor/guard/hook-answer.ts";

const CALL = {
  ...{ agent: "claude-code", cwd: "/w", pid: 7, peer: async (): Promise<undefined> => undefined },
  input: JSON.stringify({ session_id: "s", cwd: "/w", hook_event_name: "UserPromptSubmit", prompt: "go" }),
};

test("a record that takes no more says what helps", async () => {
  const problem = { code: "log-limit", message: "the record is full", hint: "raise `logBytes`" };
  const { answer } = answerHooks(dialectOf, () => Promise.reject(new LogError(problem)));
  const reply = await answer(CALL, new AbortController().signal);
  expect(reply).toMatchObject({ exitCode: 2, stderr: "ringfence: the record is full; raise `logBytes`\n" });
});

test("anything else that is thrown is the server's to refuse", async () => {
  const { answer } = answerHooks(dialectOf, () => Promise.reject(new TypeError("a bug")));
  await expect(answer(CALL, new AbortController().signal)).rejects.toThrow("a bug");
});
