// The search for secrets before a session starts (CRED-6): begun before the policy is read, because most of a start passes meanwhile, and judged by
// it. Its lookout goes on watching for the session's late masks.
import { err, ok, type Problem, type Result } from "#core";
import { findSecretFiles, judgeNames, type Lookout, openLookout, type SecretFiles, type SecretSearch } from "#sandbox";

/** A search that runs. */
export interface SecretHunt {
  /** What is a secret in the folder that is shown, which may be a copy. */
  judge(lower: string, search: SecretSearch): Promise<Result<SecretFiles, Problem>>;
  /** The one of the workspace itself, which nobody else closes. */
  readonly lookout: Lookout;
  close(): void;
}

/** Begins it. */
export function beginSecretHunt(helper: string, root: string): SecretHunt {
  const lookout = openLookout({ helper, root });
  return {
    lookout,
    async judge(lower, search) {
      // A policy that denies paths asks for every name, and below packages too.
      if (search.alsoMasked !== undefined) return whole(lower, findSecretFiles(lower, search));
      const own = lower === root ? lookout : openLookout({ helper, root: lower });
      const look = await own.first;
      if (own !== lookout) own.close();
      return look.ok ? ok(judgeNames(lower, look.value, search)) : look;
    },
    close: () => lookout.close(),
  };
}

function whole(root: string, found: SecretFiles): Result<SecretFiles, Problem> {
  if (!found.incomplete) return ok(found);
  return err({
    code: "workspace-too-large",
    message: `\`${root}\` holds too many files to be searched for secrets`,
    hint: "start in the part of it that the agent needs",
  });
}
