// A secret that appears during a session and cannot be hidden ends the session (CRED-6). The kernel's refusal of the mask is strace's: it stands
// around the fence's own processes, from outside, once they run.
import { type ChildProcess, spawn } from "node:child_process";
import { expect, it } from "vitest";
import { callersIn } from "../support/caller.ts";
import { helpersBelow, tracerOf, until } from "../support/fence-processes.ts";
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
          ...["run", "--workspace", kind, "--", "sh", "-c", "echo ready; read -r line; echo was not ended"],
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
          expect(said.text).not.toMatch(/masked +\.env/);
          const shown = caller.ringfence(["log", "show"], { cwd: root }).stdout;
          expect(shown).toMatch(/limit\.hit.*secrets/);
        } else {
          await until(() => said.text.includes("masked `.env`"));
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
