// One run of `ringfence run` in which one system call on its record, the ledger or the keys fails, and what must hold afterwards: no
// effect without its record, no verdict that is wrong, words wherever it ends, and a next session that goes on.
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { readLog, sessionPlaces } from "#audit";
import type { LogRecord } from "#core/log";
import { exited, type FaultPoint, FaultTrace, type Traced, WRITES } from "./fault-trace.ts";
import { checkout } from "./installation.ts";
import { faultlessEnd } from "./session-end.ts";

const PROGRAM = join(checkout, "scripts/start.cjs");
const PRELOAD = join(checkout, "tests/support/known-session.cjs");

/** What one fault led to. */
export interface SessionFaultOutcome {
  /** What must not be; undefined when all is as it should be. */
  readonly wrong?: string;
  /** What verify says of the session afterwards. */
  readonly verdict: string;
  readonly status: number | string | null;
  readonly hits: readonly string[];
}

/** Where it stands, and how it is started. */
export interface SessionFaultOptions {
  /** Starts a session without a fault at the same time. */
  readonly beside?: boolean;
  /** The folder's sessions before: none when absent. */
  readonly before?: string;
  /** When the session begins, by its own clock. */
  readonly start?: string;
  /** Restricts the paths below the state folder, `/log` and `/keys` when absent. */
  readonly only?: RegExp;
}

const COMMAND = ["sh", "-c", "echo ran; echo made > made"];

/** The session that fails is always called so. */
const NAME = "20310102-000000-abcdef";

/** A folder with a workspace and a state in it, put back before each run. */
export class SessionFaultBed {
  readonly #folder: string;
  readonly #options: SessionFaultOptions;
  readonly #trace: FaultTrace;
  #beside: ChildProcess | undefined;
  #besideSaid: Promise<string> = Promise.resolve("");

