// A session in a virtual machine, through the built program. One boot for all of it: software emulation takes its time.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-microvm-")));
const [caller] = callersIn(folder).filter(({ name }) => name === "root" || process.getuid?.() !== 0);
afterAll(() => removeTree(folder));

// The tester's own kernel, where the caller's home is another.
const KERNEL = ".local/share/ringfence/kernel";
if (caller !== undefined && existsSync(join(homedir(), KERNEL))) {
  const share = join(caller.env["HOME"] ?? folder, ".local/share/ringfence");
  mkdirSync(share, { recursive: true });
  symlinkSync(realpathSync(join(homedir(), KERNEL)), join(share, "kernel"));
}

const FENCE = ["userns", "bubblewrap", "seccomp", "overlay", "helper", "python3", "microvm"] as const;
const RUN = ["run", "--quiet", "--runtime", "microvm"] as const;

describe.runIf(caller !== undefined)("microvm", () => {
  test("work is done in the guest's kernel, behind the fence's view and its proxy", { timeout: 240_000 }, (context) => {
    needs(context, ...FENCE);
    if (caller === undefined) return;
    const cwd = caller.folder("work");
    writeFileSync(join(cwd, ".env"), "SECRET=1\n", { mode: 0o644 });
    const out = "import socket; s=socket.socket(); s.settimeout(3); s.connect(('1.1.1.1', 443))";
    const web = "import urllib.request as u; u.urlopen('http://example.com/')";
    const script = `cat /proc/version; id -u; cat .env 2>/dev/null; cat; python3 -c "${out}" 2>/dev/null; echo $?
python3 -c "${web}" 2>&1 | tail -1; echo made >made; chmod 640 made; mkdir d && ln -s ../made d/link; kill -9 $$`;
    const { status, stdout } = caller.ringfence([...RUN, "--", "sh", "-c", script], { cwd, input: "input\n" });
    const [version, uid, input, alone, proxied] = stdout.trim().split("\n");
    expect(version).not.toBe(readFileSync("/proc/version", "utf8").trim());
    expect([Number(uid) === 0, input, alone, status]).toEqual([false, "input", "1", 137]);
    expect(proxied).toMatch(/403/);
    const made = statSync(join(cwd, "made"));
    expect([made.mode & 0o7777, made.uid, existsSync(join(cwd, "d/link"))]).toEqual([0o640, statSync(cwd).uid, true]);
  });

  test("what it does not have is refused, never left out", { timeout: 240_000 }, (context) => {
    needs(context, ...FENCE);
    if (caller === undefined) return;
    const cwd = caller.folder("refused");
    const { status, stderr } = caller.ringfence([...RUN, "--workspace", "direct", "--", "touch", "ran"], { cwd });
    expect([status, existsSync(join(cwd, "ran"))]).toEqual([125, false]);
    expect(stderr).toMatch(/in `runtime: microvm` this does not hold: direct workspaces.*\nhint: /);
  });
});
