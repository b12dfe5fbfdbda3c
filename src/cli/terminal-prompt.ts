// The one place that asks a person at the terminal, hardened (APP-1): the controlling terminal itself, in the foreground, raw, with everything typed before
// the question was fully drawn thrown away; one word and Enter; anything odd ends it; the modes are put back whatever happens.
import { closeSync, constants, openSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { isatty, ReadStream, WriteStream } from "node:tty";
import { typeInto } from "./typed-line.ts";

/** What is asked. */
export interface TerminalQuestion {
  /** The screen, at most `width` cells wide, everything hostile escaped. */
  lines(width: number): readonly string[];
  /** What may be typed. One that says nothing has no line of its own: the screen names it. */
  readonly choices: readonly { readonly word: string; readonly says: string }[];
}

/** What came of it. Only `word` is somebody's answer, and it is one of the choices. */
export type Typed =
  | { readonly kind: "word"; readonly word: string }
  /** It was shown, and then something happened that no answer looks like. */
  | { readonly kind: "odd"; readonly why: string }
  /** It could not be shown: there is no terminal, or not one to ask at. */
  | { readonly kind: "absent"; readonly why: string }
  /** `signal` ended it. */
  | { readonly kind: "over" };

const SMALLEST = { columns: 40, rows: 10 } as const;
/** Keys are thrown away until there were none for this long after the drawing: nobody reads faster. */
const QUIET_MS = 400;
const RESTLESS_MS = 5_000;
const WRITE_MS = 2_000;
const RESIZES_MOST = 8;

// What a program may have left behind that would hide or disturb the question: synchronised output, mouse and focus reports, reversed screen, origin
// mode, margins, insert mode, no wrapping, hidden cursor, line drawing, colours. Then the bottom of the screen, and pastes are to say that they are.
const PREPARE =
  "\u001b[?2026l\u001b[?9l\u001b[?1000l\u001b[?1002l\u001b[?1003l\u001b[?1004l\u001b[?1006l\u001b[?5l\u001b[?6l\u001b[?69l\u001b[r\u001b[4l\u001b[?7h\u001b[?25h\u001b(B\u000f\u001b[m\u001b[999;1H\r\n\u001b[?2004h";
const PUT_BACK = "\u001b[?2004l";

/** True when there is a terminal to ask at: the controlling one of this process, which stands in its foreground. */
export function terminalIsHere(): boolean {
  try {
    const fd = openSync("/dev/tty", constants.O_RDWR | constants.O_NOCTTY | constants.O_NONBLOCK);
    closeSync(fd);
    return inForeground();
  } catch {
    return false;
  }
}

/** Asks. Never rejects. */
export async function askAtTerminal(question: TerminalQuestion, signal: AbortSignal): Promise<Typed> {
  if (!inForeground()) return { kind: "absent", why: "the terminal is not in the foreground" };
  let prompt: Prompt;
  try {
    prompt = new Prompt();
  } catch {
    return { kind: "absent", why: "there is no terminal" };
  }
  try {
    return await prompt.ask(question, signal);
  } catch (error) {
    return { kind: "odd", why: (error as Error).message };
  } finally {
    await prompt.close();
  }
}

/** proc(5): the process group (field 5) is the terminal's foreground group (field 8). */
function inForeground(): boolean {
  const stat = readFileSync("/proc/self/stat", "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields[2] === fields[5];
}

class Prompt {
  private readonly keys: ReadStream;
  private readonly out: number;
  private read = "";
  private lost: string | undefined;
  private resizes = 0;
  private wake: () => void = () => undefined;
  private readonly onResize = (): void => {
    this.resizes += 1;
    this.wake();
  };

  constructor() {
    const flags = constants.O_NOCTTY | constants.O_NONBLOCK;
    this.out = openSync("/dev/tty", constants.O_WRONLY | flags);
    const fd = openSync("/dev/tty", constants.O_RDWR | flags);
    if (!isatty(fd)) throw new Error("no terminal");
    this.keys = new ReadStream(fd);
    this.keys.on("data", (chunk: Buffer) => {
      this.read += chunk.toString("latin1");
      this.wake();
    });
    const lose = (): void => {
      this.lost = "the terminal is gone";
      this.wake();
    };
    this.keys.on("error", lose).on("end", lose).on("close", lose);
    this.keys.setRawMode(true);
    process.on("SIGWINCH", this.onResize);
  }

  async ask(question: TerminalQuestion, signal: AbortSignal): Promise<Typed> {
    const onAbort = (): void => this.wake();
    signal.addEventListener("abort", onAbort, { once: true });
    try {
      for (;;) {
        const resizes = this.resizes;
        const typed = await this.show(question, signal);
        // A question that was redrawn under the hand is read again from its beginning.
        if (typed !== "resized" && this.resizes === resizes) return this.ended(typed);
        if (this.resizes > RESIZES_MOST)
          return this.ended({ kind: "odd", why: "the terminal changes its size again and again" });
      }
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  private async show(question: TerminalQuestion, signal: AbortSignal): Promise<Typed | "resized"> {
    const size = this.size();
    if (size === undefined) return { kind: "absent", why: "the terminal is too small for a question" };
    const width = Math.min(size.columns, 160) - 1;
    const lines = question.lines(width);
    const told = question.choices.filter(({ says }) => says !== "");
    const choices = told.map(({ word, says }) => `  ${word.padEnd(8)} ${says}`);
    const room = size.rows - 3;
    const pages = pagesOf(lines, room, room - choices.length);
    if (!(await this.write(`${PREPARE}${"-".repeat(width)}\r\n`)))
      return { kind: "absent", why: "the terminal takes no output" };
    for (const [index, page] of pages.entries()) {
      const last = index === pages.length - 1;
      const below = last
        ? [...choices, ""].join("\r\n")
        : `\r\n(${index + 1} of ${pages.length}: Enter shows the rest, anything else refuses) `;
      if (!(await this.write(`${page.join("\r\n")}\r\n${below}`)))
        return { kind: "odd", why: "the terminal takes no output" };
      if (!(await this.quiet())) return { kind: "odd", why: "keys without end" };
      if (last && !(await this.write("type a word and Enter: ")))
        return { kind: "odd", why: "the terminal takes no output" };
      const typed = await this.line(signal);
      if (typed === "resized") return typed;
      if (typed.kind !== "word") return typed;
      if (last) return known(question, typed.word);
      if (typed.word !== "") return { kind: "odd", why: "not read to its end" };
    }
    return { kind: "odd", why: "nothing was shown" };
  }

  /** Throws away what is typed until nothing is. False when that does not end. */
  private async quiet(): Promise<boolean> {
    const end = Date.now() + RESTLESS_MS;
    do {
      this.read = "";
      await sleep(QUIET_MS);
    } while (this.read !== "" && Date.now() < end);
    return this.read === "";
  }

  private async line(signal: AbortSignal): Promise<Typed | "resized"> {
    const resizes = this.resizes;
    let text = "";
    for (;;) {
      if (signal.aborted) return { kind: "over" };
      if (this.lost !== undefined) return { kind: "odd", why: this.lost };
      if (this.resizes !== resizes) return "resized";
      const read = this.read;
      this.read = "";
      if (read !== "") {
        const typed = typeInto(text, read);
        if (typed.kind === "odd") return typed;
        if (typed.kind === "line") return { kind: "word", word: typed.text };
        await this.write("\b \b".repeat(text.length) + typed.text);
        text = typed.text;
      } else
        await new Promise<void>((woken) => {
          this.wake = woken;
        });
    }
  }

  private async ended(typed: Typed): Promise<Typed> {
    const said =
      typed.kind === "word" ? typed.word : typed.kind === "over" ? "no longer asked" : `refused: ${typed.why}`;
    await this.write(`\r\n${said}\r\n`);
    return typed;
  }

  private size(): { readonly columns: number; readonly rows: number } | undefined {
    // A stream of its own for each look: it keeps the size that it began with, and makes its descriptor a blocking one.
    const screen = new WriteStream(openSync("/dev/tty", constants.O_WRONLY | constants.O_NOCTTY));
    const [columns, rows] = screen.getWindowSize();
    screen.destroy();
    return columns >= SMALLEST.columns && rows >= SMALLEST.rows ? { columns, rows } : undefined;
  }

  /** All of it, or false: a terminal that is stopped (`^S`) must not stop the supervisor. */
  private async write(text: string): Promise<boolean> {
    const end = Date.now() + WRITE_MS;
    for (let bytes = Buffer.from(text); bytes.length > 0; ) {
      try {
        bytes = bytes.subarray(writeSync(this.out, bytes));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EAGAIN" || Date.now() > end) return false;
        await sleep(20);
      }
    }
    return true;
  }

  async close(): Promise<void> {
    process.removeListener("SIGWINCH", this.onResize);
    await this.write(PUT_BACK);
    try {
      this.keys.setRawMode(false);
    } catch {
      // a terminal that is gone has no mode to put back
    }
    this.keys.removeAllListeners();
    this.keys.on("error", () => undefined);
    this.keys.destroy();
    closeSync(this.out);
  }
}

/** Pages of at most `room` lines; the last one leaves space for the choices. */
function pagesOf(lines: readonly string[], room: number, lastRoom: number): readonly (readonly string[])[] {
  const pages: (readonly string[])[] = [];
  let rest = lines;
  while (rest.length > Math.max(1, lastRoom)) {
    const page = rest.slice(0, Math.min(room, rest.length - 1));
    pages.push(page);
    rest = rest.slice(page.length);
  }
  return [...pages, rest];
}

function known(question: TerminalQuestion, word: string): Typed {
  const lower = word.toLowerCase();
  if (question.choices.some((choice) => choice.word === lower)) return { kind: "word", word: lower };
  return { kind: "odd", why: lower === "" ? "no word" : "another word" };
}
