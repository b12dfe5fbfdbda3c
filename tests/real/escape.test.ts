// Acts of a hostile command against the host: each works outside, for this very caller, and fails in the fence.
// The acts are one C program (tests/support/native/acts/); what they look for on the host is made here and by bait.py.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readdirSync, realpathSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Caller, callersIn } from "../support/caller.ts";
import { checkout, launcher } from "../support/installation.ts";
import { type Feature, needs } from "../support/needs.ts";
import { removeTree } from "../support/tmp.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "ringfence-escape-")));
chmodSync(folder, 0o755);
const binary = join(folder, "acts");
const callers = callersIn(folder);
const number = 0x52460000 + (process.pid & 0xffff);
const socket = join(folder, "host.sock");
let bait: ChildProcess;
let port = "";

beforeAll(async () => {
  const acts = join(checkout, "tests/support/native/acts");
  const sources = readdirSync(acts).filter((name) => name.endsWith(".c"));
  const flags = ["-O1", "-static", "-Wall", "-Wextra", "-Werror"];
  execFileSync("gcc", [...flags, "-o", binary, ...sources.map((name) => join(acts, name))]);
  bait = spawn("python3", [join(checkout, "tests/support/bait.py"), `${number}`, socket], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  port = await new Promise((settle) =>
    bait.stdout?.once("data", (line) => settle(String(line).split(" ", 1)[0] ?? "")),
  );
  mkdirSync(join(folder, "sibling"));
  writeFileSync(join(folder, "sibling/secret.txt"), "a secret\n", { mode: 0o666 });
  chmodSync(join(folder, "sibling/secret.txt"), 0o666);
});
afterAll(async () => {
  const gone = new Promise((settle) => bait.once("exit", settle));
  bait.stdin?.end();
  await gone;
  removeTree(folder);
});

/** `NAME` → what the act said. */
type Answers = ReadonlyMap<string, string>;

function answers(stdout: string): Answers {
  return new Map(stdout.split("\n").flatMap((line) => (line === "" ? [] : [line.split(" ") as [string, string]])));
}

/** The same acts outside and inside, with a process of this caller to aim at. */
function both(
  caller: Caller,
  options: readonly string[] = [],
  without: readonly string[] = [],
): { readonly outside: Answers; readonly inside: Answers } {
  const cwd = caller.folder("work");
  const bound = caller.folder("bound");
  caller.outside(["sh", "-c", 'cat /bin/true > "$1" && chmod 755 "$1"', "sh", join(bound, "tool")], { cwd });
  copyFileSync(binary, join(cwd, "acts"));
  chmodSync(join(cwd, "acts"), 0o755);
  // The target lives with the control in one session, and the key in that session's own ring.
  const settings = [
    "pid=PID",
    "key=acts-key",
    `secret=${join(folder, "sibling/secret.txt")}`,
    `sibling=${join(folder, "sibling")}`,
    `shm=${number}`,
    `mqueue=/ringfence-acts-${number}`,
    `abstract=ringfence-acts-${number}`,
    `socket=${socket}`,
    `tcp=${port}`,
    `bound=${join(bound, "tool")}`,
    `fresh=${join(cwd, "fresh")}`,
  ].join(" ");
  const aimed = (run: string): readonly string[] => {
    const script = `sleep 60 & target=$!; ${run.replace("PID", "$target")}; status=$?; kill $target; exit $status`;
    return ["./acts", "keep-key", "acts-key", "sh", "-c", script];
  };
  const acts = `./acts ${settings} --`;
  const outside = caller.outside(aimed(acts), { cwd });
  const words = ["run", "--quiet", "--allow-read", bound, ...options, "--", "sh", "-c"].map((word) => `'${word}'`);
  const wanted = [...answers(outside.stdout).keys()].filter((name) => !without.includes(name)).join(" ");
  const inside = caller.outside(aimed(`'${launcher}' ${words.join(" ")} "${acts} ${wanted}"`), { cwd });
  expect(inside.stderr).toBe("");
  return { outside: answers(outside.stdout), inside: answers(inside.stdout) };
}

// Some acts are the root's alone, some fail everywhere for their own reasons: those prove nothing for that caller and are not counted.
// At least these must have worked outside, or the control itself is broken.
const SURE = [
  "read_secret",
  "list_sibling",
  "write_sibling",
  "proc_root",
  "by_handle",
  "signal_host",
  "environ_host",
  "memory_host",
]
  .concat([
    "trace_host",
    "pidfd_host",
    "limits_host",
    "keyring_secret",
    "keyring_add",
    "shm_secret",
    "sem_host",
    "msg_host",
    "mqueue_host",
  ])
  .concat([
    "unix_abstract",
    "unix_path",
    "tcp_host",
    "net_netlink",
    "net_vsock",
    "userns",
    "clone_flags",
    "clone_3",
    "uring",
  ])
  .concat(["bound_mode", "bound_owner", "bound_times", "bound_attribute", "bound_list", "bound_write", "bound_lease"])
  .concat(["set_user_id", "open_user_id", "statmounts", "read_implies_exec"])
  .concat(["listener", "socket_filter", "socket_upper", "urgent", "urgent_message", "own_process_file"]);

/** Where the acts are tried, and what that needs beside the fence. */
const RUNTIMES: readonly (readonly [string, ...Feature[]])[] = [
  ["process"],
  ["container", "podman"],
  ["gvisor", "runsc"],
];

// In a kernel of the agent's own, process 1 is its own command and /dev/null its own device; and gVisor says that it changed the mode, owner or times of
// a file that it cannot change: what becomes of the host's file is looked at in gvisor.test.ts.
const OWN: Readonly<Record<string, readonly string[]>> = {
  gvisor: ["inner_memory", "inner_environ", "inner_files", "inner_root", "inner_signal", "inner_seize"].concat([
    ...["null_mode", "null_times", "bound_mode", "bound_owner", "bound_times", "own_process_file"],
  ]),
};

describe.each(callers.map((caller) => [caller.name, caller] as const))("%s", (_, caller) => {
  test.for(RUNTIMES)("no act that works outside works inside: runtime %s", ([runtime, ...features], context) => {
    needs(context, "userns", "bubblewrap", "seccomp", "overlay", "helper", "gcc", "python3", ...features);
    const { outside, inside } = both(caller, ["--runtime", runtime], OWN[runtime]);
    expect(SURE.filter((name) => outside.get(name) !== "ok")).toEqual([]);
    expect([...inside.keys()]).toEqual([...outside.keys()].filter((name) => OWN[runtime]?.includes(name) !== true));
    expect([...inside].filter(([, said]) => said === "ok").map(([name]) => name)).toEqual([]);
  });
});
