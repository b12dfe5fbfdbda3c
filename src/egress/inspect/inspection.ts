// One session's reading of TLS: its authority, whom it trusts outside, and what it gives the fence. Made only for a session that reads anything.
import { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { SecureContext } from "node:tls";
import { type EgressPlan, readingOf } from "#core/net";
import { InspectFault, type Inspector } from "../inspector.ts";
import type { FilterRefusal } from "../made.ts";
import { type Authority, makeAuthority } from "./authority.ts";
import { LeafContexts, originContext } from "./contexts.ts";
import { originateTls } from "./originate.ts";
import { type RootPlaces, type Roots, readRoots } from "./roots.ts";
import { terminateTls } from "./terminate.ts";
import { upstreamFault } from "./tls-fault.ts";
import { layTrust, type Trust } from "./trust.ts";
import { type TrustCaller, trustPlaces } from "./trust-places.ts";

/** True for a host whose requests something must see. */
export type Needs = (host: string, port: number) => boolean;

/** Who wants to read what. */
export interface Readers {
  /** The rules in force, now. */
  readonly plan: () => EgressPlan;
  /** What cannot be kept without reading (a credential): a host of theirs that cannot be read is refused. */
  readonly must: Needs;
  /** What is kept better by reading (the search for secrets): `inspectExcept` takes a host out. */
  readonly may: Needs;
}

/** An open one. It ends with the process: nothing of it is anywhere else. */
export interface Inspection {
  /** The authority's certificate, PEM. */
  readonly certificate: string;
  /** Its SHA-256, hex, and how many roots verify servers: for the record. */
  readonly told: { readonly authority: string; readonly roots: number };
  /** Lays down what the fence gets. */
  trust(parts: { readonly caller: TrustCaller; readonly folder: string }): Trust;
  inspector(readers: Readers): Inspector;
}

/** What it is made from. */
export interface InspectionOptions {
  readonly session: string;
  readonly roots: RootPlaces;
  /** For tests; the wall clock otherwise. */
  readonly now?: () => number;
}

/** Makes the authority and reads the roots. */
export function makeInspection(options: InspectionOptions): Inspection {
  const now = options.now ?? Date.now;
  const authority: Authority = makeAuthority(options.session, new Date(now()));
  const roots: Roots = readRoots(options.roots);
  return {
    certificate: authority.certificate,
    told: {
      authority: new X509Certificate(authority.certificate).fingerprint256.replaceAll(":", "").toLowerCase(),
      roots: roots.certificates.length,
    },
    trust: ({ caller, folder }) =>
      layTrust({
        roots,
        authority,
        places: trustPlaces(caller, options.roots.written),
        folder,
        now: new Date(now()),
      }),
    inspector(readers) {
      const leaves = new LeafContexts(authority, now);
      let outside: SecureContext | undefined; // a hundred roots to parse: not before the first server is reached
      const said = new WeakMap<Socket, FilterRefusal>();
      return {
        needs: (host, port) => reading(readers, host, port) !== "no",
        terminate: async (client, { host, port }) => {
          if (reading(readers, host, port) === "cannot") throw new InspectFault(EXCEPTED);
          return await terminateTls(client, { host, context: leaves.of(host) });
        },
        originate: async (server, { host }) => {
          outside ??= originContext(roots.pem);
          const tls = await originateTls(server, { host, context: outside });
          tls.on("error", (error: NodeJS.ErrnoException) => {
            if (/_ALERT_/.test(error.code ?? "")) said.set(tls, upstreamFault(error));
          });
          return tls;
        },
        lastWord: (server) => said.get(server),
      };
    },
  };
}

function reading({ plan, must, may }: Readers, host: string, port: number): ReturnType<typeof readingOf> {
  return readingOf(plan(), { host, port }, { must: must(host, port), may: may(host, port) });
}

const EXCEPTED = {
  reason: "inspect-excepted",
  hint: "a rule or a credential needs to read what is sent there, and sandbox.network.inspectExcept says it is never read; take it out of one of them",
};
