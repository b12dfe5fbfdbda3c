// What screening meets on texts by strangers from which nothing is learned and for which no rule was written.
import { describe, expect, it } from "vitest";
import { clauseWork } from "../../../src/core/mcp/screen/clause.ts";
import { clauseSigns, signsOf } from "../../../src/core/mcp/screen/signs.ts";
import { weightOf } from "../../../src/core/mcp/screen/weigh.ts";
import { atOnce } from "../../../src/core/mcp/screen/work.ts";
import { readCases } from "../../support/cases.ts";
import { type ScreenLine, screened } from "../../support/screen-examples.ts";

const [, ...lines] = readCases<object, ScreenLine>("mcp-screen/exam.jsonl");
const isDefinition = ({ tool, prompt, resource, instructions }: ScreenLine): boolean =>
  (tool ?? prompt ?? resource ?? instructions) !== undefined;

function flagged(kind: RegExp, among: readonly ScreenLine[]): number {
  const asked = among.filter(({ id }) => kind.test(id));
  return asked.filter((line) => screened(line).length > 0).length / asked.length;
}

/** Sentences of published tools, the least weighing first. */
function leastWeighing(most: number): readonly string[] {
  const [, ...live] = readCases<object, ScreenLine>("mcp-screen/live.jsonl");
  const sentences = live.flatMap(({ tool }) => String(tool?.["description"] ?? "").split(/(?<=[.!?])\s+/));
  return sentences
    .filter(({ length }) => length > 60 && length < 160)
    .map((sentence) => ({ sentence, weight: weightOf(signsOf("definition", signsOfAll(sentence), [])) }))
    .sort((a, b) => a.weight - b.weight)
    .slice(0, most)
    .map(({ sentence }) => sentence);
}

const signsOfAll = (text: string): readonly ReadonlySet<string>[] =>
  atOnce(clauseWork(text)).map((clause) => clauseSigns(clause));

describe("MCP-3: what nobody here has seen", () => {
  it("in definitions: nine of ten plain attacks, four of five of all, one honest one of nine", () => {
    const definitions = lines.filter(isDefinition);
    expect(flagged(/-a-.*-hard-/, definitions)).toBeGreaterThanOrEqual(0.9);
    expect(flagged(/-a-/, definitions)).toBeGreaterThanOrEqual(0.8);
    expect(flagged(/-b-/, definitions)).toBeLessThanOrEqual(1 / 9);
  });

  it("the same between the descriptions of published tools", () => {
    const [, ...live] = readCases<object, ScreenLine>("mcp-screen/live.jsonl");
    const talk = live
      .flatMap(({ tool }) => (typeof tool?.["description"] === "string" ? [tool["description"]] : []))
      .filter((text) => text.length > 200)
      .map((text) => text.slice(0, 400));
    const padded = lines.flatMap((line, at) => {
      const text = line.tool?.["description"];
      if (typeof text !== "string") return [];
      const description = [talk[at], text, talk[at + 200]].join("\n\n");
      return [{ ...line, tool: { ...line.tool, description } }];
    });
    expect(flagged(/-a-.*-hard-/, padded)).toBeGreaterThanOrEqual(0.8);
  });

  it("the same beside the words that weigh least, which an attacker reads here as we do", () => {
    const words = leastWeighing(12);
    const padded = lines.flatMap((line) => {
      const text = line.tool?.["description"];
      if (typeof text !== "string") return [];
      return [[words[0], text, words[1]].join(" "), text.replace(/(?<=[.!?])\s+/g, `\n\n${words[2]}\n\n`)].map(
        (description) => ({ ...line, tool: { ...line.tool, description } }),
      );
    });
    expect(flagged(/-a-.*-hard-/, padded)).toBeGreaterThanOrEqual(0.7);
  });

  it("in answers and requests", () => {
    const others = lines.filter((line) => !isDefinition(line));
    expect(flagged(/-a-.*-hard-/, others)).toBeGreaterThanOrEqual(0.85);
    expect(flagged(/-a-/, others)).toBeGreaterThanOrEqual(0.8);
    expect(flagged(/-b-/, others)).toBeLessThanOrEqual(1 / 9);
  });
});
