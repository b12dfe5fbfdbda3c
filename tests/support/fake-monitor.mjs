// A monitor that is none, for the tests of what a hook does then: it listens where the host would, as the user it is started as.
//   node fake-monitor.mjs SOCKET hung|rubbish|closes|half     prints "ready" when it listens; serves until it is ended
import { mkdirSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { dirname } from "node:path";

const [, , path = "", mode] = process.argv;
mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
rmSync(path, { force: true });
createServer({ allowHalfOpen: true }, (socket) => {
  socket.on("error", () => socket.destroy());
  socket.resume();
  socket.on("end", () => {
    if (mode === "rubbish") socket.end("allow\n");
    if (mode === "closes") socket.destroy();
    if (mode === "half") socket.end("0 400 0\n{");
  });
}).listen(path, () => process.stdout.write("ready\n"));
