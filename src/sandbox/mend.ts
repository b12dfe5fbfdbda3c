// Why a trial of the fence failed, and the command that mends it: facts in, words out (reference/sandbox.md section 9). Pure, so that the
// machines we do not have (Ubuntu with AppArmor, hardened Debian, a container) are tested as tables.

/** What the kernel says about user namespaces; `undefined` where this kernel has no such switch. */
export interface NamespaceFacts {
  /** The last line that bubblewrap or the trial inside it printed. */
  readonly said: string;
  readonly isRoot: boolean;
  /** /proc/sys/user/max_user_namespaces */
  readonly maxUserNamespaces: string | undefined;
  /** /proc/sys/kernel/unprivileged_userns_clone (Debian, Arch) */
  readonly unprivilegedClone: string | undefined;
  /** /proc/sys/kernel/apparmor_restrict_unprivileged_userns (Ubuntu 23.10 and later) */
  readonly appArmorRestricts: string | undefined;
  /** True where Ubuntu's own bubblewrap profile is loaded from /etc/apparmor.d: it takes the capabilities from what bubblewrap starts. */
  readonly appArmorStrips: boolean;
  /** Something says that we are inside a container already. */
  readonly inContainer: boolean;
}

/** Why, and what to type. */
export interface Mend {
  readonly reason: string;
  readonly mend?: string;
}

/**
 * Ubuntu's profile for programs that may make user namespaces, for bubblewrap: what runs in them is then confined by the fence, not by AppArmor.
 * It widens what every user of this machine may do with bubblewrap; that is why a person installs it and Ringfence never does.
 */
export const APPARMOR_PROFILE = `abi <abi/4.0>,
include <tunables/global>
profile bwrap /usr/bin/bwrap flags=(unconfined) {
  userns,
  include if exists <local/bwrap>
}
`;

const OUT_OF_THE_WAY =
  "sudo ln -s /etc/apparmor.d/bwrap-userns-restrict /etc/apparmor.d/disable/ && sudo apparmor_parser -R /etc/apparmor.d/bwrap-userns-restrict";

function installProfile(facts: NamespaceFacts): string {
  const install = `sudo tee /etc/apparmor.d/bwrap >/dev/null <<'END' && sudo apparmor_parser -r /etc/apparmor.d/bwrap\n${APPARMOR_PROFILE}END`;
  return facts.appArmorStrips ? `${OUT_OF_THE_WAY}\n${install}` : install;
}

/** Why namespaces, or what must work inside them, were refused. The most certain cause first. */
export function mendNamespaces(facts: NamespaceFacts): Mend {
  if (facts.maxUserNamespaces === "0") {
    return {
      reason: "user namespaces are switched off (user.max_user_namespaces is 0)",
      mend: "sudo sysctl -w user.max_user_namespaces=15000",
    };
  }
  if (!facts.isRoot && facts.unprivilegedClone === "0") {
    return {
      reason: "ordinary users may not make user namespaces (kernel.unprivileged_userns_clone is 0)",
      mend: "sudo sysctl -w kernel.unprivileged_userns_clone=1",
    };
  }
  if (!facts.isRoot && (facts.appArmorRestricts === "1" || facts.appArmorStrips)) {
    return {
      reason: `AppArmor keeps bubblewrap from making namespaces with capabilities (${facts.said})`,
      mend: installProfile(facts),
    };
  }
  if (facts.inContainer) return mendContainer(facts.said);
  return { reason: facts.said };
}

/**
 * Inside somebody else's container (a devcontainer, rootless Docker). Tried in podman: the engine's profile refuses namespaces or what is done in them,
 * and its covers over /proc make the kernel refuse a fresh one. What that container is itself still holds; a fence in it does not exist.
 */
function mendContainer(said: string): Mend {
  const why = /proc/i.test(said)
    ? "the engine covers parts of /proc, and so the kernel makes no new one"
    : /hostname|namespace|uid map/i.test(said)
      ? "the engine's seccomp profile, or a dropped capability, refuses it"
      : "the engine refuses it";
  return {
    reason: `this container may not make namespaces or mount in them: ${why} (${said}). The container's own walls hold, and hooks work (\`ringfence install AGENT\`); no fence, no record of what is not told`,
    mend: `ringfence init --devcontainer   # or --compose: what the outer container needs, with a seccomp profile of ours; by hand:
docker run --security-opt seccomp=unconfined --security-opt systempaths=unconfined --security-opt apparmor=unconfined …
podman run --security-opt seccomp=unconfined --security-opt unmask=ALL …`,
  };
}
