// The network rules in force in one session, for everybody who asks, and their way to change (reload.ts).
import type { Socket } from "node:net";
import { err, type Problem } from "#core";
import type { Append } from "#core/log";
import type { EgressPlan } from "#core/net";
import type { Egress } from "#egress";
import { ticksNow } from "#sandbox";
import { refuseNobody } from "../approvals/person-at-socket.ts";
import type { Prepared } from "../prepare/prepare.ts";
import type { RunRequest } from "../request.ts";
import { type NetworkReload, watchNetwork } from "./reload.ts";

/** One session's. */
export interface SessionNetwork {
  /** The plan as it is now. */
  readonly plan: () => EgressPlan;
  /** Looks at the policy files from now on; what changes is held until there is somebody to tell. */
  begin(): Promise<void>;
  /** From now on `egress` gets what they say. */
  follow(egress: Pick<Egress, "reload">): void;
  /** For a person at the other end of `caller`. */
  reload(caller: Socket): ReturnType<NetworkReload["accept"]>;
  /** Idempotent. */
  close(): void;
}

const NOT_YET: Problem = {
  code: "session-starting",
  message: "the session is only starting",
  hint: "try again in a moment",
};

/** Makes it, with the plan that was prepared. */
export function sessionNetwork(parts: {
  readonly id: string;
  readonly request: RunRequest;
  readonly prepared: Prepared;
  readonly append: Append;
}): SessionNetwork {
  const { id, request, prepared, append } = parts;
  let plan = prepared.egressPlan;
  let watch: NetworkReload | undefined;
  let egress: Pick<Egress, "reload"> | undefined;
  return {
    plan: () => plan,
    follow: (open) => {
      egress = open;
      if (plan !== prepared.egressPlan) open.reload(plan);
    },
    begin: async () => {
      watch = await watchNetwork({
        session: id,
        places: {
          workspaceRoot: prepared.workspace.root,
          stateDir: request.stateDir,
          home: request.caller.home,
          commandLine: request.commandLine,
          ...(request.policyFile === undefined ? {} : { policyFile: request.policyFile }),
        },
        plan,
        credentials: prepared.policy.credentials,
        egressOf: prepared.egressOf,
        apply: (next) => {
          plan = next;
          egress?.reload(next);
        },
        append,
        tell: (line) => (request.terminals.stdin ? undefined : request.progress(line)),
      });
    },
    reload: async (caller) => {
      const connectedTicks = ticksNow();
      if (watch === undefined) return err(NOT_YET);
      const { helper } = request.installation;
      const nobody = await refuseNobody(caller, { helper, contained: true }, connectedTicks);
      if (nobody === undefined) return watch.accept();
      return err({ ...nobody, code: "reload-refused", hint: "run it in a terminal of your own, not in the session's" });
    },
    close: () => watch?.close(),
  };
}
