// From an overlay's upper folder to the changes of the session (core/review/change.ts): compares each entry with the host as
// it is now. A copy-up that changed nothing is nothing; a removed folder is each of its files; what the fence masked is never
// called deleted. Reads only.
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { err, ok, type Problem, type Result } from "#core";
import { isDependencyFolder } from "#core/paths";
import type { Change, ChangeSet, Entry, HostEntry, LeftState } from "#core/review";
import { againstHost } from "./against-host.ts";
import { bareRepositories } from "./bare-repository.ts";
import type { DigestReader } from "./digest-cache.ts";
import { inParent } from "./folder.ts";
import { repositoryLosses } from "./git-loss.ts";
import { digestOf, hostEntry } from "./host-entry.ts";
import { type LinkEnds, linkEnds } from "./link-target.ts";
import { nameOf } from "./names.ts";
import { sinceLeft } from "./since-left.ts";
import { readUpper, type UpperEntry } from "./upper.ts";

/** Where to read. All paths absolute. */
export interface ChangesOptions {
  /** The native helper. */
  readonly helper: string;
  readonly upper: string;
  /** What the fence showed below it: the real workspace, or a private copy of it. */
  readonly lower: string;
  /** The real workspace, when `lower` is a private copy. */
  readonly host?: string;
  /** While the session runs: what is not looked at now, and since when a file must have been at rest to be. */
  readonly live?: { readonly skip: (path: string) => boolean; readonly atRestSinceMs: number };
  readonly digest?: DigestReader;
  /** How a live apply left paths of the host. */
  readonly left?: ReadonlyMap<string, LeftState>;
  /** Absolute paths that the fence hid: their absence inside is no deletion. */
  readonly masked: readonly string[];
  /** Folders of programs besides the system's, to which a link may lead (a Python environment's interpreter). */
  readonly toolchains?: readonly string[];
}

/** Everything the session would change on the host as it stands now. */
export async function readChanges(options: ChangesOptions): Promise<Result<ChangeSet, Problem>> {
  const upper = await readUpper(options.helper, options.upper);
  if (!upper.ok) return upper;
  try {
    const set = new Comparison(options, upper.value).changeSet();
    const { host, upper: layer, lower, left = new Map() } = options;
    if (host === undefined) return ok(sinceLeft(set, { host: lower, upper: layer, left }));
    return ok(sinceLeft(againstHost(set, { host, copy: lower }), { host, upper: layer, copy: lower, left }));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    const hint = "nothing was applied; make the workspace readable and run `ringfence review`";
    return err({ code: "workspace-unreadable", message: `the workspace cannot be compared: ${why}`, hint });
  }
}

/** Every step down is checked on its own, so a tree of thousands of levels would take the host minutes to carry out; nobody's work is one. */
const DEEPEST = 128;

type Draft = { -readonly [Key in keyof Change]: Change[Key] };

class Comparison {
  private readonly changes: Draft[] = [];
  private readonly inUpper: ReadonlySet<string>;
  private readonly masked: ReadonlySet<string>;
  /** Folders of the upper layer that are real folders on the host too, and those that hide what the host has. */
  private readonly hostFolders = new Set<string>([""]);
  private readonly opaque = new Set<string>();
  private readonly options: ChangesOptions;
  private readonly entries: readonly UpperEntry[];
  private readonly links: LinkEnds;

  constructor(options: ChangesOptions, entries: readonly UpperEntry[]) {
    this.options = options;
    this.entries = entries;
    this.inUpper = new Set(entries.map(({ path }) => path.toString("latin1")));
    this.links = linkEnds({ root: options.host ?? options.lower, entries, toolchains: options.toolchains ?? [] });
    this.masked = new Set(options.masked.map((path) => path.slice(options.lower.length + 1)));
  }

