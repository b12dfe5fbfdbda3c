// The plugin that `ringfence install opencode` writes: one self-contained file of JavaScript that asks the hook client before every tool call
// and throws on anything but a clean yes, which is OpenCode's refusal. Generated text; the other end is ../opencode.ts.

/** How the hook client is started, as words for a spawn without a shell. */
export interface PluginClient {
  readonly program: string;
  readonly args: readonly string[];
  /** Longer than the client's own deadline: the client's refusal says more than this one. */
  readonly timeoutMs: number;
}

/** The plugin's text. */
export function openCodePlugin({ program, args, timeoutMs }: PluginClient): string {
  return PLUGIN.replace("@PROGRAM@", () => JSON.stringify(program))
    .replace("@ARGS@", () => JSON.stringify(args))
    .replace("@TIMEOUT@", () => String(timeoutMs));
}

const PLUGIN = `// Written by \`ringfence install opencode\`; \`ringfence uninstall opencode\` takes it away. Changes here are lost and noticed.
// Each tool call is judged by ringfence before it runs. No answer, a late one or one that is not understood is a refusal.
import { spawn } from "node:child_process";

const PROGRAM = @PROGRAM@;
const ARGS = @ARGS@;
const TIMEOUT_MS = @TIMEOUT@;
const MOST = 1048576;

function ask(event) {
  return new Promise((resolve, reject) => {
    let out = "";
    let complaint = "";
    const refuse = (why) => reject(new Error(/^ringfence/i.test(why) ? why : "ringfence refused this: " + why));
    let child;
    try {
      child = spawn(PROGRAM, ARGS, { cwd: event.cwd, stdio: ["pipe", "pipe", "pipe"], shell: false });
    } catch (error) {
      refuse("its hook client does not start (" + error.message + ")");
      return;
    }
    const timer = setTimeout(() => {
      child.kill("SIGKILL");
      refuse("no answer in time");
    }, TIMEOUT_MS);
    child.on("error", (error) => {
      clearTimeout(timer);
      refuse("its hook client does not start (" + error.message + ")");
    });
    child.stdin.on("error", () => undefined);
    child.stdout.setEncoding("utf8").on("data", (text) => (out = (out + text).slice(0, MOST)));
    child.stderr.setEncoding("utf8").on("data", (text) => (complaint = (complaint + text).slice(0, MOST)));
    child.on("close", (code) => {
      clearTimeout(timer);
      if (code !== 0) return refuse(complaint.trim() || "its hook client failed");
      try {
        const answer = JSON.parse(out);
        if (answer.verdict === "allow" || answer.verdict === "pass") return resolve(answer);
        refuse(typeof answer.reason === "string" && answer.reason !== "" ? answer.reason : "no reason given");
      } catch {
        refuse("the answer is not understood");
      }
    });
    child.stdin.end(JSON.stringify(event));
  });
}

function freeze(value) {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const inner of Object.values(value)) freeze(inner);
}

export const Ringfence = async ({ client, directory, worktree }) => {
  const cwd = directory || worktree || process.cwd();
  const about = (event, sessionID) => ({ v: 1, event, sessionID, cwd });
  // Names of servers tell a server's tool from one that only looks so. Without them such a tool is an unknown one, which is asked about.
  const servers = async () => {
    try {
      const status = await client.mcp.status();
      return Object.keys(status.data ?? {});
    } catch {
      return [];
    }
  };
  // After the fact nothing can be refused; what is not recorded then is missing from the record, and the next call will say why.
  const tell = (event) => ask(event).then(() => undefined, () => undefined);
  return {
    "tool.execute.before": async ({ tool, sessionID, callID }, output) => {
      const event = { ...about("tool.execute.before", sessionID), callID, tool, args: output.args, servers: await servers() };
      const answer = await ask(event);
      // OpenCode keeps the object it handed out, so the call is changed in place.
      if (answer.args !== undefined) {
        for (const name of Object.keys(output.args)) delete output.args[name];
        Object.assign(output.args, answer.args);
      }
      // What was judged is what runs: a plugin behind this one that changes the call fails, and the call with it.
      freeze(output);
    },
    "tool.execute.after": async ({ tool, sessionID, callID, args }, output) =>
      tell({
        ...about("tool.execute.after", sessionID),
        callID,
        tool,
        args,
        servers: await servers(),
        output: typeof output?.output === "string" ? output.output : "",
      }),
    "permission.ask": async (permission, output) => {
      try {
        await ask({ ...about("permission.ask", permission.sessionID), permission });
      } catch {
        output.status = "deny";
      }
    },
    "chat.message": async ({ sessionID }, output) => {
      const text = output.parts.filter((part) => part.type === "text" && !part.synthetic).map((part) => part.text);
      await ask({ ...about("chat.message", sessionID), text: text.join("\\n") });
    },
    "experimental.text.complete": async ({ sessionID }, output) =>
      tell({ ...about("text.complete", sessionID), text: output.text }),
  };
};
`;
