// Every system call that one run of `log append` makes on its log and state, failed once in every way: strace counts the calls on
// those paths, then fails (or kills at) the n-th. One thread of Node's pool makes the order the same each time.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machineKey, openOutsideLog, outsideMark, verifyLog } from "#audit";
import { exitOf, verdictText } from "#core/log";
import { claim } from "./append-bed.ts";

const PROGRAM = fileURLToPath(new URL("../../scripts/start.cjs", import.meta.url));

/** How a call fails. Calls that give no room do not run out of it. */
export type Fault = "EIO" | "ENOSPC" | "EDQUOT" | "EINTR" | "KILL";

const FAULTS: readonly Fault[] = ["EIO", "ENOSPC", "EDQUOT", "EINTR", "KILL"];

const TAKES_ROOM =
  /^(?:mkdir|openat|write|pwrite64|pwritev|fsync|fdatasync|rename|link|ftruncate|truncate|copy_file_range)$/;

/** The n-th call of a name. */
export interface FaultPoint {
  readonly call: string;
  readonly at: number;
  readonly fault: Fault;
}

/** What one fault led to. */
export interface FaultOutcome {
  /** What must not be; undefined when all is as it should be. */
  readonly wrong?: string;
  /** Why the next writer refused to go on, when it did. */
  readonly refused?: string;
  readonly acknowledged: number;
  readonly verdict: string;
}

/** A folder with `log` and `state` in it, put back to `template` before each run. */
export class FaultBed {
  readonly #folder: string;
  readonly #template: string | undefined;
  readonly #input: string;
  readonly #args: readonly string[];
  #paths: readonly string[] = [];

  constructor(folder: string, options: { template?: string; input: string; args?: readonly string[] }) {
    this.#folder = folder;
    this.#template = options.template;
    this.#input = options.input;
    this.#args = options.args ?? [];
  }

  get #dir(): string {
    return join(this.#folder, "log");
  }

  get #state(): string {
    return join(this.#folder, "state/ringfence");
  }

