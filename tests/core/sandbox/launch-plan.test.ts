// A whole plan as bubblewrap's arguments and the helper's program: golden, because every word of them is a wall.
import { expect, test } from "vitest";
import { bwrapArguments, helperProgram, type SandboxPlan } from "#core/sandbox";

const plan: SandboxPlan = {
  mounts: [
    { kind: "ro-bind", source: "/usr", target: "/usr" },
    { kind: "symlink", to: "usr/bin", target: "/bin" },
    { kind: "dir", target: "/etc", mode: 0o755 },
    { kind: "file", target: "/etc/hostname", content: "ringfence\n" },
    { kind: "tmpfs", target: "/scratch", sizeBytes: 4096 },
    { kind: "bind", source: "/s/tmp", target: "/tmp" },
  ],
  workspace: { kind: "overlay", root: "/w,:\\", upper: "/s/1/upper", work: "/s/1/work", mask: "/s/1/mask" },
  writable: ["/w,:\\", "/tmp"],
  masked: ["/w,:\\/.env"],
  cwd: "/w,:\\",
  argv: ["sh", "-c", "echo 'ä'"],
  env: { PATH: "/usr/bin", A: "x=y\n" },
  uid: 1000,
  gid: 1001,
  hostname: "ringfence",
  bridge: { port: 3128, socketPath: "/s/1/proxy" },
  ports: [5173],
  streams: { stdinTty: false, stdoutTty: true, stderrTty: false },
  limits: { pids: 10, fileSizeBytes: 20, watchMemoryBytes: 30, openFiles: 40, processors: 2 },
};

test("bubblewrap's arguments", () => {
  expect(
    bwrapArguments(plan, "/opt/helper")
      .join(" ")
      .split(/ (?=--)/),
  ).toEqual([
    ...["--unshare-user", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup"],
    ...["--die-with-parent", "--as-pid-1", "--uid 0", "--gid 0", "--cap-add ALL", "--clearenv"],
    ...["--hostname ringfence", "--chdir /"],
    ...[
      "--ro-bind /usr /usr",
      "--symlink usr/bin /bin",
      "--perms 0755",
      "--dir /etc",
      "--size 4096",
      "--tmpfs /scratch",
    ],
    ...["--bind /s/tmp /tmp", "--dir /w,:\\", "--tmpfs /dev"],
    ...["null", "zero", "full", "random", "urandom", "tty"].map((name) => `--dev-bind /dev/${name} /dev/${name}`),
    ...["--proc /proc", "--tmpfs /.ringfence"],
    ...["--ro-bind /w,:\\ /.ringfence/lower", "--bind /s/1 /.ringfence/session", "--bind /s/1/mask /.ringfence/mask"],
    "--ro-bind /opt/helper /.ringfence/helper",
    "-- /.ringfence/helper fence",
  ]);
});

/** Reads netstring records back, as native/program.c does. */
function records(bytes: Uint8Array): readonly (readonly string[])[] {
  const text = Buffer.from(bytes);
  let at = 0;
  const next = (): Buffer => {
    const colon = text.indexOf(":", at);
    const end = colon + 1 + Number(text.toString("latin1", at, colon));
    expect(text[end]).toBe(0x2c);
    at = end + 1;
    return text.subarray(colon + 1, end);
  };
  const all: string[][] = [];
  while (at < text.length) all.push(Array.from({ length: Number(next().toString()) }, () => next().toString()));
  return all;
}

test("the helper's program", () => {
  expect(records(helperProgram(plan, "x64")).filter(([operation]) => operation !== "seccomp")).toEqual([
    ["file", "/etc/hostname", "ringfence\n"],
    ["whiteout", ".env"],
    [
      ...["overlay", "/.ringfence/lower", "/.ringfence/mask"],
      ...["/.ringfence/session/upper", "/.ringfence/session/work", "/w,:\\"],
    ],
    ...["/usr", "/etc/hostname", "/scratch", "/tmp", "/w,:\\"].map((path) => ["readable", path]),
    ...["/w,:\\", "/tmp"].map((path) => ["writable", path]),
    ["root", "/w,:\\"],
    ["cwd", "/w,:\\"],
    ["search", "/usr/bin"],
    ["user", "1000", "1001"],
    ["limits", "10", "20", "30"],
    ["open-files", "40"],
    ["processors", "2"],
    ["bridge", "3128"],
    ["port", "5173"],
    ["tty", "1"],
    ["env", "PATH=/usr/bin"],
    ["env", "A=x=y\n"],
    ["arg", "sh"],
    ["arg", "-c"],
    ["arg", "echo 'ä'"],
  ]);
});

test("a direct workspace is covered and guarded; a read-only one is covered", () => {
  const guard = { names: [".git/hooks"], exceptBelow: ["node_modules"] };
  const direct = records(
    helperProgram({ ...plan, masked: ["/w/.env"], workspace: { kind: "direct", root: "/w", guard } }, "x64"),
  );
  expect(direct.filter(([word]) => word === "cover" || word?.startsWith("guard"))).toEqual([
    ["cover", "/w/.env"],
    ["guard", ".git/hooks"],
    ["guard-except", "node_modules"],
  ]);
  const still = { ...plan, masked: ["/w/.env"], workspace: { kind: "read-only", root: "/w" } } as const;
  expect(bwrapArguments(still, "/h").join(" ")).toContain("--ro-bind /w /w");
});
