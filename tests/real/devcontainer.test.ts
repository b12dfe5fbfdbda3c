// `ringfence run` inside somebody else's container: podman with its usual profile and masks, and with what `init --devcontainer|--compose` gives it.
// The outer container stands in the helper's nest, so that nothing of it is left on this machine.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { checkout, helperPath, launcher } from "../support/installation.ts";
import { type Feature, needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const NEEDED: readonly Feature[] = ["userns", "bubblewrap", "seccomp", "overlay", "helper", "git", "podman"];
const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-devcontainer-")));
const work = join(folder, "work");
mkdirSync(work);
afterAll(() => removeTree(folder));

/** What the outer container's engine is asked for, in the files that `init` wrote. */
let asked: readonly string[] = [];
beforeAll(() => {
  const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  spawnSync("git", ["init", "-q", work], { env });
  const made = spawnSync(launcher, ["init", "--compose"], { cwd: work, env, encoding: "utf8" });
  expect([made.status, made.stdout]).toEqual([0, ""]);
  const { agent } = parse(
    spawnSync("cat", [join(work, "compose.ringfence.yaml")], { encoding: "utf8" }).stdout,
  ).services;
  // podman's words for Docker's: it knows `systempaths` and `apparmor` only where there is something to say.
  asked = (agent.security_opt as readonly string[]).flatMap((option) =>
    option === "systempaths=unconfined" ? ["unmask=ALL"] : option.startsWith("apparmor") ? [] : [option],
  );
});

// The nest binds at m/0 the script, m/1 the work, m/2 the checkout. The caller is the one user of this container, root or not.
const OUTER = `cd /run/engine/rootfs && mkdir -p usr tmp work home dependencies && for name in bin sbin lib lib64; do ln -s usr/$name $name; done
exec podman --root /run/engine/root --runroot /run/engine/run --tmpdir /run/engine/outer --storage-driver vfs --cgroup-manager cgroupfs \\
  --events-backend none --runtime /usr/bin/crun run --rm --cgroups disabled --network none --log-driver none --ulimit host --passwd=false \\
  -v /usr:/usr:ro -v /etc:/etc:ro -v /run/engine/rootfs/m/2:/checkout:ro -v /run/engine/rootfs/m/1:/work -v "$NODE:$NODE:ro" \\
  --tmpfs /home:mode=777 --tmpfs /tmp -e HOME=/home -e XDG_STATE_HOME=/home/state -w /work`;

function inContainer(options: string, script: string): { readonly status: number | null; readonly said: string } {
  const file = join(folder, "outer.sh");
  const node = process.execPath;
  const run = `"${node}" /checkout/scripts/start.cjs`;
  const text = `NODE='${node}'\n${OUTER} ${options} --rootfs /run/engine/rootfs /bin/sh -c '${script.replaceAll("RINGFENCE", run)}'`;
  writeFileSync(file, text);
  const nest = ["nest", "--ro", file, "--rw", work, "--ro", checkout, "--", "/bin/sh", "/run/engine/rootfs/m/0"];
  const { status, stdout, stderr } = spawnSync(helperPath, nest, { encoding: "utf8", timeout: 60_000 });
  return { status, said: stdout + stderr };
}

const AS_ROOT = "--uidmap 0:0:1 --gidmap 0:0:1";
const AS_USER = "--uidmap 1000:0:1 --gidmap 1000:0:1 --user 1000:1000";

test("with an engine's usual options: refused, with the reason and the lines that help", (context) => {
  needs(context, ...NEEDED);
  const run = inContainer(AS_ROOT, "RINGFENCE run -- true");
  expect(run.status).toBe(125);
  const doctor = inContainer(AS_ROOT, "RINGFENCE doctor");
  expect(doctor.said).toContain("the engine covers parts of /proc");
  expect(doctor.said).toContain("ringfence init --devcontainer");
  expect(doctor.said).toContain("--security-opt seccomp=unconfined --security-opt unmask=ALL");
});

test("each half of what is missing is told apart", (context) => {
  needs(context, ...NEEDED);
  const masked = inContainer(`${AS_ROOT} --security-opt seccomp=unconfined`, "RINGFENCE doctor");
  expect(masked.said).toContain("the engine covers parts of /proc");
  const filtered = inContainer(`${AS_ROOT} --security-opt unmask=ALL`, "RINGFENCE doctor");
  expect(filtered.said).toContain("the engine's seccomp profile, or a dropped capability, refuses it");
});

test("with what `init` wrote: a fence, for an ordinary user without any capability and on a read-only root", (context) => {
  needs(context, ...NEEDED);
  const profile = "/run/engine/rootfs/m/1/ringfence-seccomp.json";
  const options = asked.map((option) => option.replace("./ringfence-seccomp.json", profile));
  const flags = options.map((option) => `--security-opt ${option}`).join(" ");
  const script = 'RINGFENCE run --quiet -- sh -c "grep -c 0000000000000000 /proc/self/status; echo in >made; exit 7"';
  const run = inContainer(`${AS_USER} --cap-drop ALL --read-only ${flags}`, script);
  expect([run.status, run.said]).toEqual([7, expect.stringMatching(/^\d+\n$/)]);
  expect(spawnSync("cat", [join(work, "made")], { encoding: "utf8" }).stdout).toBe("in\n");
});

test("init overwrites nothing, and follows no link out of the repository", (context) => {
  needs(context, "helper", "git");
  const env = { PATH: process.env["PATH"], HOME: folder, XDG_STATE_HOME: join(folder, "state") };
  const again = spawnSync(launcher, ["init", "--compose"], { cwd: work, env, encoding: "utf8" });
  expect(again.status).toBe(64);
  expect(again.stderr).toContain("`compose.ringfence.yaml` exists already, and is never overwritten");
  const elsewhere = join(folder, "elsewhere");
  mkdirSync(elsewhere);
  symlinkSync(elsewhere, join(work, ".devcontainer"));
  const linked = spawnSync(launcher, ["init", "--devcontainer"], { cwd: work, env, encoding: "utf8" });
  expect(linked.status).not.toBe(0);
  expect(readdirSync(elsewhere)).toEqual([]);
  rmSync(join(work, ".devcontainer"));
  const made = spawnSync(launcher, ["init", "--devcontainer"], { cwd: work, env, encoding: "utf8" });
  expect(made.status).toBe(0);
  expect(readdirSync(join(work, ".devcontainer")).sort()).toEqual([
    ...["devcontainer.json", "ringfence", "ringfence-seccomp.json"],
  ]);
});
