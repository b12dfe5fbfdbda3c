// The announcer of one run, as the policy wants it. A webhook that cannot be spoken to as agreed refuses the run: whoever asked to be told would hear
// nothing and think that nothing happens.
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Policy } from "#core/policy";
import type { RunRequest } from "../request.ts";
import { endpointOf } from "../signed-post.ts";
import { type Announcer, openAnnouncer } from "./announcer.ts";

/** The run. */
export interface AnnouncedRun {
  readonly id: string;
  readonly policy: Policy;
  readonly workspace: string;
  readonly request: Pick<RunRequest, "caller" | "installation">;
  readonly append: Append;
}

/** `undefined` where the policy names no webhook. */
export function announcerOfRun(run: AnnouncedRun): Result<Announcer | undefined, Problem> {
  const { lifecycle } = run.policy;
  if (lifecycle === undefined) return ok(undefined);
  const secret = run.request.caller.env[lifecycle.secretEnv] ?? "";
  const endpoint = endpointOf({ url: lifecycle.url, secret });
  if (endpoint === undefined) {
    return err({
      code: "lifecycle-secret",
      message: `the policy's lifecycle webhook needs a secret of at least 16 characters in \`${lifecycle.secretEnv}\``,
      hint: `set \`${lifecycle.secretEnv}\`, or take \`lifecycle\` out of the policy`,
    });
  }
  const { version } = run.request.installation;
  return ok(
    openAnnouncer({ endpoint, append: run.append, about: { session: run.id, workspace: run.workspace, version } }),
  );
}
