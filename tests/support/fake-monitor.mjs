// A monitor that is none, for the tests of what a hook does then: it listens where the host would, as the user it is started as.
//   node fake-monitor.mjs SOCKET hung|rubbish|closes|half     prints "ready" when it listens; serves until it is ended
//   node fake-monitor.mjs SOCKET named                        does what a call of `touch allowed-FAULT` names, prints FAULT, lets all else pass
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";

const [, , path = "", mode] = process.argv;
mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
rmSync(path, { force: true });

// The agents take silence for "go on"; our plugin in OpenCode wants it said.
const passOf = (text) => {
  const said = text.includes('"event":"chat.message"') ? '{"verdict":"pass"}\n' : "";
  return `0 ${said.length} 0\n${said}`;
};

const faultOf = (text) => {
  if (mode !== "named") return mode;
  const fault = /touch allowed-(hung|rubbish|closes|half)/.exec(text)?.[1] ?? "passes";
  if (fault !== "passes") process.stdout.write(`${fault}\n`);
  return fault;
};

createServer({ allowHalfOpen: true }, (socket) => {
  let text = "";
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (chunk) => {
    text += chunk;
  });
  socket.on("end", () => {
    const fault = faultOf(text);
    if (fault === "passes") socket.end(passOf(text));
    if (fault === "rubbish") socket.end("allow\n");
    if (fault === "closes") socket.destroy();
    if (fault === "half") socket.end("0 400 0\n{");
  });
}).listen(path, () => process.stdout.write("ready\n"));
