// Parts of the fence taken away one at a time: runs refuse, say what mends it, and start nothing. Each in a mount or user namespace of its own, where
// nothing of the host is changed. The control is the same run with the part there. (podman: container.test.ts; runsc: gvisor.test.ts.)
import { chmodSync, existsSync, mkdtempSync, realpathSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { helperPath, launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-away-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
afterAll(() => removeTree(folder));

const covered = (path: string): readonly string[] => [
  ...["unshare", "-m", "--propagation", "private", "sh", "-c", 'mount --bind /dev/null "$0" && exec "$@"', path],
];
// In a user namespace of the caller's own, which may have no children; of the host's switch nothing is touched.
const NO_NAMESPACES = [
  ...["unshare", "-U", "--map-current-user", "--keep-caps", "sh", "-c"],
  'echo 0 >/proc/sys/user/max_user_namespaces && exec setpriv --ambient-caps=-all --inh-caps=-all -- "$@"',
  "sh",
];

test.for([
  ["bubblewrap", "root", covered("/usr/bin/bwrap"), /bubblewrap.*\nhint: .*bubblewrap/],
  ["the helper", "root", covered(helperPath), /\nhint: /],
  ["user namespaces", "user", NO_NAMESPACES, /namespace.*\nhint: .*`ringfence doctor`/],
] as const)("without %s, as %s, no run starts", ([part, who, away, said], context) => {
  needs(context, "userns", "bubblewrap", "overlay", "helper", who);
  const caller = callers.find(({ name }) => name === who);
  if (caller === undefined) throw new Error(`no ${who}`);
  // The launcher tries to build it anew, which takes half a minute.
  if (part === "the helper") context.skip(process.env["SLOW"] === undefined, "only with SLOW=1");
  const cwd = caller.folder("work");
  const run = (before: readonly string[], options: readonly string[]): ReturnType<typeof caller.outside> =>
    caller.outside([...before, launcher, "run", "--quiet", ...options, "--", "touch", "ran"], { cwd });
  expect(run([], []).status).toBe(0);
  expect(existsSync(join(cwd, "ran"))).toBe(true);
  for (const options of part === "the helper" ? [[]] : [[], ["--tier", "low"], ["--workspace", "direct"]]) {
    caller.outside(["rm", "-f", join(cwd, "ran")], { cwd });
    const { status, stderr } = run(away, options);
    expect([options, status, existsSync(join(cwd, "ran"))]).toEqual([options, 125, false]);
    expect(stderr).toMatch(said);
  }
});
