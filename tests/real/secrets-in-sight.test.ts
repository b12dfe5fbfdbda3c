// A secret that appears during a session and cannot be hidden ends the session (CRED-6). The kernel's refusal of the mask is strace's: it stands
// around the fence's own processes, from outside, once they run.
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

/** What the helper would hide it by. */
const MASKS: Readonly<Record<string, string>> = { overlay: "unlinkat", direct: "move_mount" };

it.for(["refused", "allowed"])(
  "the mask of a secret that appears is %s",
  { timeout: 120_000 },
  async (how, context) => {
    needs(context, "root", "bubblewrap", "overlay", "seccomp", "helper", "strace");
    for (const [kind, call] of Object.entries(MASKS)) {
      for (const caller of callersIn(tmp())) {
        const root = caller.folder("project");
        const [file = "", ...args] = caller.as([
          launcher,
          ...[
            "run",
            "--workspace",
            kind,
            "--",
            "sh",
            "-c",
            "echo ready; read -r line; echo goes on; sleep 3; echo was not ended",
          ],
        ]);
        const run = spawn(file, args, { cwd: root, env: caller.env, stdio: "pipe" });
        const said = listen(run);
        const ended = new Promise((resolve) => run.once("close", resolve));
        await until(() => said.text.includes("ready"));
        const inject = how === "refused" ? ["-e", `inject=${call}:error=ENOSPC`] : [];
        const helpers = helpersBelow(run.pid ?? 0).flatMap((pid) => ["-p", String(pid)]);
        const tracer = spawn("strace", ["-qq", "-o", "/dev/null", "-e", `trace=${call}`, ...inject, ...helpers]);
        await until(() => helpersBelow(run.pid ?? 0).some((pid) => tracerOf(pid) === tracer.pid));
        caller.outside(["sh", "-c", "echo A=hunter2 >.env"], { cwd: root });
        if (how === "refused") {
          expect(await ended, said.text).toBe(124);
          expect(said.text).toMatch(/`\.env` appeared during the session, is a secret, and cannot be hidden inside: /);
          expect(said.text).not.toContain("was not ended");
          const shown = caller.ringfence(["log", "show"], { cwd: root }).stdout;
          expect(shown).toMatch(/limit\.hit.*secrets/);
        } else {
          run.stdin.end("\n");
          expect(await ended, said.text).toBe(0);
          expect(said.text).toContain("was not ended");
        }
        await new Promise((resolve) => (tracer.exitCode === null ? tracer.once("close", resolve) : resolve(0)));
      }
    }
  },
);

function listen(run: ChildProcess): { text: string } {
  const said = { text: "" };
  for (const stream of [run.stdout, run.stderr])
    stream?.on("data", (chunk: Buffer) => {
      said.text += chunk.toString();
    });
  return said;
}

async function until(holds: () => boolean): Promise<void> {
  for (let tries = 0; !holds(); tries++) {
    if (tries > 600) throw new Error("it did not come to that within a minute");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** The native helper's processes in the fence, below `ancestor`. */
function helpersBelow(ancestor: number): readonly number[] {
  const parents = new Map(
    readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .map((name) => [Number(name), Number(fieldOf(Number(name), "PPid"))]),
  );
  const isBelow = (pid: number): boolean => pid === ancestor || (parents.has(pid) && isBelow(parents.get(pid) ?? 0));
  return [...parents.keys()].filter((pid) => isBelow(pid) && commandOf(pid).startsWith("/.ringfence/helper "));
}

const tracerOf = (pid: number): number => Number(fieldOf(pid, "TracerPid"));

function fieldOf(pid: number, name: string): string {
  try {
    return (
      new RegExp(`^${name}:\\s*(\\d+)`, "m").exec(readFileSync(join("/proc", String(pid), "status"), "utf8"))?.[1] ?? ""
    );
  } catch {
    return ""; // it has gone
  }
}

function commandOf(pid: number): string {
  try {
    return readFileSync(join("/proc", String(pid), "cmdline"), "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it has gone
  }
}
