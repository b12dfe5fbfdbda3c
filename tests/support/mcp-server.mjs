// A stdio server of a few lines with tools that try things: what each came to is its answer. `--stubborn`: it never ends by itself.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { createInterface } from "node:readline";

const tried = (act) => {
  try {
    return act();
  } catch (error) {
    return `refused ${error.code}`;
  }
};
const dialled = ({ host, port }) =>
  new Promise((done) => {
    const socket = connect({ host, port: Number(port), timeout: 2_000 });
    socket.once("connect", () => done("reached")).once("timeout", () => done("refused timeout"));
    socket.once("error", ({ code }) => done(`refused ${code}`));
  });
const TOOLS = {
  echo: ({ text }) => text,
  read: ({ path }) => tried(() => readFileSync(path, "utf8")),
  write: ({ path, text }) => tried(() => writeFileSync(path, text) ?? "written"),
  variable: ({ name }) => process.env[name] ?? "unset",
  folder: () => process.cwd(),
  dial: dialled,
  leave: ({ seconds }) => tried(() => spawn("sleep", [seconds], { detached: true, stdio: "ignore" }).unref() ?? "left"),
  flood: ({ lines }) =>
    process.stderr.write(`\u001b[2J\u202e${"x".repeat(1000)}\n`.repeat(Number(lines))) === "" || "told",
};
const description = { type: "object", properties: { a: { type: "string" } } };
const tools = Object.keys(TOOLS).map((name) => ({ name, description: `Tries ${name}`, inputSchema: description }));

if (process.argv.includes("--stubborn")) {
  process.on("SIGTERM", () => undefined);
  setInterval(() => undefined, 1_000);
}
process.stderr.write("up\n");
for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, params } = JSON.parse(line);
  if (id === undefined) continue;
  const result =
    method === "initialize"
      ? {
          protocolVersion: params.protocolVersion,
          capabilities: { tools: {} },
          serverInfo: { name: "tries", version: "1" },
        }
      : method === "tools/list"
        ? { tools }
        : { content: [{ type: "text", text: String(await TOOLS[params.name](params.arguments)) }] };
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
}
