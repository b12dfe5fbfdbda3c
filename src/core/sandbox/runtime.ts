// Where the agent runs (DESIGN SAND-6), as data: what each runtime holds, what it lacks and why, and which one a session gets.
// Pure. The effects stand in `sandbox/runtimes/`, one file a runtime; a claim made here counts only after that runtime's probe has acted it out.
import { err, ok, type Problem, type Result } from "../result.ts";
import type { SandboxPlan } from "./plan.ts";

/** The runtimes of this version. */
export type RuntimeName = "process" | "container" | "gvisor" | "kata" | "microvm";

/** What stands between the agent and the host's kernel, the weakest first. */
export const ISOLATION_ORDER = ["process", "container", "user-kernel", "microvm"] as const;

/** One class of that. */
export type Isolation = (typeof ISOLATION_ORDER)[number];

/** What a session may rely on, in words for a person. */
export const FEATURES = {
  recorder: "the flight recorder sees every program, file and connection",
  masks: "secret files are absent",
  overlay: "copy-on-write workspaces",
  direct: "direct workspaces, with protected names refused live",
  terminal: "a private terminal",
  commands: "further commands (`ringfence exec`)",
  hooks: "the agent's hooks reach their supervisor",
  ports: "published ports",
  transparent: "programs that ignore proxy variables reach what rules allow",
  programs: "the program behind each connection is known",
  pause: "pause and resume",
  snapshot: "snapshots",
  landlock: "Landlock as a second layer",
  memory: "the memory limit",
  processes: "the limit of processes",
  fileSize: "the limit of a file's size",
} as const;

/** One of them. */
export type Feature = keyof typeof FEATURES;

/** What a runtime is. Everything that is not in `lacks` holds. */
export interface RuntimeFacts {
  readonly name: RuntimeName;
  readonly isolation: Isolation;
  /** Why a feature does not hold here. */
  readonly lacks: Readonly<Partial<Record<Feature, string>>>;
  /** What has to be typed to have it. */
  readonly mend: string;
}

/** What became of a runtime's probe on this machine. `complete`: ordinary programs also ran in it without a fault. */
export interface RuntimeStanding {
  readonly facts: RuntimeFacts;
  readonly available: boolean;
  readonly complete: boolean;
  /** What was found, or why it is missing: one line. */
  readonly reason: string;
}

/** The features that do not hold in a runtime, with the reasons, in the order of `FEATURES`. */
export function lackingFeatures(facts: RuntimeFacts): readonly { readonly feature: Feature; readonly why: string }[] {
  return (Object.keys(FEATURES) as Feature[]).flatMap((feature) => {
    const why = facts.lacks[feature];
    return why === undefined ? [] : [{ feature, why }];
  });
}

/** What this plan needs and this runtime lacks, as a refusal; a plan never loses a part of itself silently (I15). */
export function unfitPlan(plan: SandboxPlan, facts: RuntimeFacts): Problem | undefined {
  const { streams, workspace } = plan;
  const needed: readonly (readonly [Feature, boolean])[] = [
    ["direct", workspace.kind === "direct"],
    ["overlay", workspace.kind === "overlay"],
    ["masks", plan.masked.length > 0],
    ["ports", plan.ports.length > 0],
    // Only asked for by name: who says `all` wants a record of every file that was read.
    ["recorder", plan.recorder?.reads === "all"],
    ["landlock", plan.landlock === "require"],
    ["terminal", streams.stdinTty || streams.stdoutTty || streams.stderrTty],
  ];
  const missing = needed.find(([feature, wanted]) => wanted && facts.lacks[feature] !== undefined);
  if (missing === undefined) return undefined;
  const [feature] = missing;
  return {
    code: "runtime-lacks",
    message: `in \`runtime: ${facts.name}\` this does not hold: ${FEATURES[feature]} (${facts.lacks[feature]})`,
    hint: feature === "direct" ? "leave out `--workspace direct`" : "use `--runtime process`",
  };
}

/** What a policy says about where to run. */
export interface RuntimeWish {
  readonly tier: "low" | "medium" | "high";
  readonly runtime: string;
}

/** The strongest first. */
const ORDER: readonly RuntimeName[] = ["microvm", "kata", "gvisor", "container", "process"];

/**
 * Which runtimes come into question for a wish, in the order to try them.
 * A named one is the only one. `auto` is `process` below tier high: a stronger one costs each start and each system call, and there the policy asks
 * for no more. In tier high it is the strongest that is complete, at least a container (DESIGN 8).
 */
export function candidateRuntimes(wish: RuntimeWish): readonly RuntimeName[] {
  const named = ORDER.find((name) => name === wish.runtime);
  if (named !== undefined) return [named];
  if (wish.runtime !== "auto") return []; // a name of a later version is nobody's second choice
  return wish.tier === "high" ? ORDER.filter((name) => name !== "process") : ["process"];
}

/** Takes the first candidate that stands, or says why none does. `standings` answers for every candidate. */
export function chooseRuntime(
  wish: RuntimeWish,
  standings: readonly RuntimeStanding[],
): Result<RuntimeStanding, Problem> {
  const named = ORDER.some((name) => name === wish.runtime);
  if (wish.tier === "high" && wish.runtime === "process") {
    return err({
      code: "tier-runtime",
      message: "`tier: high` needs a container, gVisor, Kata or microVM, and the policy names `runtime: process`",
      hint: "leave `runtime` at `auto`",
    });
  }
  const found = candidateRuntimes(wish)
    .map((name) => standings.find(({ facts }) => facts.name === name))
    .find((standing) => standing?.available === true && (named || standing.complete));
  return found === undefined ? err(noneStands(wish, standings)) : ok(found);
}

/** Of what a tier asks for at least. */
function containerMend({ tier }: RuntimeWish, standings: readonly RuntimeStanding[]): string | undefined {
  return tier === "high" ? standings.find(({ facts }) => facts.name === "container")?.facts.mend : undefined;
}

function noneStands(wish: RuntimeWish, standings: readonly RuntimeStanding[]): Problem {
  const why = candidateRuntimes(wish).map((name) => {
    const standing = standings.find(({ facts }) => facts.name === name);
    return `${name}: ${standing?.reason ?? "not built"}`;
  });
  const [first] = candidateRuntimes(wish).flatMap(
    (name) => standings.find(({ facts }) => facts.name === name)?.facts.mend ?? [],
  );
  // One that works, though not without a fault, is a person's to choose by its name.
  const faulty = standings.find(({ available }) => available);
  const mends =
    faulty === undefined ? containerMend(wish, standings) : `\`--runtime ${faulty.facts.name}\`, faults and all`;
  return {
    code: "runtime-missing",
    message:
      wish.runtime === "auto"
        ? `\`tier: ${wish.tier}\` needs a stronger runtime than this machine has (${why.join("; ")})`
        : `\`runtime: ${wish.runtime}\` cannot be had here (${why.join("; ")})`,
    hint: mends ?? first ?? "`ringfence doctor` shows what this machine can do",
  };
}
