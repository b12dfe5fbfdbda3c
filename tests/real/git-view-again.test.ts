// The search of git's objects after changes, with what earlier searches kept, finds exactly what a search without anything kept finds (CRED-6).
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { deflateSync } from "node:zlib";
import { expect, it } from "vitest";
import { makeGitView } from "../../src/sandbox/secrets/git-view.ts";
import { makeRepository } from "../support/agent-session.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";

const FENCE = ["bubblewrap", "userns", "helper", "git"] as const;

interface Bench {
  readonly root: string;
  readonly cache: string;
  readonly sh: (script: string) => string;
  /** The masked blobs, as found with what is kept; compared with what is found without. */
  readonly search: () => Promise<readonly string[]>;
}

function bench(): Bench {
  const folder = tmp();
  const root = join(folder, "work");
  mkdirSync(root);
  writeFileSync(join(root, "a.txt"), "hello\n");
  makeRepository(root);
  const env = { PATH: "/usr/bin:/bin", HOME: folder, GIT_CONFIG_NOSYSTEM: "1" };
  const sh = (script: string): string =>
    execFileSync("bash", ["-ec", `g() { git -c user.name=t -c user.email=t@t -c gc.auto=0 "$@"; }; ${script}`], {
      cwd: root,
      env,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "pipe"],
    });
  const found = async (cache: string): Promise<readonly string[]> => {
    const view = await makeGitView({
      ...{ root, cache, maskedFiles: [], rulesText: "" },
      repositories: [join(root, ".git")],
      rules: { isShown: () => false },
    });
    if (!view.ok) throw new Error(view.error.message);
    return [...new Set(view.value.blobs)].sort();
  };
  const cache = join(folder, "state/git-view");
  const search = async (): Promise<readonly string[]> => {
    const blobs = await found(cache);
    expect(blobs).toEqual(await found(join(mkdtempSync(join(folder, "new-")), "git-view")));
    return blobs;
  };
  return { root, cache, sh, search };
}

const STEPS: readonly (readonly [string, string, number])[] = [
  ["nothing", "true", 0],
  ["a secret by name", "echo A=1 >.env; g add -f .env; g commit -qm a", 1],
  [
    "an old folder under a secret's name",
    "mkdir d; echo x >d/f; g add d; g commit -qm b; g mv d .ssh; g mv .ssh/f .ssh/id_rsa; g commit -qm c",
    2,
  ],
  [
    "a secret by content",
    "echo TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345 >stray; g hash-object -w stray >/dev/null; rm stray",
    3,
  ],
  [
    "the same at a path that is none",
    "echo TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345 >sample.txt; g add sample.txt; g commit -qm d",
    2,
  ],
  [
    "an old folder comes back below another",
    "g checkout -q HEAD~2 -- d; g mv d deep; g commit -qm f; mkdir -p x; g mv deep x/.aws; g mv x/.aws/f x/.aws/credentials; g commit -qm g",
    2,
  ],
  ["a tree that no commit has", "mkdir t; echo z >t/plain; g add t; g write-tree >/dev/null; g reset -q; rm -r t", 2],
  ["the same, by a commit", "mkdir t; echo z >t/plain; g add t; g commit -qm h", 2],
  ["everything in one pack", "g repack -qad; g prune-packed", 2],
  [
    "a pack, and then a branch",
    "g checkout -qb other; echo B=2 >e.txt; cp e.txt .env.local; g add -f .; g commit -qm e",
    3,
  ],
  [
    "history that is gone",
    "g checkout -q -; g branch -qD other; g reflog expire --expire=now --all; g gc -q --prune=now",
    2,
  ],
];

it("each of many changes", { timeout: 120_000 }, async (context) => {
  needs(context, ...FENCE);
  const { sh, search } = bench();
  for (const [name, script, count] of STEPS) {
    sh(script);
    expect(await search(), name).toHaveLength(count);
  }
});

it("a forged object teaches nothing about the one whose name it has, and damage of what is kept is no answer", {
  timeout: 120_000,
}, async (context) => {
  needs(context, ...FENCE);
  const { root, cache, sh, search } = bench();
  sh("echo A=1 >.env; g add -f .env; g commit -qm a");
  const tree = sh("g rev-parse 'HEAD^{tree}'").trim();
  const file = join(root, ".git/objects", tree.slice(0, 2), tree.slice(2));
  const honest = readFileSync(file);
  chmodSync(file, 0o644);
  writeFileSync(file, deflateSync(Buffer.from("tree 0\0")));
  rmSync(join(root, ".git/index"));
  // git itself may refuse to read it: then nothing may run, and nothing is learned either.
  const forged = await search().catch((error: Error) => error.message);
  expect(forged).not.toHaveLength(1);
  writeFileSync(file, honest);
  expect(await search()).toHaveLength(1);
  const kept = readdirSync(cache).filter((name) => /^(?:trees|verdicts|walk)-/.test(name));
  expect(kept).toHaveLength(3);
  for (const name of kept) {
    const bytes = readFileSync(join(cache, name));
    writeFileSync(join(cache, name), Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
  }
  sh("g commit -q --allow-empty -m b");
  expect(await search()).toHaveLength(1);
});
