// What a running fence is to its session, and what is heard of it (DESIGN 8). `launch.ts` makes one; every runtime gives the same.
import type { Readable, Writable } from "node:stream";
import type { Problem } from "#core";
import type { FurtherCommand } from "#core/sandbox";

/** Something that the helper saw. */
export type FenceEvent =
  /** The guard of a `direct` workspace refused; `path` is relative to the workspace root, `pid` means nothing outside the fence. */
  | { readonly kind: "refused"; readonly op: string; readonly pid: number; readonly path: string }
  /** The guard could not keep what stands at a path before its change, which undo therefore does not cover. */
  | { readonly kind: "uncovered"; readonly path: string; readonly why: string }
  | { readonly kind: "limit"; readonly limit: "memory" }
  /** The flight recorder ended before the command did, or speaks what it cannot have said: what happens inside is not on record, so the fence is ended. */
  | { readonly kind: "unrecorded" }
  /** Input for a fence that stands still; once for each `halt`. */
  | { readonly kind: "input" }
  /** What `hide` was asked for holds; paths relative to the workspace root. */
  | { readonly kind: "hidden"; readonly path: string }
  /** It does not. `absent`: there is no such file inside. */
  | { readonly kind: "unhidden"; readonly path: string; readonly why: string }
  /** The command could not be executed; the fence ends with 126 or 127. */
  | { readonly kind: "unstarted"; readonly why: string }
  /** A further command runs. */
  | { readonly kind: "began"; readonly token: string }
  /** And is over: the code as of a first command. */
  | { readonly kind: "ended"; readonly token: string; readonly code: number; readonly signal: number }
  /** It could not be started; the fence itself is whole. */
  | { readonly kind: "failed"; readonly token: string; readonly problem: Problem };

/** How much was done inside, from the start on. */
export interface Activity {
  /** Bytes of the first command's streams, both ways. */
  readonly bytes: number;
  /** Clock ticks of processor time. */
  readonly ticks: number;
}

/** How a fence ended: the command's code, 128+n for a signal, 126 or 127 when it could not be executed. */
export interface FenceExit {
  readonly code: number;
  readonly signal?: number;
  readonly limit?: "memory";
}

/** The command's ends, where it speaks with this process. Output that nobody reads holds back `exited`: read it, or destroy the stream. */
export interface FenceStreams {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
}

/** A running fence. It ends with its command, with `kill`, and with this process. */
export interface Fence {
  /** Of bubblewrap, on the host. */
  readonly pid: number;
  readonly exited: Promise<FenceExit>;
  /** Only where it was launched with `stdio: "pipe"`. */
  readonly streams?: FenceStreams;
  /** How many pid namespaces the command stands below this one. */
  readonly levels: number;
  /** Ends everything inside at once; `exited` follows. Idempotent. */
  kill(): void;
  /** To the foreground group of the command's terminal, else to the command's process group. */
  signal(signal: number): void;
  /** The outer terminal has a new size. */
  resized(): void;
  /**
   * Gives the outer terminal back for a while (a question): output waits, keys are not read. True once it is so; false when the terminal cannot be
   * had, because it is stopped or the fence ends.
   */
  suspend(): Promise<boolean>;
  resume(): void;
  /**
   * Hides a file of the workspace that came after the start; `hidden` or `unhidden` follows. `layer`: by a whiteout in the session's own layer;
   * `cover`: by something mounted over it.
   */
  hide(how: "layer" | "cover", path: string): void;
  /**
   * `stop`: stops every process of the command's, and keeps it stopped; `watch`: only looks out for input, because a freezer holds them. True once they
   * stand still; false when they do not in time.
   */
  halt(how: "stop" | "watch"): Promise<boolean>;
  /** Ends what `halt` began. */
  go(): void;
  /** What was done inside so far; `undefined` when the helper does not say. */
  activity(): Promise<Activity | undefined>;
  /** Announces a further command: once this resolves, whoever connects with the token gets it, once. */
  announce(token: string, command: FurtherCommand): Promise<void>;
  /** Takes an announced command back. */
  forget(token: string): void;
}
