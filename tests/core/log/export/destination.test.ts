// What `--to` means, and what is refused before a byte leaves.
import { expect, test } from "vitest";
import { destinationName, parseDestination } from "#audit";

const name = (to: string, unencrypted = false): string => {
  const parsed = parseDestination(to, { unencrypted });
  return parsed.ok ? `${parsed.value.kind} ${destinationName(parsed.value)}` : `refused: ${parsed.error.message}`;
};

test.each([
  ["-", "stdout -"],
  ["./-", "file ./-"],
  ["out.jsonl", "file out.jsonl"],
  ["/tmp/a:b", "file /tmp/a:b"],
  ["https://siem.example/v1/logs?token=x", "http https://siem.example/v1/logs"],
  ["http://localhost:4318/v1/logs", "http http://localhost:4318/v1/logs"],
  ["http://127.0.0.1:4318/", "http http://127.0.0.1:4318/"],
  ["http://[::1]:4318/", "http http://[::1]:4318/"],
  ["syslog://127.0.0.1", "syslog syslog+udp://127.0.0.1:514"],
  ["syslog+udp://localhost:1514", "syslog syslog+udp://localhost:1514"],
  ["syslog+tcp://127.0.0.1:601/", "syslog syslog+tcp://127.0.0.1:601"],
  ["syslog+tls://siem.example", "syslog syslog+tls://siem.example:6514"],
  ["syslog+unix:///run/log%20x", "syslog syslog+unix:///run/log x"],
  ["syslog:///dev/log", "syslog syslog+unix:///dev/log"],
])("%s is %s", (to, want) => expect(name(to)).toBe(want));

test.each([
  ["http://siem.example/", "in clear"],
  ["http://10.0.0.1:4318/", "in clear"],
  ["http://127.0.0.1.evil.test/", "in clear"],
  ["syslog://192.0.2.7", "in clear"],
  ["syslog+tcp://siem.example:514", "in clear"],
  ["https://user:secret@siem.example/", "seen by everybody"],
  ["ftp://x/", "nothing is delivered by `ftp`"],
  ["syslog+tcp:///", "a host and a port"],
  ["syslog+tcp://h/path", "a host and a port"],
  ["syslog+unix://host/path", "named by its path"],
  ["syslog://h?facility=1", "no `?`"],
  ["https://", "no address"],
  ["", "names no place"],
])("%s is refused", (to, why) => expect(name(to)).toContain(why));

test("what is in clear goes where it is said so", () => {
  expect(name("http://10.0.0.1:4318/", true)).toBe("http http://10.0.0.1:4318/");
});
