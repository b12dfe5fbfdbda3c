// Syslog over every way there is, to real receivers on loopback that read strictly.
import { spawn } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import net, { type AddressInfo } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import tls from "node:tls";
import { expect, onTestFinished, test } from "vitest";
import { closedLog, type ExportBed, openLog } from "../support/export-bed.ts";
import { needs } from "../support/needs.ts";
import { parseCef } from "../support/published/cef.ts";
import { decodeOtlp } from "../support/published/otlp.ts";
import { parseSyslog, syslogReceiver } from "../support/receivers.ts";
import { worldAuthority } from "../support/tls-world.ts";
import { tmp } from "../support/tmp.ts";

const total = (bed: ExportBed): number =>
  readFileSync(join(bed.dir, "log/000000000000.jsonl"), "utf8").split("\n").length - 1;
const seqOf = (message: string): number => Number(/\[meta sequenceId="(\d+)"\]/.exec(message)?.[1]) - 1;
const upTo = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

test("TCP: every event is one octet-counted message of RFC 5424, in order", async () => {
  const bed = await closedLog(300);
  const receiver = await syslogReceiver(net.createServer({ allowHalfOpen: true }), { port: 0 });
  expect(await bed.run("cef", `syslog+tcp://127.0.0.1:${receiver.port}`, { batch: 50 })).toMatchObject({
    ok: true,
    value: { records: total(bed) },
  });
  expect(receiver.messages.map(seqOf)).toEqual(upTo(total(bed)));
  const blocked = receiver.messages.map(parseSyslog).filter(({ type }) => type === "net.blocked");
  expect(blocked[0]?.pri).toBe(13 * 8 + 4);
  expect(parseCef(blocked[0]?.text ?? "").extension.get("act")).toBe("blocked");
});

test("TCP: a receiver that hangs up in the middle gets the batch again", async () => {
  const bed = await closedLog(100);
  const receiver = await syslogReceiver(net.createServer({ allowHalfOpen: true }), { port: 0 }, { hangUpAfter: 70 });
  const done = await bed.run("jsonl", `syslog+tcp://127.0.0.1:${receiver.port}`, { batch: 50 });
  expect(done).toMatchObject({ ok: true, value: { records: total(bed) } });
  expect([...new Set(receiver.messages.map(seqOf))].sort((a, b) => a - b)).toEqual(upTo(total(bed)));
  expect(receiver.messages.length).toBeGreaterThan(total(bed));
});

test("TCP: nobody listens, and that is said", async () => {
  const bed = await closedLog();
  const done = await bed.run("cef", "syslog+tcp://127.0.0.1:1", { patience: { retries: 1, random: () => 0 } });
  expect(done).toMatchObject({
    ok: true,
    value: { records: 0, next: 0, problem: { message: expect.stringContaining("ECONNREFUSED, 2 times") } },
  });
});

test("TLS: verified against the authority that is named", async () => {
  const bed = await closedLog();
  const world = worldAuthority();
  const server = tls.createServer(world.server("localhost"));
  server.on("tlsClientError", () => undefined);
  const receiver = await syslogReceiver(server, { port: 0 }, { event: "secureConnection" });
  const to = `syslog+tls://localhost:${receiver.port}`;
  const refused = await bed.run("otlp", to);
  expect(refused).toMatchObject({
    ok: true,
    value: { records: 0, problem: { message: expect.stringContaining("not trusted") } },
  });
  expect(receiver.messages).toEqual([]);
  expect(await bed.run("otlp", to, { ca: world.certificate })).toMatchObject({
    ok: true,
    value: { records: total(bed) },
  });
  expect(receiver.messages.flatMap((message) => decodeOtlp(parseSyslog(message).text))).toHaveLength(total(bed));
});

