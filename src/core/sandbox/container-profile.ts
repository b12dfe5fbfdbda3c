// The seccomp profile that a container's engine loads (containers-seccomp.json(5)): for the helper, and so for everything below it. Pure.
import more from "./container-calls.json" with { type: "json" };
import table from "./seccomp.json" with { type: "json" };
import type { Architecture } from "./seccomp.ts";

const ENOSYS = 38;

/** The profile. What neither the helper nor an agent needs does not exist; the agent's own filter (seccomp.ts) comes on top and is smaller. */
export function containerProfile(architecture: Architecture): string {
  const numbers: Readonly<Record<string, number>> = table.architectures[architecture].numbers;
  const names = [...table.allow, ...more.allow].flatMap(({ calls }) => calls);
  return JSON.stringify({
    defaultAction: "SCMP_ACT_ERRNO",
    defaultErrnoRet: ENOSYS,
    architectures: [architecture === "x64" ? "SCMP_ARCH_X86_64" : "SCMP_ARCH_AARCH64"],
    syscalls: [{ names: [...new Set(names)].filter((name) => name in numbers), action: "SCMP_ACT_ALLOW" }],
  });
}
