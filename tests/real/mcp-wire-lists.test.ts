// What a client is shown and may call is what was verified: lists, cursors, changes, approvals, in both eras.
import { describe, expect, test } from "vitest";
import { ok } from "#core";
import type { Json, JsonObject } from "#core/mcp";
import { type Asker, listServer } from "#mcp";
import {
  toolCall as call,
  gateBed,
  holdTool as held,
  META,
  messageIn,
  TOOLS,
  textIn as text,
} from "../support/mcp-gate-bed.ts";

describe("lists", () => {
  test("are answered from what was verified; what is held is not there and is not called", async () => {
    const bed = gateBed();
    held(bed, "wipe");
    await bed.open();
    const list = messageIn(await bed.client({ id: 1, method: "tools/list" }));
    expect(list).toEqual({ jsonrpc: "2.0", id: 1, result: { tools: [TOOLS[0]] } });
    const refused = await bed.client(call(2, "wipe"));
    expect(refused).toMatch(/^answer/);
    expect(messageIn(refused)).toMatchObject({ id: 2, result: { isError: true } });
    expect(text(refused)).toContain("changed in description");
    expect(text(refused)).toContain("`ringfence mcp approve tested`");
    expect(text(await bed.client(call(3, "nothing")))).toContain("no approved tool");
    expect(bed.log.map(({ kind, why }) => [kind, why])).toEqual([
      ["refused", "not-approved"],
      ["refused", "not-approved"],
    ]);
    expect(messageIn(await bed.client({ id: 4, method: "prompts/get", params: { name: "none" } }))).toMatchObject({
      error: { code: -31403 },
    });
  });

  test("an approval counts at the next call", async () => {
    const bed = gateBed();
    held(bed, "wipe");
    await bed.open();
    await bed.client({ id: 1, method: "tools/list" });
    bed.verify = (description) => ({ description, held: [] });
    await new Promise((done) => setTimeout(done, 550));
    expect(await bed.client(call(2, "wipe"))).toMatch(/^forward/);
    expect((await bed.keeper.reverify()).map((bytes) => new TextDecoder().decode(bytes))).toEqual([
      '{"jsonrpc":"2.0","method":"notifications/tools/list_changed"}',
    ]);
  });

  test("an old description that is verified late does not come back", async () => {
    const bed = gateBed();
    held(bed, "wipe");
    await bed.open();
    await bed.client({ id: 1, method: "tools/list" });
    await new Promise((done) => setTimeout(done, 550));
    let release = (): void => undefined;
    bed.verify = (description) =>
      new Promise((done) => {
        release = () => done({ description, held: [] });
      });
    const late = bed.client(call(2, "wipe"));
    await new Promise((done) => setTimeout(done, 5));
    const verifiedLate = release;
    bed.verify = (description) => ({ description, held: [] });
    bed.server["tools/list"] = { tools: [TOOLS[0] ?? {}] };
    await bed.from({ method: "notifications/tools/list_changed" });
    verifiedLate();
    expect(text(await late)).toContain("no approved tool");
  });

  test("a change is told when what is served has changed, and the new list is verified", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client({ id: 1, method: "tools/list" });
    const changed = { method: "notifications/tools/list_changed" };
    expect(await bed.from(changed)).toBe("drop nothing-served-changed");
    held(bed, "new");
    bed.server["tools/list"] = { tools: [...TOOLS, { name: "new", inputSchema: {} }] };
    expect(await bed.from(changed)).toBe("drop nothing-served-changed");
    expect(text(await bed.client(call(2, "new")))).toContain("held");
    bed.server["tools/list"] = { tools: [TOOLS[0] ?? {}] };
    expect(await bed.from(changed)).toMatch(/^forward/);
    expect(text(await bed.client(call(3, "wipe")))).toContain("no approved tool");
  });

  test("one change is told once, whoever noticed it, until the client has seen the list; the next change is told again", async () => {
    const bed = gateBed();
    await bed.open();
    await bed.client({ id: 1, method: "tools/list" });
    const changed = { method: "notifications/tools/list_changed" };
    bed.server["tools/list"] = { tools: [TOOLS[0] ?? {}] };
    expect(await bed.from(changed)).toMatch(/^forward/);
    expect(await bed.from(changed)).toBe("drop nothing-served-changed");
    expect(await bed.keeper.reverify()).toEqual([]);
    // back to what the client has seen: it has been told otherwise meanwhile
    bed.server["tools/list"] = { tools: TOOLS };
    expect(await bed.from(changed)).toMatch(/^forward/);
    await bed.client({ id: 2, method: "tools/list" });
    held(bed, "wipe");
    expect((await bed.keeper.reverify()).length).toBe(1);
    expect(await bed.keeper.reverify()).toEqual([]);
    expect(await bed.from(changed)).toBe("drop nothing-served-changed");
  });

  test("a server that takes its time over every page is not listed for hours", async () => {
    const limits = { pages: 1_000, definitions: 100, characters: 10_000, ms: 30 };
    const asker = (page: () => Json): Asker => ({
      request: async () => {
        await new Promise((later) => setTimeout(later, 4));
        return ok(page());
      },
    });
    let count = 0;
    const more = (): Json => ({ tools: [], nextCursor: `${++count}` });
    const slow = await listServer(asker(more), { capabilities: { tools: {} } }, limits);
    expect(slow.ok ? "listed" : slow.error.message).toMatch(/has not said all of its lists within 0.03 seconds/);
    const both = { capabilities: { tools: {}, prompts: {} } };
    const sixty = Array.from({ length: 60 }, (_, n) => ({ name: `t${n}` }));
    const many = await listServer(
      asker(() => ({ tools: sixty, prompts: sixty })),
      both,
      limits,
    );
    expect(many.ok ? "listed" : many.error.message).toMatch(/lists more than 100 things/);
    const long = await listServer(
      asker(() => ({ tools: [{ name: "x".repeat(10_001) }] })),
      both,
      limits,
    );
    expect(long.ok ? "listed" : long.error.message).toMatch(/more than is read/);
  });

  test("a list that cannot be read serves nothing", async () => {
    const bed = gateBed();
    bed.server["tools/list"] = { tools: "all" };
    await bed.open();
    expect(messageIn(await bed.client({ id: 1, method: "tools/list" }))).toMatchObject({ error: { code: -32603 } });
    expect(text(await bed.client(call(2)))).toContain("not verified");
    bed.server["tools/list"] = { tools: TOOLS };
    expect(await bed.client(call(3))).toMatch(/^forward/);
  });

  test("many tools come in pages with cursors of ours", async () => {
    const bed = gateBed();
    const many = Array.from({ length: 40 }, (_, n) => ({ name: `t${n}`, description: "x".repeat(100_000) }));
    bed.server["tools/list"] = { tools: many };
    await bed.open();
    const names: unknown[] = [];
    for (let cursor: unknown, id = 1; ; id += 1) {
      const params = cursor === undefined ? {} : { params: { cursor } };
      const { result } = messageIn(await bed.client({ id, method: "tools/list", ...params })) as { result: JsonObject };
      names.push(...(result["tools"] as readonly JsonObject[]).map(({ name }) => name));
      cursor = result["nextCursor"];
      if (cursor === undefined) break;
    }
    expect(names).toEqual(many.map(({ name }) => name));
    for (const cursor of ["", "1.9999", "0.1", 5, "x"])
      expect(messageIn(await bed.client({ id: "bad", method: "tools/list", params: { cursor } }))).toMatchObject({
        error: { code: -32602 },
      });
  });

  test("a modern client's list says that it is its own and short-lived, and our requests say who asks", async () => {
    const bed = gateBed();
    const asked = { id: 1, method: "tools/list", params: { _meta: { ...META, other: 1 } } };
    expect(messageIn(await bed.client(asked))["result"]).toMatchObject({
      resultType: "complete",
      cacheScope: "private",
      ttlMs: 1000,
      tools: TOOLS,
    });
    expect(bed.asked[0]).toEqual({ method: "server/discover", params: { _meta: META } });
    expect(bed.asked[1]).toEqual({ method: "tools/list", params: { _meta: META } });
    expect(await bed.from({ id: 9, method: "roots/list" })).toBe("drop out-of-era");
    const refused = await bed.client(call(2, "none", { _meta: META }));
    expect(messageIn(refused)).toMatchObject({ result: { resultType: "complete", isError: true } });
  });

  test("a client that says who it is by half, or as nobody can be, does not stay in our own requests", async () => {
    const bed = gateBed();
    const version = "io.modelcontextprotocol/protocolVersion";
    await bed.client({ id: 1, method: "server/discover" });
    await bed.client({ id: 2, method: "ping", params: { _meta: { ...META, [version]: "1999-01-01" } } });
    await bed.client({ id: 3, method: "tools/list", params: { _meta: META } });
    await bed.client({ id: 4, method: "ping", params: { _meta: { [version]: "1999-01-01" } } });
    await bed.client({ id: 5, method: "prompts/list", params: { _meta: META } });
    expect(bed.asked.map(({ params }) => params?.["_meta"])).toEqual(bed.asked.map(() => META));
    expect(bed.asked.length).toBeGreaterThan(1);
  });
});
