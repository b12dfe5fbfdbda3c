// The private terminal in a real one (tmux), and the escape filter as bytes, compiled with ASAN and UBSAN.
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { checkout, helperPath } from "../support/installation.ts";
import { missing, needs } from "../support/needs.ts";
import { removeTree, tmp } from "../support/tmp.ts";
import { openTerminal, quoted } from "../support/tmux.ts";

const shared = mkdtempSync(join(tmpdir(), "ringfence-terminal-"));
const pure = join(shared, "pure");
const bundle = join(shared, "main.mjs");

beforeAll(async () => {
  const sources = ["tests/support/native/pure-main.c", "native/escape.c", "native/program.c"].map((name) =>
    join(checkout, name),
  );
  const flags = "-std=gnu11 -g -O1 -Wall -Wextra -Werror -fsanitize=address,undefined -fno-sanitize-recover=all".split(
    " ",
  );
  if (missing("gcc") === undefined) execFileSync("gcc", [...flags, ...sources, "-o", pure]);
  await build({
    entryPoints: [join(checkout, "tests/support/fence-main.ts")],
    ...{ bundle: true, platform: "node", format: "esm", conditions: ["source"], outfile: bundle, logLevel: "silent" },
  });
});
afterAll(() => removeTree(shared));

describe("the escape filter", () => {
  const filter = (input: string, step?: number): string =>
    spawnSync(pure, ["filter", ...(step === undefined ? [] : [`${step}`])], {
      input: Buffer.from(input, "latin1"),
    }).stdout.toString("latin1");

  test.each([
    ["clipboard", "\x1b]52;c;aGk=\x07"],
    ["title", "\x1b]0;evil\x07"],
    ["title, ended by ST", "\x1b]2;evil\x1b\\"],
    ["title of screen", "\x1bkevil\x1b\\"],
    ["notification", "\x1b]9;evil\x07\x1b]777;notify;a;b\x07"],
    ["working folder", "\x1b]7;file:///etc\x07"],
    ["iTerm file", "\x1b]1337;File=:AAAA\x07"],
    ["colour change", "\x1b]11;#000000\x07"],
    ["link that runs something", "\x1b]8;;vscode://x\x07"],
    ["DCS", "\x1bP+q544e\x1b\\"],
    ["APC", "\x1b_Gf=100;AAAA\x1b\\"],
    ["PM and SOS", "\x1b^a\x1b\\\x1bXb\x1b\\"],
    ["answerback", "\x05"],
    ["title reports", "\x1b[20t\x1b[21t"],
    ["window operations", "\x1b[3;0;0t\x1b[8;1;1t\x1b[2t"],
    ["8-bit CSI", "\x9b21t".slice(0, 1)],
    ["8-bit OSC start", "\x9d"],
    ["C1 as UTF-8", "\xc2\x9b\xc2\x9d"],
    ["overlong escape", "\xe0\x80\x9b"],
    ["out of UTF-8 mode", "\x1b%@"],
    ["checksum of the screen", "\x1b[1;1;1;1;10;10*y"],
    ["printer", "\x1b[5i\x1b[?5i"],
    ["keyboard lock", "\x1b[2h"],
    ["132 columns", "\x1b[?3h"],
    ["unfinished", "\x1b]52;c;aGk="],
  ])("drops: %s", (_, input) => {
    for (const step of [1, 2, 3, 1000]) expect(filter(`a${input}`, step)).toBe("a");
  });

  test.each([
    ["text", "plain \xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\r\n\ttab\x08\x07"],
    ["colours", "\x1b[1;38;2;1;2;3m\x1b[0m\x1b[4:3m\x1b[m"],
    ["cursor", "\x1b[2J\x1b[H\x1b[10;5H\x1b[K\x1b7\x1b8\x1b[6n\x1b[5n"],
    ["attributes", "\x1b[c\x1b[>c\x1b[>0q\x1b[?u\x1b[?2026$p\x1b[18t"],
    ["colour questions", "\x1b]10;?\x1b\\\x1b]11;?\x1b\\"],
    ["link", "\x1b]8;id=1;https://example.org/a;b\x1b\\x\x1b]8;;\x1b\\"],
    ["line drawing", "\x1b(0lqk\x1b(B"],
    ["cursor shape and margins", "\x1b[2 q\x1b[1;20r\x1b[!p"],
  ])("passes: %s", (_, input) => {
    for (const step of [1, 2, 3, 1000]) expect(filter(input, step)).toBe(input);
  });

  test("what comes after a dropped sequence is seen, and an escape inside one starts a new one", () => {
    expect(filter("\x1b]0;t\x07A\x1b]0;u\x1b[31mB\x1b[m\x1b[12\x18C\x1b[\x1b[1mD")).toBe("A\x1b[31mB\x1b[mC\x1b[1mD");
  });

  test("modes left on are switched off at the end", () => {
    const on = "\x1b[?1049h\x1b[?1000h\x1b[?2004h\x1b[?25l";
    expect(filter(on)).toBe(
      `${on}\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[?1049l\x1b[?25h\x1b[m`,
    );
  });

  test("modes are off while somebody else draws, and exactly as they were afterwards", () => {
    const pause = (input: string): string =>
      spawnSync(pure, ["pause"], { input: Buffer.from(input, "latin1") }).stdout.toString("latin1");
    expect(pause("plain")).toBe("|");
    expect(pause("\x1b[?1049h\x1b[?1000h\x1b[?1006h\x1b[?2004h\x1b[?25l\x1b[>1u\x1b[>4;2m")).toBe(
      "\x1b[?9l\x1b[?1000l\x1b[?1002l\x1b[?1003l\x1b[?1005l\x1b[?1006l\x1b[?1015l\x1b[?1016l\x1b[?2004l\x1b[>4m\x1b[?1049l\x1b[?25h\x1b[>0u\x1b[m" +
        "|\x1b[<1u\x1b[?1049h\x1b[?25l\x1b[?2004h\x1b[?1000h\x1b[?1006h\x1b[>4;2m",
    );
    // What was switched off again is not switched on.
    expect(pause("\x1b[?1000h\x1b[?1000l\x1b[?2004h")).toBe("\x1b[?2004l\x1b[m|\x1b[?2004h");
  });

  test("random output, split anywhere, and random programs never break it", (context) => {
    needs(context, "gcc");
    expect(spawnSync(pure, ["fuzz", "7"], { encoding: "utf8" })).toMatchObject({ status: 0, stderr: "" });
  });
});

