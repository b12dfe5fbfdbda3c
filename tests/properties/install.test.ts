// Inserting our hooks into a person's settings and taking them out again is identity on the text, whatever it looks like: BOM, line ends, comments,
// trailing commas, indentation, missing or empty keys. And what was inserted is exactly what the agent then reads, beside all that was there.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { madePaths, placesOf, type SettingsAgent, withHooks, withoutHooks } from "#hooks";

const AGENTS: readonly SettingsAgent[] = ["claude-code", "codex", "cursor", "copilot", "gemini"];
const CLIENT = "/opt/ring fence/build/ringfence-helper hook";

const handler = fc.record(
  { type: fc.constant("command"), command: fc.string(), timeout: fc.nat(90) },
  { requiredKeys: ["type", "command"] },
);
const entry = fc.oneof(
  fc.record({ hooks: fc.array(handler, { maxLength: 2 }), matcher: fc.string() }, { requiredKeys: ["hooks"] }),
  handler,
);
const event = fc.constantFrom(
  "PreToolUse",
  "Stop",
  "BeforeTool",
  "preToolUse",
  "beforeShellExecution",
  "PostToolUse",
  "SessionEnd",
);
const settings = fc.record(
  {
    version: fc.constant(1),
    model: fc.string(),
    permissions: fc.record({ allow: fc.array(fc.string(), { maxLength: 2 }), deny: fc.constant([]) }),
    hooks: fc.dictionary(event, fc.array(entry, { maxLength: 3 }), { maxKeys: 4 }),
    "": fc.json().map((text) => JSON.parse(text) as unknown),
  },
  { requiredKeys: [] },
);

/** A text as a person or a tool might have written it. */
const written = fc
  .record({
    value: settings,
    indent: fc.constantFrom(undefined, "  ", "\t", "    "),
    line: fc.constantFrom("\n", "\r\n"),
    bom: fc.boolean(),
    end: fc.constantFrom("", "\n", "\n\n", "  "),
    comments: fc.boolean(),
    commas: fc.boolean(),
  })
  .map(({ value, indent, line, bom, end, comments, commas }) => {
    const lines = JSON.stringify(value, undefined, indent).split("\n");
    const commented = lines.map((each, at) =>
      comments && indent !== undefined && at % 3 === 1 ? `${each} // note ${at}` : each,
    );
    const trailing = commented.map((each, at) =>
      commas && !each.includes("//") && /[\]}"0-9el]$/.test(each) && /^\s*[\]}]/.test(commented[at + 1] ?? "")
        ? `${each},`
        : each,
    );
    const tail = comments ? [...trailing, "/* the end */"] : trailing;
    return { value, text: `${bom ? "\ufeff" : ""}${tail.join(line)}${end.replaceAll("\n", line)}` };
  });

/** Whether the agent reads such a text, or skips it (docs/hooks.md). */
function reads(agent: SettingsAgent, text: string): boolean {
  const plain = agent === "gemini" ? text.replace(/ \/\/ note \d+|\/\* the end \*\//g, "") : text;
  try {
    JSON.parse(agent === "claude-code" ? plain.replace(/^\ufeff/, "") : plain);
    return true;
  } catch {
    return false;
  }
}

describe.each(AGENTS)("%s", (agent) => {
  test("in and out again is the same text", () => {
    fc.assert(
      fc.property(written, ({ text, value }) => {
        const inserted = withHooks(agent, text, "f", `${CLIENT} ${agent}`);
        // what the agent does not read is not written to
        if (!inserted.ok) return inserted.error.code === "settings-shape" || !reads(agent, text);
        expect(reads(agent, text)).toBe(true);
        // hooks without a version are no file of Cursor or Copilot; the version stays with them then
        const unversioned =
          value.version === undefined && Object.values(value.hooks ?? {}).some((list) => list.length > 0);
        if (unversioned && /"version": 1\b/.test(inserted.value)) return true;
        const out = withoutHooks(agent, inserted.value, "f", madePaths(agent, text, "f"));
        expect(out).toEqual({ ok: true, value: text });
        return true;
      }),
      { numRuns: 500 },
    );
  });

  test("the agent then reads what it read before, and our entries", () => {
    fc.assert(
      fc.property(written, ({ text }) => {
        const inserted = withHooks(agent, text, "f", `${CLIENT} ${agent}`);
        if (!inserted.ok) return true;
        const client = `${CLIENT} ${agent}`;
        expect(placesOf(agent, inserted.value, "f", client)).toBeDefined();
        const again = withoutHooks(agent, inserted.value, "f", []);
        return again.ok && placesOf(agent, again.value, "f", client) === undefined;
      }),
    );
  });

  test("any text at all: changed safely, or refused with a place in it", () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'{}[],:"/* \n\\a1'.split("")) })),
        (text) => {
          const inserted = withHooks(agent, text, "f", `${CLIENT} ${agent}`);
          if (inserted.ok) return placesOf(agent, inserted.value, "f", `${CLIENT} ${agent}`) !== undefined;
          return inserted.error.at !== undefined && inserted.error.at.line >= 1 && inserted.error.at.column >= 1;
        },
      ),
      { numRuns: 1_000 },
    );
  });
});
