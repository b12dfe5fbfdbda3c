// The file that lines are appended to: short writes go on, a failed batch is cut off again, syncs are real.
import { constants, fstatSync, lstatSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { syncFolder } from "./files.ts";
import type { LogIo } from "./log-io.ts";

/** A new segment starts when the open one has grown to this. */
export const SEGMENT_BYTES = 67_108_864;

/** Which step failed. After a failed sync the kernel may have dropped the pages, so no later sync can be believed. */
export class AppendFailed extends Error {
  readonly stage: "write" | "sync";

  constructor(stage: "write" | "sync", cause: unknown) {
    super(`${stage} failed`, { cause });
    this.stage = stage;
  }
}

/** An open segment. `bytes` counts what is durable; everything behind it is not part of the log. */
export interface Segment {
  readonly path: string;
  readonly bytes: number;
  /**
   * Writes and syncs; throws `AppendFailed`, after cutting the file back to what was durable. `first` must be durable before the lines are: written
   * together and synced one after the other, both cost the disk little more than one.
   */
  append(lines: Uint8Array, first?: () => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** `000000000000.jsonl` for the segment that starts with record 0. */
export function segmentName(firstSeq: number): string {
  return `${String(firstSeq).padStart(12, "0")}.jsonl`;
}

/** Opens a new segment (which must not exist) or goes on in one at `resumeAt` bytes. */
export async function openSegment(
  folder: string,
  firstSeq: number,
  options: { readonly io: LogIo; readonly resumeAt?: number },
): Promise<Segment> {
  const path = join(folder, segmentName(firstSeq));
  const fresh = options.resumeAt === undefined;
  const file = await open(path, flagsFor(fresh), 0o600);
  if (fresh) await syncFolder(folder);
  return segmentOn(file, { path, io: options.io, bytes: options.resumeAt ?? 0 });
}

function flagsFor(fresh: boolean): number {
  const base = constants.O_RDWR | constants.O_NOFOLLOW;
  return fresh ? base | constants.O_CREAT | constants.O_EXCL : base;
}

function segmentOn(file: FileHandle, start: { path: string; io: LogIo; bytes: number }): Segment {
  const { path, io } = start;
  const { ino } = fstatSync(file.fd);
  let bytes = start.bytes;
  /** Throws when nobody will find what was written: the file, or a folder above it, was taken away. */
  const expectThere = (): void => {
    if (lstatSync(path, { throwIfNoEntry: false })?.ino !== ino)
      throw Object.assign(new Error(`\`${path}\` was taken away while it was written`), { code: "ENOENT" });
  };
  return {
    path,
    get bytes(): number {
      return bytes;
    },
    async append(lines: Uint8Array, first?: () => Promise<void>): Promise<void> {
      try {
        for (let done = 0; done < lines.length; ) {
          const count = await io.write(file.fd, lines.subarray(done), bytes + done);
          if (count <= 0) throw Object.assign(new Error("the disk took no bytes"), { code: "ENOSPC" });
          done += count;
        }
      } catch (error) {
        // Nobody was told about these lines; half of one would look like damage.
        await file.truncate(bytes).catch(() => undefined);
        throw new AppendFailed("write", error);
      }
      try {
        await first?.();
        await io.datasync(file.fd);
        expectThere();
      } catch (error) {
        await file.truncate(bytes).catch(() => undefined);
        throw new AppendFailed("sync", error);
      }
      bytes += lines.length;
    },
    close: () => file.close(),
  };
}
