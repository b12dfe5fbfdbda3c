// The recorder's lines, each kind as the helper writes it, and what is none.
import { describe, expect, it } from "vitest";
import { parseRecorderLine } from "#core/sandbox";

const LINES: readonly (readonly [string, unknown])[] = [
  [
    "exec 7 12 1 /usr/bin/dash /w/s%20x /w 2 0 ./s%20x %c3%bc",
    {
      ...{ kind: "exec", pid: 7, atUs: 12, parent: 1, exe: "/usr/bin/dash", script: "/w/s x" },
      ...{ argv: ["./s x", "ü"], cwd: "/w" },
    },
  ],
  [
    "exec 7 12 0 /bin/echo  / 300 1 echo  a",
    {
      ...{ kind: "exec", pid: 7, atUs: 12, parent: 0, exe: "/bin/echo" },
      ...{ argv: ["echo", "", "a"], cwd: "/", cutFrom: 300 },
    },
  ],
  ["fork 8 13 7 /bin/sh", { kind: "fork", pid: 8, atUs: 13, parent: 7, exe: "/bin/sh" }],
  ["exit 8 14 3 - 2", { kind: "exit", pid: 8, atUs: 14, code: 3, probes: 2 }],
  ["exit 8 14 - 9 0", { kind: "exit", pid: 8, atUs: 14, signal: 9, probes: 0 }],
  ["exit 8 14 - - 0", { kind: "exit", pid: 8, atUs: 14, probes: 0 }],
  [
    "write 8 15 create unknown 1 /w/a%0ab",
    { kind: "write", pid: 8, atUs: 15, operation: "create", result: "unknown", path: "/w/a\nb" },
  ],
  [
    "write 8 15 rename failed:ENOENT 0 x /w/y",
    {
      ...{ kind: "write", pid: 8, atUs: 15, operation: "rename", result: "failed", error: "ENOENT" },
      ...{ path: "x", to: "/w/y", unresolved: true },
    },
  ],
  ["read 8 16 done 1 /w/%ff", { kind: "read", pid: 8, atUs: 16, result: "done", path: "/w/\ufffd" }],
  [
    "connect 8 17 unknown inet 127.0.0.1 80",
    { kind: "connect", pid: 8, atUs: 17, result: "unknown", to: { family: "inet", address: "127.0.0.1", port: 80 } },
  ],
  [
    "bind 8 17 done unix /w/s",
    { kind: "bind", pid: 8, atUs: 17, result: "done", to: { family: "unix", path: "/w/s" } },
  ],
  [
    "send 8 17 unknown other 0",
    { kind: "send", pid: 8, atUs: 17, result: "unknown", to: { family: "other", number: 0 } },
  ],
  ["lost 3", { kind: "lost", count: 3 }],
  ["end", { kind: "end" }],
];

describe("a line of the recorder", () => {
  it.each(LINES)("%s", (line, event) => {
    expect(parseRecorderLine(line)).toEqual(event);
  });

  it.each([
    "",
    "end now",
    "lost",
    "lost -1",
    "exec 7 12 1 /bin/echo  / 1 0", // one argument is said, none is there
    "exec 7 12 1 /bin/echo  / 1 0 a b",
    "exec 7 12 1 /bin/echo  / 1 2 a",
    "exit 8 14 3 -",
    "exit 8 14 x - 0",
    "fork 8 13 7",
    "write 8 15 burn unknown 1 /a",
    "write 8 15 create maybe 1 /a",
    "write 8 15 create unknown:oops 1 /a",
    "write 8 15 create unknown 2 /a",
    "write 8 15 create unknown 1 /a /b /c",
    "connect 8 17 unknown inet 127.0.0.1",
    "connect 8 17 unknown inet 127.0.0.1 65536",
    "connect 8 17 unknown unix /a 3",
    "exec 99999999999999999999 12 1 /bin/echo  / 0 0",
    "exec 7 01 1 /bin/echo  / 0 0",
  ])("is none: %s", (line) => {
    expect(parseRecorderLine(line)).toBeUndefined();
  });
});
