// The approval prompt for real, in a terminal (tmux): what it shows, what it takes, and the agent's screen around it.
import { spawn, spawnSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bundleFolder, bundleMain, mainFile, scene, start, terminal } from "../support/approval-scene.ts";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { removeTree, tmp } from "../support/tmp.ts";
import { quoted, type Terminal } from "../support/tmux.ts";

beforeAll(bundleMain);
afterAll(() => removeTree(bundleFolder));

describe("the prompt in a terminal", () => {
  test("shows what happens first, hidden characters spelled out, and takes a word and Enter", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using screen = terminal(folder);
    const here = await start(screen, folder, [], "npm test \u202e\u001b[2Jx");
    here.ask();
    const text = await screen.until(/type a word and Enter:/);
    expect(text).toMatch(/May claude run this\?\n {2}\| npm test \\u\{202e\}\\u\{1b\}\[2Jx\n/);
    expect(text).toMatch(/uncontained: no walls around it/);
    screen.type("yes");
    await screen.until(/Enter: yes$/m);
    expect(here.log().some((line) => "answer" in line)).toBe(false);
    screen.type("Enter");
    expect(await here.answer()).toMatchObject({ verdict: "allow", by: "terminal", scope: "once" });
    expect(here.log().map((line) => line["type"] ?? Object.keys(line)[0])).toEqual([
      "ready",
      "approval.ask",
      "approval.answer",
      "answer",
    ]);
    appendFileSync(join(folder, "go"), "end\n");
    screen.type("stty -a | grep -o '.icanon'", "Enter");
    await screen.until(/^ icanon/m);
  });

  test("throws away what was typed before it was fully drawn", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using screen = terminal(folder);
    const here = await start(screen, folder, [], "npm test");
    screen.type("yes", "Enter", "yes", "Enter");
    here.ask();
    for (let i = 0; i < 6; i++) {
      await sleep(100);
      screen.type("yes", "Enter");
    }
    await screen.until(/type a word and Enter:\s*$/m);
    await sleep(300);
    expect(here.log().some((line) => "answer" in line)).toBe(false);
    screen.type("no", "Enter");
    expect(await here.answer()).toMatchObject({ verdict: "deny", by: "terminal" });
  });

  test.each<[string, (screen: Terminal) => void | Promise<void>]>([
    ["^C", (screen) => screen.type("C-c")],
    ["^D", (screen) => screen.type("C-d")],
    ["an arrow", (screen) => screen.type("Up")],
    ["another word", (screen) => screen.type("yess", "Enter")],
    ["nothing but Enter", (screen) => screen.type("Enter")],
    ["a paste", (screen) => screen.paste("yes\n")],
    ["a paste of several lines", (screen) => screen.paste("yes\nyes\n")],
    ["a word without end", (screen) => screen.type("y".repeat(30))],
    [
      "a storm of sizes",
      async (screen) => {
        for (let i = 0; i < 12; i++) {
          screen.resize(80 + i, 30 - i);
          await sleep(700);
        }
      },
    ],
    ["a terminal that goes away", (screen) => screen[Symbol.dispose]()],
  ])("refuses at %s", async (name, act) => {
    const folder = tmp();
    using screen = terminal(folder);
    const here = await start(screen, folder, [], "npm test");
    here.ask();
    await screen.until(/type a word and Enter:\s*$/m);
    await act(screen);
    if (name === "a terminal that goes away") {
      // The session dies with its terminal; whatever it says last is no yes.
      await sleep(1_000);
      expect(JSON.stringify(here.log())).not.toContain('"allow"');
      return;
    }
    expect(await here.answer()).toMatchObject({ verdict: "deny", by: "terminal" });
  });

  test("pages what is longer than the screen: nobody says yes to what scrolled away", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using screen = terminal(folder);
    const command = Array.from({ length: 60 }, (_, i) => `echo ${i}`).join("\n");
    const here = await start(screen, folder, [], command);
    here.ask();
    const first = await screen.until(/\(1 of \d: Enter shows the rest/);
    expect(first).toContain("| echo 0\n");
    await sleep(600);
    screen.type("Enter");
    await screen.until(/\(2 of \d: Enter shows the rest/);
    await sleep(600);
    screen.type("yes", "Enter");
    expect(await here.answer()).toMatchObject({ verdict: "deny" });
  });

  test("writes a rule only after its effect was shown", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using screen = terminal(folder);
    const here = await start(screen, folder, [], "npm test");
    here.ask();
    await screen.until(/type a word and Enter:\s*$/m);
    screen.type("rule", "Enter");
    const text = await screen.until(/write nothing, and refuse\n+type a word and Enter:\s*$/m);
    expect(text).toMatch(/\| Bash\(npm test\)[\s\S]*it would have let pass:\n {2}\| npm test\n/);
    screen.type("yes", "Enter");
    expect(await here.answer()).toMatchObject({ verdict: "allow", scope: "rule" });
    expect(readFileSync(join(folder, ".ringfence/policy.local.yaml"), "utf8")).toContain('- "Bash(npm test)"');
  });
});

