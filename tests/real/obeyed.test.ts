// What the host obeys by another name: links in the place of protected names, and what git's settings name. Each act works outside first.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { tmp } from "../support/tmp.ts";
import { workspaceBench } from "../support/workspace-bench.ts";

const oneCaller = (): Caller => callersIn(tmp()).at(-1) as Caller;

const SET_UP = `mkdir -p scripts/hk conf tools turned other/hk
  for f in scripts/pc.sh other/pc.sh; do printf '#!/bin/sh\\n' >$f; chmod +x $f; done
  ln -s ../../turned/pc.sh .git/hooks/pre-commit; rmdir turned; ln -s scripts turned
  ln -s conf/env .envrc; echo >conf/env; ln -s ci .gitlab
  git init -q nested; rm -rf nested/.git/hooks; ln -s ../hk nested/.git/hooks
  git config core.hooksPath 'scripts/my hooks'; git config include.path ../conf/extra; git config filter.x.clean 'sh ./tools/clean.sh %f'
  git config alias.go '!tools/go.sh'; git config alias.st status; git config branch.main.merge refs/heads/main
  printf '[diff "y"]\\n textconv = tools/tc\\n' >conf/included; printf '[include]\\n path = included\\n' >conf/extra`;

const ACTS: Readonly<Record<string, string>> = {
  "scripts/pc.sh": "a hook's link",
  "conf/env": "a link at the top",
  "ci/x.yml": "a link that leads nowhere yet",
  "nested/hk/post-checkout": "a folder of hooks in a nested repository",
  "scripts/my hooks/post-checkout": "core.hooksPath",
  "conf/extra": "include.path",
  "conf/included": "what an included file includes",
  "tools/clean.sh": "a filter's command",
  "tools/tc": "a command that an included file names",
  "tools/go.sh": "an alias",
};
const FREE = ["tools/other.sh", "conf/other", "status", "scripts/other.sh", "nested/README"];
const WRITE = `for f in ${[...Object.keys(ACTS), ...FREE].map((path) => `'${path}'`).join(" ")}; do mkdir -p "$(dirname "$f")" && echo '# agent' >>"$f" || true; done`;

describe("what is obeyed by another name", () => {
  it("outside, git runs what such a file says", (context) => {
    needs(context, "git");
    const bench = workspaceBench(oneCaller(), SET_UP);
    bench.outside(`mkdir -p 'scripts/my hooks'; printf '#!/bin/sh\\ntouch ran\\n' >'scripts/my hooks/post-checkout'
      chmod +x scripts/my*/*; git checkout -q side`);
    expect(existsSync(join(bench.root, "ran"))).toBe(true);
  });

  it("is held in an overlay, with the links on the way, and nothing else is", (context) => {
    needs(context, "userns", "overlay", "helper", "git");
    const bench = workspaceBench(oneCaller(), SET_UP);
    const { held, applied } = bench.inside([], `${WRITE}; rm turned; ln -s other turned`);
    for (const [path, why] of [...Object.entries(ACTS), ["turned", "a link on the way to a hook"] as const])
      expect([why, held[path]]).toEqual([why, "protected-path"]);
    expect(applied).toEqual(expect.arrayContaining(FREE));
    expect(Object.keys(held).filter((path) => FREE.includes(path))).toEqual([]);
  });

  it("is refused in a direct workspace", (context) => {
    needs(context, "userns", "helper", "git");
    const bench = workspaceBench(oneCaller(), SET_UP);
    bench.inside(["--workspace", "direct"], WRITE);
    for (const [path, why] of Object.entries(ACTS))
      expect([why, bench.outside(`grep -c agent '${path}' 2>/dev/null || true`).trim() || "0"]).toEqual([why, "0"]);
    // Where a folder's link stands on the way, the guard refuses all below that folder.
    for (const path of FREE.filter((name) => !name.startsWith("scripts/")))
      expect([path, existsSync(join(bench.root, path))]).toEqual([path, true]);
  });
});
