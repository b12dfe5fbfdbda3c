// What this machine can enforce, found out by doing it, never by looking for a file (DESIGN 11): `doctor` shows the answers, `run` refuses on them.
// Every trial is harmless: it mounts in namespaces of its own and leaves nothing.
import { existsSync, mkdirSync, mkdtempSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { openCgroup } from "./cgroup.ts";
import { type Mend, mendNamespaces } from "./mend.ts";
import {
  BWRAP_PLACES,
  findBubblewrap,
  inFence,
  isExecutable,
  removeTrialFolder,
  run,
  TRIAL_FENCE,
  type Trial,
} from "./trial.ts";

/** What came of one trial. */
export interface Probe {
  readonly name: string;
  readonly available: boolean;
  /** What was found, or why it is missing: one line for a person. */
  readonly reason: string;
  /** What was done and what came back: for machines and for bug reports. */
  readonly evidence: string;
  /** The command that mends it, where one is known. Several lines only where a file must be installed. */
  readonly mend?: string;
}

/** Node is the one we were built for. */
export function probeNode(version: string): Probe {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const available = major > 20 || (major === 20 && minor >= 19);
  const evidence = `process.versions.node is ${version}`;
  if (!available)
    return {
      name: "node",
      available,
      reason: `Node ${version} is too old`,
      evidence,
      mend: "install Node 20.19 or later",
    };
  return {
    name: "node",
    available,
    reason: major === 20 ? `${version} (past its end of life; 22 or later is better)` : version,
    evidence,
  };
}

/** bubblewrap is installed and starts. */
export function probeBubblewrap(): Probe {
  const name = "bubblewrap";
  const mend = "sudo apt-get install -y bubblewrap";
  const bwrap = findBubblewrap();
  if (bwrap === undefined)
    return {
      name,
      available: false,
      reason: "bubblewrap is not installed",
      evidence: `not in ${BWRAP_PLACES.join(", ")}`,
      mend,
    };
  const trial = run(bwrap, ["--version"]);
  const evidence = `${bwrap} --version: ${trial.output || trial.said}`;
  if (!trial.worked) return { name, available: false, reason: trial.said, evidence, mend };
  if ((statSync(bwrap).mode & 0o4000) !== 0) {
    // A setuid bubblewrap gives no capabilities in the namespaces it makes, and the helper needs them to finish the fence.
    return { name, available: false, reason: `\`${bwrap}\` is setuid`, evidence, mend: `sudo chmod u-s ${bwrap}` };
  }
  return { name, available: true, reason: `${trial.output.replace(/^bubblewrap /, "")} (${bwrap})`, evidence };
}

/** All namespaces of a run, with capabilities inside and a fresh /proc and /dev. */
export function probeNamespaces(): Probe {
  const trial = inFence(["true"]);
  return verdict(
    "namespaces",
    trial,
    "user, pid, net, ipc, uts, cgroup and mount namespaces, made for real",
    "bwrap … true",
  );
}

/** An overlay with its upper folder below `stateDir`, mounted inside the namespaces: the copy-on-write workspace. */
export function probeOverlay(stateDir: string): Probe {
  const name = "overlay";
  let folder: string;
  try {
    mkdirSync(stateDir, { recursive: true, mode: 0o700 });
    folder = mkdtempSync(join(stateDir, "probe-"));
  } catch (error) {
    return {
      name,
      available: false,
      reason: `\`${stateDir}\` cannot be written`,
      evidence: String(error),
      mend: "set XDG_STATE_HOME to a folder of yours",
    };
  }
  const script =
    "mount -t overlay overlay -o userxattr,lowerdir=l,upperdir=u,workdir=w m && echo x >m/f && test -f u/f";
  try {
    for (const part of ["l", "u", "w", "m"]) mkdirSync(join(folder, part));
    const trial = inFence(["sh", "-ec", script], ["--bind", folder, folder, "--chdir", folder]);
    if (trial.worked)
      return verdict(name, trial, "a copy-on-write workspace mounts, with its changes in the state folder", script);
    const elsewhere = inFence(["sh", "-ec", `mkdir l u w m && ${script}`], ["--tmpfs", "/tmp", "--chdir", "/tmp"]);
    if (!elsewhere.worked) return verdict(name, trial, "", script);
    const reason = `the file system of \`${stateDir}\` cannot hold an overlay's changes (network and overlay file systems cannot)`;
    return {
      name,
      available: false,
      reason,
      evidence: `${script}: ${trial.said}`,
      mend: "export XDG_STATE_HOME=/a/folder/on/a/local/disk",
    };
  } finally {
    removeTrialFolder(folder);
  }
}

/** The kernel takes a filter, and can ask the supervisor about a call (the guard of `direct` workspaces). */
export function probeSeccomp(): Probe {
  const name = "seccomp";
  const bwrap = findBubblewrap();
  if (bwrap === undefined) return { name, available: false, reason: "not tried: bubblewrap is missing", evidence: "" };
  const bare = inFence(["true"]);
  if (!bare.worked)
    return { name, available: false, reason: `not tried: ${explainRefusal(bare.said).reason}`, evidence: bare.said };
  // One instruction, BPF_RET|BPF_K SECCOMP_RET_ALLOW.
  const filter = Buffer.from([6, 0, 0, 0, 0, 0, 0xff, 0x7f]);
  const trial = run(
    bwrap,
    [...TRIAL_FENCE, "--seccomp", "0", "grep", "-q", "^Seccomp:[[:space:]]*2$", "/proc/self/status"],
    filter,
  );
  const actions = readFact("/proc/sys/kernel/seccomp/actions_avail") ?? "";
  const evidence = `a filter of one instruction: ${trial.worked ? "loaded" : trial.said}; actions: ${actions}`;
  if (!trial.worked)
    return { name, available: false, reason: `the kernel does not take a seccomp filter (${trial.said})`, evidence };
  if (!actions.includes("user_notif"))
    return { name, available: false, reason: "the kernel is too old for seccomp notification (5.0)", evidence };
  return { name, available: true, reason: "filters load, notification is there", evidence };
}

/** The native helper is built and is a program of this machine. */
export function probeHelper(helper: string): Probe {
  const name = "helper";
  const mend = "run `./ringfence doctor` in the checkout as its owner: it builds the helper";
  if (!isExecutable(helper))
    return {
      name,
      available: false,
      reason: "the native helper is not built",
      evidence: `${helper} is not executable`,
      mend,
    };
  const trial = run(helper, ["enter", "--", "/bin/true"]);
  const evidence = `${helper} enter -- /bin/true: ${trial.worked ? "worked" : trial.said}`;
  return { name, available: trial.worked, reason: trial.worked ? "built, and runs here" : trial.said, evidence, mend };
}

/** A private pseudo-terminal can be opened inside. */
export function probeTerminal(): Probe {
  const trial = inFence(["sh", "-c", ": <>/dev/ptmx"]);
  return verdict("terminal", trial, "a private pseudo-terminal opens inside", "sh -c ': <>/dev/ptmx' in the fence");
}

/** How a run will limit memory and processes here. Always available: the weakest way needs nothing, but it says that it is the weakest. */
export function probeMemoryLimit(): Probe {
  const name = "memory limit";
  const opened = openCgroup("doctor", { memoryBytes: 2 ** 28, pids: 64, cpus: 1 });
  if ("reason" in opened) {
    const scope = run("systemd-run", ["--user", "--scope", "--quiet", "--collect", "-p", "MemoryMax=256M", "true"]);
    if (scope.worked)
      return {
        name,
        available: true,
        reason: "by a delegated systemd scope",
        evidence: "systemd-run --user --scope -p MemoryMax=256M true: worked",
      };
    const reason = "watched memory: the helper counts and kills, a little late; a cgroup would be exact";
    return { name, available: true, reason, evidence: `${opened.reason}; systemd-run: ${scope.said}` };
  }
  const held = Object.entries(opened.holds).flatMap(([limit, holds]) => (holds ? [limit] : []));
  opened.close();
  return {
    name,
    available: true,
    reason: `by a cgroup (version ${opened.version}): ${held.join(", ")}`,
    evidence: `made a group with limits: ${JSON.stringify(opened.holds)}`,
  };
}

/** git, for the hand-off of a diff. A run needs none. */
export function probeGit(): Probe {
  const trial = run("git", ["--version"]);
  const evidence = `git --version: ${trial.output || trial.said}`;
  if (trial.worked)
    return { name: "git", available: true, reason: trial.output.replace(/^git version /, ""), evidence };
  return { name: "git", available: false, reason: trial.said, evidence, mend: "sudo apt-get install -y git" };
}

function verdict(name: string, trial: Trial, found: string, what: string): Probe {
  if (trial.worked) return { name, available: true, reason: found, evidence: `${what}: worked` };
  return { name, available: false, evidence: `${what}: ${trial.said}`, ...explainRefusal(trial.said) };
}

/** Why namespaces, or something inside them, failed on this machine, given what bubblewrap or the helper said; and what mends it. */
export function explainRefusal(said: string): Mend {
  return mendNamespaces({
    said,
    isRoot: process.getuid?.() === 0,
    maxUserNamespaces: readFact("/proc/sys/user/max_user_namespaces"),
    unprivilegedClone: readFact("/proc/sys/kernel/unprivileged_userns_clone"),
    appArmorRestricts: readFact("/proc/sys/kernel/apparmor_restrict_unprivileged_userns"),
    appArmorStrips:
      existsSync("/etc/apparmor.d/bwrap-userns-restrict") &&
      !existsSync("/etc/apparmor.d/disable/bwrap-userns-restrict"),
    inContainer: existsSync("/.dockerenv") || existsSync("/run/.containerenv"),
  });
}

function readFact(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined; // this kernel has no such switch
  }
}
