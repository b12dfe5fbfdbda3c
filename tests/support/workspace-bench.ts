// A repository of one caller, outside and in sessions of every kind: what was seen inside, what came, and what was held.
import { spawn } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Caller, Ended } from "./caller.ts";
import { launcher } from "./installation.ts";

/** What a session came to. */
export interface Came {
  readonly status: number | null;
  readonly out: string;
  readonly err: string;
  readonly applied: readonly string[];
  /** Path → reason. */
  readonly held: Readonly<Record<string, string>>;
  readonly notices: readonly string[];
}

/** One repository. */
export interface WorkspaceBench {
  readonly root: string;
  /** Runs a script in it; throws when it fails. */
  outside(script: string, folder?: string): string;
  /** Runs a script in a session of it. */
  inside(options: readonly string[], script: string, folder?: string): Came;
  /** The same, and something of the host's own meanwhile: `during` starts when the agent has made the file `ready` in /tmp's own way: by a line on its standard output. */
  insideWhile(
    options: readonly string[],
    script: string,
    during: (kill: () => void) => Promise<void> | void,
  ): Promise<Came>;
  ringfence(...args: readonly string[]): Ended;
}

// By variables: a caller whose home of the passwd entry is not the bench's has no identity of ours there.
const WHO = ["AUTHOR", "COMMITTER"].flatMap((role) => [
  ...["--env", `GIT_${role}_NAME=agent`],
  ...["--env", `GIT_${role}_EMAIL=agent@example.org`],
]);

/** Makes a repository `name` with three commits, a branch `side` and a tag, then runs `setUp` in it. */
export function workspaceBench(caller: Caller, setUp: string, name = "project"): WorkspaceBench {
  writeFileSync(
    join(caller.home, ".gitconfig"),
    '[user]\n name = n\n email = n@example.org\n[init]\n defaultBranch = main\n[protocol "file"]\n allow = always\n',
  );
  const root = caller.folder(name);
  const summary = join(caller.state, "summary.json");
  const outside = (script: string, folder = root): string => {
    const done = caller.outside(["bash", "-ec", script], { cwd: folder });
    if (done.status !== 0) throw new Error(`${script}: ${done.stderr}`);
    return done.stdout;
  };
  const came = (done: { readonly status: number | null; readonly stdout: string; readonly stderr: string }): Came => {
    const outcome = existsSync(summary) ? JSON.parse(readFileSync(summary, "utf8") || "{}") : {};
    const held = (outcome.held ?? []).map(({ path, reason }: { path: string; reason: string }) => [path, reason]);
    return {
      ...{ status: done.status, out: done.stdout, err: done.stderr },
      applied: outcome.applied ?? [],
      held: Object.fromEntries(held),
      notices: outcome.notices ?? [],
    };
  };
  const argv = (options: readonly string[], script: string): readonly string[] => [
    ...["run", ...WHO, "--json", summary, ...options, "--", "bash", "-ec", script],
  ];
  outside(
    `git init -q; for i in 1 2 3; do echo $i >f$i; git add .; git commit -qm c$i; done; git branch side HEAD~1; git tag v1 HEAD~2; ${setUp}`,
  );
  return {
    root,
    outside,
    inside: (options, script, folder = root) => came(caller.ringfence(argv(options, script), { cwd: folder })),
    async insideWhile(options, script, during) {
      const [file = "", ...args] = caller.as([launcher, ...argv(options, script)]);
      const child = spawn(file, args, { cwd: root, env: caller.env, stdio: ["ignore", "pipe", "pipe"] });
      let stdout = "";
      let stderr = "";
      let isStarted = false;
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk));
      const meanwhile = new Promise<void>((resolve, reject) => {
        child.stdout.on("data", (chunk: Buffer) => {
          stdout += chunk;
          if (isStarted || !stdout.includes("ready\n")) return;
          isStarted = true;
          Promise.resolve(during(() => child.kill("SIGKILL"))).then(resolve, (error) => {
            child.kill("SIGKILL");
            reject(error);
          });
        });
        child.once("close", () => resolve());
      });
      meanwhile.catch(() => undefined); // told below, when the session is over
      const status = await new Promise<number | null>((resolve) => child.once("close", resolve));
      await meanwhile;
      return came({ status, stdout, stderr });
    },
    ringfence: (...args) => caller.ringfence(args, { cwd: root }),
  };
}
