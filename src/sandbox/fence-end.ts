// The end of a fence by force. bubblewrap asks to die with its parent late in its start: one that is killed before leaves a second one
// behind, which waits for the first for ever and holds our pipes. So it is always the whole group that goes.
import type { ChildProcess } from "node:child_process";

/** Kills a fence's first process, which leads a group of its own, and everything of that group. Nothing, when it has ended. */
export function killGroup(child: ChildProcess): void {
  // Until its end is heard it is not reaped, so that its number is nobody else's.
  if (child.exitCode === null && child.signalCode === null) killLeft(child);
}

/** Kills what is left of the group, right when its first process has ended: whoever is left keeps the number from being given anew. */
export function killLeft({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // nobody is left
  }
}

/** Gives up what bubblewrap complains on and the helper's socket. Not what carries somebody's data: that is heard to its end. */
export function hangUp({ stdio }: ChildProcess): void {
  stdio[2]?.destroy();
  stdio[3]?.destroy();
}