  changeSet(): ChangeSet {
    for (const entry of this.entries) if (this.isLookedAt(entry)) this.compare(entry);
    const deleted = this.changes.some(({ kind }) => kind === "delete");
    if (deleted) this.findMoves();
    this.changes.sort((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
    return {
      changes: this.changes,
      bareRepositories: bareRepositories(this.changes, this.options.lower),
      losses: repositoryLosses(this.changes, this.options),
      hostFiles: deleted ? countFiles(this.options.lower) : 0,
    };
  }

  private isLookedAt({ path, type, changedMs }: UpperEntry): boolean {
    const { live } = this.options;
    if (live === undefined) return true;
    // A folder's time moves with each of its entries.
    return !live.skip(nameOf(path).text) && (type === "folder" || changedMs <= live.atRestSinceMs);
  }

  private compare(entry: UpperEntry): void {
    const name = nameOf(entry.path);
    const parent = parentOf(name.text);
    const masked = this.isMasked(name.text);
    const before = masked || !this.hostFolders.has(parent) ? undefined : this.host(entry.path);
    if (entry.type === "whiteout") {
      if (before !== undefined) this.remove(entry.path, before);
      return;
    }
    const after = this.after(entry);
    if (before?.type === "folder" && after.type === "folder") this.hostFolders.add(name.text);
    if (after.type === "folder" && (entry.opaque || this.opaque.has(parent))) {
      this.opaque.add(name.text);
      if (before?.type === "folder") this.removeHidden(entry.path);
    } else if (before?.type === "folder" && after.type !== "folder") this.removeBelow(entry.path);
    const kind = kindOf(before, after);
    if (kind === undefined) return;
    const side = before === undefined ? { after } : { before, after };
    const isDeep = after.type === "deep" || name.text.split("/").length > DEEPEST;
    const oddName = name.odd || nameOf(entry.target).odd || isDeep;
    this.changes.push({ path: name.text, kind, ...side, oddName, masked });
  }

  private after(entry: UpperEntry): Entry {
    const { type, mode, size } = entry;
    if (type === "whiteout") throw new Error("a whiteout is no entry");
    const path = nameOf(entry.path).text;
    if (type === "link") {
      const target = nameOf(entry.target).text;
      return { type, mode: 0o777, size, target, ...this.links.of(path, target) };
    }
    if (type !== "file") return { type, mode, size };
    const file = below(this.options.upper, entry.path);
    const end = /(?:^|\/)\.git$/.test(path) ? this.links.ofGitFile(path, file) : {};
    return { type, mode, size, digest: nameOf(entry.path).odd ? digestOf(file) : this.digestInside(path), ...end };
  }

  /** Reached without any link: while the session runs, a folder may become one between two looks, and lead out of the layer. */
  private digestInside(path: string): string {
    return inParent(this.options.upper, path, (folder, name) => this.digest(folder.at(name)));
  }

  private digest(path: string | Buffer): string {
    return (this.options.digest ?? digestOf)(path);
  }

  /** The host's entry; its digest too where only that can tell whether a file changed. */
  private host(path: Buffer): HostEntry | undefined {
    const file = below(this.options.lower, path);
    const found = hostEntry(file);
    return found?.type === "file" ? { ...found, digest: this.digest(file) } : found;
  }

  /** One deletion for the entry and, children last, everything below a folder. */
  private remove(path: Buffer, before: HostEntry): void {
    const { text, odd } = nameOf(path);
    if (before.type === "folder") this.removeBelow(path);
    // A folder that holds a masked file cannot go: the agent saw it empty, the host does not.
    if (this.masked.has(text) || (before.type === "folder" && this.holdsMasked(text))) return;
    this.changes.push({ path: text, kind: "delete", before, oddName: odd, masked: false });
  }

  private removeBelow(folder: Buffer): void {
    for (const name of readdirSync(below(this.options.lower, folder), { encoding: "buffer" })) {
      this.removeChild(folder, name);
    }
  }

  /** An opaque folder hides what the host has in it and the agent did not make anew. */
  private removeHidden(folder: Buffer): void {
    for (const name of readdirSync(below(this.options.lower, folder), { encoding: "buffer" })) {
      const path = Buffer.concat([folder, Buffer.from("/"), name]);
      if (!this.inUpper.has(path.toString("latin1"))) this.removeChild(folder, name);
    }
  }

  private removeChild(folder: Buffer, name: Buffer): void {
    const path = Buffer.concat([folder, Buffer.from("/"), name]);
    if (this.isMasked(nameOf(path).text)) return;
    const before = hostEntry(below(this.options.lower, path));
    if (before !== undefined) this.remove(path, before);
  }

  private isMasked(path: string): boolean {
    for (let at = path; at !== ""; at = parentOf(at)) if (this.masked.has(at)) return true;
    return false;
  }

  private holdsMasked(folder: string): boolean {
    for (const path of this.masked) if (path.startsWith(`${folder}/`)) return true;
    return false;
  }

  /** Pairs each added file with a deleted one of the same bytes: a move, not a loss. */
  private findMoves(): void {
    const sizes = new Set(
      this.changes.flatMap(({ kind, after }) => (kind === "add" && after?.digest ? [after.size] : [])),
    );
    const gone = new Map<string, string[]>();
    for (const change of this.changes) {
      const { before } = change;
      if (change.kind !== "delete" || before?.type !== "file" || change.oddName || !sizes.has(before.size)) continue;
      const digest = digestOf(join(this.options.lower, change.path));
      change.before = { ...before, digest };
      gone.set(digest, [...(gone.get(digest) ?? []), change.path]);
    }
    for (const change of this.changes) {
      if (change.kind !== "add" || change.after?.size === 0) continue;
      const from = gone.get(change.after?.digest ?? "")?.shift();
      if (from !== undefined) change.movedFrom = from;
    }
  }
}

function kindOf(before: HostEntry | undefined, after: Entry): Change["kind"] | undefined {
  if (before === undefined) return "add";
  if (before.type !== after.type) return "type";
  const isSame = after.type === "link" ? before.target === after.target : before.digest === after.digest;
  if (!isSame || (after.type !== "file" && after.type !== "folder" && after.type !== "link")) return "modify";
  return after.type !== "link" && before.mode !== after.mode ? "mode" : undefined;
}

function below(root: string, path: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${root}/`), path]);
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}

// The gate asks whether a few deletions (25, MASS in core/review/deletion.ts) are half of the workspace; beyond that their number alone decides.
const MOST_COUNTED = 200;

function countFiles(root: string): number {
  let count = 0;
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined && count < MOST_COUNTED; folder = folders.pop()) {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (!entry.isDirectory()) count++;
      else if (entry.name !== ".git" && !isDependencyFolder(entry.name)) folders.push(join(folder, entry.name));
    }
  }
  return count;
}
