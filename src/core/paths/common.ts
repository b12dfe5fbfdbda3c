// Places outside the workspace that hold nothing private: the system's own programs and texts, scratch space, devices. Reading them
// under a rule for the program is what the rule means; elsewhere outside, the rule must name the path.
import { secretSuspicion } from "./secret.ts";

const FOLDER =
  /^\/(?:usr|bin|sbin|lib(?:32|64|x32)?|opt|tmp|var\/tmp|var\/log|nix\/store|gnu\/store|System|Library\/Developer|private\/tmp)(?:\/|$)/;
const FILE =
  /^(?:\/dev\/(?:null|zero|full|u?random|stdin|fd\/\d+)|\/etc\/(?:[\w-]*release|debian_version|hosts|hostname|issue|resolv\.conf|services|protocols|shells|timezone|localtime|locale\.(?:alias|conf)|mime\.types|nsswitch\.conf|ld\.so\.conf)|\/proc\/(?:cpuinfo|meminfo|version|uptime|loadavg|mounts|filesystems|stat|sys\/.*)|\/sys\/.*)$/;

/** True for an absolute, normal path in such a place whose name is no secret's. */
export function isCommonPlace(path: string): boolean {
  return (FOLDER.test(path) || FILE.test(path)) && secretSuspicion(path) === undefined;
}
