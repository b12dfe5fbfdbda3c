// How bytes get to the disk and are known to be there. A disk that answers at once is waited for on the spot: a thread that is woken for it, and wakes
// us, costs more than the disk does. One that takes its time gets the thread, and everybody else is served meanwhile.
import { fdatasync, fdatasyncSync, writeSync } from "node:fs";
import { promisify } from "node:util";

/** The two system calls that can lie or fail; tests hand in worse ones. */
export interface LogIo {
  /** Writes some of the bytes at the offset and returns how many. */
  readonly write: (fd: number, bytes: Uint8Array, offset: number) => number | Promise<number>;
  readonly datasync: (fd: number) => void | Promise<void>;
}

const syncElsewhere = promisify(fdatasync);

/** Milliseconds of a sync below which the thread is not worth it. */
const BRIEF_MS = 0.5;
/** The part that the newest sync has in what is expected of the next. */
const NEWEST = 1 / 8;

/** The kernel's own. One for each log: disks differ. */
export function systemIo(): LogIo {
  let expected = Number.POSITIVE_INFINITY;
  const took = (ms: number): void => {
    expected = Number.isFinite(expected) ? expected + (ms - expected) * NEWEST : ms;
  };
  return {
    // Into the kernel's memory, which takes no time.
    write: (fd, bytes, offset) => writeSync(fd, bytes, 0, bytes.length, offset),
    datasync: (fd) => {
      const began = performance.now();
      const done = (): void => took(performance.now() - began);
      if (expected > BRIEF_MS) return syncElsewhere(fd).then(done);
      fdatasyncSync(fd);
      return done();
    },
  };
}
