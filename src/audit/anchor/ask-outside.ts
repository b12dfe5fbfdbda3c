// One question to somebody outside who remembers for us, and an answer of bounded size and time. Redirections are not followed: the address was named.
import { err, ok, type Result } from "#core";
import { systemCode } from "../problem.ts";

const LONGEST_ANSWER = 1 << 20;
const PATIENCE_MS = 30_000;

/** Posts it. The error says in words what came instead of an answer. */
export async function askOutside(
  url: string,
  question: { readonly body: string | Uint8Array; readonly headers: Readonly<Record<string, string>> },
): Promise<Result<Buffer, string>> {
  try {
    const { body, headers } = question;
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const response = await fetch(url, { method: "POST", body, headers: { ...headers }, redirect: "error", signal });
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of response.body ?? []) {
      size += piece.length;
      if (size > LONGEST_ANSWER) return err("its answer does not end");
      pieces.push(piece);
    }
    return response.ok ? ok(Buffer.concat(pieces)) : err(`HTTP status ${response.status}`);
  } catch (error) {
    return err(systemCode(error instanceof Error && error.cause !== undefined ? error.cause : error));
  }
}
