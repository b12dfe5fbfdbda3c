// The monitor's end of the hook wire under clients that do everything wrong: each gets a refusal or is cut off, nobody else notices, and no call is lost.
import { existsSync, statSync, writeFileSync } from "node:fs";
import net from "node:net";
import { join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import type { HookReply } from "#core";
import { askMonitor } from "../../src/monitor/guard/client.ts";
import { type HookServer, type HookServerOptions, openHookServer } from "../../src/monitor/guard/hook-server.ts";
import { headerLine, parseReply } from "../../src/monitor/guard/hook-wire.ts";
import { tmp } from "../support/tmp.ts";

const CALLER = { agent: "codex", cwd: "/w", pid: 7 };
const YES: HookReply = { exitCode: 0, stdout: "yes", stderr: "" };

interface Bed {
  readonly path: string;
  readonly server: HookServer;
  /** Sends bytes and answers what came back; `end` closes our side. */
  send(bytes: string | Buffer, end?: boolean): Promise<HookReply | undefined>;
  ask(input?: string): Promise<string>;
}

async function bed(options: Partial<HookServerOptions> = {}): Promise<Bed> {
  const path = join(tmp(), "agent.sock");
  const opened = await openHookServer({
    socketPath: path,
    answer: async () => YES,
    refuse: (agent, reason) => ({ exitCode: 2, stdout: "", stderr: `${agent ?? "nobody"}: ${reason}` }),
    ...options,
  });
  if (!opened.ok) throw new Error(opened.error.message);
  onTestFinished(() => opened.value.close());
  return {
    path,
    server: opened.value,
    send: (bytes, end = true) => exchange(path, bytes, end),
    ask: async (input = "{}") => {
      const answer = await askMonitor({
        socketPath: path,
        uid: process.getuid?.() ?? 0,
        caller: CALLER,
        input: Buffer.from(input),
      });
      return answer.ok ? answer.value.stdout || answer.value.stderr : `none: ${answer.error.reason}`;
    },
  };
}

function exchange(path: string, bytes: string | Buffer, end: boolean): Promise<HookReply | undefined> {
  const socket = net.createConnection({ path, allowHalfOpen: true });
  onTestFinished(() => void socket.destroy());
  const heard: Buffer[] = [];
  socket.on("data", (chunk) => heard.push(chunk));
  socket.on("error", () => undefined);
  socket.write(bytes);
  if (end) socket.end();
  return new Promise((done) =>
    socket.once("close", () => done(parseReply(Buffer.concat(heard)))).once("end", () => socket.end()),
  );
}

describe("a call", () => {
  test("is answered, with its bytes and its caller as they came", async () => {
    let heard: unknown;
    const { ask, path } = await bed({
      answer: async ({ agent, cwd, pid, input }) => {
        heard = { agent, cwd, pid, input };
        return YES;
      },
    });
    expect(await ask('{"a":"é\\n"}')).toBe("yes");
    expect(heard).toEqual({ ...CALLER, input: '{"a":"é\\n"}' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.for([
    ["no header", "", /nobody: .*cut short/],
    ["half a header", headerLine(CALLER).slice(0, 20), /nobody: .*cut short/],
    ["a header that is no JSON", "hello\n{}", /nobody: .*not JSON/],
    ["a header with an unknown key", `${JSON.stringify({ v: 1, ...CALLER, more: 1 })}\n{}`, /nobody: .*unknown keys/],
    ["a header of another version", `${JSON.stringify({ v: 2, ...CALLER })}\n{}`, /nobody: .*version/],
    ["a header without an end", "x".repeat(70_000), /nobody: .*too long/],
    [
      "an event that is not UTF-8",
      Buffer.concat([Buffer.from(headerLine(CALLER)), Buffer.from([0x7b, 0xff, 0x7d])]),
      /codex: .*UTF-8/,
    ],
    [
      "an event beyond 16 MiB",
      Buffer.concat([Buffer.from(headerLine(CALLER)), Buffer.alloc(17 * 1_048_576, 0x20)]),
      /codex: .*too large/,
    ],
  ] as const)("with %s is refused", async ([_name, bytes, why]) => {
    const { send, ask } = await bed();
    const reply = await send(bytes);
    // A client that still writes is cut off; then it has heard nothing, and refuses itself.
    if (reply !== undefined || bytes.length < 1_000_000) {
      expect(reply?.exitCode).toBe(2);
      expect(reply?.stderr).toMatch(why);
    }
    expect(await ask()).toBe("yes");
  });

  test("that does not arrive in time is refused, also when it dribbles", async () => {
    const { send, path, ask } = await bed({ limits: { requestMs: 300 } });
    const silent = send("", false);
    const dribbling = net.createConnection(path);
    dribbling.on("error", () => undefined);
    const timer = setInterval(() => dribbling.write("x"), 20);
    onTestFinished(() => clearInterval(timer));
    const cut = new Promise((done) => dribbling.once("close", done));
    dribbling.resume();
    expect((await silent)?.stderr).toMatch(/in time/);
    await cut;
    expect(await ask()).toBe("yes");
  });

  test("whose answer fails or makes no sense is refused", async () => {
    let answer: () => Promise<HookReply> = async () => {
      throw new Error("disk \x1b[31mfull");
    };
    const { ask } = await bed({ answer: () => answer() });
    expect(await ask()).toBe("codex: the monitor failed: disk \\u{1b}[31mfull");
    answer = async () => ({ exitCode: 2, stdout: "{}", stderr: "" });
    expect(await ask()).toMatch(/codex: the monitor failed/);
    answer = async () => ({ ...YES, stdout: "x".repeat(1_048_577) });
    expect(await ask()).toMatch(/codex: the monitor failed/);
  });

  test("of a client that is gone is given up", async () => {
    let gone: AbortSignal | undefined;
    const { path } = await bed({
      answer: (_call, signal) => {
        gone = signal;
        return new Promise(() => undefined);
      },
    });
    const socket = net.createConnection({ path, allowHalfOpen: true });
    socket.end(`${headerLine(CALLER)}{}`);
    await expect.poll(() => gone !== undefined).toBe(true);
    expect(gone?.aborted).toBe(false);
    socket.destroy();
    await expect.poll(() => gone?.aborted, { timeout: 10_000 }).toBe(true);
  });

  test("that waits for a person is told each second that somebody is there", async () => {
    const { send } = await bed({
      answer: async () => {
        await new Promise((done) => setTimeout(done, 4_000));
        return YES;
      },
    });
    // Longer than a client's patience with silence.
    expect(await send(`${headerLine(CALLER)}{}`)).toEqual(YES);
  });
});

describe("many calls", () => {
  test("two hundred at once are all answered, each with its own", async () => {
    const { path } = await bed({
      answer: async ({ input }) => {
        await new Promise((done) => setTimeout(done, Math.random() * 50));
        return { ...YES, stdout: input };
      },
    });
    const answers = await Promise.all(
      Array.from({ length: 200 }, (_, at) => exchange(path, `${headerLine(CALLER)}{"at":${at}}`, true)),
    );
    expect(answers.map((reply) => reply?.stdout)).toEqual(answers.map((_, at) => `{"at":${at}}`));
  });

  test("idle connections make room for whoever has something to ask", async () => {
    const { path, ask, server } = await bed({ limits: { connections: 20 } });
    const idle = Array.from({ length: 60 }, () => net.createConnection(path));
    for (const socket of idle) socket.on("error", () => undefined).resume();
    onTestFinished(() => idle.forEach((socket) => void socket.destroy()));
    await Promise.all(idle.map((socket) => new Promise((done) => socket.once("connect", done))));
    expect(await ask()).toBe("yes");
    expect(server.connections).toBeLessThanOrEqual(61);
  });

  test("where all have asked, the newcomer is refused, and no longer when one is done", async () => {
    const waiting: (() => void)[] = [];
    const { path, ask } = await bed({
      answer: () => new Promise((done) => waiting.push(() => done(YES))),
      limits: { connections: 4 },
    });
    const held = Array.from({ length: 4 }, () => exchange(path, `${headerLine(CALLER)}{}`, true));
    await expect.poll(() => waiting.length).toBe(4);
    expect(await ask()).toMatch(/too many calls/);
    for (const answer of waiting.splice(0)) answer();
    expect(await Promise.all(held)).toEqual(held.map(() => YES));
    const next = ask();
    await expect.poll(() => waiting.length).toBe(1);
    waiting[0]?.();
    expect(await next).toBe("yes");
  });

  test("together they may not fill the memory", async () => {
    const { path, ask } = await bed({ limits: { bytes: 1_000_000 } });
    const big = Array.from({ length: 4 }, () =>
      exchange(path, Buffer.concat([Buffer.from(headerLine(CALLER)), Buffer.alloc(400_000, 0x20)]), false),
    );
    await Promise.race(big);
    expect(await ask()).toBe("yes");
  });

  test("whoever fills the memory pays for it, also with calls that are being answered", async () => {
    const waiting: string[] = [];
    const { path, ask } = await bed({
      limits: { bytes: 1_000_000 },
      answer: ({ input }) =>
        input.length < 100
          ? Promise.resolve(YES)
          : new Promise(() => {
              waiting.push(input);
            }),
    });
    const big = (): Promise<HookReply | undefined> =>
      exchange(path, Buffer.concat([Buffer.from(headerLine(CALLER)), Buffer.alloc(450_000, 0x20)]), true);
    const first = [big(), big()];
    await expect.poll(() => waiting.length).toBe(2);
    expect(await ask()).toBe("yes");
    const third = big();
    expect((await Promise.race([...first, third]))?.stderr).toMatch(/too much at once/);
    expect(await ask()).toBe("yes");
    expect(await ask("x".repeat(99))).toBe("yes");
  });
});

describe("the socket", () => {
  test("takes the place of one that was left, and goes with its server", async () => {
    const path = join(tmp(), "agent.sock");
    writeFileSync(path, "left behind");
    const options: HookServerOptions = { socketPath: path, answer: async () => YES, refuse: () => YES };
    const first = await openHookServer(options);
    const second = await openHookServer(options);
    if (!first.ok || !second.ok) throw new Error("not opened");
    await first.value.close();
    expect(existsSync(path)).toBe(true); // it is the second one's now
    await second.value.close();
    expect(existsSync(path)).toBe(false);
  });

  test("where it cannot be made is a Problem", async () => {
    const opened = await openHookServer({
      socketPath: `${tmp()}/none/agent.sock`,
      answer: async () => YES,
      refuse: () => YES,
    });
    expect(opened).toMatchObject({ ok: false, error: { code: "hook-socket" } });
  });

  test("ends with a refusal for whoever still waits", async () => {
    const { ask, server } = await bed({ answer: () => new Promise(() => undefined), lingerMs: 50 });
    const waiting = ask();
    await expect.poll(() => server.connections).toBe(1);
    await server.close();
    expect(await waiting).toMatch(/codex: the monitor is ending/);
    expect(await ask()).toBe("none: no monitor is there");
  });
});
