// What the flight recorder costs: the same work in the same fence, with and without it, in turns. The fence's own start is in both.
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { RecorderPlan, SandboxPlan } from "#core/sandbox";
import { launch } from "#sandbox";
import type { Bench } from "./bench.ts";
import { interleave, median } from "./stats.ts";

const ROUNDS = 7;
const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Each work, made in an empty folder and run there. */
const WORKS: Readonly<Record<string, { readonly make: (folder: string) => void; readonly command: string }>> = {
  "git status, 5,000 files, 10 times": {
    make: (folder) => {
      for (let i = 0; i < 5_000; i++) {
        const place = join(folder, `d${i % 100}`);
        mkdirSync(place, { recursive: true });
        writeFileSync(join(place, `f${i}`), `${i}\n`);
      }
      git(folder, "init", "-q");
      git(folder, "add", "-A");
      git(folder, "-c", "user.name=b", "-c", "user.email=b@b", "commit", "-q", "-m", "b");
    },
    command: "for i in 1 2 3 4 5 6 7 8 9 10; do git status --short; done",
  },
  "20 compiles by gcc": {
    make: (folder) => {
      for (let i = 0; i < 20; i++) writeFileSync(join(folder, `${i}.c`), `int f${i}(int x) { return x * ${i}; }\n`);
    },
    command: "for i in *.c; do gcc -O1 -c $i; done",
  },
  "npm ci, a packed dependency of 500 files": {
    make: (folder) => {
      const library = join(folder, "library");
      mkdirSync(library);
      writeFileSync(join(library, "package.json"), '{"name":"library","version":"1.0.0"}');
      for (let i = 0; i < 500; i++) writeFileSync(join(library, `${i}.js`), `exports.x = ${i};\n`);
      writeFileSync(
        join(folder, "package.json"),
        '{"name":"app","version":"1.0.0","dependencies":{"library":"file:library-1.0.0.tgz"}}',
      );
      npm(folder, "pack", "--silent", library);
      npm(folder, "install", "--silent", "--package-lock-only", "--offline");
    },
    command: "npm ci --silent --offline --no-audit --no-fund",
  },
  "tsc, 40 files": {
    make: (folder) => {
      for (let i = 0; i < 40; i++) writeFileSync(join(folder, `${i}.ts`), `export const x${i}: number = ${i};\n`);
      writeFileSync(join(folder, "tsconfig.json"), '{"compilerOptions":{"noEmit":false,"outDir":"out","types":[]}}');
    },
    command: `node ${join(root, "node_modules/typescript/bin/tsc")} -p .`,
  },
};

/** The table of the recorder. */
export async function measureRecorder(bench: Bench): Promise<string> {
  const rows: string[] = [];
  for (const [name, { make, command }] of Object.entries(WORKS)) {
    const folder = join(bench.scratch, `recorder-${rows.length}`);
    mkdirSync(folder);
    make(folder);
    let round = 0;
    let events = 0;
    const once = (reads?: RecorderPlan["reads"]) => async (): Promise<void> => {
      events = await run(planOf(folder, join(bench.scratch, `session-${rows.length}-${round++}`), command, reads));
    };
    await once("none")();
    const counted = events;
    await once("all")();
    const all = events;
    const taken = await interleave(ROUNDS, { without: once(), recorder: once("none"), reads: once("all") });
    const [without = 1, recorder = 0, reads = 0] = Object.values(taken).map(median);
    const cell = (ms: number): string => `${ms.toFixed(0)} (${(ms / without).toFixed(2)})`;
    rows.push(`| ${name} | ${without.toFixed(0)} | ${cell(recorder)} | ${counted} | ${cell(reads)} | ${all} |`);
  }
  return [
    "## The flight recorder (median ms of the same work in the same fence; in brackets the ratio)",
    "",
    "| work | without | with | events | with every open for reading | events |",
    "|---|---|---|---|---|---|",
    ...rows,
    "",
    "Events are taken from the recorder and counted here; a session also writes them to its log. The aim is 1.3.",
    "",
  ].join("\n");
}

function git(cwd: string, ...args: readonly string[]): void {
  spawnSync("git", args, { cwd });
}

function npm(cwd: string, ...args: readonly string[]): void {
  spawnSync("npm", args, { cwd });
}

/** The system, the compiler, and a copy-on-write view of the folder that is new each time. */
function planOf(workspace: string, session: string, command: string, reads?: RecorderPlan["reads"]): SandboxPlan {
  for (const name of ["upper", "work", "mask", "home", "tmp"]) mkdirSync(join(session, name), { recursive: true });
  const links = ["bin", "sbin", "lib", "lib64"].map((name) => ({
    kind: "symlink" as const,
    to: `usr/${name}`,
    target: `/${name}`,
  }));
  return {
    mounts: [
      { kind: "ro-bind", source: "/usr", target: "/usr" },
      ...links,
      { kind: "dir", target: "/etc", mode: 0o755 },
      { kind: "ro-bind", source: "/etc/alternatives", target: "/etc/alternatives" },
      { kind: "file", target: "/etc/gitconfig", content: "[safe]\n\tdirectory = *\n" },
      { kind: "bind", source: join(session, "tmp"), target: "/tmp" },
      { kind: "bind", source: join(session, "home"), target: "/home/dev" },
      { kind: "ro-bind", source: join(root, "node_modules"), target: join(root, "node_modules") },
    ],
    workspace: {
      ...{ kind: "overlay", root: workspace, upper: join(session, "upper") },
      ...{ work: join(session, "work"), mask: join(session, "mask") },
    },
    ...{ masked: [], cwd: workspace, argv: ["/bin/sh", "-ec", command], hostname: "bench", ports: [] },
    env: { PATH: "/usr/local/bin:/usr/bin:/bin", HOME: "/home/dev" },
    writable: [workspace, "/tmp", "/home/dev"],
    ...{ uid: 1000, gid: 1000, streams: { stdinTty: false, stdoutTty: false, stderrTty: false } },
    limits: { pids: 0, fileSizeBytes: 0, watchMemoryBytes: 0, openFiles: 1024, processors: 0 },
    ...(reads === undefined ? {} : { recorder: { reads } }),
  };
}

/** Runs it to its end; how many events there were. */
async function run(plan: SandboxPlan): Promise<number> {
  const none = openSync("/dev/null", "r+");
  let events = 0;
  try {
    const fence = await launch(plan, {
      ...{ helper: join(root, "build/ringfence-helper"), bwrap: "/usr/bin/bwrap", cgroups: [] },
      stdio: { stdin: none, stdout: none, stderr: none },
      onSeen: () => {
        events++;
        return undefined;
      },
    });
    if (!fence.ok) throw new Error(fence.error.message);
    const exit = await fence.value.exited;
    if (exit.code !== 0) throw new Error(`${plan.argv.join(" ")}: exit ${exit.code}`);
    return events;
  } finally {
    closeSync(none);
  }
}