describe("the private terminal", () => {
  function open(folder: string): ReturnType<typeof openTerminal> {
    const env = { PATH: process.env["PATH"] ?? "", TERM: "xterm-256color", LANG: "C.UTF-8", FENCE_HELPER: helperPath };
    return openTerminal({ folder, cwd: folder, shell: "PS1='$ ' exec bash --norc", env, columns: 100, rows: 30 });
  }
  const fenced = (folder: string, ...argv: string[]): string =>
    ["clear; node", bundle, folder, "1", ...argv.map(quoted)].join(" ");

  test("has its own name, the outer size, and puts the outer mode back", async (context) => {
    needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "tmux");
    const folder = tmp();
    using terminal = open(folder);
    terminal.type(fenced(folder, "sh", "-c", "tty; stty size; exit 5"), "Enter");
    await terminal.until(/\/dev\/pts\/0\n30 100\n/);
    terminal.type("echo code=$?; stty -a | grep -o '.icanon'", "Enter");
    await terminal.until(/code=5\n icanon/);
  });

  test("resizes, runs a full-screen editor, and leaves its screen", async (context) => {
    needs(context, "userns", "bubblewrap", "overlay", "helper", "tmux", "vim");
    const folder = tmp();
    using terminal = open(folder);
    terminal.type(fenced(folder, "vim", "-u", "NONE", "note"), "Enter");
    await terminal.until(/~\n~/);
    terminal.resize(70, 18);
    terminal.type(":echo 'size' &lines &columns", "Enter");
    await terminal.until(/size 18 70/);
    terminal.type("ihello", "Escape", ":wq", "Enter");
    await terminal.until(/^\$\s*$/m);
    expect(terminal.screen()).not.toContain("~\n~");
    expect(existsSync(join(folder, "session/upper/note"))).toBe(true);
  });

  test("keys make signals, and job control works", async (context) => {
    needs(context, "userns", "bubblewrap", "overlay", "helper", "tmux");
    const folder = tmp();
    using terminal = open(folder);
    terminal.type(fenced(folder, "bash", "--norc", "-i"), "Enter");
    await terminal.until(/bash-[\d.]+\$/);
    terminal.type("sleep 600", "Enter");
    await new Promise((done) => setTimeout(done, 300));
    terminal.type("C-z");
    await terminal.until(/Stopped +sleep 600/);
    terminal.type("fg", "Enter");
    await new Promise((done) => setTimeout(done, 300));
    terminal.type("C-c");
    terminal.type("echo in-$((1+1))", "Enter", "exit", "Enter");
    await terminal.until(/in-2\n/);
  });

  test("kill -9 of the supervisor gives the terminal back", async (context) => {
    needs(context, "userns", "bubblewrap", "overlay", "helper", "tmux");
    const folder = tmp();
    mkdirSync(join(folder, "session/tmp"), { recursive: true });
    using terminal = open(folder);
    terminal.type(`${fenced(folder, "sh", "-c", "echo up; sleep 600")} & fg`, "Enter");
    await terminal.until(/up\n/);
    spawnSync("sh", ["-c", `kill -9 $(pgrep -f ${quoted(`^node ${bundle}`)})`]);
    await terminal.until(/Killed/);
    terminal.type("stty -a | grep -o '.icanon'", "Enter");
    await terminal.until(/^ icanon/m);
  });
});
