// The plugin for OpenCode as it is written, loaded by Node: it lets a call through on a clean answer and on nothing else.
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, it } from "vitest";
import { openCodePlugin } from "#hooks";
import { tmp } from "../support/tmp.ts";

interface Hooks {
  "tool.execute.before"(call: object, output: { args: Record<string, unknown> }): Promise<void>;
  "tool.execute.after"(call: object, output: object): Promise<void>;
  "permission.ask"(permission: object, output: { status: string }): Promise<void>;
  "chat.message"(message: object, output: { parts: readonly object[] }): Promise<void>;
}

async function load(
  script: string | undefined,
  timeoutMs = 2_000,
): Promise<{ readonly hooks: Hooks; readonly heard: () => string }> {
  const folder = tmp();
  const program = join(folder, "client");
  if (script !== undefined) {
    writeFileSync(program, `#!/bin/sh\ncat >"${folder}/heard"\n${script}\n`);
    chmodSync(program, 0o755);
  }
  const file = join(folder, "ringfence.mjs");
  writeFileSync(file, openCodePlugin({ program, args: ["hook", "opencode"], timeoutMs }));
  const { Ringfence } = (await import(/* @vite-ignore */ pathToFileURL(file).href)) as {
    readonly Ringfence: (context: object) => Promise<Hooks>;
  };
  const client = { mcp: { status: async () => ({ data: { "my.server": {} } }) } };
  const heard = (): string => (existsSync(join(folder, "heard")) ? readFileSync(join(folder, "heard"), "utf8") : "");
  return { hooks: await Ringfence({ client, directory: folder }), heard };
}

const CALL = { tool: "bash", sessionID: "ses_1", callID: "call_1" };

it.each([
  ["an allow", `echo '{"verdict":"allow"}'`],
  ["nothing to object to", `echo '{"verdict":"pass"}'`],
])("lets through: %s", async (_name, script) => {
  const { hooks, heard } = await load(script);
  await hooks["tool.execute.before"](CALL, { args: { command: "ls" } });
  expect(JSON.parse(heard())).toMatchObject({
    v: 1,
    event: "tool.execute.before",
    tool: "bash",
    servers: ["my.server"],
  });
});

it("changes the call in place", async () => {
  const { hooks } = await load(`echo '{"verdict":"allow","args":{"command":"other"}}'`);
  const output = { args: { command: "ls", workdir: "/x" } };
  const { args } = output;
  await hooks["tool.execute.before"](CALL, output);
  expect(args).toEqual({ command: "other" });
});

it("lets no plugin behind it change the call", async () => {
  const { hooks } = await load(`echo '{"verdict":"allow"}'`);
  const output = { args: { command: "ls", edits: [{ text: "a" }] } };
  await hooks["tool.execute.before"](CALL, output);
  expect(() => Object.assign(output.args, { command: "rm" })).toThrow(TypeError);
  expect(() => Object.assign(output.args.edits[0] ?? {}, { text: "b" })).toThrow(TypeError);
  expect(() => Object.assign(output, { args: {} })).toThrow(TypeError);
});

it.each([
  ["a refusal", `echo '{"verdict":"deny","reason":"rule 3"}'; echo rule 3 >&2; exit 2`, "rule 3"],
  ["a refusal with exit 0", `echo '{"verdict":"deny","reason":"rule 3"}'`, "rule 3"],
  ["a question", `echo '{"verdict":"ask","reason":"who"}'`, "who"],
  ["an allow with exit 1", `echo '{"verdict":"allow"}'; exit 1`, "failed"],
  ["an allow and then a signal", `echo '{"verdict":"allow"}'; kill -9 $$`, "failed"],
  ["no output", "exit 0", "not understood"],
  ["no JSON", "echo allow", "not understood"],
  ["null", "echo null", "not understood"],
  ["two answers", `echo '{"verdict":"allow"}{"verdict":"allow"}'`, "not understood"],
  ["endless output", `echo '{"verdict":"allow"'; yes | head -c 3000000`, "not understood"],
  ["no answer in time", "exec sleep 60", "in time"],
  ["no client", undefined, "does not start"],
])("refuses: %s", async (_name, script, why) => {
  const { hooks } = await load(script);
  await expect(hooks["tool.execute.before"](CALL, { args: { command: "ls" } })).rejects.toThrow(why);
  await expect(
    hooks["chat.message"]({ sessionID: "ses_1" }, { parts: [{ type: "text", text: "hi" }] }),
  ).rejects.toThrow(why);
  const output = { status: "ask" };
  await hooks["permission.ask"]({ sessionID: "ses_1", permission: "bash" }, output);
  expect(output.status).toBe("deny");
  // What has happened is told, and never fails.
  await hooks["tool.execute.after"]({ ...CALL, args: {} }, { output: "x" });
});
