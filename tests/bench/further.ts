// A further command without the record and without Node's start: announced to a running fence and fetched by the native caller, beside the same two
// programs started with no fence. What is left between the two is the fence's own price.
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, mkdtempSync, openSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { launch } from "#sandbox";
import { planFor, stage } from "../support/fence.ts";
import { removeTree } from "../support/tmp.ts";
import type { Bench } from "./bench.ts";
import { interleave, median } from "./stats.ts";

const ROUNDS = 60;

/** The lines of it, for the table of further commands. */
export async function measureFurther({ ringfence }: Bench): Promise<readonly string[]> {
  const helper = join(dirname(ringfence), "build/ringfence-helper");
  const folder = mkdtempSync(join(tmpdir(), "ringfence-further-"));
  const [stdin, stdout] = [openSync("/dev/null", "r"), openSync("/dev/null", "w")];
  try {
    const commandSocket = join(folder, "commands.sock");
    const plan = planFor(stage(folder), ["sleep", "120"]);
    const fence = await launch(plan, {
      ...{ helper, bwrap: "/usr/bin/bwrap", cgroups: [], commandSocket },
      stdio: { stdin, stdout, stderr: stdout },
    });
    if (!fence.ok) throw new Error(fence.error.message);
    const streams = { stdinTty: false, stdoutTty: false, stderrTty: false };
    const further = async (): Promise<void> => {
      const token = randomBytes(16).toString("hex");
      await fence.value.announce(token, { argv: ["/bin/true"], cwd: "/", env: {}, streams });
      await ended(helper, ["attach", commandSocket, token]);
    };
    const taken = await interleave(ROUNDS, {
      outside: async () => {
        await ended(helper, ["landlock"]);
        await ended("/bin/true", []);
      },
      further,
    });
    fence.value.kill();
    await fence.value.exited;
    const [outside = [], inside = []] = [taken["outside"], taken["further"]];
    const apart = (of: (samples: readonly number[]) => number): string => (of(inside) - of(outside)).toFixed(2);
    return [
      `Without record and Node: ${median(inside).toFixed(2)} ms for the caller and its command in the fence, ${median(outside).toFixed(2)} ms for two such programs outside; the fence's own part is ${apart(median)} ms (medians of ${ROUNDS}, interleaved), ${apart((samples) => Math.min(...samples))} ms between the fastest.`,
    ];
  } finally {
    closeSync(stdin);
    closeSync(stdout);
    removeTree(folder);
  }
}

function ended(program: string, args: readonly string[]): Promise<void> {
  return new Promise((done, refuse) => {
    const child = spawn(program, args, { stdio: "ignore", env: {} });
    child.once("error", refuse);
    child.once("exit", (code) => (code === 0 ? done() : refuse(new Error(`${program}: exit ${code}`))));
  });
}
