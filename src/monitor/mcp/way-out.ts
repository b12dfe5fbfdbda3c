// How the gateway itself goes out: through the session's own proxy, with the authorities that this host trusts.
import { trustedRoots } from "#egress";
import { isInside, type Way } from "#mcp";
import type { UpstreamRequest, UpstreamSession } from "./upstream-session.ts";

/** The way of one session. */
export function wayOut({ session, dial }: UpstreamSession, { caller, cwd }: UpstreamRequest): Way {
  const { allowPrivate } = session.policy.sandbox.network;
  let roots: Promise<string> | undefined;
  return {
    dial,
    mayBePlain: ({ host }) => isInside(host) || allowPrivate.some((entry) => entry.host === host),
    roots: () => {
      const named = [caller.env["NODE_EXTRA_CA_CERTS"], caller.env["SSL_CERT_FILE"]];
      const files = named.flatMap((file) => (file === undefined || file === "" ? [] : [file]));
      // No file of the workspace says whom to trust.
      roots ??= trustedRoots({ files, written: [cwd] });
      return roots;
    },
  };
}
