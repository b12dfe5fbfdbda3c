// What holds each limit on this machine, in one table: the summary and the record show it, because a limit is as good as what stands behind it.
import type { Limits } from "#core/policy";
import type { LimitHolder } from "#core/session";
import type { Cgroup } from "#sandbox";

/** The table of one session. */
export function limitHolders(limits: Limits, cgroup: Cgroup | undefined): readonly LimitHolder[] {
  const group = cgroup === undefined ? "" : `cgroup v${cgroup.version}`;
  const by = (held: boolean | undefined, otherwise: string): string => (held === true ? group : otherwise);
  const pinned = Math.ceil(limits.cpus);
  const processors = `pinned to ${pinned} ${pinned === 1 ? "processor" : "processors"}, which what runs inside can undo`;
  return [
    { limit: "timeout", most: limits.timeoutMs, by: "the supervisor's clock; a pause does not count" },
    { limit: "memory", most: limits.memoryBytes, by: by(cgroup?.holds.memory, "watched, each 200 ms") },
    { limit: "pids", most: limits.pids, by: by(cgroup?.holds.pids, "rlimit: the next one is refused") },
    { limit: "cpus", most: limits.cpus, by: by(cgroup?.holds.cpu, processors) },
    { limit: "fileSize", most: limits.fileSizeBytes, by: "rlimit: the signal SIGXFSZ" },
    { limit: "openFiles", most: limits.openFiles, by: "rlimit: the next one is refused" },
    { limit: "disk", most: limits.diskBytes, by: "watched, each 200 ms" },
    { limit: "files", most: limits.files, by: "watched, each 200 ms" },
    { limit: "connections", most: limits.connections, by: "the proxy: the next one is refused" },
    { limit: "logBytes", most: limits.logBytes, by: "the record's writer" },
    { limit: "eventRate", most: limits.eventRate, by: "the supervisor, over ten seconds" },
  ];
}
