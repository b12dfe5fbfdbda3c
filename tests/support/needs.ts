// Skips out loud. A test names what it needs from the machine; each feature is tried once, by doing it, never by looking for a file.
// What is missing is a skip with its reason, or a failure where the environment's REQUIRE names it (`REQUIRE=userns,overlay npm test`).
import { execFileSync } from "node:child_process";
import { accessSync, constants, existsSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "vitest";
import { helperPath } from "./installation.ts";
import { removeTree } from "./tmp.ts";

/** The features a test may ask for. */
export type Feature =
  | "userns"
  | "bubblewrap"
  | "seccomp"
  | "overlay"
  | "landlock"
  | "helper"
  | "root"
  | "user"
  | "tmux"
  | "vim"
  | "python3"
  | "git"
  | "sshd"
  | "ssh-keygen"
  | "gcc"
  | "make"
  | "strace"
  | "openssl"
  | "registry"
  | "cgroup"
  | "chromium"
  | "runsc"
  | "podman"
  | "microvm"
  | "java"
  | "go-sumdb";

/** `undefined` when the feature is there, else why it is not. */
type Probe = () => string | undefined;

const BWRAP = ["--unshare-all", "--uid", "0", "--gid", "0", "--cap-add", "ALL", "--ro-bind", "/", "/"];

/** Runs a program to its end; the reason is the first line it printed on standard error. */
function tries(program: string, ...args: readonly string[]): string | undefined {
  try {
    execFileSync(program, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 30_000 });
    return undefined;
  } catch (error) {
    const { code, stderr } = error as { code?: string; stderr?: Buffer };
    if (code === "ENOENT") return `${program} is not installed`;
    return stderr?.toString().split("\n", 1)[0] || `\`${program}\` failed`;
  }
}

function overlay(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "ringfence-needs-"));
  const mount =
    "mkdir -p l u w m && mount -t overlay overlay -o userxattr,lowerdir=l,upperdir=u,workdir=w m && echo x > m/f && test -f u/f";
  const reason = tries("bwrap", ...BWRAP, "--bind", folder, folder, "--chdir", folder, "sh", "-ec", mount);
  removeTree(folder);
  return reason;
}

function helper(): string | undefined {
  try {
    accessSync(helperPath, constants.X_OK);
    return undefined;
  } catch {
    return "build/ringfence-helper is not built (`sh scripts/setup.sh` builds it)";
  }
}

function seccomp(): string | undefined {
  // A filter of one instruction, "allow" (BPF_RET|BPF_K, SECCOMP_RET_ALLOW): bubblewrap loads it or says why the kernel will not.
  const load = `printf '\\006\\000\\000\\000\\000\\000\\377\\177' | bwrap --unshare-user --ro-bind / / --seccomp 0 true`;
  return tries("sh", "-c", load);
}

const isRoot = process.getuid?.() === 0;

const PROBES: Readonly<Record<Feature, Probe>> = {
  userns: () => tries("unshare", "-Urm", "true"),
  bubblewrap: () => tries("bwrap", ...BWRAP, "true"),
  seccomp,
  overlay,
  landlock: () => tries(helperPath, "landlock"),
  helper,
  root: () => (isRoot ? undefined : "not running as root"),
  user: () => (isRoot ? tries("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", "true") : undefined),
  tmux: () => tries("tmux", "-V"),
  vim: () => tries("vim", "--version"),
  python3: () => tries("python3", "-c", "import venv, ensurepip"),
  git: () => tries("git", "--version"),
  "ssh-keygen": () => (existsSync("/usr/bin/ssh-keygen") ? undefined : "openssh-client is not installed"),
  sshd: () => (existsSync("/usr/sbin/sshd") ? tries("ssh", "-V") : "openssh-server is not installed"),
  gcc: () => tries("sh", "-c", "echo 'int main(void){return 0;}' | gcc -static -x c -o /dev/null -"),
  make: () => tries("make", "--version"),
  strace: () => tries("strace", "-o", "/dev/null", "true"),
  openssl: () => tries("openssl", "version"),
  java: () => tries("java", "-version"),
  "go-sumdb": () =>
    existsSync("/usr/share/gocode/src/golang.org/x/mod/sumdb/tlog")
      ? tries("go", "version")
      : "golang-golang-x-mod-dev is not installed",
  // What the person's own npm says about its own registry: the address is never written down here.
  registry: () => tries("npm", "view", "commander", "version", "--fetch-retries=0"),
  cgroup: () =>
    tries(
      "sh",
      "-c",
      "d=$(mktemp -d /sys/fs/cgroup/memory/ringfence-XXXXXX 2>/dev/null || mktemp -d /sys/fs/cgroup/ringfence-XXXXXX) && rmdir $d",
    ),
  // ptrace is the platform that needs no device; `do` is its own trial of everything but our wrapping.
  runsc: () =>
    tries("/usr/bin/runsc", "--rootless", "--network=none", "--ignore-cgroups", "--platform=ptrace", "do", "true"),
  microvm: () =>
    existsSync("/usr/bin/qemu-system-x86_64")
      ? tries(
          "/bin/sh",
          "-c",
          `ls /boot/vmlinuz-* "$HOME"/.local/share/ringfence/kernel/boot/vmlinuz-* 2>/dev/null | grep -q . || { echo "no kernel for a guest" >&2; exit 1; }`,
        )
      : "qemu-system-x86 is not installed",
  podman: () =>
    tries(
      helperPath,
      "nest",
      "--",
      "/usr/bin/podman",
      "--root",
      "/run/engine/root",
      "--runtime",
      "/usr/bin/crun",
      "info",
    ),
  chromium: () => tries("chromium", "--version"),
};

const known = new Map<Feature, string | undefined>();

/** Why a feature is missing here, or `undefined`. Tried once a process. */
export function missing(feature: Feature): string | undefined {
  if (!known.has(feature)) known.set(feature, PROBES[feature]());
  return known.get(feature);
}

/** Skips the running test, with the reason, unless everything named is there. What `REQUIRE` names fails instead. */
export function needs(context: TestContext, ...features: readonly Feature[]): void {
  const required = (process.env["REQUIRE"] ?? "").split(",");
  for (const feature of features) {
    const reason = missing(feature);
    if (reason === undefined) continue;
    if (required.includes(feature)) throw new Error(`REQUIRE names ${feature}, and it is missing: ${reason}`);
    context.skip(true, `needs ${feature}: ${reason}`);
  }
}
