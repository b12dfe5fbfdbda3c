// Looks at a repository from inside a read-only offline fence, for `init`. No file of it is opened by the supervisor.
import { ok, type Problem, type Result } from "#core";
import { readInFence } from "#sandbox";
import { SURVEYED, type Survey, surveyOf } from "./proposal.ts";

// For each name: the name, NUL, the head of the file, NUL. Links and everything that is not a regular file are left out.
const SCRIPT = `for name do
  [ -f "$name" ] && [ ! -L "$name" ] && [ -r "$name" ] || continue
  printf '%s\\000' "$name"
  head -c 262144 "$name" | tr -d '\\000'
  printf '\\000'
done`;

/** What is there at the top of `root`, in words of our own table. */
export async function surveyRepository(root: string): Promise<Result<Survey, Problem>> {
  const read = await readInFence({ root, script: SCRIPT, args: SURVEYED, maxBytes: 16 * 2 ** 20, timeoutMs: 20_000 });
  return read.ok ? ok(surveyOf(parse(read.value))) : read;
}

// A file cannot forge a record: its own NULs are gone, so every second part is a name, and only names that were asked for count.
function parse(output: Buffer): ReadonlyMap<string, string> {
  const parts = output.toString("utf8").split("\0");
  const contents = new Map<string, string>();
  for (let at = 0; at + 1 < parts.length; at += 2) {
    const name = parts[at] ?? "";
    if (SURVEYED.includes(name)) contents.set(name, parts[at + 1] ?? "");
  }
  return contents;
}
