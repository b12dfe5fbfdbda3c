// The filter's bytes, run by an interpreter of our own over every call number of both machines and every judged argument.
import { expect, test } from "vitest";
import table from "../../../src/core/sandbox/seccomp.json" with { type: "json" };
import { type Architecture, seccompFilter } from "../../../src/core/sandbox/seccomp.ts";
import { runFilter } from "../../support/bpf.ts";

const ALLOW = 0x7fff0000;
const KILL = 0x80000000;
const errno = (number: number): number => 0x50000 | number;
const EPERM = errno(1);
const ENOSYS = errno(38);
const machines: readonly Architecture[] = ["x64", "arm64"];

interface Options {
  readonly machine?: Architecture;
  readonly setGroupId?: boolean;
}

function judge(name: string, values: readonly (number | bigint)[] = [], options: Options = {}): number {
  const architecture = options.machine ?? "x64";
  const { audit, numbers } = table.architectures[architecture];
  const number = (numbers as Readonly<Record<string, number>>)[name];
  if (number === undefined) throw new Error(`no call ${name} on ${architecture}`);
  const filter = seccompFilter({ architecture, refuseSetGroupId: options.setGroupId ?? false });
  return runFilter(filter, { number, audit, arguments: values.map((value) => BigInt(value)) });
}

test.each(machines)("every number of %s gets what the table says, and every other does not exist", (architecture) => {
  const machine = table.architectures[architecture];
  const filter = seccompFilter({ architecture, refuseSetGroupId: true });
  const allowed = new Set(table.allow.flatMap((group) => group.calls));
  const refused = new Set(table.refuse.flatMap((group) => group.calls));
  const names = new Map(Object.entries(machine.numbers).map(([name, number]) => [number, name]));
  // Values that no condition objects to where one is set: AF_UNIX stream sockets, no flags.
  const harmless: Readonly<Record<string, readonly bigint[]>> = { socket: [1n, 1n], socketpair: [1n, 1n] };
  for (let number = 0; number < 1024; number++) {
    const name = names.get(number) ?? "";
    const got = runFilter(filter, {
      number,
      audit: machine.audit,
      arguments: harmless[name] ?? [0n, 0n, 0n, 0n, 0n, 0n],
    });
    const want = allowed.has(name) ? ALLOW : refused.has(name) ? EPERM : ENOSYS;
    expect({ number, name, got }).toEqual({ number, name, got: want });
  }
});

test.each(machines)("a foreign machine's call on %s kills, whatever its number", (architecture) => {
  const filter = seccompFilter({ architecture, refuseSetGroupId: false });
  for (const audit of [0x40000003, 0x40000028, 0, 0xffffffff]) {
    for (const number of [0, 1, 59, 102, 465]) expect(runFilter(filter, { number, audit, arguments: [] })).toBe(KILL);
  }
});

test("x32 calls and negative numbers do not exist", () => {
  const filter = seccompFilter({ architecture: "x64", refuseSetGroupId: false });
  for (const number of [0x40000000, 0x40000001, 0x40000209, -1]) {
    expect(runFilter(filter, { number, audit: table.architectures.x64.audit, arguments: [] })).toBe(ENOSYS);
  }
});

const NEW = {
  ns: 0x20000,
  cgroup: 0x2000000,
  uts: 0x4000000,
  ipc: 0x8000000,
  user: 0x10000000,
  pid: 0x20000000,
  net: 0x40000000,
};

test.each(Object.entries(NEW))("no new %s namespace, alone or among other flags", (_, flag) => {
  for (const call of ["clone", "unshare"]) {
    expect(judge(call, [flag])).toBe(EPERM);
    expect(judge(call, [flag | 0x11])).toBe(EPERM);
    expect(judge(call, [BigInt(flag) | (1n << 40n)])).toBe(EPERM);
  }
});

test("threads, forks and the harmless unshares remain; clone3 does not exist", () => {
  expect(judge("clone", [0x3d0f00])).toBe(ALLOW);
  expect(judge("clone", [17])).toBe(ALLOW);
  expect(judge("unshare", [0x600])).toBe(ALLOW);
  expect(judge("unshare", [0x80])).toBe(EPERM);
  expect(judge("clone3")).toBe(ENOSYS);
  expect(judge("io_uring_setup")).toBe(ENOSYS);
  expect(judge("openat2")).toBe(ENOSYS);
});

test("only AF_UNIX, AF_INET and AF_INET6, nothing raw, nothing exotic, whatever stands in the high half", () => {
  for (let family = 0; family < 64; family++) {
    const good = [1, 2, 10].includes(family);
    expect(judge("socket", [family, 1, 0])).toBe(good ? ALLOW : errno(97));
    expect(judge("socket", [BigInt(family) | (7n << 32n), 1n, 0n])).toBe(good ? ALLOW : errno(97));
  }
  for (let type = 0; type < 16; type++) {
    const want = type === 5 ? errno(93) : [1, 2].includes(type) ? ALLOW : EPERM;
    expect(judge("socket", [2, type, 0])).toBe(want);
    expect(judge("socket", [2, type | 0x80800, 0])).toBe(want);
  }
  expect(judge("socket", [2, 1, 262])).toBe(errno(93));
  expect(judge("socket", [2, 2, 17])).toBe(ALLOW);
  expect(judge("socketpair", [2, 1])).toBe(errno(97));
});

test("sequenced packets are AF_UNIX's alone", () => {
  expect(judge("socket", [1, 5, 0])).toBe(ALLOW);
  expect(judge("socket", [10, 5 | 0x80000, 0])).toBe(errno(93));
});

