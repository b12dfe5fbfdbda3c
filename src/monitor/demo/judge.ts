// Did it happen? Compares what the agent claims with what the supervisor can see, act by act. Pure: the observations are values.
import type { Act } from "./acts.ts";

/** The agent's line about one act. Hostile text. */
export interface Claim {
  readonly act: string;
  readonly ok: boolean;
  readonly status: number | null;
  readonly output: string;
}

/** What the supervisor saw after one run of the agent. */
export interface Observation {
  readonly claims: readonly Claim[];
  readonly secrets: Readonly<Record<string, string>>;
  readonly received: readonly { readonly way: string }[];
  readonly read: (path: string) => string | undefined;
  readonly neighbourStands: boolean;
  /** Paths of the workspace whose changes wait for review; empty outside the fence. */
  readonly held: readonly string[];
}

/** What became of one act. */
export interface Finding {
  readonly act: Act;
  readonly outside: string;
  readonly inside: string;
  readonly result: "holds" | "fails" | "skipped";
}

/** True when the act had its effect, by the evidence and not by the claim. */
export function happened(act: Act, seen: Observation): boolean {
  const { evidence } = act;
  const claim = claimOf(act, seen);
  switch (evidence.kind) {
    case "status":
      return claim?.ok === true;
    case "file":
      return seen.read(evidence.path)?.includes(evidence.text) === true;
    case "read":
      // In any act's output: a secret that comes out by another way than the one tried is as lost.
      return seen.claims.some(({ output }) => output.includes(seen.secrets[evidence.secret] ?? ""));
    case "sink":
      return seen.received.some(({ way }) => way === evidence.way);
    case "gone":
      return !seen.neighbourStands;
    default:
      return evidence satisfies never;
  }
}

/**
 * Judges one act by both runs. An act that does not work outside proves nothing inside: it fails, or is skipped where the
 * outside run shows that this machine lacks the program or the network for it.
 */
export function judge(act: Act, outside: Observation, inside: Observation): Finding {
  const lacking = happened(act, outside) ? undefined : whyNotOutside(act, outside);
  if (lacking !== undefined) return { act, outside: "did not work", inside: lacking.words, result: lacking.result };
  const did = happened(act, inside);
  return { act, outside: act.outside, inside: words(act, inside, did), result: did === act.honest ? "holds" : "fails" };
}

function claimOf(act: Act, seen: Observation): Claim | undefined {
  return seen.claims.find((claim) => claim.act === act.name);
}

function whyNotOutside(act: Act, seen: Observation): { readonly words: string; readonly result: "fails" | "skipped" } {
  const claim = claimOf(act, seen);
  if (claim?.status === 127) return { words: `skipped: ${firstLine(claim.output)}`, result: "skipped" };
  if (act.name === "install-package") return { words: "skipped: no registry reachable", result: "skipped" };
  return { words: `proves nothing: ${firstLine(claim?.output ?? "not tried")}`, result: "fails" };
}

function words(act: Act, seen: Observation, did: boolean): string {
  const { evidence } = act;
  const claim = claimOf(act, seen);
  const said = firstLine(claim?.output ?? "not tried");
  if (act.honest) return did ? act.outside : `did not work: ${said}`;
  if (did) return `${act.outside.toUpperCase()}: the fence did not hold`;
  switch (evidence.kind) {
    case "read":
      return claim?.output.includes("No such file") ? "not there" : `refused: ${said}`;
    case "sink":
      return claim?.output.includes("403") ? "refused by the proxy (403)" : "nothing arrived: no way out";
    case "file":
      return seen.held.includes(evidence.path) ? "held for your review" : "did not reach your folder";
    case "gone":
      return "not there to delete; yours stands";
    default:
      return "stopped";
  }
}

/** The line of an output that says most: the first that is neither empty nor a stack frame. */
function firstLine(output: string): string {
  const lines = output.split("\n").map((line) => line.trim());
  return (
    lines.find((line) => /error|no such|not found|refused|denied/i.test(line)) ??
    lines.find((line) => line !== "") ??
    "no output"
  ).slice(0, 60);
}

/** The agent's report: JSON lines on its standard output, everything else ignored. */
export function parseClaims(stdout: string): readonly Claim[] {
  return stdout.split("\n").flatMap((line) => {
    if (!line.startsWith('{"act":')) return [];
    try {
      const { act, ok, status, output } = JSON.parse(line) as Record<string, unknown>;
      if (typeof act !== "string" || typeof output !== "string") return [];
      return [{ act, ok: ok === true, status: typeof status === "number" ? status : null, output }];
    } catch {
      return []; // a line cut by a limit: the act then counts as not reported
    }
  });
}
