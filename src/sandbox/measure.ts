// What trees take on disk, counted by the helper: no depth, mode or name that an agent chooses can confuse it or keep it busy without end.
import { execFile } from "node:child_process";

/** Room taken, and inodes. */
export interface TreeSize {
  readonly bytes: number;
  readonly files: number;
}

/**
 * Sums up the trees at `paths`, and stops as soon as either is above its most; with `holder`, also the files without a name that this process and those
 * below it hold. `undefined` when it could not be counted.
 */
export function measureTrees(
  helper: string,
  paths: readonly string[],
  most: TreeSize = { bytes: Number.MAX_SAFE_INTEGER, files: Number.MAX_SAFE_INTEGER },
  holder = 0,
): Promise<TreeSize | undefined> {
  const args = ["measure", String(most.bytes), String(most.files), String(holder), ...paths];
  return new Promise((settle) => {
    execFile(helper, args, { env: {}, timeout: 60_000 }, (_, stdout) => {
      const [, bytes, files] = /^(\d+) (\d+)\n$/.exec(stdout) ?? [];
      settle(bytes === undefined ? undefined : { bytes: Number(bytes), files: Number(files) });
    });
  });
}
