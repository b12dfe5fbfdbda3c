// A folder for `ringfence log append` and a state of its own: the writer run to its end, or talked to line by line.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { launcher } from "./installation.ts";
import { tmp } from "./tmp.ts";

/** What one run of the writer answered. */
export interface Appended {
  readonly status: number | null;
  readonly answers: readonly { readonly seq?: number; readonly error?: string; readonly line?: number }[];
  readonly stderr: string;
}

/** A record of the log as it stands in its line. */
export interface Line {
  readonly seq: number;
  readonly type: string;
  readonly origin: string;
  readonly data: { readonly [key: string]: unknown };
}

/** A running writer. */
export interface RunningWriter {
  readonly child: ChildProcess;
  say(text: string): void;
  answer(): Promise<string>;
}

/** One line of input. */
export const claim = (n: number): string => `${JSON.stringify({ type: "tool.call", data: { n } })}\n`;

/** The scene of one test. */
export class AppendBed {
  readonly folder: string = tmp();
  /** The log's folder. */
  dir: string = join(this.folder, "log");
  readonly env: { readonly [name: string]: string } = {
    PATH: process.env["PATH"] ?? "",
    HOME: this.folder,
    XDG_STATE_HOME: join(this.folder, "state"),
  };

  /** Runs the writer over a whole input. */
  append(input: string | Buffer, ...args: readonly string[]): Appended {
    const all = ["log", "append", "--dir", this.dir, ...args];
    const { status, stdout, stderr } = spawnSync(launcher, all, { env: this.env, input, encoding: "utf8" });
    const lines = stdout.split("\n").filter(Boolean);
    return { status, stderr, answers: lines.map((line) => JSON.parse(line)) };
  }

  verify(...args: readonly string[]): { readonly status: number | null; readonly text: string } {
    const all = ["log", "verify", this.dir, ...args];
    const { status, stdout, stderr } = spawnSync(launcher, all, { env: this.env, encoding: "utf8" });
    return { status, text: stdout + stderr };
  }

  records(): Line[] {
    return readdirSync(join(this.dir, "log"))
      .sort()
      .flatMap((name) =>
        readFileSync(join(this.dir, "log", name), "utf8")
          .split("\n")
          .filter(Boolean),
      )
      .map((line) => JSON.parse(line));
  }

  start(...args: readonly string[]): RunningWriter {
    const all = ["log", "append", "--dir", this.dir, ...args];
    const child = spawn(launcher, all, { env: this.env, stdio: ["pipe", "pipe", "pipe"] });
    child.stdin.on("error", () => undefined);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return {
      child,
      say: (text) => void child.stdin.write(text),
      answer: async () => String((await lines.next()).value),
    };
  }

  /** The high-water mark of the log, in the state folder. */
  get mark(): string {
    const outside = join(this.folder, "state/ringfence/log/outside");
    return join(outside, readdirSync(outside)[0] ?? "", "mark");
  }
}
