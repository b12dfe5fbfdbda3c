// Apply and discard by hunk. What was shown is what is decided on: both sides are read again and must have the digests of the review.

import { createHash } from "node:crypto";
import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { appendToLedger } from "#audit";
import { err, ok, type Problem, type Result } from "#core";
import { gitPlace, type Judged } from "#core/review";
import { type Hunk, hunksOf, readSide, withHunks, withoutHunks } from "#review";
import { sessionPaths } from "../session-folders.ts";
import { applyPart } from "./changes.ts";
import { NEVER } from "./choose.ts";
import { type ApplyResult, type OpenReview, placeOf, type ReviewPlaces, settleReview } from "./review.ts";
import { fromShown, type Tree, treeOf, treesOf } from "./trees.ts";

/** Hunks of one file, by number. */
export interface HunkWish {
  readonly path: string;
  readonly numbers: readonly number[];
}

/** A file whose hunks can be told apart. */
interface HunkedFile {
  readonly entry: Judged;
  readonly tree: Tree;
  readonly before: string;
  readonly after: string;
  readonly hunks: readonly Hunk[];
  readonly chosen: ReadonlySet<number>;
}

const MOST_BYTES = 16 * 1024 * 1024;

/** The hunks of the change at `path` as text, or why it has none. */
export function hunksAt(places: ReviewPlaces, review: OpenReview, path: string): Result<readonly Hunk[], Problem> {
  const file = readFile(places, review, { path, numbers: [] });
  if (!file.ok) return file;
  const text = (lines: readonly string[]): readonly string[] =>
    lines.map((line) => Buffer.from(line, "latin1").toString("utf8"));
  return ok(
    file.value.hunks.map((hunk) => ({ ...hunk, oldLines: text(hunk.oldLines), newLines: text(hunk.newLines) })),
  );
}

/** Applies the hunks; the rest of each file waits on. Nothing is done when one wish cannot be. */
export async function applyHunks(
  places: ReviewPlaces,
  review: OpenReview,
  wishes: readonly HunkWish[],
): Promise<Result<ApplyResult, Problem>> {
  const files = readAll(places, review, wishes);
  if (!files.ok) return files;
  const recorded = await record(places, review, "review.apply", wishes);
  if (!recorded.ok) return recorded;
  const place = placeOf(places, review.meta);
  const layer = join(sessionPaths(places.stateDir, review.meta.id).dir, "hunks");
  const done = files.value.map(({ entry, tree, before, hunks, chosen }) => {
    const bytes = Buffer.from(withHunks(before, hunks, chosen), "latin1");
    const { path } = fromShown(tree, entry.change);
    mkdirSync(dirname(join(layer, path)), { recursive: true, mode: 0o700 });
    writeFileSync(join(layer, path), bytes, { mode: 0o600 });
    const { before: host, after } = entry.change;
    if (host === undefined || after === undefined) throw new Error("hunks are of a changed file");
    // With its last hunk the file is the session's, mode and all.
    const mode = chosen.size === hunks.length ? after.mode : host.mode;
    const part = { ...after, mode, size: bytes.length, digest: digestOf(bytes) };
    return applyPart(place, tree, { change: { ...entry.change, after: part }, layer });
  });
  rmSync(layer, { recursive: true, force: true });
  const left = await settleReview(places, review.meta);
  return ok({
    applied: done.flatMap(({ applied }) => applied),
    refused: done.flatMap(({ refused }) => refused),
    notices: [],
    left,
  });
}

/** Takes the hunks out of the session's files; the rest waits on. */
export async function discardHunks(
  places: ReviewPlaces,
  review: OpenReview,
  wishes: readonly HunkWish[],
): Promise<Result<{ readonly discarded: number; readonly left: number }, Problem>> {
  const files = readAll(places, review, wishes);
  if (!files.ok) return files;
  const recorded = await record(places, review, "review.discard", wishes);
  if (!recorded.ok) return recorded;
  let discarded = 0;
  for (const { entry, tree, after, hunks, chosen } of files.value) {
    const file = join(tree.places.upper, fromShown(tree, entry.change).path);
    writeFileSync(`${file}.ringfence-new`, Buffer.from(withoutHunks(after, hunks, chosen), "latin1"), {
      flag: "wx",
      mode: (entry.change.after?.mode ?? 0o600) & 0o777,
    });
    renameSync(`${file}.ringfence-new`, file);
    discarded += chosen.size;
  }
  return ok({ discarded, left: await settleReview(places, review.meta) });
}

