// The trial of a runtime that wraps the agent: a plan carried out in it for real, by a command that looks at its own walls and works a little.
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Problem, Result } from "#core";
import type { SandboxPlan } from "#core/sandbox";
import type { Fence } from "../fence.ts";
import type { LaunchDeps } from "../launch.ts";
import { trialPlan } from "../probe-fence.ts";
import { findBubblewrap, removeTrialFolder } from "../trial.ts";
import type { ProbePlaces, RuntimeProbe } from "./runtime.ts";

/** What a trial needs. */
export interface Attempt extends ProbePlaces {
  readonly start: (plan: SandboxPlan, deps: LaunchDeps) => Promise<Result<Fence, Problem>>;
  /** True when the agent has a kernel of its own, which must not be the host's. */
  readonly ownKernel: boolean;
}

// The first lines must hold. What follows `ordinary` is what an agent's tools do all day: a fault there is told, and `auto` goes elsewhere.
const script = (hostKernel: string, secret: string): string => `fail() { echo "$1"; exit 9; }
[ "$(cat /proc/version)" != '${hostKernel}' ] || fail "this is the host's kernel"
[ "$(id -u)" -ne 0 ] || fail 'the command is root inside'
[ ! -e '${secret}' ] || fail 'a file of the host is in view'
(: >/usr/ringfence-probe) 2>/dev/null && fail '/usr can be written'
unshare -U true 2>/dev/null && fail 'a user namespace can be made inside'
echo changed >seen && [ "$(cat seen)" = changed ] || fail 'the workspace cannot be written'
rm seen && mkdir folder && echo kept >folder/kept && mv folder/kept folder/moved || fail 'the workspace cannot be worked in'
exec 2>&1
ordinary() { said=$("$@" 2>&1 >/dev/null) || { echo "ordinary: $1 fails: $said"; }; }
ordinary ls -la .
ordinary stat folder
ordinary sh -c 'echo a b | sed s/a/c/ | sort'
exit 0`;

/** Carries it out below the state folder. Everything is removed. */
export async function tryRuntime(attempt: Attempt): Promise<RuntimeProbe> {
  const none = (reason: string, evidence = reason): RuntimeProbe => ({
    available: false,
    complete: false,
    reason,
    evidence,
  });
  const bwrap = findBubblewrap();
  if (bwrap === undefined) return none("not tried: bubblewrap is missing");
  let folder: string | undefined;
  const open: number[] = [];
  try {
    mkdirSync(attempt.stateDir, { recursive: true, mode: 0o700 });
    folder = mkdtempSync(join(attempt.stateDir, "probe-"));
    for (const part of ["workspace", "upper", "work", "mask"]) mkdirSync(join(folder, part));
    const said = join(folder, "said");
    open.push(openSync("/dev/null", "r"), openSync(said, "w"));
    const [stdin = -1, output = -1] = open;
    const plan = { ...trialPlan(folder), argv: ["/bin/sh", "-c", script(attempt.ownKernel ? hostKernel() : "", said)] };
    const began = performance.now();
    const fence = await attempt.start(plan, {
      helper: attempt.helper,
      bwrap,
      stdio: { stdin, stdout: output, stderr: output },
      cgroups: [],
      scratch: folder,
      mayRun: Promise.resolve(),
    });
    if (!fence.ok) return none(lastLine(said) ?? fence.error.message, fence.error.message);
    const { code } = await fence.value.exited;
    const took = Math.round(performance.now() - began);
    const words = readFileSync(said, "utf8").trim();
    if (code !== 0) return none(lastLine(said) ?? `the command ended with ${code}`, `exit ${code}: ${words}`);
    if (!existsSync(join(folder, "upper/folder/moved"))) return none("a change did not reach the overlay");
    const faults = words.split("\n").filter((line) => line.startsWith("ordinary: "));
    const evidence = `a command ran in it, refused what it must, ${took} ms${words === "" ? "" : `; ${words}`}`;
    const [fault] = faults;
    const reason = fault === undefined ? "a command ran in it" : `works, but ${fault.slice("ordinary: ".length)}`;
    return { available: true, complete: fault === undefined, reason, evidence };
  } catch (error) {
    return none(String(error));
  } finally {
    for (const descriptor of open) closeSync(descriptor);
    if (folder !== undefined) removeTrialFolder(folder);
  }
}

function hostKernel(): string {
  return readFileSync("/proc/version", "utf8").trim().replaceAll("'", "");
}

function lastLine(file: string): string | undefined {
  return readFileSync(file, "utf8").trim().split("\n").at(-1) || undefined;
}
