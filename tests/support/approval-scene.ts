// A session with questions (approvals-main.ts) in a terminal of its own, as tests type at it and read what came of it.
import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { build } from "esbuild";
import { checkout, helperPath } from "./installation.ts";
import { openTerminal, quoted, type Terminal } from "./tmux.ts";

const shared = mkdtempSync(join(tmpdir(), "ringfence-approvals-"));
/** The session's program; `bundleMain` makes it. */
export const mainFile: string = join(shared, "main.mjs");
/** What `bundleMain` made, to be removed after the tests. */
export const bundleFolder: string = shared;

/** Bundles the session's program. */
export async function bundleMain(): Promise<void> {
  chmodSync(shared, 0o755);
  await build({
    entryPoints: [join(checkout, "tests/support/approvals-main.ts")],
    ...{ bundle: true, platform: "node", format: "esm", conditions: ["source"], outfile: mainFile, logLevel: "silent" },
    banner: { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' },
  });
}

/** One session and the terminals around it. */
export interface Scene {
  readonly folder: string;
  /** Lines of the record and of the session's own words. */
  log(): readonly Record<string, unknown>[];
  /** Waits for a line that has this key. */
  until(key: string): Promise<Record<string, unknown>>;
  ask(): void;
  /** The answer to the last question. */
  answer(): Promise<unknown>;
}

/** What is known of the session in `folder`. */
export function scene(folder: string): Scene {
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

/** A terminal in the test's folder, with a shell; `ringfence` finds the session's state from there. */
export function terminal(folder: string, name = "main"): Terminal {
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
export async function start(
  screen: Terminal,
  folder: string,
  options: readonly string[],
  command: string,
): Promise<Scene> {
  const here = scene(folder);
  writeFileSync(join(folder, "command"), command);
  screen.type(["clear; node", mainFile, quoted(folder), ...options].join(" "), "Enter");
  await here.until("ready");
  return here;
}
