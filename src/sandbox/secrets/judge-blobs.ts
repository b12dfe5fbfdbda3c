// Which suspected blobs are secrets by their content. What an earlier search has judged is not read again.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { holdsSecret, SECRET_PROBE_BYTES, type SecretSuspicion } from "#core/paths";
import { batchRecords, isItself, type KeptObjects } from "./kept-objects.ts";
import type { ObjectStore } from "./object-stores.ts";
import { BLOBS } from "./scan-scripts.ts";

/** Why a blob's content decides; `stray`: it stands at no path. */
export type Suspicion = SecretSuspicion | "stray";

/** Where they are and how they are read. */
export interface JudgeParts {
  readonly store: ObjectStore;
  /** Verdicts are looked up here, and new ones put here. */
  readonly kept: KeptObjects;
  readonly scratch: string;
  /** Runs one of the search's scripts; what went wrong, if something did. */
  readonly run: (script: string, args: readonly string[]) => Promise<Problem | undefined>;
  /** When git printed more than can be held. */
  readonly tooLarge: Problem;
}

/** Their names; and whether something was not what its name says. */
export interface Judged {
  readonly secrets: readonly string[];
  readonly isForged: boolean;
}

const STRAY: ReadonlySet<Suspicion> = new Set(["stray"]);

/** Judges them. Blobs that are too large to be read are no secrets. */
export async function judgeBlobs(
  { store, kept, scratch, run, tooLarge }: JudgeParts,
  suspected: ReadonlyMap<string, ReadonlySet<Suspicion>>,
): Promise<Result<Judged, Problem>> {
  const key = (name: string, why: Suspicion): string => `${name} ${why}`;
  const whysOf = (name: string): readonly Suspicion[] => [...(suspected.get(name) ?? STRAY)];
  const open = [...suspected.keys()].filter((name) => whysOf(name).some((why) => !kept.verdicts.has(key(name, why))));
  const secrets = [...suspected.keys()].filter((name) =>
    whysOf(name).some((why) => kept.verdicts.get(key(name, why)) === true),
  );
  if (open.length === 0) return ok({ secrets, isForged: false });
  writeFileSync(join(scratch, "wanted"), open.map((name) => `${name}\n`).join(""));
  const failed = await run(BLOBS, [store.wide ? "wide" : "short", store.path]);
  if (failed !== undefined) return err(failed);
  const blobs = batchRecords(readFileSync(join(scratch, "blobs")));
  if (blobs === undefined) return err(tooLarge);
  let isForged = false;
  for (const record of blobs) {
    if (record.type === "missing") continue;
    const head = record.content.toString("latin1", 0, SECRET_PROBE_BYTES);
    const isOwn = isItself(record, store.wide);
    isForged ||= !isOwn;
    for (const why of whysOf(record.name)) {
      const isSecret = why === "stray" ? isStraySecret(head) : holdsSecret(why, head);
      if (isSecret) secrets.push(record.name);
      if (isOwn) kept.verdicts.set(key(record.name, why), isSecret);
    }
  }
  return ok({ secrets, isForged });
}

/** Without a name only the plainest are taken for secrets: a key alone, or a file of nothing but settings, one of which is a secret. */
function isStraySecret(head: string): boolean {
  if (/^\s*-----BEGIN [A-Z ]*PRIVATE KEY/.test(head)) return true;
  const lines = head.split("\n").filter((line) => line.trim() !== "");
  return lines.every((line) => /^\s*(?:[#;[]|(?:export\s+)?[\w.:/@-]+\s*=)/.test(line)) && holdsSecret("token", head);
}
