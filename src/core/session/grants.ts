// Answers that outlive their question: a yes that came too late for the call it was asked for, a yes for the rest of the session, a no that
// stands for a while. Each is bound to one digest (I14). Values in, values out; the clock is the caller's.
import type { Answer, ApprovalScope } from "../approval.ts";

/** One standing answer. */
export interface Grant {
  readonly digest: string;
  readonly verdict: Answer["verdict"];
  readonly scope: ApprovalScope;
  /** The question it answered, for the record. */
  readonly question: string;
  /** How it was given. */
  readonly by: Answer["by"];
  /** Milliseconds of the epoch; infinite for the rest of the session. */
  readonly expiresAt: number;
}

/** Standing answers, oldest first. */
export type Grants = readonly Grant[];

/** More than a session with a person has; the oldest go first, and a forgotten grant is asked again. */
const GRANTS_MOST = 1_000;

/** Adds one. The newest word about a digest is the only one. */
export function addGrant(grants: Grants, grant: Grant): Grants {
  return [...grants.filter(({ digest }) => digest !== grant.digest), grant].slice(-GRANTS_MOST);
}

/** The answer that stands for `digest`, if one does, and what is left: an allow for once is used up, what has expired is gone. */
export function takeGrant(
  grants: Grants,
  digest: string,
  now: number,
): { readonly grant: Grant | undefined; readonly left: Grants } {
  const alive = grants.filter(({ expiresAt }) => now < expiresAt);
  const grant = alive.find((candidate) => candidate.digest === digest);
  const usedUp = grant?.verdict === "allow" && grant.scope === "once";
  return { grant, left: usedUp ? alive.filter((candidate) => candidate !== grant) : alive };
}
