// A real terminal for a test: one tmux server of its own, with a screen that can be read, typed into and resized.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

/** One window of a tmux server that only this test knows. */
export interface Terminal extends Disposable {
  /** Types keys by tmux's names (`Enter`, `Up`, `C-c`); any other word is typed as it is. */
  type(...keys: readonly string[]): void;
  resize(columns: number, rows: number): void;
  /** Pastes as a terminal does, marked as a paste where the program asked for that. */
  paste(text: string): void;
  /** What the program has switched on. */
  flags(): { readonly alternate: boolean; readonly mouse: boolean };
  /** What is on the screen now. */
  screen(): string;
  /** Waits until the screen matches; throws with the last screen when it does not within the time. */
  until(pattern: RegExp, timeoutMs?: number): Promise<string>;
}

/** Starts `shell` (a line for sh) in a terminal. `folder` is the test's own. */
export function openTerminal(options: {
  readonly folder: string;
  readonly cwd: string;
  readonly shell: string;
  readonly env: Readonly<Record<string, string>>;
  readonly columns: number;
  readonly rows: number;
}): Terminal {
  const socket = join(options.folder, "tmux");
  const tmux = (...args: readonly string[]): string =>
    execFileSync("tmux", ["-S", socket, "-f", "/dev/null", ...args], {
      env: options.env,
      encoding: "utf8",
      stdio: "pipe",
    });
  const size = ["-x", `${options.columns}`, "-y", `${options.rows}`];
  tmux("new-session", "-d", ...size, "-c", options.cwd, "sh", "-c", options.shell);
  const screen = (): string => tmux("capture-pane", "-p");
  return {
    type: (...keys) => void tmux("send-keys", ...keys),
    resize: (columns, rows) => void tmux("resize-window", "-x", `${columns}`, "-y", `${rows}`),
    paste: (text) => {
      tmux("set-buffer", text);
      tmux("paste-buffer", "-p");
    },
    flags: () => {
      const [alternate, mouse] = tmux("display-message", "-p", "#{alternate_on} #{mouse_any_flag}").trim().split(" ");
      return { alternate: alternate === "1", mouse: mouse === "1" };
    },
    screen,
    async until(pattern, timeoutMs = 60_000) {
      const end = Date.now() + timeoutMs;
      for (;;) {
        const text = screen();
        if (pattern.test(text)) return text;
        if (Date.now() > end) throw new Error(`${pattern} did not appear; the screen says:\n${text}`);
        await sleep(100);
      }
    },
    [Symbol.dispose]: () => {
      try {
        tmux("kill-server");
      } catch {
        // the command ended and took the server with it
      }
    },
  };
}

/** A word as sh reads it back. */
export function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
