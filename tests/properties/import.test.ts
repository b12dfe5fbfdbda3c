// What an import and an export promise: verdicts survive the way there and back, nothing loosens, and no text breaks them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Action, atLeast, type Verdict } from "#core";
import { EXPORT_FORMS, exportPolicy } from "#core/policy/export";
import { importPolicy, NATIVE_FORMS, type NativeForm } from "#core/policy/import";
import { actions, loaded, sampleSource, samples, sampleText, verdictOf } from "../support/imports.ts";

const table = actions();

function imported(form: NativeForm, name: string, text: string): string {
  const result = importPolicy(form, sampleSource(name, text));
  if (!result.ok) throw new Error(JSON.stringify(result.error));
  return result.value.text;
}

function verdicts(policy: string): readonly string[] {
  const verdict = verdictOf(loaded(policy));
  return table.map((action) => `${verdict(action)} ${JSON.stringify(action)}`);
}

function exported(form: (typeof EXPORT_FORMS)[number], policy: string): string {
  const [file] = exportPolicy(form, loaded(policy)).files;
  if (file === undefined) throw new Error("no file");
  return file.text;
}

describe("every verdict is kept", () => {
  it("on a table of at least 150 actions", () => expect(table.length).toBeGreaterThanOrEqual(150));

  for (const { name, form } of samples()) {
    const policy = imported(form, name, sampleText(name));
    it(`${name}, exported as a policy of ours`, () => {
      expect(verdicts(exported("ringfence", policy))).toEqual(verdicts(policy));
    });
    it(`${name}, exported to Claude Code and imported again`, () => {
      const again = imported("claude", "claude-again.json", exported("claude", policy));
      expect(verdicts(again)).toEqual(verdicts(policy));
    });
  }
});

const program = fc.constantFrom("git", "ls", "rm", "npm", "cat", "tool");
const argument = fc.constantFrom("status", "push", "diff", "test", "x", "-rf", "--flag");
const command = fc.tuple(program, fc.array(argument, { maxLength: 3 })).map(([p, rest]) => [p, ...rest]);
const word = fc.constantFrom<Verdict>("allow", "ask", "deny");

/** Where the tool itself has an answer, ours is at least as strict. */
function expectNotLooser(policy: string, words: readonly string[], there: Verdict | undefined): void {
  if (there === undefined) return;
  const action: Action = { kind: "exec", command: words.join(" "), cwd: "/work" };
  const here = verdictOf(loaded(policy))(action) as Verdict;
  if (!atLeast(here, there)) throw new Error(`${words.join(" ")}: ${there} there, ${here} here\n${policy}`);
}

/** `a *` also matches `a`, as these tools have it; another star is any text. */
function matches(pattern: string, text: string): boolean {
  const source = pattern.replace(/[.\\^$+?()[\]{}|]/g, "\\$&").replaceAll("*", ".*");
  return new RegExp(`^${source.replace(/ \.\*$/, "(?: .*)?")}$`, "s").test(text);
}

