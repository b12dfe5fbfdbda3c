// How connections of programs that ignore proxy variables are turned to the proxy on this machine, done for real in namespaces like a run's
// (native/redirect.h).
import type { Probe } from "./probe.ts";
import { inFence } from "./trial.ts";

const NAME = "redirection";

/** Sets it up once, with the helper of the runs. */
export function probeRedirect(helper: string): Probe {
  const trial = inFence([helper, "redirect"]);
  const evidence = `${helper} redirect, inside bubblewrap: ${trial.worked ? trial.output : trial.said}`;
  if (!trial.worked)
    return { name: NAME, available: false, reason: trial.said, evidence, mend: "a kernel with IPv4 routing: any" };
  const [way, ...has] = trial.output.split(" ");
  const families = has.includes("6") ? "IPv4 and IPv6" : "IPv4; there is no IPv6 here";
  const told = has.includes("log")
    ? "what else is sent is refused at once and recorded"
    : "what else is sent is refused";
  const reason =
    way === "nft"
      ? `nftables, ${families}: every port; ${told}`
      : `AnyIP, ${families}: only the ports 80, 443 and those that rules name, because this kernel has no nftables for us`;
  return { name: NAME, available: true, reason, evidence };
}
