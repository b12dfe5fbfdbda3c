// What trees take on disk, counted by the helper: no depth, mode or name that an agent chooses can confuse it or keep it busy without end. One helper
// serves a whole session: to start a process from one of this size costs more than most counts.
import { type ChildProcess, spawn } from "node:child_process";

/** Room taken, and inodes. */
export interface TreeSize {
  readonly bytes: number;
  readonly files: number;
}

/** What is counted. */
export interface Measured {
  readonly paths: readonly string[];
  /** A count stops as soon as either is above it. */
  readonly most?: TreeSize;
  /** The files without a name that this process and those below it hold count too. */
  readonly holder?: number;
}

const NO_MOST: TreeSize = { bytes: Number.MAX_SAFE_INTEGER, files: Number.MAX_SAFE_INTEGER };
/** A count that takes longer is given up, and the helper with it. */
const COUNT_MS = 60_000;

/** Counts, one thing after the other. */
export interface Measurer {
  /** Sums up the trees; `undefined` when they could not be counted. */
  measure(what: Measured): Promise<TreeSize | undefined>;
  close(): void;
}

/** The helper starts with the first count, and again after one that failed or when it was gone meanwhile. */
export function openMeasurer(helper: string): Measurer {
  let child: ChildProcess | undefined;
  let last: Promise<unknown> = Promise.resolve();
  let isClosed = false;
  const end = (): void => {
    child?.kill("SIGKILL");
    child = undefined;
  };
  const start = (): ChildProcess => {
    const started = spawn(helper, ["measure"], { env: {}, cwd: "/", stdio: ["pipe", "pipe", "ignore"] });
    const gone = (): void => {
      if (child === started) child = undefined;
    };
    started.on("error", gone).on("exit", gone);
    started.stdin?.on("error", () => undefined);
    return started;
  };
  return {
    measure(what) {
      const turn = last.then(async () => {
        if (isClosed) return undefined;
        child ??= start();
        const size = await answerOf(child, requestOf(what));
        if (size === undefined) end();
        return size;
      });
      last = turn;
      return turn;
    },
    close(): void {
      isClosed = true;
      end();
    },
  };
}

function requestOf({ paths, most = NO_MOST, holder = 0 }: Measured): string {
  return `${[most.bytes, most.files, holder, ...paths].join("\0")}\0\0`;
}

function answerOf(child: ChildProcess, request: string): Promise<TreeSize | undefined> {
  return new Promise((settle) => {
    let said = "";
    const done = (size: TreeSize | undefined): void => {
      clearTimeout(late);
      child.off("error", gone).off("exit", gone);
      child.stdout?.off("data", hear);
      settle(size);
    };
    const gone = (): void => done(undefined);
    const hear = (part: Buffer): void => {
      said += part.toString("latin1");
      if (!said.endsWith("\n")) return;
      const [, bytes, files] = /^(\d+) (\d+)\n$/.exec(said) ?? [];
      done(bytes === undefined ? undefined : { bytes: Number(bytes), files: Number(files) });
    };
    const late = setTimeout(gone, COUNT_MS);
    child.on("error", gone).on("exit", gone);
    child.stdout?.on("data", hear);
    child.stdin?.write(request);
  });
}
