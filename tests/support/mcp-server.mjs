// A stdio server of a few lines with tools that try things: what each came to is its answer. `--stubborn`: it never ends by itself.
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { request } from "node:http";
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
/** Fails as most servers do: without a word on why. */
const asked = ({ host, port }) =>
  new Promise((done, failed) => {
    const { hostname, port: at } = new URL(process.env.HTTPS_PROXY);
    const path = `${host}:${port}`;
    const asking = request({
      host: hostname,
      port: at,
      method: "CONNECT",
      path,
      headers: { host: path },
      agent: false,
    });
    asking.once("connect", ({ statusCode }, socket) => {
      socket.destroy();
      if (statusCode === 200) done("reached");
      else failed(new Error("fetch failed"));
    });
    asking.once("error", failed).end();
  });
const TOOLS = {
  echo: ({ text }) => text,
  read: ({ path }) => tried(() => readFileSync(path, "utf8")),
  write: ({ path, text }) => tried(() => writeFileSync(path, text) ?? "written"),
  variable: ({ name }) => process.env[name] ?? "unset",
  folder: () => process.cwd(),
  dial: dialled,
  ask: asked,
  leave: ({ seconds }) => tried(() => spawn("sleep", [seconds], { detached: true, stdio: "ignore" }).unref() ?? "left"),
  flood: ({ lines }) =>
    process.stderr.write(`\u001b[2J\u202e${"x".repeat(1000)}\n`.repeat(Number(lines))) === "" || "told",
};
const description = { type: "object", properties: { a: { type: "string" } } };
const tools = Object.keys(TOOLS).map((name) => ({ name, description: `Tries ${name}`, inputSchema: description }));

const answer = async (params) => {
  try {
    return { content: [{ type: "text", text: String(await TOOLS[params.name](params.arguments)) }] };
  } catch ({ message }) {
    return { content: [{ type: "text", text: message }], isError: true };
  }
};

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
        : await answer(params);
  process.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id, result })}\n`);
}
