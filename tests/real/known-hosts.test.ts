// The person's known_hosts as this house reads it, beside OpenSSH's own reading of the same file.
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { keysOfHost } from "#credentials";
import { tmp } from "../support/tmp.ts";

const KEY = (seed: number): string => {
  const kind = Buffer.from("0000000b7373682d65643235353139", "hex");
  const size = Buffer.from("00000020", "hex");
  return `ssh-ed25519 ${Buffer.concat([kind, size, Buffer.alloc(32, seed)]).toString("base64")}`;
};
const LINES = [
  `plain.test ${KEY(1)}`,
  `several.test,192.0.2.7 ${KEY(2)} a comment`,
  `*.wild.test,!not.wild.test ${KEY(3)}`,
  `[port.test]:2222 ${KEY(4)}`,
  `UPPER.test ${KEY(5)}`,
  `one?.test ${KEY(6)}`,
  `twice.test ${KEY(7)}`,
  `twice.test ${KEY(8)}`,
  `# plain.test ${KEY(9)}`,
  "",
  "broken.test",
  `not.a-regexp.test ${KEY(10)}`,
];
const ASKED: readonly (readonly [string, number])[] = [
  ["plain.test", 22],
  ["plain.test", 2222],
  ["several.test", 22],
  ["192.0.2.7", 22],
  ["deep.wild.test", 22],
  ["not.wild.test", 22],
  ["wild.test", 22],
  ["port.test", 2222],
  ["port.test", 22],
  ["upper.test", 22],
  ["one1.test", 22],
  ["one12.test", 22],
  ["twice.test", 22],
  ["broken.test", 22],
  ["notxa-regexp.test", 22],
  ["unknown.test", 22],
];

test.each([
  ["as they are written", false],
  ["with hashed names", true],
])("hosts %s have the keys that ssh-keygen finds", (_name, hashed) => {
  const file = join(tmp(), "known_hosts");
  const lines = hashed ? LINES.filter((line) => line !== "broken.test") : LINES; // ssh-keygen rewrites no file with a fault in it
  writeFileSync(file, `${lines.join("\n")}\n`);
  if (hashed) execFileSync("ssh-keygen", ["-q", "-H", "-f", file], { stdio: "ignore" });
  const text = readFileSync(file, "utf8");
  expect(text.includes("|1|")).toBe(hashed);
  for (const [host, port] of ASKED) {
    const name = port === 22 ? host : `[${host}]:${port}`;
    const found = spawnSync("ssh-keygen", ["-F", name, "-f", file], { encoding: "utf8" }).stdout;
    const theirs = found
      .split("\n")
      .flatMap((line) => (line === "" || line.startsWith("#") ? [] : [line.split(" ")[2]]));
    expect([name, keysOfHost([text], host, port).map(({ blob }) => blob.toString("base64"))]).toEqual([name, theirs]);
  }
});

test("a revoked key is nobody's, and an authority's is no host's", () => {
  const text = `a.test ${KEY(1)}\na.test ${KEY(2)}\n@revoked * ${KEY(1)}\n@cert-authority a.test ${KEY(3)}\n`;
  const keys = keysOfHost([text], "a.test", 22).map(({ blob }) => blob.toString("base64"));
  expect(keys).toEqual([KEY(2).split(" ")[1]]);
});
