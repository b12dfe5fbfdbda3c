// One renewal at a time for one login, whichever process of this user does it: a refresh token that is shown twice is taken for a stolen one, and the whole
// login ends (RFC 9700 section 4.14).
import { closeSync, openSync, readFileSync, rmSync, statSync, writeSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";

/** Longer than a whole question to a token endpoint may take. */
const STALE_MS = 120_000;
const WAIT_MS = 60_000;
const LOOK_MS = 100;

/** Does `work` while no other process does. `undefined` when the others did not end in time. */
export async function alone<T>(path: string, work: () => Promise<T>): Promise<T | undefined> {
  for (const until = performance.now() + WAIT_MS; ; ) {
    if (isTaken(path)) break;
    if (performance.now() > until) return undefined;
    await pause(LOOK_MS);
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}

function isTaken(path: string): boolean {
  try {
    const fd = openSync(path, "wx", 0o600);
    writeSync(fd, String(process.pid));
    closeSync(fd);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  if (isLeft(path)) rmSync(path, { force: true });
  return false;
}

/** True for one whose process is gone, or that is older than any renewal. */
function isLeft(path: string): boolean {
  try {
    if (Date.now() - statSync(path).mtimeMs > STALE_MS) return true;
    const pid = Number(readFileSync(path, "utf8"));
    // Not written yet: its maker is at it.
    return Number.isSafeInteger(pid) && pid > 0 && !isRunning(pid);
  } catch {
    return false; // it is gone by now
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
