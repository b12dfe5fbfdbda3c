// Laws of the hook wire: what is said is heard as it was meant, and nothing else is heard at all.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { encodeReply, headerLine, parseHeader, parseReply, WAIT_LINE } from "../../src/monitor/guard/hook-wire.ts";

const caller = fc.record(
  {
    agent: fc.constantFrom("claude-code", "codex", "cursor", "copilot", "gemini", "opencode"),
    cwd: fc.string({ unit: "binary", maxLength: 200 }).map((text) => `/${text.replaceAll("\0", "")}`),
    pid: fc.nat(),
    path: fc.string({ unit: "binary", maxLength: 200 }).map((text) => text.replaceAll("\0", "")),
  },
  { requiredKeys: ["agent", "cwd", "pid"] },
);

const reply = fc.oneof(
  fc.record({
    exitCode: fc.constant(0 as const),
    stdout: fc.string({ unit: "binary" }),
    stderr: fc.string({ unit: "binary" }),
  }),
  fc.record({
    exitCode: fc.constant(2 as const),
    stdout: fc.string({ unit: "binary" }),
    stderr: fc.string({ unit: "binary", minLength: 1 }),
  }),
);

describe("the header", () => {
  test("is heard as it was said", () => {
    fc.assert(
      fc.property(caller, (said) => {
        const line = headerLine(said);
        expect(line.indexOf("\n")).toBe(line.length - 1);
        expect(parseHeader(Buffer.from(line.slice(0, -1)))).toEqual({ ok: true, value: said });
      }),
    );
  });

  test("is never anything else, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(parseHeader(bytes).ok).toBe(false);
      }),
    );
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(parseHeader(Buffer.from(text)).ok).toBe(false);
      }),
    );
  });

  test("has its own keys and no other, each of its kind", () => {
    const good = { v: 1, agent: "codex", cwd: "/w", pid: 7 };
    const wrong: readonly object[] = [
      { ...good, v: 2 },
      { ...good, v: "1" },
      { ...good, more: true },
      { ...good, agent: "Codex" },
      { ...good, agent: "../codex" },
      { ...good, agent: "" },
      { ...good, cwd: "w" },
      { ...good, cwd: "/a\0b" },
      { ...good, cwd: `/${"a".repeat(4096)}` },
      { ...good, pid: -1 },
      { ...good, pid: 1.5 },
      { ...good, pid: "7" },
      { ...good, path: 7 },
      { ...good, path: "a\0b" },
      { ...good, path: "a".repeat(8_193) },
      { v: 1, agent: "codex", cwd: "/w" },
      [good],
    ];
    expect(parseHeader(Buffer.from(JSON.stringify(good))).ok).toBe(true);
    for (const each of wrong)
      expect(parseHeader(Buffer.from(JSON.stringify(each))).ok, JSON.stringify(each)).toBe(false);
  });
});

describe("the answer", () => {
  test("is heard as it was said, after any number of waits", () => {
    fc.assert(
      fc.property(reply, fc.nat({ max: 5 }), (said, waits) => {
        const bytes = Buffer.concat([Buffer.from(WAIT_LINE.repeat(waits)), encodeReply(said)]);
        const heard =
          Buffer.from(said.stdout).toString() === said.stdout && Buffer.from(said.stderr).toString() === said.stderr;
        fc.pre(heard); // lone surrogates are not text
        expect(parseReply(bytes)).toEqual(said);
      }),
    );
  });

  test("is none when a byte is missing or too many", () => {
    fc.assert(
      fc.property(reply, fc.nat(), fc.uint8Array({ minLength: 1, maxLength: 8 }), (said, at, more) => {
        const bytes = encodeReply(said);
        expect(parseReply(bytes.subarray(0, at % bytes.length))).toBeUndefined();
        expect(parseReply(Buffer.concat([bytes, more]))).toBeUndefined();
      }),
    );
  });

  test("of a refusal always says something", () => {
    expect(parseReply(Buffer.from("2 0 0\n"))).toBeUndefined();
    expect(() => encodeReply({ exitCode: 2, stdout: "{}", stderr: "" })).toThrow();
  });
});
