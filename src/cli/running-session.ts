// Which session a person means, for the commands that speak to a supervisor.
import { listSessions, type SessionMeta } from "#monitor";
import { EXIT, fail } from "./exit.ts";

/** The session called `name` (`last`: the youngest that runs in a fence); ends the process when it takes no commands. */
export function requireRunning(stateDir: string, name: string): SessionMeta {
  const all = listSessions(stateDir);
  const running = all.filter((meta) => meta.state === "running" && meta.kind !== "uncontained");
  const found = name === "last" ? running.at(-1) : running.find((meta) => meta.id === name);
  if (found !== undefined) return found;
  const other = all.find((meta) => meta.id === name);
  if (other?.state === "running")
    fail(
      {
        code: "session-uncontained",
        message: `session \`${name}\` has no fence: only hooks guard it`,
        hint: "end the agent itself, or start it with `ringfence run -- COMMAND`",
      },
      EXIT.cannotStart,
    );
  const what = name === "last" ? "no session runs" : `no session \`${name}\` runs`;
  const message = other === undefined ? what : `session \`${name}\` has ended (${other.state})`;
  return fail({ code: "session-not-running", message, hint: "`ringfence sessions` lists them" }, EXIT.cannotStart);
}
