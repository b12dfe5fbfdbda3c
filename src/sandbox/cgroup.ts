// Memory, process and CPU limits by cgroup, version 1 or 2, where the caller may make one (cgroups(7)).
// A root caller usually may; an ordinary user where systemd delegated a subtree. Otherwise the caller of this room
// falls back (systemd scope, watched memory) and says so: `openCgroup` answers `undefined` with the reason.
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmdirSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { type Freezer, freezerOf } from "./freezer.ts";

/** What to limit; zero means: not by cgroup. */
export interface CgroupLimits {
  readonly memoryBytes: number;
  readonly pids: number;
  readonly cpus: number;
}

/** One session's cgroup: join it by writing to every file of `procs`, in order. */
export interface Cgroup {
  readonly version: 1 | 2;
  readonly procs: readonly string[];
  /** Which limits the kernel really took. */
  readonly holds: { readonly memory: boolean; readonly pids: boolean; readonly cpu: boolean };
  /** Where version 2 is there, beside version 1 too. */
  readonly freezer?: Freezer;
  /** What hit its limit so far. */
  hits(): { readonly memory: boolean; readonly pids: boolean };
  /** Removes the (by then empty) groups; idempotent. */
  close(): void;
}

// ringfence-PID_NAMESPACE-SUPERVISOR_PID-SESSION. A group is stale when its supervisor is gone. Of another pid namespace (a container with the same
// cgroup tree) that number says nothing, and a group that nobody has joined yet would go: there, only what is old counts as left.
const NAME = /^ringfence-(?<namespace>\d+)-(?<supervisor>\d+)-/;
const OLD_MS = 3_600_000;

/** Makes the session's cgroup, or says why there is none. Groups left by killed sessions are removed first. */
export function openCgroup(session: string, limits: CgroupLimits): Cgroup | { readonly reason: string } {
  const own = ownGroups();
  const unified = own.get("");
  if (unified !== undefined && (controllers(unified).has("memory") || controllers(unified).has("pids"))) {
    return openV2(unified, session, limits);
  }
  if (own.has("memory") || own.has("pids")) return openV1(own, session, limits);
  return { reason: "no cgroup controller for memory or processes is mounted" };
}

function openV2(own: string, session: string, limits: CgroupLimits): Cgroup | { readonly reason: string } {
  // A group with processes of its own may not hand controllers down (cgroups(7), "no internal processes"): try the parent too.
  for (const parent of [own, dirname(own)]) {
    const group = join(parent, groupName(session));
    try {
      removeStale(parent);
      if (!existsSync(join(parent, "cgroup.subtree_control"))) continue;
      const handed = words(join(parent, "cgroup.subtree_control"));
      if (!handed.includes("memory") || !handed.includes("pids")) {
        writeFileSync(join(parent, "cgroup.subtree_control"), "+memory +pids +cpu");
      }
      mkdirSync(group);
      const memory = write(group, "memory.max", limits.memoryBytes) && limits.memoryBytes > 0;
      write(group, "memory.swap.max", limits.memoryBytes > 0 ? 0 : undefined);
      const pids = write(group, "pids.max", limits.pids);
      const cpu = write(group, "cpu.max", limits.cpus > 0 ? `${Math.round(limits.cpus * 100_000)} 100000` : undefined);
      const freezer = existsSync(join(group, "cgroup.freeze")) ? freezerOf(group) : undefined;
      return {
        version: 2,
        ...(freezer === undefined ? {} : { freezer }),
        procs: [join(group, "cgroup.procs")],
        holds: { memory, pids, cpu },
        hits: () => ({
          memory: counter(join(group, "memory.events"), "oom_kill") > 0,
          pids: counter(join(group, "pids.events"), "max") > 0,
        }),
        close: () => {
          freezer?.close();
          remove(group);
        },
      };
    } catch {
      remove(group); // not ours to make: the next parent, or the fallback
    }
  }
  return { reason: "the cgroup tree is not writable for this user" };
}

