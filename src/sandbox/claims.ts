// What `doctor` says of the fence, claim by claim, each an act that the helper tries outside and inside (native/look.c). Outside is the control: what
// fails there as well is told, for then the fence is not what refuses.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import type { SandboxPlan } from "#core/sandbox";
import { type TrialPlaces, tryInFence } from "./fence-trial.ts";
import { landlockVersion } from "./landlock.ts";
import type { Probe } from "./probe.ts";
import { makeTrialFolder, removeTrialFolder } from "./trial.ts";

interface Claim {
  readonly name: string;
  readonly says: string;
  /** The acts, and what each must come to inside. */
  readonly acts: Readonly<Record<string, string>>;
}

const CLAIMS: readonly Claim[] = [
  { name: "no capability", says: "none held, none to be had", acts: { capabilities: "0" } },
  { name: "no new privileges", says: "set-user-ID programs give nothing", acts: { "no-new-privileges": "1" } },
  {
    name: "filter",
    says: "bpf, perf, userfaultfd, mount and user namespaces are refused by name",
    acts: {
      ...{ filter: "2", bpf: "EPERM", perf: "EPERM", userfaultfd: "EPERM", mount: "EPERM" },
      "user-namespace": "EPERM",
    },
  },
  { name: "io_uring", says: "does not exist: it would go around filter and recorder", acts: { io_uring: "ENOSYS" } },
  { name: "keyrings", says: "the caller's keys cannot be reached", acts: { keyring: "EPERM" } },
  {
    name: "sockets",
    says: "no netlink, packet, vsock or raw socket",
    acts: { netlink: "EAFNOSUPPORT", packet: "EAFNOSUPPORT", vsock: "EAFNOSUPPORT", raw: "EPERM" },
  },
  { name: "terminal input", says: "nothing can be typed into a terminal", acts: { "type-into-terminal": "EPERM" } },
  { name: "kernel settings", says: "/proc/sys cannot be written", acts: { "kernel-settings": "EACCES" } },
  {
    name: "second layer",
    says: "a folder mounted writable by mistake is still refused, the workspace is not",
    acts: { "write-unlisted": "EACCES", "write-workspace": "ok" },
  },
];

const LOOKER = "/run/ringfence/helper";
const UNLISTED = "/srv/unlisted";

/** Every claim, with what came back. The last one stands only where the kernel has Landlock. */
export async function probeClaims(places: TrialPlaces): Promise<readonly Probe[]> {
  const claims = CLAIMS.filter(({ name }) => name !== "second layer" || landlockVersion(places.helper) > 0);
  const outside = lookOutside(places);
  const inside = await tryInFence(places, (small, folder) => lookingPlan(small, folder, places.helper));
  const failed = inside.ok ? undefined : inside.error.message;
  const answers = readLook(inside.ok ? inside.value.output : "");
  return claims.map(({ name, says, acts }) => {
    const evidence = Object.keys(acts)
      .map((act) => `${act}: ${outside.get(act) ?? "?"} outside, ${answers.get(act) ?? "?"} inside`)
      .join("; ");
    const wrong = Object.entries(acts).find(([act, wanted]) => !holds(act, wanted, answers.get(act)));
    if (failed !== undefined) return { name, available: false, reason: `not tried: ${failed}`, evidence: failed };
    if (wrong === undefined) return { name, available: true, reason: says, evidence };
    const [act, wanted] = wrong;
    const reason = `\`${act}\` came to ${answers.get(act) ?? "nothing"}, not ${wanted}`;
    return { name, available: false, reason, evidence };
  });
}

/** A read-only mount and Landlock may both refuse a setting: whoever comes first names the error. */
function holds(act: string, wanted: string, got: string | undefined): boolean {
  return got === wanted || (act === "kernel-settings" && got === "EROFS");
}

function lookingPlan(small: SandboxPlan, folder: string, helper: string): SandboxPlan {
  return {
    ...small,
    mounts: [
      ...small.mounts,
      { kind: "ro-bind", source: helper, target: LOOKER },
      { kind: "bind", source: join(folder, "more"), target: UNLISTED },
    ],
    argv: [LOOKER, "look", UNLISTED],
  };
}

function lookOutside({ stateDir, helper }: TrialPlaces): ReadonlyMap<string, string> {
  const folder = makeTrialFolder(stateDir);
  if (folder === undefined) return new Map();
  try {
    const output = execFileSync(helper, ["look", folder], {
      cwd: folder,
      env: {},
      timeout: 20_000,
      stdio: ["ignore", "pipe", "ignore"],
      encoding: "utf8",
    });
    return readLook(output);
  } catch {
    return new Map(); // the control is missing, and its evidence says so
  } finally {
    removeTrialFolder(folder);
  }
}

function readLook(output: string): ReadonlyMap<string, string> {
  return new Map(output.split("\n").flatMap((line) => (line === "" ? [] : [line.split(" ") as [string, string]])));
}
