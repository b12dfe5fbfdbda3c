// Who has just dialled what, by the recorder's word (monitor/network/recent-dials.ts).
import { expect, test } from "vitest";
import type { RecorderEvent } from "#core/sandbox";
import { RecentDials } from "../../../src/monitor/network/recent-dials.ts";

const exec = (pid: number, exe: string): RecorderEvent => ({
  ...{ kind: "exec", pid, exe, atUs: 0, parent: 1, argv: [], cwd: "/" },
});
const dials = (pid: number, address: string, port: number): RecorderEvent => ({
  ...{ kind: "connect", pid, atUs: 0, result: "unknown" },
  to: { family: address.includes(":") ? "inet6" : "inet", address, port },
});

test("the program that dialled an address, also when it has ended; nobody for what nobody dialled", async () => {
  const recent = new RecentDials();
  for (const event of [exec(7, "/usr/bin/curl"), dials(7, "::ffff:9.9.9.9", 443)]) recent.hear(event);
  recent.hear({ kind: "exit", pid: 7, atUs: 0, probes: 0, code: 7 });
  expect(await recent.programAt("9.9.9.9", 443)).toEqual({ pid: 7, exe: "/usr/bin/curl" });
  expect(await recent.programAt("9.9.9.9", 80)).toBeUndefined();
});

test("two that dialled one address are nobody, and what is long past is nobody's", async () => {
  let now = 0;
  const recent = new RecentDials(() => now);
  for (const pid of [7, 8, 7]) recent.hear(dials(pid, "9.9.9.9", 443));
  expect(await recent.programAt("9.9.9.9", 443)).toBeUndefined();
  recent.hear(dials(7, "9.9.9.9", 22));
  now = 3_000;
  expect(await recent.programAt("9.9.9.9", 22)).toBeUndefined();
});

test("remembers so many, and then the newest", async () => {
  const recent = new RecentDials();
  for (let port = 1; port <= 600; port++) recent.hear(dials(7, "9.9.9.9", port));
  expect(await recent.programAt("9.9.9.9", 1)).toBeUndefined();
  expect(await recent.programAt("9.9.9.9", 600)).toEqual({ pid: 7 });
});
