// The fence's name server, alone: the helper's C code under ASAN and UBSAN, against bent messages and against another reader of the protocol.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";

const root = resolve(import.meta.dirname, "../..");
const ROUNDS = process.env["SLOW"] === "1" ? 200 : 5;
const folder = mkdtempSync(join(tmpdir(), "ringfence-dns-"));
const binary = join(folder, "dns");

beforeAll(() => {
  const flags = "-std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all";
  const sources = ["dns", "names", "netlink", "nft", "nft_rule", "packets", "redirect"].map((name) =>
    join(root, `native/${name}.c`),
  );
  execFileSync("gcc", [...flags.split(" "), join(root, "tests/support/native/dns-main.c"), ...sources, "-o", binary]);
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("no message breaks it, and every answer is one of ours", () => {
  for (let seed = 1; seed <= ROUNDS; seed++)
    expect(execFileSync(binary, ["fuzz", `${seed}`], { encoding: "latin1" })).toBe("");
});

test("a name keeps its address while it is used, and an address its name; new names are bounded", () => {
  expect(execFileSync(binary, ["names"], { encoding: "latin1" })).toBe("");
});

/** A question, and what came back: code, answers, and the data of the first. */
function ask(name: string, type: number, change: (message: Buffer) => Buffer = (message) => message): string {
  const labels =
    name === "" ? [] : name.split(".").map((label) => Buffer.from([label.length, ...Buffer.from(label, "latin1")]));
  const head = Buffer.from([0xab, 0xcd, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
  const question = Buffer.concat([...labels, Buffer.from([0, type >> 8, type & 255, 0, 1])]);
  const answer = execFileSync(binary, ["ask"], { input: change(Buffer.concat([head, question])) });
  if (answer.length === 0) return "silence";
  const data = answer.subarray(12 + question.length + 12);
  return `${answer.readUInt8(3) & 15} ${answer.readUInt16BE(6)} ${data.toString("hex")}`.trim();
}

test.for([
  ["an address", "a.example", 1, "0 1 c6120002"],
  ["of IPv6", "a.example", 28, "0 1 fd52696e676600000000000000000002"],
  ["the same in capitals", "A.EXAMPLE", 1, "0 1 c6120002"],
  ["localhost", "x.localhost", 1, "0 1 7f000001"],
  ["a text", "a.example", 16, "0 0"],
  ["everything", "a.example", 255, "0 0"],
  ["the name of an address", "9.9.9.9.in-addr.arpa", 12, "3 0"],
  ["a space", "a b.example", 1, "3 0"],
  ["a dot in a label is not two labels", "a\u0001.example", 1, "3 0"],
  ["the root", "", 1, "0 0"],
] as const)("%s", ([, name, type, want]) => {
  expect(ask(name, type)).toBe(want);
});

test.for([
  ["an answer", (m: Buffer) => m.fill(0x81, 2, 3), "silence"],
  ["another operation", (m: Buffer) => m.fill(0x29, 2, 3), "4 0"],
  ["two questions", (m: Buffer) => m.fill(2, 5, 6), "1 0"],
  ["an answer within", (m: Buffer) => m.fill(1, 7, 8), "1 0"],
  ["bytes behind it", (m: Buffer) => Buffer.concat([m, Buffer.from("secret")]), "1 0"],
  ["cut off", (m: Buffer) => m.subarray(0, m.length - 1), "1 0"],
  ["another class", (m: Buffer) => m.fill(3, m.length - 1), "5 0"],
  ["a pointer in the question", (m: Buffer) => m.fill(0xc0, 12, 13), "1 0"],
  ["shorter than a head", (m: Buffer) => m.subarray(0, 11), "silence"],
] as const)("%s is no question", ([, change, want]) => {
  expect(ask("a.example", 1, (message) => change(message) as Buffer).slice(0, want.length)).toBe(want);
});
