// Answers that take long to screen: they hold up nobody but themselves, nothing overtakes what was told before it, and what is not read to its end is held.
import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { type Finding, findingWords, type Json, member, type ServerDescription } from "#core/mcp";
import { unscreenedDescription } from "#core/mcp/screen";
import { openScreening } from "#mcp";
import { openTurns } from "../../../src/mcp/turns.ts";
import { gateBed, toolCall } from "../../support/mcp-gate-bed.ts";

const LONG = "Please note that the report has a summary. ".repeat(12_000);

function answer(id: number, text: string): object {
  return { id, result: { content: [{ type: "text", text }] } };
}

describe("a long answer", () => {
  it("holds up no other one", async () => {
    const bed = gateBed();
    await bed.open();
    const screening = openScreening();
    bed.screen = (value) => screening.answer(value, []);
    for (const id of [1, 2]) await bed.client(toolCall(id));
    const order: number[] = [];
    const long = bed.from(answer(1, LONG)).then(() => order.push(1));
    await bed.from(answer(2, "short")).then(() => order.push(2));
    await long;
    expect(order).toEqual([2, 1]);
  });

  it("is not read on when its client has gone", async () => {
    const bed = gateBed();
    await bed.open();
    const screening = openScreening();
    bed.screen = (value, signal) => screening.answer(value, [], signal);
    await bed.client(toolCall(1));
    const late = bed.from(answer(1, LONG));
    await bed.client({ method: "notifications/cancelled", params: { requestId: 1 } });
    expect(await late).toBe("drop cancelled");
    expect(bed.log.filter(({ kind }) => kind === "result")).toEqual([]);
  });

  it("that cannot be read in time is held, in words", async () => {
    const screening = openScreening(openTurns({ turnMs: 1, mostMs: 5 }));
    const findings = await screening.answer({ content: [{ type: "text", text: LONG }] }, []);
    expect(findings.map(({ severity, kind }) => [severity, kind])).toEqual([["hard", "unscreened-answer"]]);
    expect(findingWords(findings)).toMatch(/takes longer to read than one answer may.*ask for less at once/);
    const wish = await screening.wish("sampling/createMessage", { systemPrompt: LONG });
    expect(wish.map(({ severity }) => severity)).toEqual(["hard"]);
  });
});

describe("what is told before an answer", () => {
  it("comes before it, and in its order, however long it takes to screen", async () => {
    const bed = gateBed();
    await bed.open();
    bed.screen = async (value: Json): Promise<readonly Finding[]> => {
      await sleep(Number(member(value, "ms") ?? 0));
      return [];
    };
    await bed.client(toolCall(1, "echo", { _meta: { progressToken: "p" } }));
    const progress = (n: number, ms: number): object => ({
      method: "notifications/progress",
      params: { progressToken: "p", progress: n, ms },
    });
    const order: string[] = [];
    const sent = [bed.from(progress(1, 30)), bed.from(progress(2, 5)), bed.from(answer(1, "done"))];
    await Promise.all(sent.map((one, index) => one.then(() => order.push(["first", "second", "answer"][index] ?? ""))));
    expect(order).toEqual(["first", "second", "answer"]);
  });
});

describe("a server that says too much", () => {
  const server: ServerDescription = {
    capabilities: { tools: {} },
    instructions: LONG,
    tools: [{ name: "a", description: LONG }, { name: "b" }],
    prompts: [{ name: "p" }],
    resources: [{ uri: "x:y", name: "r" }],
    resourceTemplates: [{ name: "t", uriTemplate: "x:{y}" }],
  };

  it("is held whole where it cannot be read in time", async () => {
    const screening = openScreening(openTurns({ turnMs: 1, mostMs: 5 }));
    const findings = await screening.description("s", server, []);
    expect(findings).toEqual(unscreenedDescription(server));
    expect(findings.map(({ at }) => at)).toEqual([
      "/tools/0",
      "/tools/1",
      "/prompts/0",
      "/resourceTemplates/0",
      "/resources/0",
      "/instructions",
    ]);
    expect(findings.every(({ severity }) => severity === "hard")).toBe(true);
  });

  it("has the one definition held that is longer than any", async () => {
    const tools = [
      { name: "a", description: "Adds. ".repeat(1 << 18) },
      { name: "b", description: "Adds two numbers." },
    ];
    const findings = await openScreening().description("s", { ...server, instructions: "", tools }, []);
    expect(findings.map(({ kind, at, severity }) => [kind, at, severity])).toEqual([
      ["unscreened", "/tools/0", "hard"],
    ]);
  });
});
