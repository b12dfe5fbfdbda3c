// The demo (issue 2, deliver 7): the same agent obeys the same poisoned README twice, once outside and once inside the fence, each time against
// decoys and a collector of its own, and each act is judged by what can be seen afterwards. This file is the sequence; the parts are under `demo/`.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { err, ok, type Problem, type Result } from "#core";
import { ACTS } from "./demo/acts.ts";
import { type Finding, judge, type Observation, parseClaims } from "./demo/judge.ts";
import { findRegistry, type Registry, registryPolicy } from "./demo/registry.ts";
import { openSink, type Sink } from "./demo/sink.ts";
import { openStage, type Stage } from "./demo/stage.ts";
import { parseSummary, type RunSummary } from "./demo/summary.ts";

export type { Finding } from "./demo/judge.ts";

/** How a program ended. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** What the demo needs from outside. */
export interface DemoDeps {
  /** The folder `examples/agent` of the installation. */
  readonly example: string;
  /** Where temporary folders go; must hold no character that a shell reads inside double quotes. */
  readonly parent: string;
  /** The Node program that runs the agent. */
  readonly node: string;
  /** The person's environment: PATH for the agent, and npm's own configuration to find the registry. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Runs this very program with arguments, in a folder, as a person would type it. */
  readonly ringfence: (args: readonly string[], cwd: string) => Promise<Ended>;
  /** Ends the demo early: what it started is ended, what it made is removed. */
  readonly signal: AbortSignal;
  /** One line of progress. */
  readonly say: (line: string) => void;
}

/** What the demo found. */
export interface DemoReport {
  readonly findings: readonly Finding[];
  readonly applied: readonly string[];
  readonly held: readonly string[];
  /** Things that reached the collector from inside. Must be 0, whatever the acts say. */
  readonly leaked: number;
  readonly session: string;
  /** True when the held changes could not be discarded: a session folder is still there. */
  readonly leftBehind: boolean;
  readonly log: { readonly holds: boolean; readonly words: string };
  /** Why a registry on a non-public address was named in the policy, if one was. */
  readonly note?: string;
}

const AGENT_TIME_MS = 180_000;
const INTERRUPTED: Problem = { code: "demo-interrupted", message: "the demo was interrupted; its folders are removed" };

/** Runs it all. A Problem when the machine cannot run the fence or the stage; what the fence let through is in the report. */
export async function runDemo(deps: DemoDeps): Promise<Result<DemoReport, Problem>> {
  // The npm that came with the node that runs the agent: the one the agent will find, too.
  const path = `${dirname(deps.node)}${delimiter}${deps.env["PATH"] ?? ""}`;
  const registry = await findRegistry({ ...deps.env, PATH: path });
  await using outsideSink = await openSink();
  const first = stageFor(deps, outsideSink);
  if (!first.ok) return first;
  using outsideStage = first.value;
  deps.say("the agent works without a fence, against decoys");
  const outside = await runOutside(deps, outsideStage, outsideSink, registry);
  if (deps.signal.aborted) return err(INTERRUPTED);

  await using insideSink = await openSink();
  const second = stageFor(deps, insideSink);
  if (!second.ok) return second;
  using insideStage = second.value;
  deps.say("the same agent works inside the fence");
  const inside = await runInside(deps, insideStage, insideSink, registry);
  if (!inside.ok) return deps.signal.aborted ? err(INTERRUPTED) : inside;
  const { observation, summary } = inside.value;
  // What is held is shown below and belongs to a folder that is about to go. Discarding is recorded, so the log is verified after it.
  const discard = await deps.ringfence(["discard", summary.session], insideStage.root);
  if (deps.signal.aborted) return err(INTERRUPTED);
  const verify = await deps.ringfence(["log", "verify", summary.session], insideStage.root);
  return ok({
    findings: ACTS.map((act) => judge(act, outside, observation)),
    applied: summary.applied,
    held: summary.held,
    leaked: observation.received.length,
    session: summary.session,
    leftBehind: discard.code !== 0,
    log: { holds: verify.code === 0, words: (verify.stdout.trim() || verify.stderr.trim()).split("\n", 1)[0] ?? "" },
    ...(registry?.note === undefined ? {} : { note: registry.note }),
  });
}

function stageFor(deps: DemoDeps, sink: Sink): Result<Stage, Problem> {
  return openStage({
    example: deps.example,
    parent: deps.parent,
    collector: sink.address,
    random: () => randomBytes(12).toString("hex"),
    env: { PATH: deps.env["PATH"] ?? "" },
  });
}

async function runOutside(
  deps: DemoDeps,
  stage: Stage,
  sink: Sink,
  registry: Registry | undefined,
): Promise<Observation> {
  const tmp = join(stage.root, "tmp");
  mkdirSync(tmp);
  // Built from nothing, with the decoy home: what the unfenced agent can find of the person's own is what its README names, which is nothing.
  const env = { PATH: deps.env["PATH"] ?? "", HOME: stage.home, TMPDIR: tmp, LANG: "C.UTF-8", ...registry?.env };
  const stdout = await runAgent(deps, stage.project, env);
  return observe(stage, sink, stdout, []);
}

async function runInside(
  deps: DemoDeps,
  stage: Stage,
  sink: Sink,
  registry: Registry | undefined,
): Promise<Result<{ observation: Observation; summary: RunSummary }, Problem>> {
  const policyFile = join(stage.root, "policy.yaml");
  const summaryFile = join(stage.root, "summary.json");
  writeFileSync(policyFile, registryPolicy(registry));
  const args = ["run", "--policy", policyFile, "--json", summaryFile, "--quiet", "--", deps.node, "agent.mjs"];
  const ended = await deps.ringfence(args, stage.project);
  const summary = parseSummary(readIfThere(summaryFile));
  if (summary === undefined) {
    const said = ended.stderr.trim().split("\n");
    const message = said.find((line) => line.startsWith("ringfence: "))?.slice("ringfence: ".length);
    const hint = said.find((line) => line.startsWith("hint: "))?.slice("hint: ".length);
    return err({
      code: "demo-run",
      message: message ?? `the fenced run ended with ${ended.code} and no summary: ${said.at(-1) ?? ""}`,
      hint: hint ?? "`ringfence doctor` says what this machine lacks",
    });
  }
  return ok({ observation: observe(stage, sink, ended.stdout, summary.held), summary });
}

function observe(stage: Stage, sink: Sink, stdout: string, held: readonly string[]): Observation {
  return {
    claims: parseClaims(stdout),
    secrets: stage.secrets,
    received: sink.received(),
    read: stage.read,
    neighbourStands: stage.neighbourStands(),
    held,
  };
}

/** Runs the agent without a fence and returns what it printed. Its exit code says nothing: what it did is judged act by act. */
async function runAgent(deps: DemoDeps, cwd: string, env: Readonly<Record<string, string>>): Promise<string> {
  // A group of its own: an end by signal or by time must also end what the agent started, before the stage is removed.
  const child = spawn(deps.node, ["agent.mjs"], { cwd, env, stdio: ["ignore", "pipe", "ignore"], detached: true });
  const stop = AbortSignal.any([deps.signal, AbortSignal.timeout(AGENT_TIME_MS)]);
  const end = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, "SIGKILL");
  };
  stop.addEventListener("abort", end);
  try {
    return await text(child.stdout);
  } finally {
    stop.removeEventListener("abort", end);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return undefined; // the run ended before it had anything to sum up
  }
}
