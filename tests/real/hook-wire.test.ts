// The two parsers of an answer, in C and in TypeScript, on the same thousands of answers: they agree on each, and the C one touches no byte it does not own.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseReply } from "../../src/monitor/guard/hook-wire.ts";
import { checkout } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const PIECES = [
  "wait\n",
  "wai",
  "0 ",
  "2 ",
  "1 ",
  "0",
  "1",
  "2",
  "5",
  "00",
  "1048576",
  "1048577",
  " ",
  "\n",
  "hello",
  "\0",
  "-",
  "9999999",
  "é",
];

function cases(count: number): readonly Buffer[] {
  let state = 42;
  const draw = (most: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) % most;
  };
  const one = (): Buffer => {
    const text = "x".repeat(draw(12));
    if (draw(2) === 0) return Buffer.from(`${"wait\n".repeat(draw(3))}${draw(3)} ${draw(12)} ${draw(3)}\n${text}`);
    return Buffer.from(Array.from({ length: draw(9) }, () => PIECES[draw(PIECES.length)]).join(""));
  };
  return Array.from({ length: count }, one);
}

test("both parsers hear the same", (context) => {
  needs(context, "gcc");
  const program = join(tmp(), "answers");
  const sources = ["tests/support/native/hook-answer-main.c", "native/hook_answer.c"].map((name) =>
    join(checkout, name),
  );
  const flags = "-std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all";
  execFileSync("gcc", [...flags.split(" "), ...sources, "-o", program]);
  const all = cases(20_000);
  const input = Buffer.concat(
    all.flatMap((each) => {
      const length = Buffer.alloc(4);
      length.writeUInt32LE(each.length);
      return [length, each];
    }),
  );
  const heard = execFileSync(program, { input, maxBuffer: 1e8 }).toString().trimEnd().split("\n");
  expect(heard).toHaveLength(all.length);
  let whole = 0;
  for (const [at, bytes] of all.entries()) {
    const reply = parseReply(bytes);
    const wanted =
      reply === undefined
        ? /^(?:bad|more)$/
        : new RegExp(`^${reply.exitCode} ${Buffer.byteLength(reply.stdout)} ${Buffer.byteLength(reply.stderr)}$`);
    expect(heard[at], JSON.stringify(bytes.toString("latin1"))).toMatch(wanted);
    if (reply !== undefined) whole += 1;
  }
  expect(whole).toBeGreaterThan(100);
});
