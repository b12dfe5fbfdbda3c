// `echo …` and `printf …` before a pipe: their text is known, so a shell behind the pipe is judged by it (DESIGN 7 rule 3).
import type { Command } from "./facts.ts";
import type { Standard } from "./program.ts";

/** What the commands write to standard output, where that is constant. */
export function constantOutput(commands: readonly Command[]): Standard {
  const [only, more] = commands;
  const words = only?.words.map((w) => w.value);
  if (more !== undefined || words === undefined || only === undefined) return { kind: "unknown" };
  if (words[0] !== "echo" && words[0] !== "printf") return { kind: "unknown" };
  const args = words.slice(1);
  const plain = args.every((a) => a !== undefined && !/[\\%]/.test(a));
  if (
    !plain ||
    (words[0] === "echo" && /^-[neE]+$/.test(args[0] ?? "")) ||
    (words[0] === "printf" && args.length !== 1)
  )
    return { kind: "unknown" };
  return { kind: "text", text: args.join(" ") };
}
