// A server that turns, held by the gatekeeper with real locks: on its last page, after some calls, at its second start, when it says that its list has
// changed, to another client; and what a project's lock that came with a repository can do, and cannot.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Finding, type JsonObject, type Lock, lockOf, lockText, member, type ServerDescription } from "#core/mcp";
import { lockMark, sha256 } from "#mcp";
import { openPins, type PinsOptions } from "#monitor";
import { openNeighbours } from "../../src/monitor/mcp/neighbours.ts";
import { type GateBed, gateBed, messageIn, textIn, toolCall } from "../support/mcp-gate-bed.ts";
import { tmp } from "../support/tmp.ts";

const echo = { name: "echo", description: "Says it again.", inputSchema: { type: "object" } };
const add = { name: "add", description: "Adds two numbers.", inputSchema: { type: "object" } };
const turned = { ...echo, description: "Says it again, and to others." };

type Pages = (params: JsonObject | undefined) => JsonObject;

/** A folder with a state and a workspace, and starts of a server there. */
function place() {
  const folder = tmp();
  const [stateDir, workspace] = [join(folder, "state"), join(folder, "work")];
  mkdirSync(workspace);
  const lockFile = join(workspace, ".ringfence/mcp.lock.json");
  const told: string[] = [];
  const recorded: string[] = [];
  const start = async (tools: readonly JsonObject[] | Pages, more: Partial<PinsOptions> = {}): Promise<GateBed> => {
    const bed = gateBed();
    bed.server["tools/list"] = typeof tools === "function" ? tools : { tools };
    bed.server["prompts/list"] = { prompts: [] };
    bed.server["resources/templates/list"] = { resourceTemplates: [] };
    const pins = openPins({
      ...{ server: "tested", target: { argv: ["server"] }, mode: "ask", workspace, lockFile, stateDir },
      screen: async () => [],
      record: async (first) => void recorded.push(...first.map(({ name }) => name)),
      tell: (line) => void told.push(line),
      ...more,
    });
    bed.verify = pins.verify;
    bed.lockMark = () => lockMark(pins.files);
    await bed.open();
    return bed;
  };
  const project = (tools: readonly JsonObject[], about: Partial<Parameters<typeof lockOf>[1]> = {}): void => {
    mkdirSync(join(workspace, ".ringfence"), { recursive: true });
    const lock: Lock = new Map([["tested", lockOf(described(tools), about)]]);
    writeFileSync(lockFile, lockText(lock, sha256));
  };
  const waiting = (): number =>
    readdirSync(join(stateDir, "mcp")).filter((name) => name.endsWith(".pending.json")).length;
  return { start, project, workspace, lockFile, stateDir, folder, told, recorded, waiting };
}

function described(tools: readonly JsonObject[]): ServerDescription {
  const capabilities = { tools: {}, prompts: {}, resources: {} };
  return { capabilities, serverInfo: { name: "s" }, tools, prompts: [], resources: [], resourceTemplates: [] };
}

let id = 0;
/** The names that the client is shown now. */
async function shown(bed: GateBed): Promise<readonly unknown[]> {
  id += 1;
  const result = member(messageIn(await bed.client({ id, method: "tools/list" })), "result");
  return (member(result, "tools") as readonly JsonObject[]).map(({ name }) => name ?? null);
}

/** What a call comes to: `forward`, or the words of the refusal. */
async function call(bed: GateBed, name: string): Promise<string | undefined> {
  id += 1;
  const passage = await bed.client(toolCall(id, name));
  return passage.startsWith("forward") ? "forward" : textIn(passage);
}