describe("nothing becomes looser", () => {
  const glob = fc.oneof(
    command.map((words) => words.join(" ")),
    command.map((words) => `${words.join(" ")} *`),
    command.map((words) => `${words.join(" ")}*`),
    fc.constant("*"),
  );

  it("from OpenCode, where the last match wins", () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(glob, word), { minLength: 1, maxLength: 6, selector: ([g]) => g }),
        command,
        (rules, words) => {
          const text = JSON.stringify({
            permission: { bash: Object.fromEntries(rules), edit: "ask", webfetch: "ask" },
          });
          const there = rules.findLast(([pattern]) => matches(pattern, words.join(" ")))?.[1];
          expectNotLooser(imported("opencode", "opencode.json", text), words, there);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("from Gemini, where the highest priority wins", () => {
    const rule = fc.record({ prefix: fc.option(command), verdict: word, priority: fc.integer({ min: 0, max: 20 }) });
    fc.assert(
      fc.property(
        fc.uniqueArray(rule, { minLength: 1, maxLength: 6, selector: (r) => r.priority }),
        command,
        (rules, words) => {
          const text = rules
            .map(({ prefix, verdict, priority }) =>
              [
                "[[rule]]",
                'toolName = "run_shell_command"',
                ...(prefix === null ? [] : [`commandPrefix = ${JSON.stringify(prefix.join(" "))}`]),
                `decision = "${verdict === "ask" ? "ask_user" : verdict}"`,
                `priority = ${priority}`,
              ].join("\n"),
            )
            .join("\n\n");
          const there = [...rules]
            .sort((a, b) => b.priority - a.priority)
            .find(({ prefix }) => prefix === null || matches(`${prefix.join(" ")} *`, words.join(" ")))?.verdict;
          expectNotLooser(imported("gemini", "gemini.toml", text), words, there);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("from Codex, where the strictest match wins", () => {
    const rule = fc.record({
      pattern: fc.tuple(
        fc.array(program, { minLength: 1, maxLength: 2 }),
        fc.array(fc.array(argument, { minLength: 1, maxLength: 2 }), { maxLength: 2 }),
      ),
      verdict: word,
    });
    fc.assert(
      fc.property(fc.array(rule, { minLength: 1, maxLength: 5 }), command, (rules, words) => {
        const text = rules
          .map(
            ({ pattern: [first, rest], verdict }) =>
              `prefix_rule(pattern = ${JSON.stringify([first, ...rest])}, decision = "${{ allow: "allow", ask: "prompt", deny: "forbidden" }[verdict]}")`,
          )
          .join("\n");
        const found = rules.filter(({ pattern: [first, rest] }) =>
          [first, ...rest].every((alternatives, i) => (alternatives as string[]).includes(words[i] ?? "")),
        );
        const there = (["deny", "ask", "allow"] as const).find((verdict) => found.some((r) => r.verdict === verdict));
        expectNotLooser(imported("codex", "a.rules", text), words, there);
      }),
      { numRuns: 500 },
    );
  });
});

describe("no text breaks them", () => {
  const sample = fc.constantFrom(...samples());
  /** A sample with pieces cut out, doubled or replaced: mostly readable, seldom right. */
  const mutated = sample.chain(({ name, form }) => {
    const text = sampleText(name);
    const cut = fc.tuple(
      fc.nat(text.length),
      fc.nat(40),
      fc.oneof(
        fc.constantFrom(
          "",
          '"',
          "[",
          "{",
          "]",
          "}",
          "*",
          "__proto__",
          "\\",
          "'",
          "=",
          "\n",
          "\u2028",
          "\u202e",
          "#",
          "null",
          "1e999",
          "Bash(",
        ),
        fc.string({ unit: "binary", maxLength: 8 }),
      ),
    );
    return fc.array(cut, { maxLength: 4 }).map((cuts) => ({
      form,
      name,
      text: cuts.reduce((t, [at, length, piece]) => t.slice(0, at) + piece + t.slice(at + length), text),
    }));
  });

  function expectSafe(form: NativeForm, name: string, text: string): void {
    const result = importPolicy(form, sampleSource(name, text));
    if (!result.ok) {
      expect(result.error.length).toBeGreaterThan(0);
      return;
    }
    expect(/[^\n\x20-\x7e]/u.test(result.value.text.replace(/[\u00a1-\u{10ffff}]/gu, ""))).toBe(false);
    expect(/[\p{Cc}\p{Cf}\u2028\u2029]/u.test(result.value.text.replaceAll("\n", ""))).toBe(false);
    const policy = loaded(result.value.text);
    for (const to of EXPORT_FORMS) exportPolicy(to, policy);
    expect(Object.hasOwn(Object.prototype, "polluted")).toBe(false);
  }

  it("changed samples", () => {
    fc.assert(
      fc.property(mutated, ({ form, name, text }) => expectSafe(form, name, text)),
      { numRuns: 600 },
    );
  });

  it("any text at all, in any form", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...NATIVE_FORMS),
        fc.constantFrom("a.json", "a.toml", "a.rules", "a"),
        fc.oneof(fc.string({ unit: "binary", maxLength: 200 }), fc.json()),
        (form, name, text) => expectSafe(form, name, text),
      ),
      { numRuns: 600 },
    );
  });

  it.each([
    ["claude", JSON.stringify({ permissions: { deny: Array.from({ length: 9000 }, (_, i) => `Bash(c${i} *)`) } })],
    [
      "opencode",
      JSON.stringify({
        permission: {
          bash: Object.fromEntries(
            Array.from({ length: 3000 }, (_, i) => [`${"*a".repeat(8)}${i}`, i % 2 ? "deny" : "allow"]),
          ),
        },
      }),
    ],
    [
      "codex",
      `${'prefix_rule(pattern=[["a","b"],["a","b"],["a","b"],["a","b"],["a","b"],["a","b"],["a","b"],["a","b"],["a","b"]], decision="forbidden")\n'.repeat(500)}`,
    ],
    ["codex", "((((((((((".repeat(9000)],
    ["codex", `x${" (".repeat(60_000)}`],
    [
      "gemini",
      `[[rule]]\ntoolName = "run_shell_command"\ncommandRegex = "${"(a|b)".repeat(2000)}"\ndecision = "deny"\n`,
    ],
    ["copilot", "--allow-tool ".repeat(9000)],
    ["copilot", `--allow-tool '${"(".repeat(90_000)}'`],
    ["cursor", `[${"0,".repeat(90_000)}0]`],
  ] as const)("a large one: %s", { timeout: 120_000 }, (form, text) => {
    const result = importPolicy(form, sampleSource("large", text));
    if (result.ok) loaded(result.value.text);
    else expect(result.error[0]?.message).toBeTruthy();
  });
});
