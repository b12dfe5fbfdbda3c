// `ringfence log append`: another program's record. JSON lines on standard input become records (`claimed`), each answered on
// standard output with its number once it is durable; what cannot be one is answered with the reason and stops nobody else.
import { Command, InvalidArgumentError } from "commander";
import { LogError, type OutsideLog, openOutsideLog } from "#audit";
import type { Problem } from "#core";
import { parseClaim } from "#core/log";
import { forTerminal } from "#core/text";
import { type Answers, openAnswers } from "../answers.ts";
import { cutLines } from "../bounded-lines.ts";
import { callerStateDir } from "../caller.ts";
import { complain, EXIT, fail, problemLines } from "../exit.ts";
import { openInput } from "../standard-input.ts";

/** Longest line that is taken; long texts in it become blobs. */
const LONGEST_LINE = 8_388_608;

interface Flags {
  readonly dir: string;
  readonly origin?: string;
  readonly checkpointEvery?: number;
  readonly epochEvery?: { readonly everyMs: number } | { readonly everyRecords: number };
}

/** The command. */
export function appendCommand(): Command {
  return new Command("append")
    .description("keep another program's record: JSON lines in, their numbers out once they are durable")
    .requiredOption("--dir <dir>", "folder of the log; made when it is not there, gone on with when it is")
    .option("--origin <name>", "name of the log (default: the folder's name)")
    .option(
      "--checkpoint-every <n>",
      "sign at least every n records (default: 1000; in any case within half a second)",
      parseCount,
    )
    .option(
      "--epoch-every <n|duration>",
      "a new key every n records, or every 10m (default: 65536 records or 10m)",
      parseEpochs,
    )
    .action(async (flags: Flags) => {
      process.exitCode = await append(callerStateDir(process.env), flags);
    });
}

async function append(stateDir: string, flags: Flags): Promise<number> {
  const { dir, origin, checkpointEvery, epochEvery } = flags;
  const opened = await openOutsideLog({
    stateDir,
    dir,
    ...(origin === undefined ? {} : { origin }),
    ...(checkpointEvery === undefined ? {} : { sealEvery: checkpointEvery }),
    ...(epochEvery === undefined ? {} : { epochs: epochEvery }),
  });
  if (!opened.ok) return fail(opened.error, 1);
  const log = opened.value;
  if (log.replaced !== undefined)
    complain(
      `ringfence: another log stood in \`${forTerminal(log.dir)}\` and is gone (${log.replaced} records): a new one begins, and the ledger says so\n`,
    );
  const answers = openAnswers();
  const input = new Input(log, answers);
  const stop = stopSignals();
  await feed(input, AbortSignal.any([stop.signal, log.failed, answers.gone]));
  await answers.done();
  const problem = (await endOf(log)) ?? unanswered(answers);
  stop.release();
  if (problem !== undefined) complain(problemLines(problem));
  if (stop.signal.aborted) return 128 + Number(stop.signal.reason);
  if (problem !== undefined) return 1;
  return answers.gone.aborted ? 128 + 13 : input.exit;
}

/** Answers that could not be written; a reader that went away is told from that by the exit code alone. */
function unanswered({ gone }: Answers): Problem | undefined {
  const code = gone.aborted ? (gone.reason as NodeJS.ErrnoException).code : undefined;
  if (code === undefined || code === "EPIPE") return undefined;
  const hint = "what was sent before stands in the log, `ringfence log show` prints it";
  return { code: "log-answers", message: `the answers cannot be written (${code})`, hint };
}

/** Signs and lets go; why the log took no more, or could not be signed. */
async function endOf(log: OutsideLog): Promise<Problem | undefined> {
  try {
    await log.end();
  } catch (error) {
    if (error instanceof LogError) return error.problem;
    const why = error instanceof Error ? error.message : String(error);
    return log.failed.aborted ? (log.failed.reason as Problem) : { code: "log-failed", message: why };
  }
  return log.failed.aborted ? (log.failed.reason as Problem) : undefined;
}

/** Lines as they come, and how the command ends. */
class Input {
  exit: number = EXIT.ok;
  readonly answers: Answers;
  readonly #log: OutsideLog;
  readonly #decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

  constructor(log: OutsideLog, answers: Answers) {
    this.#log = log;
    this.answers = answers;
  }

  readonly take = (bytes: Buffer | undefined, line: number): void => {
    const weight = bytes?.length ?? 0;
    this.answers.push(this.#answerTo(bytes, line), weight);
  };

  async #answerTo(bytes: Buffer | undefined, line: number): Promise<string> {
    const claim = this.#read(bytes);
    if (!claim.ok) return this.#refuse(`line ${line} ${claim.error}`, line);
    try {
      return `{"seq":${await this.#log.append(claim.value)}}\n`;
    } catch (error) {
      if (error instanceof LogError) return this.#refuse(error.message, line);
      throw error;
    }
  }

  #read(bytes: Buffer | undefined): ReturnType<typeof parseClaim> {
    if (bytes === undefined) return { ok: false, error: `is longer than ${LONGEST_LINE} bytes` };
    try {
      return parseClaim(this.#decoder.decode(bytes));
    } catch {
      return { ok: false, error: "is not UTF-8" };
    }
  }

  #refuse(error: string, line: number): string {
    this.exit = EXIT.badInput;
    return `${JSON.stringify({ error, line })}\n`;
  }
}

/** Reads standard input until it ends or is to be read no more. */
async function feed(input: Input, until: AbortSignal): Promise<void> {
  const cutter = cutLines(LONGEST_LINE, input.take);
  const source = openInput();
  const stop = (): void => {
    source.destroy();
  };
  until.addEventListener("abort", stop, { once: true });
  try {
    if (until.aborted) return;
    for await (const chunk of source) {
      cutter.push(chunk as Buffer);
      await input.answers.room();
      if (until.aborted) return;
    }
    cutter.end();
  } catch (error) {
    if (!until.aborted) throw error;
  } finally {
    until.removeEventListener("abort", stop);
  }
}

/** What has been taken is still made durable, answered and signed. */
function stopSignals(): { readonly signal: AbortSignal; release(): void } {
  const controller = new AbortController();
  const handlers = (
    [
      ["SIGHUP", 1],
      ["SIGINT", 2],
      ["SIGTERM", 15],
    ] as const
  ).map(([name, number]) => {
    const handler = (): void => controller.abort(number);
    process.on(name, handler);
    return () => process.off(name, handler);
  });
  return { signal: controller.signal, release: () => void handlers.map((off) => off()) };
}

function parseCount(value: string): number {
  if (!/^[1-9][0-9]{0,8}$/.test(value)) throw new InvalidArgumentError("give a number of records");
  return Number(value);
}

const UNIT: { readonly [unit: string]: number } = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function parseEpochs(value: string): { everyMs: number } | { everyRecords: number } {
  const match = /^([1-9][0-9]{0,5})([smhd])$/.exec(value);
  const unit = UNIT[match?.[2] ?? ""];
  if (unit === undefined) return { everyRecords: parseCount(value) };
  const everyMs = Number(match?.[1]) * unit;
  // A timer of Node's holds no more.
  if (everyMs > 2 ** 31 - 1) throw new InvalidArgumentError("at most 24d");
  return { everyMs };
}
