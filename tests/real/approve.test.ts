// `ringfence approve` for real: a person in another terminal, and those who are none.
import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleFolder, bundleMain, start, terminal } from "../support/approval-scene.ts";
import { checkout, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { removeTree, tmp } from "../support/tmp.ts";
import type { Terminal } from "../support/tmux.ts";

beforeAll(bundleMain);
afterAll(() => removeTree(bundleFolder));

describe("ringfence approve", () => {
  /** Types a command of ringfence in another terminal that was there before the session. */
  async function beside(folder: string): Promise<Terminal> {
    const other = terminal(folder, "other");
    await other.until(/\$\s*$/m);
    await sleep(100); // older than the session by the kernel's clock
    return other;
  }

  test("lists, shows the same question, answers it, and is told when it is another one", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using other = await beside(folder);
    using screen = terminal(folder);
    const here = await start(screen, folder, [], "npm test");
    here.ask();
    await screen.until(/type a word and Enter:\s*$/m);
    const { id } = await here.until("id");
    other.type(`clear; ${launcher} approve --list`, "Enter");
    await other.until(new RegExp(`${id} {2}waits {2}claude {2}uncontained {2}npm test`));
    other.type(`clear; ${launcher} approve ${id}`, "Enter");
    const text = await other.until(/type a word and Enter:\s*$/m);
    expect(text).toMatch(/May claude run this\?\n {2}\| npm test\n/);
    other.type("yes", "Enter");
    await other.until(new RegExp(`approved ${id}`));
    expect(await here.answer()).toMatchObject({ verdict: "allow", by: "command", scope: "once" });
    await screen.until(/no longer asked/);
    other.type(`clear; ${launcher} approve ${id}; echo code=$?`, "Enter");
    await other.until(/no question `\w+` waits[\s\S]*code=65/);
  });

  test("--watch asks what comes, and is why a question without a terminal of its own waits", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using other = await beside(folder);
    using screen = terminal(folder);
    const here = await start(screen, folder, ["--alone"], "npm test");
    other.type(`clear; ${launcher} approve --watch`, "Enter");
    await other.until(/asked here as they come/);
    await sleep(1_000);
    here.ask();
    expect(await other.until(/type a word and Enter:\s*$/m)).toMatch(/May claude run this\?\n {2}\| npm test\n/);
    other.type("session", "Enter");
    expect(await here.answer()).toMatchObject({ verdict: "allow", by: "command", scope: "session" });
    await other.until(/npm test: approved/);
    other.type("C-c");
    await other.until(/\$\s*$/m);
  });

  test("lets the same act pass once after it was refused for want of a person", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using other = await beside(folder);
    using screen = terminal(folder);
    const here = await start(screen, folder, ["--alone"], "npm test");
    here.ask();
    expect(await here.answer()).toMatchObject({ verdict: "deny", by: "nobody" });
    const { id } = await here.until("id");
    other.type(`clear; ${launcher} approve ${id}`, "Enter");
    await other.until(/type a word and Enter:\s*$/m);
    other.type("yes", "Enter");
    await other.until(/tried again within 5 minutes, it passes/);
    here.ask();
    await sleep(500);
    here.ask();
    await sleep(500);
    const answers = here.log().flatMap((line) => ("answer" in line ? [line["answer"] as { verdict: string }] : []));
    expect(answers.map(({ verdict }) => verdict)).toEqual(["deny", "allow", "deny"]);
  });

  test("is refused without a terminal, inside a fence, and to the agent's own children", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using other = await beside(folder);
    using screen = terminal(folder);
    other.type("clear; echo shell=$$", "Enter");
    const shell = /shell=(\d+)/.exec(await other.until(/shell=\d+/))?.[1] ?? "";
    const here = await start(screen, folder, ["--alone", "--agent", shell], "npm test");
    here.ask();
    await here.answer();
    const { id } = await here.until("id");
    const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: join(folder, "xdg") };
    const bare = spawnSync("setsid", [launcher, "approve", `${id}`], { env, encoding: "utf8" });
    expect(bare).toMatchObject({ status: 126 });
    expect(bare.stderr).toContain("needs a person at a terminal");
    const inside = spawnSync(launcher, ["approve", `${id}`], { env: { ...env, RINGFENCE: "1" }, encoding: "utf8" });
    expect(inside).toMatchObject({ status: 126 });
    other.type(`clear; ${launcher} approve ${id}`, "Enter");
    await other.until(/type a word and Enter:\s*$/m);
    other.type("yes", "Enter");
    await other.until(/a session does not answer its own questions/);
  });

  test("is refused to a program that speaks the socket's words itself: detached, with a terminal of its own, or without", async (context) => {
    needs(context, "tmux", "helper", "python3");
    const folder = tmp();
    using screen = terminal(folder);
    const here = await start(screen, folder, ["--alone"], "npm test");
    here.ask();
    await here.answer();
    const { id, digest } = await here.until("id");
    const socket = join(folder, "xdg/ringfence/approvals/20261125-141530-9f3a1c.sock");
    expect(statSync(join(folder, "xdg/ringfence/approvals")).mode & 0o777).toBe(0o700);
    const request = JSON.stringify({ v: 1, do: "answer", id, digest, verdict: "allow", scope: "once" });
    const forge = join(checkout, "tests/support/forge.py");
    for (const how of ["plain", "detached", "detached-terminal"]) {
      const forged = spawnSync("python3", [forge, how, socket, request], { encoding: "utf8" });
      expect({ how, reply: forged.stdout }).toMatchObject({ reply: expect.stringContaining("approval-refused") });
    }
    // The control: the same bytes are understood, and a no needs no terminal.
    const no = request.replace('"allow"', '"deny"');
    expect(spawnSync("python3", [forge, "plain", socket, no], { encoding: "utf8" }).stdout).toContain('"refused"');
  });

  test.each([
    ["not JSON", "hello"],
    ["unknown words", '{"v":1,"do":"grant"}'],
    ["an unknown key", '{"v":1,"do":"list","x":1}'],
    ["a digest that is none", '{"v":1,"do":"answer","id":"x","digest":"x","verdict":"allow","scope":"once"}'],
    ["a line without end", "x".repeat(100_000)],
  ])("the socket survives %s", async (_name, request) => {
    const folder = tmp();
    using screen = terminal(folder);
    await start(screen, folder, ["--alone"], "npm test");
    const socket = join(folder, "xdg/ringfence/approvals/20261125-141530-9f3a1c.sock");
    const forge = join(checkout, "tests/support/forge.py");
    const reply = spawnSync("python3", [forge, "plain", socket, request], { encoding: "utf8" }).stdout;
    expect(reply === "" || reply.includes('"ok":false')).toBe(true);
    const list = spawnSync("python3", [forge, "plain", socket, '{"v":1,"do":"list"}'], { encoding: "utf8" });
    expect(list.stdout).toBe('{"ok":true,"questions":[]}\n');
  });
});