describe("the agent's screen around it", () => {
  const AGENT = [
    "stty -echo -icanon min 1 time 0",
    "printf '\\033[?1049h\\033[?1000h\\033[?1006h\\033[?2004h\\033[?25l\\033[1;3rfull screen'",
    "trap 'echo \"drawn again\"' WINCH",
    "( while :; do printf '\\033[Hbusy %s ' $((n=n+1)); sleep 0.05; done ) &",
    "while :; do read -rsn1 -t 0.2 key && printf '%s' \"$key\" >> keys; done",
  ].join("\n");

  test("waits while a question stands: no output, no keys, its modes off, then on again and drawn anew", async (context) => {
    needs(context, "userns", "bubblewrap", "overlay", "helper", "tmux");
    const folder = tmp();
    writeFileSync(join(folder, "agent.sh"), AGENT);
    using screen = terminal(folder);
    const here = await start(screen, folder, ["--fence"], "npm test");
    await screen.until(/busy \d+/);
    expect(screen.flags()).toMatchObject({ alternate: true, mouse: true });
    screen.type("a");
    here.ask();
    const text = await screen.until(/type a word and Enter:\s*$/m);
    expect(screen.flags()).toMatchObject({ alternate: false, mouse: false });
    expect(text).toContain("May claude run this?");
    expect(text).toContain("(in a fence)");
    await sleep(500);
    expect(screen.screen()).toBe(text);
    screen.type("yes", "Enter");
    expect(await here.answer()).toMatchObject({ verdict: "allow", by: "terminal" });
    await screen.until(/drawn again/);
    await screen.until(/busy \d+/);
    expect(screen.flags()).toMatchObject({ alternate: true, mouse: true });
    screen.type("b");
    await sleep(500);
    expect(readFileSync(join(folder, "session/upper/keys"), "utf8")).toBe("ab");
  });
});

describe("a terminal that takes no output", () => {
  test("is no terminal to ask at, and the fence can still be ended", async (context) => {
    needs(context, "userns", "bubblewrap", "overlay", "helper", "python3");
    const folder = tmp();
    writeFileSync(join(folder, "agent.sh"), "sleep 0.5; yes");
    writeFileSync(join(folder, "command"), "npm test");
    const env = { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", FENCE_HELPER: helperPath };
    const argv = [join(checkout, "tests/support/stuck.py"), process.execPath, mainFile, folder, "--fence"];
    const child = spawn("python3", argv, { env, stdio: "ignore" });
    const ended = new Promise((done) => child.once("exit", done));
    const here = scene(folder);
    await here.until("ready");
    await sleep(1_500); // the terminal is full by now
    here.ask();
    expect(await here.answer()).toMatchObject({ verdict: "deny", by: "nobody" });
    appendFileSync(join(folder, "go"), "end\n");
    expect(await ended).toBe(0);
  });
});

describe("in ringfence run, from the agent's hook to the person and back", () => {
  test.each([
    ["yes", /code=0/, "allow"],
    ["no", /a person refused it[\s\S]*code=2/, "deny"],
  ])("%s", async (word, said, verdict) => {
    const folder = tmp();
    const workspace = join(folder, "workspace");
    mkdirSync(workspace);
    const call = {
      ...{ session_id: "s", transcript_path: "/t", cwd: workspace, permission_mode: "default" },
      ...{ hook_event_name: "PreToolUse", tool_name: "Bash", tool_use_id: "u" },
      tool_input: { command: "git push --force origin main" },
    };
    writeFileSync(join(workspace, "call.json"), JSON.stringify(call));
    using screen = terminal(folder);
    const hook = `${helperPath} hook claude-code < call.json; echo code=$?`;
    screen.type(`clear; cd workspace; ${launcher} run -- sh -c ${quoted(hook)}`, "Enter");
    const text = await screen.until(/type a word and Enter:\s*$/m);
    expect(text).toMatch(/\| git push --force origin main\n[\s\S]*\(in a fence\)/);
    expect(text).not.toMatch(/^ {2}rule /m);
    screen.type(word, "Enter");
    const after = await screen.until(said);
    const session = /(\d{8}-\d{6}-[0-9a-f]{6})/.exec(after)?.[1] ?? "";
    const env = { PATH: process.env["PATH"] ?? "", XDG_STATE_HOME: join(folder, "xdg") };
    await screen.until(/\$\s*$/m);
    const shown = spawnSync(launcher, ["log", "show", session, "--json"], { env, encoding: "utf8" }).stdout;
    expect(shown.indexOf('"approval.ask"')).toBeGreaterThan(0);
    expect(shown.indexOf('"approval.answer"')).toBeGreaterThan(shown.indexOf('"approval.ask"'));
    expect(shown).toMatch(new RegExp(`"verdict": ?"${verdict}"[^}]*"by": ?"terminal"`));
  });
});