function openV1(
  own: ReadonlyMap<string, string>,
  session: string,
  limits: CgroupLimits,
): Cgroup | { readonly reason: string } {
  const made = new Map<string, string>();
  // The version 2 tree has no controller beside version 1, but its freezer.
  for (const controller of ["memory", "pids", "cpu", ""]) {
    const parent = own.get(controller);
    if (parent === undefined) continue;
    try {
      removeStale(parent);
      const group = join(parent, groupName(session));
      mkdirSync(group);
      made.set(controller, group);
    } catch {
      // not ours to make: this controller stays with the fallback
    }
  }
  const inGroup = (controller: string, file: string, value: number | string | undefined): boolean => {
    const group = made.get(controller);
    return group !== undefined && write(group, file, value);
  };
  const holds = {
    memory: inGroup("memory", "memory.limit_in_bytes", limits.memoryBytes > 0 ? limits.memoryBytes : undefined),
    pids: inGroup("pids", "pids.max", limits.pids > 0 ? limits.pids : undefined),
    cpu: inGroup("cpu", "cpu.cfs_quota_us", limits.cpus > 0 ? Math.round(limits.cpus * 100_000) : undefined),
  };
  inGroup("memory", "memory.memsw.limit_in_bytes", limits.memoryBytes > 0 ? limits.memoryBytes : undefined);
  if (made.size === 0) return { reason: "the cgroup tree is not writable for this user" };
  const groups = [...made.values()];
  const unified = made.get("");
  const freezer = unified !== undefined && existsSync(join(unified, "cgroup.freeze")) ? freezerOf(unified) : undefined;
  return {
    version: 1,
    ...(freezer === undefined ? {} : { freezer }),
    procs: groups.map((group) => join(group, "cgroup.procs")),
    holds,
    hits: () => ({
      memory: counter(join(made.get("memory") ?? "/nonexistent", "memory.oom_control"), "oom_kill") > 0,
      pids: counter(join(made.get("pids") ?? "/nonexistent", "pids.events"), "max") > 0,
    }),
    close: () => {
      freezer?.close();
      groups.forEach(remove);
    },
  };
}

/** The folder of this process's own group for each version 1 controller, and for `""` the version 2 tree. */
function ownGroups(): ReadonlyMap<string, string> {
  const mounted = new Map<string, string>();
  for (const line of readFileSync("/proc/self/mountinfo", "utf8").split("\n")) {
    const [before = "", after = ""] = line.split(" - ");
    const [type, , options = ""] = after.split(" ");
    const place = before.split(" ")[4] ?? "";
    if (type === "cgroup2") mounted.set("", place);
    if (type === "cgroup") for (const option of options.split(",")) mounted.set(option, place);
  }
  const own = new Map<string, string>();
  for (const line of readFileSync("/proc/self/cgroup", "utf8").trim().split("\n")) {
    const [, names = "", path = "/"] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    for (const name of names.split(",")) {
      const place = mounted.get(name);
      if (place !== undefined) own.set(name, join(place, path));
    }
  }
  return own;
}

function controllers(group: string): ReadonlySet<string> {
  return new Set(words(join(group, "cgroup.controllers")));
}

function words(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").trim().split(/\s+/);
  } catch {
    return [];
  }
}

function counter(file: string, key: string): number {
  const all = words(file);
  const at = all.indexOf(key);
  return at < 0 ? 0 : Number(all[at + 1]);
}

function write(group: string, file: string, value: number | string | undefined): boolean {
  if (value === undefined) return false;
  try {
    writeFileSync(join(group, file), String(value));
    return true;
  } catch {
    return false; // this kernel or this delegation lacks the controller: the caller sees it in `holds`
  }
}

function remove(group: string): void {
  try {
    rmdirSync(group);
  } catch {
    // still emptying, or never made: the next start removes it
  }
}

// A dead process that nobody has waited for still has its folder in /proc, but no longer a program.
function isRunning(pid: string): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function removeStale(parent: string): void {
  for (const group of staleBelow(parent)) removeGroup(group);
}

function staleBelow(parent: string): readonly string[] {
  return readdirSync(parent).flatMap((name) => {
    const { namespace, supervisor } = NAME.exec(name)?.groups ?? {};
    if (namespace === undefined || supervisor === undefined) return [];
    const group = join(parent, name);
    const stale = namespace === pidNamespace() ? !isRunning(supervisor) : madeMs(group) < Date.now() - OLD_MS;
    return stale ? [group] : [];
  });
}

function groupName(session: string): string {
  return `ringfence-${pidNamespace()}-${process.pid}-${session}`;
}

// `pid:[4026531836]`, namespaces(7).
function pidNamespace(): string {
  return /\d+/.exec(readlinkSync("/proc/self/ns/pid"))?.[0] ?? "0";
}

function madeMs(group: string): number {
  return statSync(group, { throwIfNoEntry: false })?.ctimeMs ?? Number.POSITIVE_INFINITY;
}

/** Groups beside our own whose supervisor is gone, where this user may remove one. */
export function staleGroups(): readonly string[] {
  const parents = [...new Set(ownGroups().values())];
  return parents.flatMap((parent) => {
    try {
      accessSync(parent, constants.W_OK);
      return staleBelow(parent);
    } catch {
      return []; // another user's sessions, or not ours to read
    }
  });
}

/**
 * Removes a session's group, once it is empty. Nobody in it is ended: its name says which supervisor it had, and in a shared tree that number may be
 * one of another pid namespace, where it lives. Who must end is found by other marks (stragglers.ts).
 */
export function removeGroup(group: string): void {
  if (!NAME.test(basename(group))) return;
  remove(join(group, "inside"));
  remove(group);
}