  /** Every call to fail, found by one run without a fault. `only` restricts the paths. */
  points(only: RegExp = /./): readonly FaultPoint[] {
    const file = join(this.#folder, "trace");
    this.#reset();
    const seen = this.#run(["-f", "-y", "-s", "0", "-o", file, "-e", "trace=file,desc,ftruncate"]);
    if (seen.status !== 0) throw new Error(`a run without a fault fails: ${seen.stderr}`);
    const ours = new RegExp(`${this.#folder}/(?:log|state)[^">,]*`, "g");
    const found = [...new Set(readFileSync(file, "utf8").match(ours) ?? [])];
    this.#paths = found.filter((path) => only.test(path.slice(this.#folder.length)));
    this.#reset();
    this.#run(["-f", "-s", "0", "-o", file, ...this.#pathArgs()]);
    const counts = new Map<string, number>();
    for (const [, call = ""] of readFileSync(file, "utf8").matchAll(/^\d+ +(\w+)\(/gm))
      if (call !== "execve") counts.set(call, (counts.get(call) ?? 0) + 1);
    return [...counts].flatMap(([call, count]) =>
      Array.from({ length: count }, (_, n) => n + 1).flatMap((at) =>
        FAULTS.filter((fault) => TAKES_ROOM.test(call) || !(fault === "ENOSPC" || fault === "EDQUOT")).map((fault) => ({
          call,
          at,
          fault,
        })),
      ),
    );
  }

  /** Lets one call fail, and says what followed. */
  async fail({ call, at, fault }: FaultPoint): Promise<FaultOutcome> {
    this.#reset();
    const how = fault === "KILL" ? "signal=KILL" : `error=${fault}`;
    const trace = ["-f", "-o", "/dev/null", "-e", `trace=${call}`, "-e", `inject=${call}:${how}:when=${at}`];
    const { stdout } = this.#run([...trace, ...this.#pathArgs()]);
    const said = this.#acknowledged(stdout);
    const verdict = await this.#verdict();
    const outcome = { acknowledged: said.size, verdict: verdict.text };
    const lost = this.#lost(said);
    if (lost !== undefined) return { ...outcome, wrong: `record ${lost} was acknowledged and is gone` };
    if (verdict.exit !== 0 && (said.size > 0 || verdict.exit !== 2))
      return { ...outcome, wrong: "not a log that holds" };
    return { ...outcome, ...(await this.#goOn(said)) };
  }

  /** The next writer, without a fault. */
  async #goOn(said: ReadonlyMap<number, number>): Promise<{ wrong?: string; refused?: string }> {
    const opened = await openOutsideLog({ stateDir: this.#state, dir: this.#dir });
    if (!opened.ok) {
      const { message, hint } = opened.error;
      return { refused: message, ...(hint === undefined ? { wrong: `refused without a hint: ${message}` } : {}) };
    }
    await opened.value.append({ type: "tool.call", origin: "claimed", data: { n: -1 } });
    await opened.value.end();
    const lost = this.#lost(said);
    if (lost !== undefined) return { wrong: `record ${lost} was acknowledged and is gone after the next writer` };
    const { exit, text } = await this.#verdict();
    return exit === 0 ? {} : { wrong: `${text} after the next writer` };
  }

  #pathArgs(): readonly string[] {
    return this.#paths.flatMap((path) => ["-P", path]);
  }

  #reset(): void {
    for (const name of ["log", "state"]) rmSync(join(this.#folder, name), { recursive: true, force: true });
    if (this.#template !== undefined) cpSync(this.#template, this.#folder, { recursive: true });
  }

  #run(strace: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    return spawnSync(
      "strace",
      [...strace, process.execPath, PROGRAM, "log", "append", "--dir", this.#dir, ...this.#args],
      {
        env: { ...this.env, UV_THREADPOOL_SIZE: "1" },
        input: this.#input,
        encoding: "utf8",
        maxBuffer: 2 ** 28,
      },
    );
  }

  get env(): Record<string, string> {
    return { PATH: process.env["PATH"] ?? "", HOME: this.#folder, XDG_STATE_HOME: join(this.#folder, "state") };
  }

  /** Number of each acknowledged record, and what it was. */
  #acknowledged(stdout: string): Map<number, number> {
    const values = this.#input
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line).data.n as number);
    const said = new Map<number, number>();
    for (const [line, text] of stdout
      .split("\n")
      .filter((text) => text.endsWith("}"))
      .entries()) {
      const { seq } = JSON.parse(text) as { seq?: number };
      if (seq !== undefined) said.set(seq, values[line] ?? Number.NaN);
    }
    return said;
  }

  #lost(said: ReadonlyMap<number, number>): number | undefined {
    if (said.size === 0) return undefined;
    const folder = join(this.#dir, "log");
    const lines = readdirSync(folder)
      .sort()
      .flatMap((name) => readFileSync(join(folder, name), "utf8").split("\n").slice(0, -1));
    for (const [seq, n] of said) if (!lines[seq]?.includes(`"data":{"n":${n}`)) return seq;
    return undefined;
  }

  async #verdict(): Promise<{ exit: number; text: string }> {
    if (!existsSync(this.#dir)) return { exit: 2, text: "no folder" };
    const key = await machineKey(this.#state).catch(() => undefined);
    const mark = await outsideMark(this.#state, this.#dir).catch(() => undefined);
    const { verdict } = verifyLog(this.#dir, {
      keys: key === undefined ? [] : [key],
      ...(mark === undefined ? {} : { remembered: { mark } }),
    });
    return { exit: exitOf(verdict), text: verdictText(verdict) };
  }
}

/** Six records. */
export const SIX: string = Array.from({ length: 6 }, (_, n) => claim(n)).join("");
