// Where exported files go: a new folder, or a new .tar.gz. Nothing that is there already is touched, and an archive appears whole.
import { closeSync, linkSync, mkdirSync, openSync, readdirSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { TAR_BLOCK, tarHeader, tarPadding } from "#core/log";

/** Takes files one after the other; the caller ends it with one of the last two. */
export interface BundleSink {
  add(name: string, content: Uint8Array): void;
  /** Everything is there. */
  finish(): void;
  /** Takes away what was begun. */
  abandon(): void;
}

/** Files in a folder, which must be new or empty. Throws what the system says, `EEXIST` for a folder that holds something. */
export function folderSink(folder: string): BundleSink {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  if (readdirSync(folder).length > 0) throw Object.assign(new Error(`not empty: ${folder}`), { code: "EEXIST" });
  return {
    add(name: string, content: Uint8Array): void {
      const path = join(folder, name);
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      writeFileSync(path, content, { flag: "wx", mode: 0o600 });
    },
    finish: () => undefined,
    // What somebody put there meanwhile is theirs: only a folder that is ours alone would be safe to remove.
    abandon: () => undefined,
  };
}

/** Files in an archive below a folder of the archive's own, all with one time. Throws what the system says. */
export function archiveSink(file: string, options: { readonly root: string; readonly mtime: number }): BundleSink {
  const aside = `${file}.partial`;
  const fd = openSync(aside, "wx", 0o600);
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(fd);
    isOpen = false;
  };
  const append = (bytes: Uint8Array): void => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  };
  return {
    add(name: string, content: Uint8Array): void {
      const entry = { name: `${options.root}/${name}`, size: content.length, mtime: options.mtime, mode: 0o644 };
      // Members of a gzip file stand end to end: each file is one, and no more than one is in memory.
      append(gzipSync(Buffer.concat([tarHeader(entry), content, Buffer.alloc(tarPadding(content.length))])));
    },
    finish(): void {
      append(gzipSync(Buffer.alloc(2 * TAR_BLOCK)));
      close();
      // link, not rename: a file that is there already stays.
      linkSync(aside, file);
      rmSync(aside);
    },
    abandon(): void {
      close();
      rmSync(aside, { force: true });
    },
  };
}