test("sockets take no filters, no protocol on top of TCP and no urgent bytes; their ordinary options remain", () => {
  for (const option of [26, 50, 51, 52]) expect(judge("setsockopt", [3, 1, option])).toBe(EPERM);
  for (const option of [2, 9, 15, 20, 21]) expect(judge("setsockopt", [3, 1, option])).toBe(ALLOW);
  expect(judge("setsockopt", [3, 6, 31])).toBe(errno(92));
  expect(judge("setsockopt", [3, 6, 1])).toBe(ALLOW);
  expect(judge("setsockopt", [3, 41, 26])).toBe(ALLOW);
  for (const call of ["sendto", "recvfrom", "sendmmsg", "recvmmsg"]) {
    expect([call, judge(call, [3, 0, 0, 1])]).toEqual([call, errno(95)]);
    expect([call, judge(call, [3, 0, 0, 0x4041])]).toEqual([call, errno(95)]);
    expect([call, judge(call, [3, 0, 0, 0x4040])]).toEqual([call, ALLOW]);
  }
  for (const call of ["sendmsg", "recvmsg"]) {
    expect([call, judge(call, [3, 0, 1])]).toEqual([call, errno(95)]);
    expect([call, judge(call, [3, 0, 0x40000000])]).toEqual([call, ALLOW]);
  }
});

test("a filter may be loaded, but none that asks another process", () => {
  expect(judge("seccomp", [1, 8])).toBe(EPERM);
  expect(judge("seccomp", [1, 0x29])).toBe(EPERM);
  expect(judge("seccomp", [1, 1])).toBe(ALLOW);
  expect(judge("seccomp", [3, 8])).toBe(ALLOW);
});

test("process 1, which starts further commands, is not slowed and not limited from inside", () => {
  for (const call of ["prlimit64", "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler"]) {
    expect([call, judge(call, [1])]).toEqual([call, EPERM]);
    expect([call, judge(call, [0])]).toEqual([call, ALLOW]);
    expect([call, judge(call, [(7n << 32n) | 1n])]).toEqual([call, EPERM]);
  }
  expect(
    [
      [0, 1],
      [2, 0],
      [2, 1000],
    ].map((values) => judge("setpriority", values)),
  ).toEqual([EPERM, EPERM, EPERM]);
  expect(
    [
      [0, 0],
      [0, 2],
      [1, 1],
    ].map((values) => judge("setpriority", values)),
  ).toEqual([ALLOW, ALLOW, ALLOW]);
  expect(
    [
      [1, 1],
      [3, 0],
    ].map((values) => judge("ioprio_set", values)),
  ).toEqual([EPERM, EPERM]);
  expect(
    [
      [1, 0],
      [1, 2],
      [2, 1],
    ].map((values) => judge("ioprio_set", values)),
  ).toEqual([ALLOW, ALLOW, ALLOW]);
});

test("a terminal cannot be typed into, also with bits above the 32 that the kernel reads", () => {
  for (const command of [0x5412, 0x541c, 0x5423, 0x541d]) {
    expect(judge("ioctl", [0, command])).toBe(EPERM);
    expect(judge("ioctl", [0n, BigInt(command) | (1n << 32n)])).toBe(EPERM);
    expect(judge("ioctl", [0n, BigInt(command) | 0xffffffff00000000n])).toBe(EPERM);
  }
  for (const command of [0x5401, 0x5413, 0x5414, 0x540e]) expect(judge("ioctl", [0, command])).toBe(ALLOW);
});

test.each(machines)("on %s set-user-ID is refused in every way to give a mode; plain modes are not", (machine) => {
  const ways: readonly (readonly [string, (mode: number) => readonly number[]])[] = [
    ["fchmod", (mode) => [3, mode]],
    ["fchmodat", (mode) => [3, 0, mode]],
    ["fchmodat2", (mode) => [3, 0, mode]],
    ["mknodat", (mode) => [3, 0, mode | 0o100000]],
    ["openat", (mode) => [3, 0, 0o101, mode]],
    ["openat", (mode) => [3, 0, 0o20200002, mode]],
    ...(machine === "x64"
      ? ([
          ["chmod", (mode: number) => [0, mode]],
          ["creat", (mode: number) => [0, mode]],
          ["open", (mode: number) => [0, 0o101, mode]],
        ] as const)
      : []),
  ];
  for (const [call, values] of ways) {
    expect([call, judge(call, values(0o4755), { machine })]).toEqual([call, EPERM]);
    expect([call, judge(call, values(0o755), { machine })]).toEqual([call, ALLOW]);
    expect([call, judge(call, values(0o2755), { machine })]).toEqual([call, ALLOW]);
    expect([call, judge(call, values(0o2755), { machine, setGroupId: true })]).toEqual([call, EPERM]);
  }
  // Without O_CREAT the fourth argument is whatever the register held.
  expect(judge("openat", [3, 0, 0, 0o4755], { machine })).toBe(ALLOW);
});

test("device nodes, memory maps of other programs and odd personalities are refused; a debugger's are not", () => {
  expect(judge("mknod", [0, 0o020666])).toBe(EPERM);
  expect(judge("mknodat", [0, 0, 0o060666])).toBe(EPERM);
  expect(judge("mknod", [0, 0o010644])).toBe(ALLOW);
  expect(judge("prctl", [35])).toBe(EPERM);
  expect(judge("prctl", [4])).toBe(ALLOW);
  expect(judge("personality", [0x40000])).toBe(ALLOW);
  expect(judge("personality", [0xffffffff])).toBe(ALLOW);
  expect(judge("personality", [0x400000])).toBe(EPERM);
});
