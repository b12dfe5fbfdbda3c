// Everything `doctor` tries, in the order a run meets it, with what a missing one means for a run.
import { lstatSync, mkdirSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import { listPasts, PAST_KEPT, pastBytes } from "#monitor";
import {
  type Probe,
  probeBubblewrap,
  probeClaims,
  probeFence,
  probeGit,
  probeHelper,
  probeLandlock,
  probeLimits,
  probeMemoryLimit,
  probeNamespaces,
  probeNode,
  probeOverlay,
  probeRedirect,
  probeRuntimes,
  probeSeatbelt,
  probeSeccomp,
  probeTerminal,
} from "#sandbox";
import { sizeText } from "./size-text.ts";

/** One check: its outcome, whether a run needs it, and what its absence means. */
export interface Check extends Probe {
  readonly needed: boolean;
  readonly means: string;
}

/** Where things are on this machine. */
export interface Places {
  readonly stateDir: string;
  readonly helper: string;
  readonly root: string;
}

const REFUSED = "every run is refused";

/** Tries everything. Takes a second or two; changes nothing but making the state folder when it is not there yet. */
export async function allChecks(places: Places): Promise<readonly Check[]> {
  const needed = (probe: Probe, means: string = REFUSED): Check => ({ ...probe, needed: true, means });
  const useful = (probe: Probe, means: string): Check => ({ ...probe, needed: false, means });
  const namespaces = probeNamespaces();
  const state = probeState(places.stateDir);
  // Where nothing starts, nothing starts with a hole.
  const hole = (means: string): string => (namespaces.available && state.available ? means : REFUSED);
  return [
    needed(probeNode(process.versions.node)),
    needed(probeBubblewrap()),
    needed(namespaces),
    needed(probeSeccomp()),
    needed(probeHelper(places.helper)),
    needed(state, "no record can be kept, so every run is refused"),
    needed(probeOverlay(places.stateDir), hole("runs are refused, but for `--workspace direct`, which edits in place")),
    needed(probeTerminal(), hole("interactive agents are refused")),
    needed(probeRedirect(places.helper)),
    needed(await probeFence(places)),
    ...(await probeClaims(places)).map((claim) =>
      needed(claim, hole("a wall of the fence does not stand: runs start, and must not be trusted")),
    ),
    needed(probeClock(places.root), "the times in the record are wrong, and certificates will not verify"),
    useful(probePasts(places.stateDir), "the oldest sessions of a workspace can no longer be undone"),
    useful(probeMemoryLimit(), "memory is not limited"),
    ...(await probeLimits(places)).map((limit) =>
      useful(limit, hole("a session can take more of this machine than its policy says")),
    ),
    useful(probeGit(), "repositories are still fenced; inside, git is missing too"),
    useful(probeLandlock(places.helper), "the mounts stand alone, without a second layer behind them"),
    ...(await probeRuntimes(places)).map((runtime) =>
      useful(
        runtime,
        `\`--${runtime.name.replace(": ", " ")}\` is refused, and what needs it${namespaces.available ? `; mend: ${runtime.mend}` : ""}`,
      ),
    ),
    useful(probeSeatbelt(), "sessions run on Linux alone"),
  ];
}

const LITTLE_SPACE = 64 * 2 ** 20;

/** The state folder is ours alone, and has room for a log. */
export function probeState(stateDir: string): Probe {
  const name = "state folder";
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    const { uid, mode } = lstatSync(stateDir);
    const evidence = `${stateDir}: owner ${uid}, mode ${(mode & 0o7777).toString(8)}`;
    if (uid !== process.getuid?.())
      return {
        name,
        available: false,
        reason: `\`${stateDir}\` belongs to somebody else`,
        evidence,
        mend: "export XDG_STATE_HOME=/a/folder/of/yours",
      };
    if ((mode & 0o077) !== 0)
      return {
        name,
        available: false,
        reason: `\`${stateDir}\` is open to others`,
        evidence,
        mend: `chmod 700 '${stateDir}'`,
      };
    const { bavail, bsize } = statfsSync(stateDir);
    const free = bavail * bsize;
    const reason = `${stateDir}, ${Math.floor(free / 2 ** 20)} MB free`;
    return {
      name,
      available: free >= LITTLE_SPACE,
      reason,
      evidence,
      ...(free >= LITTLE_SPACE ? {} : { mend: "free some space there" }),
    };
  } catch (error) {
    const reason = `\`${stateDir}\` cannot be made or written`;
    return {
      name,
      available: false,
      reason,
      evidence: String(error),
      mend: "export XDG_STATE_HOME=/a/folder/of/yours",
    };
  }
}

/** The clock is not before the day this installation was made. Whether it is kept right is only known where systemd says so. */
export function probeClock(root: string): Probe {
  const name = "clock";
  const now = new Date();
  const installed = statSync(join(root, "package.json")).mtime;
  const evidence = `now ${now.toISOString()}, installed ${installed.toISOString()}`;
  if (now < installed)
    return {
      name,
      available: false,
      reason: `${now.toISOString()} is before this installation was made`,
      evidence,
      mend: "sudo timedatectl set-ntp true",
    };
  return { name, available: true, reason: now.toISOString(), evidence };
}

/** What is kept for undo, and whether it is still within what the janitor keeps. */
function probePasts(stateDir: string): Probe {
  const name = "undo";
  const pasts = listPasts(stateDir);
  const bytes = pasts.reduce((sum, { id }) => sum + pastBytes(stateDir, id), 0);
  const kept = `${PAST_KEPT.sessions} sessions and ${sizeText(PAST_KEPT.bytes)} a workspace are kept`;
  const reason = `${pasts.length} ${pasts.length === 1 ? "session" : "sessions"}, ${sizeText(bytes)}; ${kept}`;
  return { name, available: true, reason, evidence: `the folders below ${join(stateDir, "undo")}, by their blocks` };
}
