// What `review`, `apply` and `discard` share: whose sessions, which one, and that only a person outside a fence decides.
import { type OpenReview, openReview, type ReviewPlaces } from "#monitor";
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

/** The first argument is a session if it looks like an id, else a path of the last one. */
export function splitTarget(args: readonly string[]): {
  readonly id: string | undefined;
  readonly paths: readonly string[];
} {
  const [first, ...rest] = args;
  return first !== undefined && /^\d{8}-\d{6}-[0-9a-f]{6}$/.test(first)
    ? { id: first, paths: rest }
    : { id: undefined, paths: args };
}
