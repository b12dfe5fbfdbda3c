// What the person is told of a fence's events while it runs, a line each. A full-screen program owns the terminal: then only what ends something is said.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { forTerminal } from "#core/text";
import type { FenceEvent } from "#sandbox";
import type { RunRequest } from "./request.ts";

/** Of one session. */
export interface FenceNews {
  /** Tells one event; `isEnding` when the session ends already, for a reason that was told. */
  tell(event: FenceEvent, isEnding: boolean): void;
  /** Protected paths whose change was refused, so far. */
  readonly refusedPaths: readonly string[];
}

/** That the summary keeps; all of them stand in the record. */
const MOST_REFUSED = 1_000;
/** More of them would only push away what else is said; the summary has them all. */
const MOST_TOLD = 20;

/** ENOENT, as the helper says it. */
const NOT_FOUND = "No such file or directory";

/** Where the caller's shell finds a program by its name. */
function placeOutside(program: string, path = ""): string | undefined {
  if (program === "" || program.includes("/")) return undefined;
  return path
    .split(":")
    .filter((folder) => folder.startsWith("/"))
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));
}

/** Nothing told yet. */
export function fenceNews(request: Pick<RunRequest, "argv" | "caller" | "progress" | "terminals">): FenceNews {
  const { progress, terminals } = request;
  const refusedPaths: string[] = [];
  const name = (path: string, max = 200): string => `\`${forTerminal(path, { max })}\``;
  const refused = (op: string, path: string): void => {
    if (refusedPaths.length < MOST_REFUSED) refusedPaths.push(path);
    // Everybody else is told at once, in a line that the agent reads too.
    if (!terminals.stdin && refusedPaths.length <= MOST_TOLD)
      progress(`refused ${op} of ${name(path)}: a protected path; only a person changes it, outside`);
  };
  const unstarted = (why: string): void => {
    const [program = ""] = request.argv;
    const outside = placeOutside(program, request.caller.env["PATH"]);
    progress(`${name(program, 120)} cannot be run inside: ${why}`);
    if (outside !== undefined && why === NOT_FOUND)
      progress(`outside it is ${name(outside)}: \`--allow-read\` with its folder shows it`);
  };
  return {
    refusedPaths,
    tell(event, isEnding) {
      if (event.kind === "unrecorded" && !isEnding)
        progress("the flight recorder ended: what cannot be recorded does not go on, so everything inside is ended");
      if (event.kind === "unstarted") unstarted(event.why);
      if (event.kind === "uncovered" && !terminals.stdin)
        progress(`undo will not cover ${name(event.path)} (${event.why})`);
      if (event.kind === "refused") refused(event.op, event.path); // in the record it stands as the recorder's, with who did it
    },
  };
}