test("UDP: one datagram an event, none longer than the receiver takes, cut ones marked", async () => {
  const { log, bed } = await openLog();
  await log.append({ type: "tool.result", origin: "claimed", data: { tool: "Bash", output: "ü".repeat(50_000) } });
  await log.close({ exit: 0 });
  const messages: Buffer[] = [];
  const socket = createSocket("udp4", (message) => messages.push(message)).bind(0, "127.0.0.1");
  await once(socket, "listening");
  onTestFinished(() => {
    socket.close();
  });
  const { port } = socket.address();
  expect(await bed.run("ocsf", `syslog://127.0.0.1:${port}`, { messageBytes: 4096 })).toMatchObject({
    ok: true,
    value: { records: 3 },
  });
  await expect.poll(() => messages.length).toBe(3);
  expect(messages.every(({ length }) => length <= 4096)).toBe(true);
  const event = JSON.parse(parseSyslog(messages[1]?.toString() ?? "").text) as { metadata: object };
  expect(event.metadata).toMatchObject({ is_truncated: true, untruncated_size: 50_000 });
});

test("UDP: a port where nobody listens is said", async () => {
  const bed = await closedLog();
  const gone = createSocket("udp4").bind(0, "127.0.0.1");
  await once(gone, "listening");
  const { port } = gone.address() as AddressInfo;
  gone.close();
  const done = await bed.run("cef", `syslog://127.0.0.1:${port}`, { patience: { retries: 0, random: () => 0 } });
  expect(done).toMatchObject({ ok: true, value: { problem: { message: expect.stringContaining("ECONNREFUSED") } } });
});

test("a Unix socket that is a stream", async () => {
  const bed = await closedLog();
  const path = join(tmp(), "log");
  const receiver = await syslogReceiver(net.createServer({ allowHalfOpen: true }), { path });
  expect(await bed.run("ecs", `syslog+unix://${path}`)).toMatchObject({ ok: true, value: { records: total(bed) } });
  expect(receiver.messages.map(seqOf)).toEqual(upTo(total(bed)));
});

test("a Unix socket that takes datagrams, as /dev/log does, also when its reader is slow", async (context) => {
  needs(context, "helper", "python3");
  const bed = await closedLog(300);
  const path = join(tmp(), "log");
  const reader = spawn("python3", ["-c", READER, path], { stdio: ["ignore", "pipe", "inherit"] });
  onTestFinished(() => {
    reader.kill();
  });
  const output = createInterface({ input: reader.stdout });
  const lines: string[] = [];
  output.on("line", (line) => lines.push(line));
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(1);
  const done = await bed.run("cef", `syslog+unix://${path}`, { batch: 100 });
  expect(done).toMatchObject({ ok: true, value: { records: total(bed) } });
  await expect.poll(() => lines.length, { timeout: 10_000 }).toBe(total(bed) + 1);
  const messages = lines.slice(1).map((line) => Buffer.from(line, "base64").toString());
  expect(messages.map(seqOf)).toEqual(upTo(total(bed)));
  expect(messages.map(parseSyslog).map(({ text }) => parseCef(text).header[0])).toEqual(messages.map(() => "CEF:0"));
  const gone = await bed.run("cef", `syslog+unix://${path}.gone`, { patience: { retries: 0, random: () => 0 } });
  expect(gone).toMatchObject({ ok: true, value: { problem: { message: expect.stringContaining("ENOENT") } } });
});

const READER = `
import base64, socket, sys, time
reader = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
reader.bind(sys.argv[1])
print("ready", flush=True)
while True:
    message = reader.recv(70000)
    time.sleep(0.001)
    print(base64.b64encode(message).decode(), flush=True)
`;

test("an event that cannot be made short enough stops the delivery there, and says which", async () => {
  const { log, bed } = await openLog();
  await log.append({ type: "prompt", origin: "claimed", data: { text: "x".repeat(9000) } });
  await log.close({ exit: 0 });
  const receiver = await syslogReceiver(net.createServer({ allowHalfOpen: true }), { port: 0 });
  const to = `syslog+tcp://127.0.0.1:${receiver.port}`;
  const done = await bed.run("jsonl", to);
  expect(done).toMatchObject({
    ok: true,
    value: {
      records: 1,
      next: 1,
      problem: { code: "export-too-long", message: expect.stringContaining("record 1 does not fit") },
    },
  });
  // JSON lines are exact or nothing; a format that may cut delivers it.
  expect(await bed.run("cef", to)).toMatchObject({ ok: true, value: { records: 3 } });
});
