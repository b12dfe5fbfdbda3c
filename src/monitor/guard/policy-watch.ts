// The policy of a session that outlives its files' contents: before each decision the files are looked at again, and what changed is read anew.
// Looking is a handful of stat calls; no watcher can miss an event, and a file that can no longer be read refuses everything (DESIGN 4).
import { createHash } from "node:crypto";
import { statSync } from "node:fs";
import { err, ok, type Problem, type Result } from "#core";
import type { LoadedPolicy, Policy } from "#core/policy";
import { type PolicyPlaces, policyFiles, readPolicy } from "../prepare/policy-files.ts";

/** A policy that is looked after. */
export interface PolicyWatch {
  /** The policy as the files are now. `onChange` has ended before the first answer under a changed policy. */
  current(): Promise<Result<LoadedPolicy, readonly Problem[]>>;
  /** The last one that could be read. */
  readonly last: Policy;
}

/** What changed, for the record. */
export interface PolicyChange {
  readonly before: string;
  readonly after: string;
  readonly loaded: LoadedPolicy;
}

/** Starts with a policy that was read after `stamp` was taken. `onChange` rejects when the change cannot be recorded: then it is no policy. */
export function watchPolicy(options: {
  readonly places: PolicyPlaces;
  readonly onChange: (change: PolicyChange) => Promise<void>;
  readonly first: { readonly stamp: string; readonly loaded: LoadedPolicy };
}): PolicyWatch {
  let { stamp, loaded } = options.first;
  let reading: Promise<Result<LoadedPolicy, readonly Problem[]>> | undefined;
  const reread = async (): Promise<Result<LoadedPolicy, readonly Problem[]>> => {
    const seen = policyStamp(options.places);
    const read = await readPolicy(options.places);
    if (!read.ok) return read; // looked at again for the next call
    if (read.value.notBuilt.length > 0) return err(read.value.notBuilt);
    const [before, after] = [policyDigest(loaded), policyDigest(read.value)];
    if (before !== after) await options.onChange({ before, after, loaded: read.value });
    stamp = seen;
    loaded = read.value;
    return read;
  };
  return {
    get last(): Policy {
      return loaded.policy;
    },
    current: async () => {
      if (reading === undefined && policyStamp(options.places) === stamp) return ok(loaded);
      reading ??= reread().finally(() => {
        reading = undefined;
      });
      return reading;
    },
  };
}

/** The policy files' identities and times: taken before reading, so that a change in between is seen at the next look. */
export function policyStamp(places: PolicyPlaces): string {
  return policyFiles(places)
    .map((file) => {
      const found = statSync(file, { throwIfNoEntry: false, bigint: true });
      return found === undefined ? "-" : `${found.dev}.${found.ino}.${found.size}.${found.mtimeNs}.${found.ctimeNs}`;
    })
    .join(" ");
}

/** Names the policy in force: SHA-256 over the digests of all layers, and over what of them does not count because nobody accepted it. */
export function policyDigest(loaded: LoadedPolicy): string {
  const hash = createHash("sha256");
  for (const layer of loaded.policy.layers) hash.update(`${layer.name}\0${layer.digest}\n`);
  for (const { because, key, at } of loaded.dropped) hash.update(`${because}\0${key}\0${at.file}:${at.line}\n`);
  return hash.digest("hex");
}
