// The `--batch` forms of commands about MCP (DESIGN 5): a line in, a line out, in order, in one process. A line is bounded, and what cannot be read
// has an answer, too.
import type { Json } from "#core/mcp";
import { cutLines } from "./bounded-lines.ts";

/** A line may be as long: whole descriptions of two servers stand in one. */
export const LINE_MOST = 67_108_864;

/**
 * Reads standard input to its end; `answer` gets each line that is not blank, `undefined` for one that was too long, and gives the line to print. A
 * byte order mark ahead of the first is no part of it.
 */
export async function answerLines(answer: (bytes: Uint8Array | undefined) => string): Promise<void> {
  const answers: string[] = [];
  let isFirst = true;
  const cutter = cutLines(LINE_MOST, (line) => {
    const bytes =
      isFirst && line !== undefined && MARK.every((byte, at) => line[at] === byte) ? line.subarray(3) : line;
    isFirst = false;
    if (bytes === undefined || bytes.some((byte) => !BLANK.has(byte))) answers.push(answer(bytes));
  });
  for await (const chunk of process.stdin) {
    cutter.push(chunk as Buffer);
    await print(answers);
  }
  cutter.end();
  await print(answers);
}

const MARK = [0xef, 0xbb, 0xbf];
/** What JSON calls white space, but the end of a line. */
const BLANK: ReadonlySet<number> = new Set([0x20, 0x09, 0x0d]);

async function print(answers: string[]): Promise<void> {
  const text = answers.splice(0).join("");
  if (text !== "" && !process.stdout.write(text)) await new Promise((done) => process.stdout.once("drain", done));
}

/** The id of a line that two readers may read differently: its sender wants to know which one it was. */
export function idIn(bytes: Uint8Array): Json {
  try {
    const { id } = JSON.parse(new TextDecoder().decode(bytes)) as { readonly id?: unknown };
    return typeof id === "string" || typeof id === "number" ? id : null;
  } catch {
    return null;
  }
}
