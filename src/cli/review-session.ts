// What `review`, `apply` and `discard` share: whose sessions, which one, and that only a person outside a fence decides.
import { type HunkWish, type OpenReview, openReview, type ReviewPlaces } from "#monitor";
import { callerHome, callerStateDir } from "./caller.ts";
import { EXIT, fail } from "./exit.ts";
import { findInstallation } from "./installation.ts";

/** The caller's places. */
export function reviewPlaces(): ReviewPlaces {
  return {
    stateDir: callerStateDir(process.env),
    helper: findInstallation().helper,
    home: callerHome(),
    folder: process.cwd(),
  };
}

/** The named session's review, or the last one that waits in this workspace; ends the process when there is none. */
export async function requireReview(places: ReviewPlaces, id: string | undefined): Promise<OpenReview> {
  refuseInside();
  const review = await openReview(places, id);
  if (!review.ok) return fail(review.error, EXIT.badInput);
  return review.value;
}

/** Ends the process when it is inside a fence. */
export function refuseInside(): void {
  if (process.env["RINGFENCE"] === "1") {
    fail(
      {
        code: "inside",
        message: "this is inside a fence, and what leaves it is decided outside",
        hint: "run it in a terminal of the host",
      },
      EXIT.policyRefused,
    );
  }
}

/** `FILE:N`, `FILE:N,N`: hunks of a file, as `review` numbers them. */
export function parseHunks(words: readonly string[]): readonly HunkWish[] {
  return words.map((word) => {
    const found = /^(.+):(\d{1,6}(?:,\d{1,6})*)$/.exec(word);
    if (found === null) {
      const message = `\`${word}\` names no hunk`;
      return fail(
        { code: "usage", message, hint: "FILE:N, or FILE:N,N (`ringfence review SESSION FILE` numbers them)" },
        EXIT.usage,
      );
    }
    return { path: (found[1] ?? "").replace(/^(?:\.\/)+/, ""), numbers: (found[2] ?? "").split(",").map(Number) };
  });
}

/** What help says of the words that `splitTarget` reads. */
export const SESSION_AND_PATHS =
  "the session (`last`, or none: the last one that waits in this workspace), then files or folders";

/** The first argument is a session if it looks like an id or is `last`, else a path of the last one. */
export function splitTarget(args: readonly string[]): {
  readonly id: string | undefined;
  readonly paths: readonly string[];
} {
  const [first, ...rest] = args;
  if (first === "last") return { id: undefined, paths: rest };
  return first !== undefined && /^\d{8}-\d{6}-[0-9a-f]{6}$/.test(first)
    ? { id: first, paths: rest }
    : { id: undefined, paths: args };
}
