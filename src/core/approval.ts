// A question to a person and its answer (DESIGN 1: an approval binds to the digest of exactly what was shown; single use unless stated).
import type { ActionKind } from "./action.ts";

/** One held question. Its texts come from an adversary: every door escapes them. */
export interface Question {
  /** Short, to be typed by hand after `ringfence approve`. */
  readonly id: string;
  readonly session: string;
  /** Who asks: the agent's name, or the program's. */
  readonly agent: string;
  /** SHA-256, hex, over the act, its place and its reasons: what an answer binds to (I14). */
  readonly digest: string;
  /** What will happen, exactly: the whole command, path, address or tool input. */
  readonly act: { readonly kind: ActionKind; readonly text: string; readonly cwd: string };
  /** Why it asks, one sentence each. Never empty. */
  readonly why: readonly string[];
  /** What set the legs, when this is the third (TRI-2). */
  readonly legs: readonly { readonly leg: "A" | "B" | "C"; readonly cause: string }[];
  /** The allow rule that would spare this question; absent where no rule may (PERM-11, protected paths). */
  readonly rule?: string;
  /** False when only hooks guard the session. */
  readonly contained: boolean;
  /** Milliseconds of the epoch. */
  readonly askedAt: number;
  readonly expiresAt: number;
}

/** How far a yes reaches: this act once, the same digest until the session ends, or a rule that the person saw written. */
export type ApprovalScope = "once" | "session" | "rule";

/** How a question ended. `timeout`, `nobody` and `flood` are always `deny`. */
export interface Answer {
  readonly verdict: "allow" | "deny";
  readonly by: "terminal" | "command" | "webhook" | "grant" | "timeout" | "nobody" | "flood";
  readonly scope: ApprovalScope;
}