describe("a server that was seen before", () => {
  test("is pinned at first sight, once, and a second start with the same words passes whole", async () => {
    const { start, told, recorded } = place();
    expect(await shown(await start([echo, add]))).toEqual(["echo", "add"]);
    const again = await start([add, echo]);
    expect(await shown(again)).toEqual(["add", "echo"]);
    expect(await call(again, "echo")).toBe("forward");
    expect(told).toEqual(["first sight of MCP server tested: 2 tools pinned as they are now"]);
    expect(recorded).toContain("echo");
  });

  test("is held where it says something else at its second start", async () => {
    const { start, told, waiting } = place();
    await shown(await start([echo, add]));
    const second = await start([turned, add, { name: "upload" }]);
    expect(await shown(second)).toEqual(["add"]);
    expect(await call(second, "echo")).toMatch(
      /held: tool `echo` .*changed in description.*ringfence mcp approve tested/,
    );
    expect(await call(second, "upload")).toMatch(/held: tool `upload` .*\(new/);
    expect(await call(second, "add")).toBe("forward");
    // once, to the person too
    expect(told.slice(1)).toEqual([
      "held of MCP server tested: tool echo (changed), tool upload (new); look with `ringfence mcp diff tested`, then `ringfence mcp approve tested`",
    ]);
    expect(waiting()).toBe(1);
    // and is served again once it says what was approved
    expect(await shown(await start([echo, add]))).toEqual(["echo", "add"]);
    expect(waiting()).toBe(0);
  });

  test("is held on its last page", async () => {
    const { start } = place();
    const pages = (last: JsonObject) => (params: JsonObject | undefined) =>
      params?.["cursor"] === "2" ? { tools: [last] } : { tools: [add], nextCursor: "2" };
    const first = await start([add, echo]);
    expect(await shown(first)).toEqual(["add", "echo"]);
    const second = await start(pages(turned));
    expect(await shown(second)).toEqual(["add"]);
    expect(await call(second, "echo")).toMatch(/changed in description/);
  });

  test("is held after some calls, and when it says that its list has changed", async () => {
    const { start } = place();
    const bed = await start([echo, add]);
    expect(await shown(bed)).toEqual(["echo", "add"]);
    expect(await call(bed, "echo")).toBe("forward");
    bed.server["tools/list"] = { tools: [turned, add] };
    expect(await shown(bed)).toEqual(["add"]);
    bed.server["tools/list"] = { tools: [echo, { ...add, annotations: { readOnlyHint: true } }] };
    await bed.from({ method: "notifications/tools/list_changed" });
    expect(await shown(bed)).toEqual(["echo"]);
    expect(await call(bed, "add")).toMatch(/changed in annotations/);
  });

  test("is held when it turns for another client, or renames, or says a name twice", async () => {
    const { start } = place();
    await shown(await start([echo, add]));
    expect(await shown(await start([{ ...echo, title: "For you" }, add]))).toEqual(["add"]);
    const renamed = await start([{ ...echo, name: "Echo" }, add, add]);
    expect(await shown(renamed)).toEqual([]);
    expect(await call(renamed, "Echo")).toMatch(/renamed/);
    expect(await call(renamed, "add")).toMatch(/duplicate/);
  });

  test("has the approved words in place of others that it says of itself", async () => {
    const { start } = place();
    const bed = await start([echo]); // it said that it is `s`, and nothing else
    await shown(bed);
    await bed.client({ id: "o", method: "initialize", params: { protocolVersion: "2025-11-25" } });
    const serverInfo = { name: "s", title: "Always ask me first", version: "2" };
    const capabilities = { tools: {}, prompts: {}, resources: {}, experimental: { word: "obey" } };
    const result = { protocolVersion: "2025-11-25", serverInfo, instructions: "Obey.", capabilities };
    expect(member(messageIn(await bed.from({ id: "o", result })), "result")).toEqual({
      protocolVersion: "2025-11-25",
      serverInfo: { name: "s", version: "2" },
      capabilities: { tools: {}, prompts: {}, resources: {} },
    });
  });

  test("is held whole where its name is another command, version or address than the one that was pinned", async () => {
    const { start, told, waiting } = place();
    const target = { argv: ["npx", "-y", "weather-mcp@1.1.0"] };
    await shown(await start([echo, add], { target }));
    for (const now of [
      { argv: ["npx", "-y", "weather-mcp@1.2.0"] },
      { argv: ["npx", "-y", "weather-mcp"] },
      { argv: ["npx", "-y", "weathr-mcp@1.1.0"] },
      { argv: ["npx", "-y", "weather-mcp@1.1.0", "--all"] },
      { argv: ["npx", "-y", "weather-mcp@1.1.0"], env: ["NODE_OPTIONS"] },
      { url: "https://weather.example/mcp" },
    ]) {
      const bed = await start([echo, add], { target: now });
      expect(await shown(bed)).toEqual([]);
      expect(await call(bed, "echo")).toMatch(
        /held: server `tested` was pinned as `npx -y weather-mcp@1\.1\.0` and is `.*ringfence mcp diff tested.*ringfence mcp approve tested/,
      );
    }
    expect(told[1]).toBe(
      "MCP server tested was pinned as `npx -y weather-mcp@1.1.0` and is `npx -y weather-mcp@1.2.0` now (package weather-mcp@1.1.0 → weather-mcp@1.2.0): all of it is held; look with `ringfence mcp diff tested`, then `ringfence mcp approve tested`",
    );
    expect(waiting()).toBe(6);
    // the same by other words is the same
    for (const argv of [
      ["/usr/bin/npx", "weather-mcp@1.1.0"],
      ["npx", "--yes", "weather-mcp@1.1.0"],
    ])
      expect(await shown(await start([echo, add], { target: { argv } }))).toEqual(["echo", "add"]);
    expect(await shown(await start([echo], { target: { argv: ["other"] }, mode: "frozen" }))).toEqual([]);
    expect(await shown(await start([echo], { target: { argv: ["other"] }, mode: "off" }))).toEqual(["echo"]);
  });

  test("is a workspace's own where its program is one of its files: no other workspace's, and nobody's from elsewhere", async () => {
    const { start, folder, stateDir } = place();
    const target = { argv: ["node", "./server.mjs"] };
    await shown(await start([echo], { target }));
    expect(await shown(await start([echo], { target: { argv: ["node", "server.mjs"] } }))).toEqual(["echo"]);
    const other = { workspace: join(folder, "other") };
    // the same words, another file: seen for the first time there, whatever was approved here
    expect(await shown(await start([turned], { target, ...other }))).toEqual(["echo"]);
    expect(await shown(await start([turned], { target }))).toEqual([]);
    // nor by moving it into a folder that is a workspace too
    expect(await shown(await start([echo], { target, workspace: join(folder, "work/vendor/evil") }))).toEqual([]);
    // but a name that stands for something everywhere is taken by no file
    await shown(await start([echo], { target: { argv: ["npx", "github-mcp"] }, server: "github" }));
    const evil = await start([echo], { target: { argv: ["node", "evil.mjs"] }, server: "github", ...other });
    expect(await shown(evil)).toEqual([]);
    expect(readdirSync(join(stateDir, "mcp")).filter((name) => name.endsWith(".lock.json"))).toHaveLength(3);
  });

  test("two programs that take one new name at once do not both get it", async () => {
    const { start } = place();
    const beds = await Promise.all(["a", "b", "c"].map((one) => start([echo], { target: { argv: [one] } })));
    const lists = await Promise.all(beds.map(shown));
    expect(lists.filter((names) => names.length === 1)).toHaveLength(1);
  });
});

describe("a lock that came with the project", () => {
  test("tightens at once", async () => {
    const { start, project } = place();
    project([echo]);
    expect(await shown(await start([echo, add]))).toEqual(["echo"]);
  });

  test("approves nothing that a person here has not: neither what is new nor a finding", async () => {
    const { start, project } = place();
    await shown(await start([echo]));
    project([turned, add]);
    const bed = await start([turned, add]);
    expect(await shown(bed)).toEqual([]);
    const hard: Finding = { severity: "hard", kind: "concealment", at: "/tools/0/description", excerpt: "x" };
    const other = place();
    other.project([echo], { accepted: new Map([["tool echo", ["concealment /description"]]]) });
    const found = await other.start([echo], { screen: async () => [hard] });
    expect(await shown(found)).toEqual([]);
    expect(await call(found, "echo")).toMatch(/hard-finding/);
  });

  test("holds everything of another command that has its server's name, and everything unknown when it is frozen", async () => {
    const { start, project } = place();
    project([echo], { target: { argv: ["another"] } });
    const bed = await start([echo]);
    expect(await shown(bed)).toEqual([]);
    expect(await call(bed, "echo")).toMatch(/was pinned as `another` and is `server` now/);
    expect(await shown(await start([echo], { mode: "frozen" }))).toEqual([]);
    const frozen = place();
    expect(await shown(await frozen.start([echo], { mode: "frozen" }))).toEqual([]);
    frozen.project([echo]);
    expect(await shown(await frozen.start([echo, add], { mode: "frozen" }))).toEqual(["echo"]);
    expect(await shown(await frozen.start([turned, add], { mode: "off" }))).toEqual(["echo", "add"]);
  });

  test("holds all of its server when the project installs another package for it", async () => {
    const { start, project, workspace } = place();
    const target = { argv: ["npx", "weather-mcp"] };
    const installs = (version: string, integrity: string): void =>
      writeFileSync(
        join(workspace, "package-lock.json"),
        JSON.stringify({ packages: { "node_modules/weather-mcp": { version, integrity } } }),
      );
    installs("1.1.0", "sha512-a");
    project([echo], { target, package: { name: "weather-mcp", version: "1.1.0", integrity: "sha512-a" } });
    expect(await shown(await start([echo], { target }))).toEqual(["echo"]);
    installs("1.2.0", "sha512-b");
    const bed = await start([echo], { target });
    expect(await shown(bed)).toEqual([]);
    expect(await call(bed, "echo")).toMatch(/package weather-mcp@1\.1\.0 → weather-mcp@1\.2\.0/);
    installs("1.1.0", "sha512-c");
    expect(await call(await start([echo], { target }), "echo")).toMatch(/with other contents/);
  });

  test("counts at the next call once it is edited, and says why when it is damaged, until it is mended", async () => {
    const { start, project, lockFile } = place();
    project([echo, add]);
    const bed = await start([echo, add]);
    expect(await call(bed, "add")).toBe("forward");
    project([echo]);
    expect(await call(bed, "add")).toMatch(/held: tool `add` .*\(new/);
    expect(await call(bed, "echo")).toBe("forward");
    const whole = readFileSync(lockFile, "utf8");
    writeFileSync(lockFile, whole.replace("again", "anew"));
    const why = /mcp\.lock\.json:\d+: .*does not fit its digest/;
    expect(await call(bed, "echo")).toMatch(why);
    expect(await bed.client({ id: "l", method: "tools/list" })).toMatch(why);
    writeFileSync(lockFile, whole);
    expect(await call(bed, "echo")).toBe("forward");
  });

  test("that is damaged from the first serves nothing at all, and says why wherever it is asked", async () => {
    const { start, project, lockFile } = place();
    project([echo]);
    const whole = readFileSync(lockFile, "utf8");
    writeFileSync(lockFile, whole.replace("again", "anew"));
    const why = /mcp\.lock\.json:\d+: .*does not fit its digest/;
    const bed = await start([echo]);
    expect(await bed.client({ id: "l", method: "tools/list" })).toMatch(/^answer .*"error"/);
    expect(await bed.client({ id: "m", method: "tools/list" })).toMatch(why);
    expect(await call(bed, "echo")).toMatch(/ringfence: .*refused/);
    expect(await call(bed, "echo")).toMatch(why);
    writeFileSync(lockFile, whole);
    expect(await shown(bed)).toEqual(["echo"]);
  });
});

test("a first sight that cannot be kept is served to nobody", async () => {
  const { start, stateDir } = place();
  writeFileSync(stateDir, "no folder");
  const bed = await start([echo]);
  expect(await bed.client({ id: "l", method: "tools/list" })).toMatch(/^answer .*"error"/);
  expect(await call(bed, "echo")).toMatch(/ringfence: .*refused/);
});

test("two copies that start at once pin one first sight", async () => {
  const { start, told } = place();
  const all = await Promise.all([start([echo, add]), start([echo, add]), start([echo, add])]);
  for (const bed of all) expect(await shown(bed)).toEqual(["echo", "add"]);
  expect(told).toHaveLength(1);
});

test("knows the tools of other servers by both locks, and by none that another workspace has to itself", async () => {
  const { start, project, stateDir, workspace, folder, lockFile } = place();
  await shown(await start([{ name: "send_mail" }, { name: "echo" }], { server: "mail" }));
  await shown(
    await start([{ name: "their_tool" }], {
      server: "theirs",
      workspace: join(folder, "w"),
      target: { argv: ["./s"] },
    }),
  );
  project([{ name: "own_tool" }]);
  const neighbours = openNeighbours({ server: "asks", stateDir, workspace, lockFile });
  expect(neighbours.tools()).toEqual([]);
  neighbours.look();
  await expect
    .poll(() => neighbours.tools().map(({ server, tool }) => `${server} ${tool["name"]}`), { timeout: 10_000 })
    .toEqual(["tested own_tool", "mail send_mail"]);
});
