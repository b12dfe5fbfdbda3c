// One run of `log append` in which one system call on its log or state fails, and what must hold afterwards.
import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { machineKey, openOutsideLog, outsideMark, verifyLog } from "#audit";
import { exitOf, verdictText } from "#core/log";
import { claim } from "./append-bed.ts";
import { type FaultPoint, FaultTrace } from "./fault-trace.ts";

const PROGRAM = fileURLToPath(new URL("../../scripts/start.cjs", import.meta.url));

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
  readonly #trace: FaultTrace;

  /** `only` restricts the paths, which begin with `/log` or `/state`. */
  constructor(folder: string, options: { template?: string; input: string; args?: readonly string[]; only?: RegExp }) {
    this.#folder = folder;
    this.#template = options.template;
    this.#input = options.input;
    this.#trace = new FaultTrace({
      argv: [process.execPath, PROGRAM, "log", "append", "--dir", this.#dir, ...(options.args ?? [])],
      env: this.env,
      input: options.input,
      file: join(folder, "trace"),
      paths: new RegExp(`^${folder}(?:${(options.only ?? /\/(?:log|state)/).source})`),
      reset: () => this.#reset(),
    });
  }

  /** Every call to fail. */
  points(): Promise<readonly FaultPoint[]> {
    return this.#trace.points();
  }

  get #dir(): string {
    return join(this.#folder, "log");
  }

  get #state(): string {
    return join(this.#folder, "state/ringfence");
  }

  /** Lets one call fail, and says what followed. */
  async fail(point: FaultPoint): Promise<FaultOutcome> {
    const { stdout } = await this.#trace.fail(point);
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

  #reset(): void {
    for (const name of ["log", "state"]) rmSync(join(this.#folder, name), { recursive: true, force: true });
    if (this.#template !== undefined) cpSync(this.#template, this.#folder, { recursive: true });
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
