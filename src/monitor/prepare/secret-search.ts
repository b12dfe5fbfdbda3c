// The search for secrets before a session starts (CRED-6): begun before the policy is read, because most of a start passes meanwhile, and judged by
// it. Its lookout goes on watching for the session's late masks.
import { err, ok, type Problem, type Result } from "#core";
import { forTerminal } from "#core/text";
import {
  findSecretFiles,
  isUnnamed,
  judgeNames,
  type Lookout,
  lookAt,
  openLookout,
  type SecretFiles,
  type SecretSearch,
} from "#sandbox";

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
  const searched = async (folder: string, search: SecretSearch): Promise<Result<SecretFiles, Problem>> => {
    // A policy that denies paths asks for every name, and below packages too.
    if (search.alsoMasked !== undefined) return whole(folder, findSecretFiles(folder, search));
    const own = folder === root ? lookout : openLookout({ helper, root: folder });
    const look = await own.first;
    if (own !== lookout) own.close();
    return look.ok ? ok(judgeNames(folder, look.value, search)) : look;
  };
  return {
    lookout,
    async judge(lower, search) {
      const found = await searched(lower, search);
      if (!found.ok || lower === root) return allNamed(found, lower);
      // In a copy hard links are files of their own: only the workspace itself knows what other names a secret has.
      const own = await searched(root, search);
      if (!own.ok) return own;
      const copied = own.value.paths.map((path) => `${lower}${path.slice(root.length)}`);
      const paths = [...new Set([...found.value.paths, ...copied.filter((path) => lookAt(path) !== undefined)])];
      return allNamed(ok({ ...found.value, paths }), lower);
    },
    close: () => lookout.close(),
  };
}

/** What has no name in text cannot be masked. */
function allNamed(found: Result<SecretFiles, Problem>, folder: string): Result<SecretFiles, Problem> {
  const odd = found.ok ? found.value.paths.find(isUnnamed) : undefined;
  if (odd === undefined) return found;
  return err({
    code: "secret-unnamed",
    message: `\`${forTerminal(odd.slice(folder.length + 1), { max: 200 })}\` is a secret that cannot be hidden: its name, or a folder's above it, is no UTF-8`,
    hint: "rename it, or that folder (`convmv` does many at once)",
  });
}

function whole(root: string, found: SecretFiles): Result<SecretFiles, Problem> {
  if (!found.incomplete) return ok(found);
  return err({
    code: "workspace-too-large",
    message: `\`${root}\` holds too many files to be searched for secrets`,
    hint: "start in the part of it that the agent needs",
  });
}
