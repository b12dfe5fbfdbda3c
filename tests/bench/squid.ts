// Debian's squid as a peer of the proxy's table: caching nothing, allowing everything, on loopback. Where it is not installed its row is missing, and
// the table says so.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";

/** A running one. */
export interface Squid {
  readonly port: number;
  close(): void;
}

/** Starts it in a folder of its own; `undefined` when there is none. */
export async function startSquid(scratch: string): Promise<Squid | undefined> {
  let program: string;
  try {
    program = execFileSync("sh", ["-c", 'PATH="$PATH:/usr/sbin" command -v squid'], { encoding: "utf8" }).trim();
  } catch {
    return undefined;
  }
  const port = await freePort();
  const folder = join(scratch, "squid");
  mkdirSync(folder, { recursive: true, mode: 0o777 });
  const config = join(folder, "squid.conf");
  const root = process.getuid?.() === 0 ? ["cache_effective_user proxy"] : [];
  writeFileSync(
    config,
    [
      `http_port 127.0.0.1:${port}`,
      "http_access allow all",
      "cache deny all",
      "access_log none",
      "cache_log /dev/null",
      "cache_store_log none",
      "pid_filename none",
      "max_filedescriptors 8192",
      `coredump_dir ${folder}`,
      "shutdown_lifetime 0 seconds",
      "mime_table /dev/null",
      "icon_directory /dev/null",
      "netdb_filename none",
      "pinger_enable off",
      ...root,
      "",
    ].join("\n"),
  );
  // A name of its own: another one on this machine has its memory under the usual name.
  const child = spawn(program, ["-N", "-f", config, "-n", `bench${process.pid}`], { stdio: "ignore" });
  for (let tries = 0; tries < 50; tries += 1) {
    if (await answers(port)) return { port, close: () => void child.kill("SIGTERM") };
    await new Promise((done) => setTimeout(done, 100));
  }
  child.kill("SIGTERM");
  return undefined;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => done(port));
    });
  });
}

function answers(port: number): Promise<boolean> {
  return new Promise((done) => {
    const socket = net.connect(port, "127.0.0.1");
    socket.once("connect", () => done(true));
    socket.once("error", () => done(false));
    socket.once("close", () => socket.destroy());
    socket.once("connect", () => socket.destroy());
  });
}
