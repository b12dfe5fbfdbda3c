// What looks like a secret on a command line is left out of a lock and tells no two commands apart. So it must not be what is started: starters take an
// option that they do not know for a switch (`npx --x-auth PACKAGE`), and what stands behind it is the program.
import { runsInterpreter } from "./interpreter.ts";
import { isStarter, nameOf, pastWrapper } from "./words.ts";

/** Words that tell a starter what to do. */
const VERB = /^(?:run|run-script|exec|x|dlx|tool|start)$/;
/** Options that are known to have no value. */
const SWITCH = /^(?:-y|--yes|-q|--quiet|--silent|--|--[\w-]+=.*)$/s;

/** Whether this word may be what the command starts: nothing before it is known to be that. */
export function mayBeStarted(argv: readonly string[], index: number): boolean {
  let at = 0;
  for (let inner = pastWrapper(argv, at); inner !== undefined; inner = pastWrapper(argv, at)) {
    if (inner === "unknown" || inner >= index) return true;
    at = inner;
  }
  if (!isStarter(nameOf(argv[at] ?? ""))) return false;
  const script = runsInterpreter({ argv, isFile: () => true }, at);
  const [file] = script?.files ?? [];
  if (file !== undefined && file < index && !(argv[file] ?? "").startsWith("-")) return false;
  const isAlone = (word: string): boolean => SWITCH.test(word) || (script !== undefined && word === "-m");
  return !argv.slice(at + 1, index).some((word, place, words) => {
    const before = words[place - 1] ?? "";
    return !word.startsWith("-") && !VERB.test(word) && (!before.startsWith("-") || isAlone(before));
  });
}
