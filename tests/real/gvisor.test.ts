// Sessions in gVisor, through the built program: the same features as in `process`, around a kernel of the agent's own.
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdtempSync, readFileSync, realpathSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { callersIn } from "../support/caller.ts";
import { launcher } from "../support/installation.ts";
import { needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-gvisor-")));
chmodSync(folder, 0o755);
const callers = callersIn(folder);
afterAll(() => removeTree(folder));

const FENCE = ["userns", "bubblewrap", "seccomp", "overlay", "helper", "runsc"] as const;
const RUN = ["run", "--quiet", "--runtime", "gvisor"] as const;

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (name, caller) => {
  test("work is done in another kernel, and comes back with its modes and owner", (context) => {
    needs(context, ...FENCE);
    const cwd = caller.folder("work");
    writeFileSync(join(cwd, ".env"), "SECRET=1\n", { mode: 0o644 });
    const script =
      "cat /proc/version; id -u; cat .env 2>/dev/null; echo made >made; chmod 640 made; mkdir d && ln -s ../made d/link; kill -9 $$";
    const { status, stdout } = caller.ringfence([...RUN, "--", "sh", "-c", script], { cwd });
    const [version, uid, ...more] = stdout.trim().split("\n");
    expect(version).not.toBe(readFileSync("/proc/version", "utf8").trim());
    expect([Number(uid) === 0, more, status]).toEqual([false, [], 137]);
    const made = statSync(join(cwd, "made"));
    expect([made.mode & 0o7777, made.uid, existsSync(join(cwd, "d/link"))]).toEqual([0o640, statSync(cwd).uid, true]);
  });

  test("what the engine only says it did is not done to the host's file", (context) => {
    needs(context, ...FENCE);
    const cwd = caller.folder("work");
    const bound = caller.folder("bound");
    const tool = join(bound, "tool");
    caller.outside(["sh", "-c", 'echo tool >"$1" && chmod 755 "$1" && touch -d 2020-01-01 "$1"', "sh", tool], { cwd });
    const act = 'chmod 700 "$1"; touch -d 2001-01-01 "$1"; chown 7:7 "$1"; echo more >>"$1"; rm "$1"; true';
    const looks = (): unknown[] => {
      const { mode, uid, mtimeMs, size } = statSync(tool);
      return [mode & 0o7777, uid, mtimeMs, size];
    };
    const before = looks();
    caller.ringfence([...RUN, "--allow-read", bound, "--", "sh", "-c", act, "sh", tool], { cwd });
    expect(looks()).toEqual(before);
    caller.outside(["sh", "-c", act, "sh", tool], { cwd });
    expect(existsSync(tool)).toBe(false); // the control: outside, the same act does it
  });

  test("the only way out is the proxy, and exit codes are the command's", (context) => {
    needs(context, ...FENCE, "python3");
    const cwd = caller.folder("work");
    const out = "import socket; s=socket.socket(); s.settimeout(3); s.connect(('1.1.1.1', 443))";
    const script = `python3 -c "${out}" 2>/dev/null; echo $?; python3 -c 'import urllib.request as u; u.urlopen("http://example.com/")' 2>&1 | tail -1; exit 3`;
    const { status, stdout } = caller.ringfence([...RUN, "--", "sh", "-c", script], { cwd });
    expect([status, stdout.split("\n")[0]]).toEqual([3, "1"]);
    expect(stdout).toMatch(/403/);
    expect(caller.ringfence([...RUN, "--", "no-such-program"], { cwd }).status).toBe(127);
    expect(caller.ringfence([...RUN, "--", "/etc/passwd"], { cwd }).status).toBe(126);
  });

  test("signals arrive, a port is published, and a further command joins the same guest", async (context) => {
    needs(context, ...FENCE, "python3");
    const cwd = caller.folder("work");
    writeFileSync(join(cwd, "page"), "the page\n", { mode: 0o644 });
    const port = await freePort();
    const server = `trap 'echo told; exit 5' TERM; python3 -m http.server ${port} --bind 127.0.0.1 2>/dev/null & wait`;
    const argv = caller.as([launcher, ...RUN, "--port", `${port}`, "--", "sh", "-c", server]);
    const child = spawn(argv[0] ?? "", argv.slice(1), { cwd, env: caller.env, stdio: ["ignore", "pipe", "inherit"] });
    let said = "";
    child.stdout.on("data", (bytes) => {
      said += String(bytes);
    });
    const ended = once(child, "exit");
    expect(await page(port)).toBe("the page\n");
    const session = JSON.parse(caller.ringfence(["sessions", "--json"], { cwd }).stdout);
    const id = JSON.stringify(session).match(/\d{8}-\d{6}-[0-9a-f]{6}/)?.[0] ?? "";
    const further = caller.ringfence(["exec", id, "--", "sh", "-c", "cat; cat page; pgrep -c python3; exit 4"], {
      cwd,
      input: "input\n",
    });
    expect([further.status, further.stdout]).toEqual([4, "input\nthe page\n1\n"]);
    child.kill("SIGTERM");
    expect((await ended)[0]).toBe(5);
    expect(said).toBe("told\n");
  });

  test("a secret that appears in a read-only workspace is hidden in the engine's copy of it, too", async (context) => {
    needs(context, ...FENCE);
    const cwd = caller.folder("work");
    const look = "echo ready; read -r line; cat deep/open.txt deep/.env";
    const options = ["run", "--runtime", "gvisor", "--workspace", "read-only"];
    const argv = caller.as([launcher, ...options, "--", "sh", "-c", look]);
    const child = spawn(argv[0] ?? "", argv.slice(1), { cwd, env: caller.env, stdio: "pipe" });
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (bytes) => {
        const before = said;
        said += String(bytes);
        const isNew = (sign: string): boolean => said.includes(sign) && !before.includes(sign);
        const arrive = "mkdir ../deep; echo A=hunter2 >../deep/.env; echo open >../deep/open.txt; mv ../deep .";
        if (isNew("ready")) caller.outside(["sh", "-c", arrive], { cwd });
        if (isNew("masked `deep/.env`")) child.stdin.end("\n");
      });
    await once(child, "close");
    expect(said).toContain("open\n");
    expect(said).not.toContain("hunter2");
  });

  test("what it does not have is refused, never left out", (context) => {
    needs(context, ...FENCE);
    const cwd = caller.folder("work");
    const { status, stderr } = caller.ringfence([...RUN, "--workspace", "direct", "--", "true"], { cwd });
    expect(status).toBe(125);
    expect(stderr).toMatch(/in `runtime: gvisor` this does not hold: direct workspaces.*\nhint: /);
    const policy = join(folder, `${name}-reads.yaml`);
    writeFileSync(policy, "audit: { reads: all }\n");
    const reads = caller.ringfence([...RUN, "--policy", policy, "--", "true"], { cwd });
    expect([reads.status, reads.stderr]).toEqual([
      125,
      expect.stringContaining("this does not hold: the flight recorder"),
    ]);
    const summary = join(caller.folder("summary"), "summary.json");
    caller.ringfence([...RUN, "--json", summary, "--", "true"], { cwd });
    const { runtime } = JSON.parse(readFileSync(summary, "utf8"));
    expect([runtime.name, runtime.isolation, Object.keys(runtime.lacks)]).toEqual([
      "gvisor",
      "user-kernel",
      ["recorder", "direct", "programs", "landlock"],
    ]);
  });

  test("a run without runsc is refused with the mend, also when an earlier one worked", (context) => {
    needs(context, ...FENCE, "root");
    if (name !== "root") context.skip(true, "taking a program away needs root");
    const cwd = caller.folder("work");
    expect(caller.ringfence([...RUN, "--", "true"], { cwd }).status).toBe(0); // the control, which is remembered
    const away = 'mount --bind /dev/null /usr/bin/runsc && shift && exec "$@"';
    const argv = ["unshare", "-m", "--propagation", "private", "sh", "-c", away, "sh", "x", launcher, ...RUN];
    const { status, stderr } = caller.outside([...argv, "--", "touch", "ran"], { cwd });
    expect([status, existsSync(join(cwd, "ran"))]).toEqual([125, false]);
    expect(stderr).toMatch(/runsc is not installed.*\nhint: .*apt-get install -y runsc/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  server.close();
  return port;
}

async function page(port: number): Promise<string> {
  for (let tries = 0; tries < 60; tries++) {
    const got = spawnSync("curl", ["-sf", "--noproxy", "*", "-m", "2", `http://127.0.0.1:${port}/page`]);
    if (got.status === 0) return got.stdout.toString();
    await new Promise((wake) => setTimeout(wake, 250));
  }
  return "";
}
