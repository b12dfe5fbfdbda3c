// A plan as a container: what the nest binds, what podman is told, and how the helper makes the root. No path of a plan reaches the engine.
import { expect, test } from "vitest";
import { containerPlan, containerProfile, nestArguments, type SandboxPlan, seccompFilter } from "#core/sandbox";

const plan: SandboxPlan = {
  mounts: [
    { kind: "ro-bind", source: "/usr", target: "/usr" },
    { kind: "symlink", to: "usr/bin", target: "/bin" },
    { kind: "dir", target: "/etc", mode: 0o750 },
    { kind: "file", target: "/etc/hostname", content: "ringfence\n" },
    { kind: "tmpfs", target: "/scratch", sizeBytes: 1024 },
    { kind: "live", source: "/s/a,ro=false:O", target: '/s/"a' },
  ],
  workspace: { kind: "overlay", root: "/w,:\\", upper: "/s/1/upper", work: "/s/1/work", mask: "/s/1/mask" },
  masked: [],
  writable: [],
  cwd: "/w,:\\",
  argv: ["true"],
  env: {},
  uid: 1000,
  gid: 1000,
  hostname: "ringfence",
  ports: [],
  streams: { stdinTty: false, stdoutTty: false, stderrTty: false },
  limits: { pids: 0, fileSizeBytes: 0, watchMemoryBytes: 0, openFiles: 0, processors: 0 },
};
const use = { profile: "/p.json", podman: "/usr/bin/podman", ociRuntime: "/usr/bin/crun", hostname: plan.hostname };

test("the root, in the plan's order", () => {
  expect(containerPlan(plan).root.map((record) => record.join(" "))).toEqual([
    "place /m/0 /usr",
    "link usr/bin /bin",
    "folder 750 /etc",
    "space 1024 /scratch",
    'place /m/1 /s/"a',
    "folder 755 /w,:\\",
    "space 0 /dev",
    ...["null", "zero", "full", "random", "urandom", "tty"].map((name) => `place /dev/${name} /dev/${name}`),
    "space 0 /.ringfence",
    "place /m/2 /.ringfence/lower",
    "place /m/3 /.ringfence/session",
    "place /m/4 /.ringfence/mask",
  ]);
});

test("what the nest binds: only what may be written is writable", () => {
  const [nest, engine] = nestArguments(containerPlan(plan), use).join("\n").split("\n--\n");
  expect(nest?.split("\n")).toEqual([
    ...["nest", "--profile", "/p.json", "--ro", "/usr", "--rw", "/s/a,ro=false:O", "--ro", "/w,:\\"],
    ...["--rw", "/s/1", "--rw", "/s/1/mask"],
  ]);
  expect(
    engine
      ?.split("\n")
      .join(" ")
      .split(/ (?=--)/),
  ).toEqual([
    ...["/usr/bin/podman", "--root /run/engine/root", "--runroot /run/engine/run", "--tmpdir /run/engine/tmp"],
    ...["--storage-driver vfs", "--cgroup-manager cgroupfs", "--events-backend none", "--runtime /usr/bin/crun run"],
    ...["--rm", "--name fence", "--log-driver none", "--preserve-fds 8", "--read-only", "--read-only-tmpfs=false"],
    ...["--security-opt no-new-privileges", "--security-opt seccomp=/run/engine/seccomp.json"],
    ...["--security-opt label=disable", "--security-opt unmask=ALL", "--cap-drop ALL"],
    ...["SETFCAP", "SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP", "SYS_RESOURCE"]
      .concat([
        "DAC_OVERRIDE",
        "DAC_READ_SEARCH",
        "CHOWN",
        "FOWNER",
        "FSETID",
        "KILL",
        "MKNOD",
        "NET_ADMIN",
        "NET_BIND_SERVICE",
      ])
      .map((name) => `--cap-add ${name}`),
    ...["--uidmap 0:0:1", "--gidmap 0:0:1", "--network none", "--ipc private", "--pid private", "--uts private"],
    ...["--cgroupns private", "--hostname ringfence", "--cgroups disabled", "--ulimit host", "--no-hosts"],
    ...["--http-proxy=false", "--unsetenv-all", "--systemd false", "--sdnotify ignore", "--pull never"],
    "--rootfs /run/engine/rootfs /helper fence",
  ]);
});

test("nothing of a plan reaches the engine's arguments", () => {
  const engine = nestArguments(containerPlan(plan), use).join("\n").split("\n--\n")[1] ?? "";
  for (const word of ["/w", "/s/", "/etc", "ro=false"]) expect(engine).not.toContain(word);
});

test("the engine's profile holds what an agent may call, and nothing that loads code into the kernel or sees into it", () => {
  for (const architecture of ["x64", "arm64"] as const) {
    const profile = JSON.parse(containerProfile(architecture));
    const [{ names }] = profile.syscalls;
    expect(profile).toMatchObject({ defaultAction: "SCMP_ACT_ERRNO", syscalls: [{ action: "SCMP_ACT_ALLOW" }] });
    expect(names).toEqual(expect.arrayContaining(["openat", "execve", "mount", "ptrace"]));
    for (const name of [
      "bpf",
      "io_uring_setup",
      "perf_event_open",
      "userfaultfd",
      "init_module",
      "kexec_load",
      "reboot",
    ])
      expect(names).not.toContain(name);
    expect(seccompFilter({ architecture, refuseSetGroupId: false }).length).toBeGreaterThan(0);
  }
});
