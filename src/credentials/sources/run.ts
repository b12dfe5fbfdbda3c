// One program outside the fence, for a value it prints: no shell, a built environment, the person's home as its folder, bounded in time and output.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import type { SourceDeps } from "./source.ts";

/** What is run. */
export interface Printing {
  readonly argv: readonly string[];
  readonly timeoutMs: number;
  /** Variables of the caller that it needs besides. */
  readonly pass: readonly string[];
}

const PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
/** What password managers and agents of the desktop are found by. */
const ALWAYS = ["USER", "LOGNAME", "LANG", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "DBUS_SESSION_BUS_ADDRESS"];
const MOST_BYTES = 65_536;

/** Its standard output without the final line break. What it says on standard error is not repeated: it may hold the value. */
export function printed({ argv, timeoutMs, pass }: Printing, deps: SourceDeps): Promise<Result<string, Problem>> {
  const [word = "", ...args] = argv;
  const program = programOf(word, deps.home);
  const bad = (message: string, hint: string): Result<never, Problem> =>
    err({ code: "credential-command", message: `\`${forTerminal(word, { max: 120 })}\` ${message}`, hint });
  if (program === undefined) return Promise.resolve(bad("is not a program outside", "name it by its absolute path"));
  const env: Record<string, string> = { PATH, HOME: deps.home };
  for (const name of [...ALWAYS, ...pass]) {
    const value = deps.env[name];
    if (value !== undefined) env[name] = value;
  }
  return new Promise((done) => {
    const child = spawn(program, args, { cwd: deps.home, env, stdio: ["ignore", "pipe", "ignore"], detached: true });
    const pieces: Buffer[] = [];
    let bytes = 0;
    let late = false;
    const end = (): void => {
      if (child.pid === undefined) return;
      try {
        process.kill(-child.pid, "SIGKILL"); // the program and what it started
      } catch {
        child.kill("SIGKILL");
      }
    };
    const timer = setTimeout(() => {
      late = true;
      end();
      done(
        bad(
          `printed nothing within ${timeoutMs / 1000} s`,
          "does it wait for a password? unlock it first, or set `timeout`",
        ),
      );
    }, timeoutMs);
    child.stdout.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > MOST_BYTES) end();
      else pieces.push(piece);
    });
    child.once("error", (error: NodeJS.ErrnoException) => {
      clearTimeout(timer);
      done(bad(`cannot be run (${error.code ?? "unknown error"})`, "check its path and mode"));
    });
    child.once("close", (code, signal) => {
      clearTimeout(timer);
      if (late) return;
      const text = Buffer.concat(pieces)
        .toString("utf8")
        .replace(/\r?\n$/, "");
      for (const piece of pieces) piece.fill(0);
      if (bytes > MOST_BYTES) return done(bad("printed too much for a token", "let it print the token alone"));
      if (code !== 0)
        return done(bad(`ended with ${signal ?? `exit code ${code}`}`, "run it in your own shell to see what it says"));
      done(text === "" ? bad("printed nothing", "run it in your own shell to see what it says") : ok(text));
    });
  });
}

/** The program's file. A bare name is looked for in the system's folders alone: what the caller's PATH finds could be a workspace's. */
function programOf(word: string, home: string): string | undefined {
  if (word.startsWith("~/")) return join(home, word.slice(2));
  if (word.startsWith("/")) return word;
  if (word.includes("/")) return undefined;
  return PATH.split(":")
    .map((folder) => join(folder, word))
    .find((file) => existsSync(file));
}
