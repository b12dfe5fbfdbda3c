// The native hook client built for a test, in an installation of its own, and a monitor that misbehaves on request.
import { execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import { checkout } from "./installation.ts";

/** How a hook process ended. */
export interface HookEnd {
  readonly code: number | null;
  readonly signal: string | null;
  readonly out: string;
  readonly err: string;
  readonly ms: number;
}

/** One way to build the client. */
export type Build = "release" | "sanitized";

const FLAGS: Readonly<Record<Build, string>> = {
  release: "-std=gnu11 -O2 -static -Wall -Wextra -Werror -fstack-protector-strong -D_FORTIFY_SOURCE=2",
  sanitized: "-std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all",
};

/** Compiles the whole helper into `folder/build`, where it takes `folder` for its installation. */
export function buildClient(folder: string, build: Build): string {
  const native = join(checkout, "native");
  const sources = readdirSync(native).filter((name) => name.endsWith(".c"));
  const helper = join(folder, "build/ringfence-helper");
  mkdirSync(join(folder, "build"), { recursive: true });
  execFileSync("gcc", [...FLAGS[build].split(" "), ...sources.map((name) => join(native, name)), "-o", helper]);
  return helper;
}

/** A copy of a built client in another installation. */
export function copyClient(helper: string, folder: string): string {
  const copy = join(folder, "build/ringfence-helper");
  mkdirSync(join(folder, "build"), { recursive: true });
  copyFileSync(helper, copy);
  chmodSync(copy, 0o755);
  return copy;
}

/** What a run of the client may be told. */
export interface HookRun {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Ends the process by this signal. */
  readonly kill?: { readonly signal: NodeJS.Signals; readonly when: Promise<void> };
  /** Leaves standard input open after `input`. */
  readonly open?: boolean;
}

/** Runs a hook client to its end. */
export function runHook(argv: readonly [string, ...string[]], run: HookRun = {}): Promise<HookEnd> {
  const began = performance.now();
  const [program, ...args] = argv;
  const child = spawn(program, args, { cwd: run.cwd ?? "/", env: run.env ?? {}, stdio: "pipe" });
  const [out, err]: [Buffer[], Buffer[]] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  child.stdin.on("error", () => undefined); // it may end before it has read everything
  child.stdin.write(run.input ?? '{"hook_event_name":"PreToolUse"}');
  if (run.open !== true) child.stdin.end();
  const { kill } = run;
  void kill?.when.then(() => child.kill(kill.signal));
  return new Promise((done, failed) => {
    child.once("error", failed);
    child.once("close", (code, signal) => {
      child.stdin.destroy();
      const [text, complaint] = [out, err].map((chunks) => Buffer.concat(chunks).toString()) as [string, string];
      done({ code, signal, out: text, err: complaint, ms: performance.now() - began });
    });
  });
}

/** A state home with the folders that a client accepts. */
export function stateHome(folder: string): { readonly home: string; readonly host: string; readonly socket: string } {
  const home = join(folder, "state");
  const host = join(home, "ringfence/host");
  mkdirSync(host, { recursive: true, mode: 0o700 });
  for (const path of [join(home, "ringfence"), host]) chmodSync(path, 0o700);
  return { home, host, socket: join(host, "hook.sock") };
}

/** Listens like a monitor and lets `behave` do what it wants with each connection. */
export async function listenAt(path: string, behave: (socket: net.Socket) => void): Promise<net.Server> {
  const sockets = new Set<net.Socket>();
  const server = net.createServer({ allowHalfOpen: true }, (socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    behave(socket);
  });
  await new Promise<void>((done) => server.listen(path, done));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return server;
}

/** Writes a launcher in `folder` that runs `script` under sh. */
export function writeLauncher(folder: string, script: string): void {
  writeFileSync(join(folder, "ringfence"), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
}
