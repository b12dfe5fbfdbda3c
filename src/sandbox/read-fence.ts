// A fence for reading a folder that nobody vouches for (ARCHITECTURE, trust zones): read-only, offline, no capability, the same seccomp filter as a
// run, nothing of the disk but that folder and the system's programs. It writes nothing and leaves nothing, so it needs no helper and no session.
// What it prints is as hostile as what it read.
import { spawn } from "node:child_process";
import type { Duplex } from "node:stream";
import { err, ok, type Problem, type Result } from "#core";
import { hasSeccompTable, type Mount, seccompFilter } from "#core/sandbox";
import { killGroup } from "./fence-end.ts";
import { explainRefusal } from "./probe.ts";
import { systemFolder } from "./system-folder.ts";
import { findBubblewrap } from "./trial.ts";

/** What to run, and how much of it. */
export interface ReadFence {
  /** The folder to look at; the working directory inside, at the same path. */
  readonly root: string;
  /** Text for the system's `sh`, with `args` as `$1`, `$2`, …: ours, never the folder's. */
  readonly script: string;
  readonly args: readonly string[];
  /** More output than this ends it: a repository may be made to flood. */
  readonly maxBytes: number;
  readonly timeoutMs: number;
  /** More of the host, at other places inside. What is `writable` belongs to one session alone. */
  readonly also?: readonly { readonly source: string; readonly target: string; readonly writable?: true }[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Whose files they seem to be inside, and so to git (the default is nobody). */
  readonly user?: { readonly uid: number; readonly gid: number };
}

/** Runs the script and hands back what it printed. */
export function readInFence(fence: ReadFence): Promise<Result<Buffer, Problem>> {
  const bwrap = findBubblewrap();
  if (bwrap === undefined)
    return Promise.resolve(err(missing("bubblewrap is not installed", "sudo apt-get install -y bubblewrap")));
  if (!hasSeccompTable(process.arch))
    return Promise.resolve(err(missing(`there is no seccomp table for ${process.arch}`, undefined)));
  const filter = seccompFilter({
    architecture: process.arch,
    refuseSetGroupId: true,
    refuse: ["chmod", "fchmod", "fchmodat", "fchmodat2"],
  });
  return new Promise((resolve) => {
    const child = spawn(bwrap, fenceArguments(fence), {
      env: {},
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      detached: true,
    });
    const ended = collect(child, fence);
    (child.stdio[3] as Duplex).on("error", () => undefined).end(filter); // a bubblewrap that dies early says why itself
    void ended.then(resolve);
  });
}

const DEVICES = ["/dev/null", "/dev/urandom"];

/** Exported for its golden test: the walls, as arguments. */
export function fenceArguments(fence: ReadFence): readonly string[] {
  const { uid, gid } = fence.user ?? { uid: 65534, gid: 65534 };
  return [
    ...[
      "--unshare-all",
      "--die-with-parent",
      "--new-session",
      "--cap-drop",
      "ALL",
      "--uid",
      `${uid}`,
      "--gid",
      `${gid}`,
    ],
    ...["--clearenv", "--setenv", "PATH", "/usr/bin:/bin", "--setenv", "LC_ALL", "C"],
    ...Object.entries(fence.environment ?? {}).flatMap(([name, value]) => ["--setenv", name, value]),
    ...["--ro-bind", "/usr", "/usr", ...["/bin", "/lib", "/lib64"].flatMap(systemFolder).flatMap(bindArguments)],
    ...["--ro-bind", fence.root, fence.root, "--chdir", fence.root, "--seccomp", "3"],
    // A root caller stays the owner of these two; the filter keeps it from closing them to everybody.
    ...DEVICES.flatMap((path) => ["--dev-bind", path, path]),
    ...(fence.also ?? []).flatMap(({ source, target, writable }) => [
      writable ? "--bind" : "--ro-bind",
      source,
      target,
    ]),
    ...["--", "/bin/sh", "-c", fence.script, "sh", ...fence.args],
  ];
}

function bindArguments(mount: Mount): readonly string[] {
  if (mount.kind === "symlink") return ["--symlink", mount.to, mount.target];
  return mount.kind === "ro-bind" ? ["--ro-bind", mount.source, mount.target] : [];
}

function collect(child: ReturnType<typeof spawn>, fence: ReadFence): Promise<Result<Buffer, Problem>> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  let said = "";
  let stopped: string | undefined;
  const stop = (why: string): void => {
    stopped = why;
    killGroup(child); // bubblewrap's death takes the namespace with it
  };
  const timer = setTimeout(
    () => stop(`looking at \`${fence.root}\` took longer than ${fence.timeoutMs / 1000} s`),
    fence.timeoutMs,
  );
  child.stdout?.on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > fence.maxBytes) stop(`\`${fence.root}\` holds more than can be looked at`);
    else chunks.push(chunk);
  });
  child.stderr?.on("data", (chunk: Buffer) => {
    said = `${said}${chunk}`.slice(-2048);
  });
  return new Promise((resolve) => {
    const end = (result: Result<Buffer, Problem>): void => {
      clearTimeout(timer);
      resolve(result);
    };
    child.once("error", (error) => end(err(missing(error.message, undefined))));
    child.once("close", (code) => {
      if (stopped !== undefined) end(err({ code: "read-fence-stopped", message: stopped }));
      else if (code === 0) end(ok(Buffer.concat(chunks)));
      else {
        const last = said.trim().split("\n").at(-1) || `it ended with ${code}`;
        if (!last.startsWith("bwrap: ")) return end(err({ code: "read-fence-failed", message: last }));
        const { reason, mend } = explainRefusal(last);
        end(err(missing(reason, mend?.includes("\n") ? undefined : mend)));
      }
    });
  });
}

function missing(reason: string, mend: string | undefined): Problem {
  return {
    code: "read-fence",
    message: `the repository can only be read inside a fence: ${reason}`,
    hint: mend ?? "`ringfence doctor` says what this machine lacks",
  };
}
