// How much of the host's disk a session takes. The file systems are asked five times a second how full they are, which costs nothing; the folders are
// counted when something grew. So a file of ten gigabytes or a hundred thousand small ones is seen within moments, and a quiet session is never counted.
import { statfs } from "node:fs/promises";
import { type Measurer, openMeasurer, type TreeSize } from "#sandbox";
import { bytesText, type LimitHit } from "./hit.ts";

/** What is watched. */
export interface WatchedDisk {
  readonly helper: string;
  /** The session's own folders: everything in them counts. */
  readonly own: readonly string[];
  /** What was there before and is written live (the workspace, kept caches, `allowWrite`): what it grew by counts. */
  readonly live: readonly string[];
  /** The fence's process: files without a name that it or those below it hold count too. */
  readonly holder: number;
  readonly most: TreeSize;
  /** Called once. */
  readonly onHit: (hit: LimitHit) => void;
}

const LOOK_MS = 200;
/** Counted anew after this long even when nothing seems to have grown: something else may have freed as much as the session took. */
const COUNT_MS = 5_000;
/** A count waits this many times as long as the last one took, so that it is never what the machine is busy with. */
const REST = 4;
/** Below so much free room the host itself is in danger: a session that holds more than is left is ended. */
const FLOOR = { bytes: 512 * 2 ** 20, share: 0.02, files: 10_000 } as const;

/** Starts watching; `close` ends it. */
export function watchDisk(watched: WatchedDisk): { close(): void } {
  const measurer = openMeasurer(watched.helper);
  let closed = false;
  const close = (): void => {
    closed = true;
    measurer.close();
  };
  const run = async (): Promise<void> => {
    const before = (await measurer.measure({ paths: watched.live })) ?? NOTHING;
    let counted = NOTHING;
    let used = await usage(watched);
    for (let last = performance.now(), rest = 0; !closed; await pause(LOOK_MS)) {
      const now = await usage(watched);
      const grown = now.bytes > used.bytes || now.files > used.files;
      const due = performance.now() - last > (grown ? rest : Math.max(rest, COUNT_MS));
      // what others free in between would hide what the session takes next
      if (!grown) used = now;
      if (closed || !due) continue;
      const began = performance.now();
      const size = await count(measurer, watched, before);
      used = now;
      last = performance.now();
      rest = (last - began) * REST;
      if (size !== undefined) counted = size;
      const hit = hitOf(watched.most, counted) ?? hostHit(now, counted);
      if (hit === undefined || closed) continue;
      close();
      watched.onHit(hit);
    }
  };
  void run();
  return { close };
}

const NOTHING: TreeSize = { bytes: 0, files: 0 };

/** How full the file systems are, summed up, and the least that is left on one. */
interface Usage extends TreeSize {
  readonly left: TreeSize & { readonly floor: number };
}

async function usage({ own, live }: WatchedDisk): Promise<Usage> {
  const all = await Promise.all([...own.slice(0, 1), ...live].map(fileSystem));
  const known = all.filter((one) => one !== undefined);
  return {
    bytes: known.reduce((sum, one) => sum + one.bytes, 0),
    files: known.reduce((sum, one) => sum + one.files, 0),
    left: known.reduce((least, { left }) => (left.bytes < least.bytes ? left : least), { ...UNKNOWN, floor: 0 }),
  };
}

const UNKNOWN: TreeSize = { bytes: Number.MAX_SAFE_INTEGER, files: Number.MAX_SAFE_INTEGER };

async function fileSystem(path: string): Promise<Usage | undefined> {
  try {
    const { bavail, bfree, blocks, bsize, ffree, files } = await statfs(path);
    const left = {
      bytes: bavail * bsize,
      files: files > 0 ? ffree : UNKNOWN.files, // btrfs and others make inodes as they need them
      floor: Math.min(FLOOR.bytes, blocks * bsize * FLOOR.share),
    };
    return { bytes: (blocks - bfree) * bsize, files: files - ffree, left };
  } catch {
    return undefined; // the session's folders are going
  }
}

async function count(
  measurer: Measurer,
  { holder, own, live, most }: WatchedDisk,
  before: TreeSize,
): Promise<TreeSize | undefined> {
  const mine = await measurer.measure({ paths: own, most, holder });
  if (mine === undefined || live.length === 0) return mine;
  const ceiling = { bytes: most.bytes + before.bytes, files: most.files + before.files };
  const grown = await measurer.measure({ paths: live, most: ceiling });
  if (grown === undefined) return mine;
  return {
    bytes: mine.bytes + Math.max(0, grown.bytes - before.bytes),
    files: mine.files + Math.max(0, grown.files - before.files),
  };
}

function hitOf(most: TreeSize, size: TreeSize): LimitHit | undefined {
  if (size.bytes > most.bytes) return { limit: "disk", most: most.bytes, value: size.bytes };
  return size.files > most.files ? { limit: "files", most: most.files, value: size.files } : undefined;
}

/** Not for what others fill: only a session that holds more than what is left. */
function hostHit({ left }: Usage, size: TreeSize): LimitHit | undefined {
  if (left.bytes < left.floor && size.bytes > left.bytes) {
    const why = `the disk has ${bytesText(left.bytes)} left, and the session holds ${bytesText(size.bytes)}`;
    return { limit: "disk", value: size.bytes, why };
  }
  if (left.files >= FLOOR.files || size.files <= left.files) return undefined;
  const why = `the disk has room for ${left.files} more files, and the session holds ${size.files}`;
  return { limit: "files", value: size.files, why };
}

function pause(ms: number): Promise<void> {
  return new Promise((done) => void setTimeout(done, ms).unref());
}