  constructor(folder: string, options: SessionFaultOptions = {}) {
    this.#folder = folder;
    this.#options = options;
    for (const name of ["home", "kept"]) mkdirSync(join(folder, name));
    const only = options.only ?? /\/(?:log|keys)(?:\/|$)/;
    this.#trace = new FaultTrace({
      argv: [process.execPath, "-r", PRELOAD, PROGRAM, "run", "--", ...COMMAND],
      env: { ...this.#env, KNOWN_START: options.start ?? "2031-01-02T00:00:00Z", KNOWN_NAME: "abcdef" },
      cwd: join(folder, "workspace"),
      file: join(folder, "trace"),
      paths: new RegExp(`^${this.stateDir}(?:${only.source})`),
      calls: WRITES,
      reset: () => this.#reset(),
    });
  }

  get stateDir(): string {
    return join(this.#folder, "state/ringfence");
  }

  /** Lets a session without a fault run and keeps what it leaves: every later run begins there. */
  begin(): void {
    this.#putBack();
    const { status, stderr } = this.#run(["run", "--", "true"]);
    if (status !== 0) throw new Error(`a session without a fault fails: ${stderr}`);
    cpSync(join(this.#folder, "state"), join(this.#folder, "kept/state"), { recursive: true });
  }

  points(): Promise<readonly FaultPoint[]> {
    return this.#trace.points();
  }

  /** Lets one call fail. */
  async fail(point: FaultPoint): Promise<SessionFaultOutcome> {
    const failing = this.#trace.fail(point);
    const traced = await failing;
    const beside = await this.#endOfBeside();
    const { hits, status, signal } = traced;
    const wrongs = [beside, this.#wrongWith(traced, point)];
    const [verdict, wrongVerdict] = this.#verify(traced.stdout.includes("ran"));
    wrongs.push(wrongVerdict, this.#wrongNext());
    const wrong = wrongs.find((each) => each !== undefined);
    return { ...(wrong === undefined ? {} : { wrong }), verdict, status: status ?? signal, hits };
  }

  /** What is wrong with how it ended. */
  #wrongWith(traced: Traced, { fault }: FaultPoint): string | undefined {
    const { status, signal, stderr, stdout } = traced;
    const records = this.#records();
    const has = (type: string): boolean => records.some((record) => record.type === type);
    if (stdout.includes("ran") && !has("exec.start")) return "the command ran and its start is not on record";
    if (existsSync(join(this.#folder, "workspace/made")) && !has("diff"))
      return "a change was applied and is not on record";
    if (fault === "KILL" && signal === "SIGKILL") return undefined;
    return faultlessEnd({ status, stderr, ran: stdout.includes("ran"), closed: has("session.close") });
  }

  #records(): readonly LogRecord[] {
    try {
      return [...readLog(sessionPlaces(this.stateDir, NAME).dir)].flatMap(({ record }) =>
        record === undefined ? [] : [record],
      );
    } catch {
      return []; // no log, or nothing of one that can be read
    }
  }

  /** The verdict on the session, and what is wrong with any. */
  #verify(ran: boolean): readonly [string, string | undefined] {
    if (!existsSync(join(this.stateDir, "log"))) return ["nothing", ran ? "it ran without a log" : undefined];
    const { stdout, stderr } = this.#run(["log", "verify", "--json"]);
    if (!stdout.startsWith("{")) return ["nothing", ran ? `nothing to verify: ${stderr}` : undefined];
    const { logs } = JSON.parse(stdout) as {
      logs: readonly { name: string; verdict: string; exit: number; notes: readonly string[] }[];
    };
    const own = logs.find(({ name }) => name === NAME);
    const said = own === undefined ? "none" : `${own.verdict}${own.notes.map((note) => ` (${note})`).join("")}`;
    // Where nothing ran, what was begun need not be whole: the session's log, and the ledger of a machine that never had one.
    const mayBeBegun = (name: string): boolean =>
      !ran && (name === NAME || (name === "ledger" && !existsSync(join(this.#folder, "kept/state"))));
    const bad = logs.find(({ name, exit }) => exit !== 0 && !(exit === 2 && mayBeBegun(name)));
    if (bad !== undefined) return [said, `${bad.name}: ${bad.verdict}`];
    return [said, ran && own === undefined ? "it ran and verify does not know it" : undefined];
  }

  /** The next session, without a fault. */
  #wrongNext(): string | undefined {
    const { status, stdout, stderr } = this.#run(["run", "--", "echo", "next"]);
    if (status !== 0 || stdout !== "next\n") return `the next session ends with ${status}: ${stderr}`;
    const [, wrong] = this.#verify(false);
    return wrong === undefined ? undefined : `after the next session ${wrong}`;
  }

  async #endOfBeside(): Promise<string | undefined> {
    const child = this.#beside;
    if (child === undefined) return undefined;
    const said = await this.#besideSaid;
    return child.exitCode === 0 ? undefined : `the session beside it ends with ${child.exitCode}: ${said}`;
  }

  get #env(): Record<string, string> {
    const { PATH = "" } = process.env;
    return { PATH, HOME: join(this.#folder, "home"), XDG_STATE_HOME: join(this.#folder, "state") };
  }

  #run(args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const cwd = join(this.#folder, "workspace");
    return spawnSync(process.execPath, [PROGRAM, ...args], { env: this.#env, cwd, encoding: "utf8" });
  }

  async #reset(): Promise<void> {
    // One that still runs would write into the state that is put back.
    await this.#besideSaid;
    this.#putBack();
    if (this.#options.beside === true) this.#startBeside();
  }

  #putBack(): void {
    const [state, kept] = [join(this.#folder, "state"), join(this.#folder, "kept/state")];
    for (const name of ["state", "workspace"]) rmSync(join(this.#folder, name), { recursive: true, force: true });
    mkdirSync(join(this.#folder, "workspace"));
    if (existsSync(kept)) cpSync(kept, state, { recursive: true });
  }

  #startBeside(): void {
    mkdirSync(join(this.#folder, "beside"), { recursive: true });
    const child = spawn(process.execPath, [PROGRAM, "run", "--", "true"], {
      env: this.#env,
      cwd: join(this.#folder, "beside"),
      stdio: ["ignore", "ignore", "pipe"],
    });
    this.#beside = child;
    this.#besideSaid = Promise.all([text(child.stderr), exited(child)]).then(([said]) => said);
  }
}