function readAll(
  places: ReviewPlaces,
  review: OpenReview,
  wishes: readonly HunkWish[],
): Result<readonly HunkedFile[], Problem> {
  const files: HunkedFile[] = [];
  for (const wish of merged(wishes)) {
    const file = readFile(places, review, wish);
    if (!file.ok) return file;
    files.push(file.value);
  }
  return ok(files);
}

/** One wish a file. */
function merged(wishes: readonly HunkWish[]): readonly HunkWish[] {
  const byPath = new Map<string, readonly number[]>();
  for (const { path, numbers } of wishes) byPath.set(path, [...(byPath.get(path) ?? []), ...numbers]);
  return [...byPath].map(([path, numbers]) => ({ path, numbers }));
}

function readFile(places: ReviewPlaces, review: OpenReview, { path, numbers }: HunkWish): Result<HunkedFile, Problem> {
  const { meta } = review;
  const hint = `ringfence review ${meta.id} ${path}`;
  const no = (code: string, message: string): Result<never, Problem> => err({ code, message, hint });
  const entry = review.changes.find(({ change }) => change.path === path);
  const tree = treeOf(treesOf(places.stateDir, meta), path);
  if (entry === undefined || tree === undefined)
    return err({
      code: "no-such-change",
      message: `no change of this session is at \`${path}\``,
      hint: `ringfence review ${meta.id}`,
    });
  const { change, held } = entry;
  if (gitPlace(path) !== undefined || tree.kind !== "workspace" || (held !== undefined && NEVER.has(held.code)))
    return no("no-hunks", `\`${path}\` only makes sense as a whole`);
  if (change.kind !== "modify" || change.before?.type !== "file" || change.after?.type !== "file")
    return no(
      "no-hunks",
      `\`${path}\` is ${change.kind === "add" ? "new" : "not a changed text"}: it has no hunks, name the file`,
    );
  const own = fromShown(tree, change).path;
  const [before, after] = [readSide(tree.places.root, own, MOST_BYTES), readSide(tree.places.upper, own, MOST_BYTES)];
  if (before === undefined || after === undefined || !before.isText || !after.isText)
    return no("no-hunks", `\`${path}\` is no text, or too large: it has no hunks, name the file`);
  if (before.digest !== change.before.digest) return no("host-moved", `the host's \`${path}\` changed just now`);
  if (after.digest !== change.after.digest) return no("session-moved", `the session's \`${path}\` changed just now`);
  const texts = { before: before.bytes.toString("latin1"), after: after.bytes.toString("latin1") };
  const hunks = hunksOf(texts.before, texts.after);
  if (hunks === undefined) return no("no-hunks", `\`${path}\` is too different to be compared line by line`);
  const unknown = numbers.find((number) => !hunks.some((hunk) => hunk.number === number));
  if (unknown !== undefined) return no("no-such-hunk", `\`${path}\` has ${hunks.length} hunks, and no ${unknown}`);
  return ok({ entry, tree, ...texts, hunks, chosen: new Set(numbers) });
}

async function record(
  places: ReviewPlaces,
  review: OpenReview,
  type: "review.apply" | "review.discard",
  wishes: readonly HunkWish[],
): Promise<Result<unknown, Problem>> {
  const hunks = wishes.slice(0, 300).map(({ path, numbers }) => ({ path, numbers: [...numbers] }));
  return appendToLedger({ stateDir: places.stateDir }, review.meta.id, [
    { type, origin: "observed", data: { count: wishes.length, hunks } },
  ]);
}

function digestOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
