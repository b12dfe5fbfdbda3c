// Findings of an earlier start: of the same text and the same program they count, of anything else nothing is known.
import { readdirSync, readFileSync, renameSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test, vi } from "vitest";
import type { Finding, JsonObject, ServerDescription } from "#core/mcp";
import { rememberedScreening } from "../../src/monitor/mcp/remembered-screening.ts";
import { tmp } from "../support/tmp.ts";

const hard: Finding = { severity: "hard", kind: "concealment", at: "/tools/0/description", excerpt: "do not tell" };
const none: Finding[] = [];

function described(tool: JsonObject): ServerDescription {
  return { capabilities: {}, tools: [tool], prompts: [], resources: [], resourceTemplates: [] };
}

const tool = { name: "echo", description: "Says it again.", inputSchema: { minimum: 1 } };

/** One server's lock in a folder, and starts of it: each says what it found and how often it really screened. */
function server(name = "tested") {
  const lock = join(tmp(), "mcp/a-b-c.lock.json");
  const file = lock.replace(".lock.json", ".screened.json");
  const start = async (
    found: ServerDescription,
    more: {
      build?: string;
      findings?: readonly Finding[];
      peers?: Parameters<ReturnType<typeof rememberedScreening>["screen"]>[1];
      as?: string;
    } = {},
  ) => {
    let screened = 0;
    const { screen } = rememberedScreening({ build: more.build ?? "one", server: more.as ?? name }, lock, async () => {
      screened += 1;
      return more.findings ?? none;
    });
    const findings = await screen(found, more.peers ?? []);
    return { findings, screened };
  };
  const kept = () => vi.waitFor(() => expect(readFileSync(file, "utf8")).toContain('"of"'));
  return { start, kept, file };
}

describe("findings of an earlier start", () => {
  test("count for the same text, hard ones as well", async () => {
    const { start, kept, file } = server();
    expect(await start(described(tool), { findings: [hard] })).toEqual({ findings: [hard], screened: 1 });
    await kept();
    expect(await start(described(tool))).toEqual({ findings: [hard], screened: 0 });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(join(file, "..")).filter((name) => !name.endsWith(".json"))).toEqual([]);
  });

  const others: readonly (readonly [string, Parameters<ReturnType<typeof server>["start"]>])[] = [
    ["another word", [described({ ...tool, description: "Says it again!" })]],
    [
      "another order of the same members",
      [described({ description: tool.description, name: "echo", inputSchema: { minimum: 1 } })],
    ],
    ["another program", [described(tool), { build: "two" }]],
    ["another name of the server", [described(tool), { as: "other" }]],
    ["another tool beside it", [described(tool), { peers: [{ server: "mail", tool: { name: "send" } }] }]],
    ["instructions", [{ ...described(tool), instructions: "" }]],
  ];
  test.each(others)("do not count for %s", async (_, [found, more]) => {
    const { start, kept } = server();
    await start(described(tool));
    await kept();
    expect(await start(found, { ...more, findings: [hard] })).toEqual({ findings: [hard], screened: 1 });
  });

  const damages: readonly (readonly [string, (file: string, text: string) => void])[] = [
    ["half of it is missing", (file, text) => truncateSync(file, text.length >> 1)],
    ["it is empty", (file) => truncateSync(file, 0)],
    [
      "a finding was taken out",
      (file, text) => writeFileSync(file, text.replace(/"findings":\[.*?\]/, '"findings":[]')),
    ],
    ["it is no longer hard", (file, text) => writeFileSync(file, text.replace('"hard"', '"soft"'))],
    ["it is of another version", (file, text) => writeFileSync(file, text.replace('"screened":1', '"screened":2'))],
  ];
  test.each(damages)("are forgotten where %s", async (_, damage) => {
    const { start, kept, file } = server();
    await start(described(tool), { findings: [hard] });
    await kept();
    damage(file, readFileSync(file, "utf8"));
    expect(await start(described(tool), { findings: [hard] })).toEqual({ findings: [hard], screened: 1 });
  });

  test("are not read through a link", async () => {
    const { start, kept, file } = server();
    await start(described(tool));
    await kept();
    renameSync(file, `${file}.aside`);
    symlinkSync(`${file}.aside`, file);
    expect((await start(described(tool))).screened).toBe(1);
  });

  test("are nobody's where the program has no name", async () => {
    const { start, kept, file } = server();
    await start(described(tool));
    await kept();
    const lock = file.replace(".screened.json", ".lock.json");
    const { screen } = rememberedScreening({ build: undefined, server: "tested" }, lock, async () => [hard]);
    expect(await screen(described(tool), [])).toEqual([hard]);
  });
});
