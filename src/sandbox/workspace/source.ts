// Where the content of accepted changes comes from: the session's layer on the way to the host, or kept images on the way back.
import type { Change, HostEntry, PastEntry } from "#core/review";
import { inParent } from "./folder.ts";
import { soundTwin } from "./past-image.ts";
import type { PastStore } from "./past-store.ts";

/** What one way of carrying changes out needs to know of each. */
export interface Source {
  /** Which permission bits come along. */
  readonly modeBits: number;
  /** Runs `act` with a path, valid meanwhile, of the file whose bytes are copied; they are checked against the change's digest, if it has one. */
  withFile<T>(change: Change, act: (file: string) => T): T;
  /** Whose the result is; `undefined`: the caller's own. Only root can make it so. */
  ownerOf(change: Change, now: HostEntry | undefined): { readonly uid: number; readonly gid: number } | undefined;
  /** A file that may itself be moved to its place. */
  readyFor(change: Change): string | undefined;
  /** Number of the inode that this file shared with other names; they share one again. */
  inodeOf(change: Change): string | undefined;
}

/** From the session's layer: nine bits (set-user-id and its like never leave a session), and a replaced file keeps its owner. */
export function fromLayer(upper: string): Source {
  return {
    modeBits: 0o777,
    // Without any link: while the session runs, a folder that was judged may be one by now, to `/dev` for instance.
    withFile: ({ path }, act) => inParent(upper, path, (folder, name) => act(folder.at(name))),
    ownerOf: (_, now) => (now?.type === "file" ? now : undefined),
    readyFor: () => undefined,
    inodeOf: () => undefined,
  };
}

/** From a session's past: the host's own, so as it was, with all its bits, its owner, and its very inode where that was kept. */
export function fromPast(store: PastStore): Source {
  const pastOf = ({ after }: Change): PastEntry | undefined => after as PastEntry | undefined;
  return {
    modeBits: 0o7777,
    withFile(change, act) {
      const past = pastOf(change);
      return act(store.has(past?.digest) ? store.image(past.digest) : store.twin(past?.twin ?? ""));
    },
    ownerOf: pastOf,
    readyFor(change) {
      const past = pastOf(change);
      return past === undefined ? undefined : soundTwin(store, past);
    },
    inodeOf(change) {
      const past = pastOf(change);
      return past?.type === "file" && past.twin === undefined ? past.inode : undefined;
    },
  };
}
