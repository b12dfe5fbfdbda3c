// A plan in gVisor: what runsc is told, what it may ask of the host's kernel, and that the agent in it gets the session's filter and no privilege.
import { describe, expect, it } from "vitest";
import { runscCommand, runscPlan, type SandboxPlan, seccompFilter } from "#core/sandbox";
import table from "../../../src/core/sandbox/seccomp.json" with { type: "json" };
import { runFilter } from "../../support/bpf.ts";

const plan: SandboxPlan = {
  mounts: [{ kind: "ro-bind", source: "/usr", target: "/usr" }],
  workspace: { kind: "overlay", root: "/w", upper: "/s/upper", work: "/s/work", mask: "/s/mask" },
  masked: [],
  writable: [],
  cwd: "/w/sub",
  argv: ["sh", "-c", "true"],
  env: { PATH: "/usr/bin", TOKEN: "placeholder" },
  uid: 1000,
  gid: 1001,
  hostname: "ringfence",
  ports: [],
  streams: { stdinTty: false, stdoutTty: false, stderrTty: false },
  limits: { pids: 100, fileSizeBytes: 5, watchMemoryBytes: 7, openFiles: 0, processors: 0 },
  recorder: { reads: "none" },
};
const engine = runscPlan(plan, { runsc: "/usr/bin/runsc", helper: "/h", begun: "/s/begun", architecture: "x64" });
const guest = ["/run/ringfence/guest", "guest", "1000", "1001", "/run/ringfence/filter"];

function file(target: string): string | Uint8Array | undefined {
  return engine.mounts.flatMap((mount) => (mount.kind === "file" && mount.target === target ? [mount.content] : []))[0];
}

describe("the engine's plan", () => {
  it("keeps the view and the workspace, and starts runsc in place of the command, without its environment", () => {
    expect(engine.mounts.slice(0, 1)).toEqual(plan.mounts);
    expect(engine.workspace).toEqual(plan.workspace);
    expect([engine.argv.at(0), engine.argv.at(-1), engine.env]).toEqual([
      "/.engine/runsc",
      "agent",
      { PATH: "/usr/bin:/bin" },
    ]);
    expect(engine.recorder).toBeUndefined();
    // The engine's memory is a file, and its threads count.
    expect([engine.limits.fileSizeBytes, engine.limits.pids > 100, engine.limits.watchMemoryBytes]).toEqual([
      0,
      true,
      7,
    ]);
  });

  it("starts the command as the session's user, by a step that needs three capabilities of the guest's kernel alone", () => {
    const config = JSON.parse(String(file("/.engine/bundle/config.json")));
    expect(config.process.args).toEqual([...guest, "/run/ringfence/begun", "--", ...plan.argv]);
    expect(config.process.env).toEqual(["PATH=/usr/bin", "TOKEN=placeholder"]);
    expect([config.process.cwd, config.process.noNewPrivileges, config.root.path]).toEqual([
      "/w/sub",
      true,
      "/.engine/root",
    ]);
    expect(config.process.capabilities.bounding).toEqual(["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]);
    expect(config.process.rlimits.map(({ type, hard }: { type: string; hard: number }) => [type, hard])).toEqual([
      ["RLIMIT_FSIZE", 5],
      ["RLIMIT_NPROC", 100],
    ]);
    expect(file("/run/ringfence/filter")).toEqual(seccompFilter({ architecture: "x64", refuseSetGroupId: false }));
  });

  it("takes a further command the same way, and says only what differs in arguments", () => {
    const command = { argv: ["id"], cwd: "/w", env: { TERM: "xterm" }, streams: plan.streams };
    const { argv, env, cwd } = runscCommand(plan, command);
    expect(argv.slice(argv.indexOf("exec"))).toEqual([
      ...["exec", "--user", "0:0", "--cwd", "/w", "--env", "TERM=xterm", "agent"],
      ...[...guest, "-", "--", "id"],
    ]);
    expect([env, cwd, argv.join(" ").includes("placeholder")]).toEqual([{}, "/", false]);
  });
});

describe("the engine's filter", () => {
  const { audit, numbers } = table.architectures.x64;
  const filter = seccompFilter({ architecture: "x64", refuseSetGroupId: false, engine: true });
  const judge = (name: keyof typeof numbers, ...values: readonly number[]): number =>
    runFilter(filter, { number: numbers[name], audit, arguments: values.map(BigInt) });
  const ALLOW = 0x7fff0000;
  const refused = (errno: number): number => 0x50000 | errno;
  const NEWNS = 0x20000;
  const NEWUSER = 0x10000000;
  const NEWCGROUP = 0x2000000;

  it.each([
    ["its own root", "mount", [], ALLOW],
    ["its own mount namespace", "clone", [NEWNS], ALLOW],
    ["no user namespace", "clone", [NEWUSER | NEWNS], refused(1)],
    ["no cgroup namespace", "unshare", [NEWCGROUP], refused(1)],
    ["routes", "socket", [16, 3, 0], ALLOW],
    ["no other netlink", "socket", [16, 3, 15], refused(93)],
    ["nothing raw", "socket", [2, 3, 6], refused(1)],
    ["no vsock", "socket", [40, 1, 0], refused(97)],
    ["TCP", "socket", [2, 1, 6], ALLOW],
    ["no keyrings", "keyctl", [], refused(1)],
    ["no programs in the kernel", "bpf", [], refused(1)],
    ["no io_uring", "io_uring_setup", [], refused(38)],
    ["no joining of namespaces", "setns", [], refused(1)],
    ["no newer mount calls", "move_mount", [], refused(1)],
    ["no modules", "finit_module", [], refused(1)],
    ["no device nodes", "mknodat", [0, 0, 0o20000], refused(1)],
    ["no set-user-ID", "fchmodat", [0, 0, 0o4755], refused(1)],
  ] as const)("%s", (_, name, values, want) => {
    expect(judge(name, ...values)).toBe(want);
  });
});
