// The program at the other end, as far as rules ask: hashing its file is only worth it where one names a digest.
import type { EgressPlan } from "#core/net";
import type { Peer } from "./filter.ts";

/** Who has just dialled an address, as somebody else saw it: the kernel's word comes too late where the program has ended or its packet was refused. */
export type ProgramAt = (address: string, port: number) => Promise<Peer["dialler"]>;

/** The digest of a program's file, hex, where it can be had. */
export type DigestOf = (peer: Peer) => Promise<string | undefined>;

/** The peer with its digest, if a rule names one for this program. */
export async function observed(plan: EgressPlan, peer: Peer, digestOf: DigestOf | undefined): Promise<Peer> {
  const asks = [...plan.allow, ...plan.deny].some(({ programs = [] }) =>
    programs.some(({ exe, sha256 }) => exe === peer.exe && sha256 !== undefined),
  );
  const sha256 = asks ? await digestOf?.(peer) : undefined;
  return sha256 === undefined ? peer : { ...peer, sha256 };
}

/** The peer with who dialled, if the kernel named nobody. */
export async function recalled(peer: Peer, programAt: ProgramAt | undefined): Promise<Peer> {
  const [, address, port] = /^\[?([^\]]*)\]?:(\d+)$/.exec(peer.dialled ?? "") ?? [];
  if (peer.pid !== undefined || address === undefined) return peer;
  const dialler = await programAt?.(address, Number(port));
  return dialler === undefined ? peer : { ...peer, dialler };
}
