// Approvals for real: the prompt in a terminal (tmux), the agent's screen around it, and `ringfence approve` from another one.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { removeTree, tmp } from "../support/tmp.ts";
import { openTerminal, quoted, type Terminal } from "../support/tmux.ts";

const shared = mkdtempSync(join(tmpdir(), "ringfence-approvals-"));
const bundle = join(shared, "main.mjs");

beforeAll(async () => {
  chmodSync(shared, 0o755);
  await build({
    entryPoints: [join(checkout, "tests/support/approvals-main.ts")],
    ...{ bundle: true, platform: "node", format: "esm", conditions: ["source"], outfile: bundle, logLevel: "silent" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
});
afterAll(() => removeTree(shared));

/** One session and the terminals around it. */
interface Scene {
  readonly folder: string;
  /** Lines of the record and of the session's own words. */
  log(): readonly Record<string, unknown>[];
  /** Waits for a line that has this key. */
  until(key: string): Promise<Record<string, unknown>>;
  ask(): void;
  /** The answer to the last question. */
  answer(): Promise<unknown>;
}

function scene(folder: string): Scene {
  const log = (): readonly Record<string, unknown>[] =>
    existsSync(join(folder, "log"))
      ? readFileSync(join(folder, "log"), "utf8")
          .split("\n")
          .filter((line) => line !== "")
          .map((line) => JSON.parse(line))
      : [];
  const until = async (key: string): Promise<Record<string, unknown>> => {
    for (let tries = 0; tries < 400; tries++) {
      const found = log().find((line) => key in line);
      if (found !== undefined) return found;
      await sleep(50);
    }
    throw new Error(`no \`${key}\` in ${JSON.stringify(log())}`);
  };
  return {
    folder,
    log,
    until,
    ask: () => appendFileSync(join(folder, "go"), "ask\n"),
    answer: async () => (await until("answer"))["answer"],
  };
}

function terminal(folder: string, name = "main"): Terminal {
  const own = join(folder, name);
  execFileSync("mkdir", ["-p", own]);
  const env = {
    PATH: process.env["PATH"] ?? "",
    TERM: "xterm-256color",
    LANG: "C.UTF-8",
    FENCE_HELPER: helperPath,
    XDG_STATE_HOME: join(folder, "xdg"),
  };
  return openTerminal({ folder: own, cwd: folder, shell: "PS1='$ ' exec bash --norc", env, columns: 100, rows: 30 });
}

/** Starts the session in the terminal. Its state folder is where `ringfence` looks for it. */
async function start(screen: Terminal, folder: string, options: readonly string[], command: string): Promise<Scene> {
  execFileSync("mkdir", ["-p", join(folder, "xdg")]);
  execFileSync("ln", ["-sfn", join(folder, "state"), join(folder, "xdg/ringfence")]);
  const here = scene(folder);
  writeFileSync(join(folder, "command"), command);
  screen.type(["clear; node", bundle, quoted(folder), ...options].join(" "), "Enter");
  await here.until("ready");
  return here;
}

describe("the prompt in a terminal", () => {
  test("shows what happens first, hidden characters spelled out, and takes a word and Enter", async (context) => {
    needs(context, "tmux", "helper");
    const folder = tmp();
    using screen = terminal(folder);
    const here = await start(screen, folder, [], "npm test \u202e\u001b[2Jx");
    here.ask();
    const text = await screen.until(/type a word and Enter:/);
    expect(text).toMatch(/May claude run this\?\n {2}\| npm test \\u\{202e\}\\u\{1b\}\[2Jx\n/);
    expect(text).toMatch(/uncontained: only its hooks guard it/);
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
    const argv = [join(checkout, "tests/support/stuck.py"), process.execPath, bundle, folder, "--fence"];
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
    const socket = join(folder, "state/approvals/20261125-141530-9f3a1c.sock");
    expect(statSync(join(folder, "state/approvals")).mode & 0o777).toBe(0o700);
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
    const socket = join(folder, "state/approvals/20261125-141530-9f3a1c.sock");
    const forge = join(checkout, "tests/support/forge.py");
    const reply = spawnSync("python3", [forge, "plain", socket, request], { encoding: "utf8" }).stdout;
    expect(reply === "" || reply.includes('"ok":false')).toBe(true);
    const list = spawnSync("python3", [forge, "plain", socket, '{"v":1,"do":"list"}'], { encoding: "utf8" });
    expect(list.stdout).toBe('{"ok":true,"questions":[]}\n');
  });
});
