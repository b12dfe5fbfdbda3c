// The folder of one session's past: records of what it replaced, appended and never rewritten, and images of the files, named by
// what is in them. The last line of a path counts; a line that a crash cut is not there.
//   records.jsonl   images/<sha-256>   twins/<token>-<n>
import { randomBytes } from "node:crypto";
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { PastRecord } from "#core/review";
import { isAbsence } from "./host-entry.ts";

/** The modification time of a folder that holds something the session changed: before, and as the session left it. */
export interface FolderTime {
  readonly folder: string;
  readonly before: string;
  readonly left: string;
}

/** A repository to which the session added objects: everything but its objects, as the session left it, in one digest. */
export interface RepositoryState {
  readonly repository: string;
  readonly left: string;
}

/** An image of the guard's under its later name. */
type Alias = { readonly image: string; readonly digest: string };
type Drop = { readonly drop: "path" | "folder"; readonly name: string };
type Line = PastRecord | FolderTime | RepositoryState | Alias | Drop;

/** One session's past. */
export class PastStore {
  readonly folder: string;
  /** By path, in the order in which they were first changed. */
  readonly records: Map<string, PastRecord> = new Map();
  readonly folders: Map<string, FolderTime> = new Map();
  readonly repositories: Map<string, string> = new Map();
  readonly aliases: Map<string, string> = new Map();
  /** The record that the last one of a path replaced: for a change that was announced and then refused. */
  private readonly earlier: Map<string, PastRecord | undefined> = new Map();
  private readonly token = randomBytes(6).toString("hex");
  private twins = 0;

  /** Reads what is there; a folder that is not there is an empty past. */
  constructor(folder: string) {
    this.folder = folder;
    for (const line of readLines(join(folder, "records.jsonl"))) this.take(line);
  }

  /** Appends, and waits for the disk. */
  append(lines: readonly Line[]): void {
    if (lines.length === 0) return;
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    const fd = openSync(join(this.folder, "records.jsonl"), "a", 0o600);
    try {
      // The newline in front ends a line that a crash cut.
      const bytes = Buffer.from(`\n${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
      for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    for (const line of lines) this.take(line);
  }

  /** The lines that make these paths what they were before their last record. */
  takenBack(paths: readonly string[]): readonly Line[] {
    return paths
      .filter((path) => this.records.has(path))
      .map((path) => this.earlier.get(path) ?? { drop: "path", name: path });
  }

  /** Where the image of these bytes is, or would be. */
  image(digest: string): string {
    return join(this.folder, "images", digest);
  }

  has(digest: string | undefined): digest is string {
    return digest !== undefined && existsSync(this.image(digest));
  }

  /** A name for one more file in `images` (on its way) or `twins`. */
  fresh(kind: "images" | "twins"): { readonly name: string; readonly path: string } {
    const name = `${kind === "images" ? "new-" : ""}${this.token}-${this.twins++}`;
    mkdirSync(join(this.folder, kind), { recursive: true, mode: 0o700 });
    return { name, path: join(this.folder, kind, name) };
  }

  twin(name: string): string {
    return join(this.folder, "twins", name);
  }

  dropTwin(name: string): void {
    rmSync(this.twin(name), { force: true });
  }

  private take(line: Line): void {
    if ("drop" in line) {
      if (line.drop === "path") this.records.delete(line.name);
      else this.folders.delete(line.name);
    } else if ("folder" in line) this.folders.set(line.folder, line);
    else if ("image" in line) this.aliases.set(line.image, line.digest);
    else if ("repository" in line) this.repositories.set(line.repository, line.left);
    else {
      this.earlier.set(line.path, this.records.get(line.path));
      this.records.set(line.path, line);
    }
  }
}

/** The whole lines. The file is ours; what does not parse was cut off by a crash. */
function readLines(file: string): readonly Line[] {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (isAbsence(error)) return [];
    throw error;
  }
  return text.split("\n").flatMap((line): Line[] => {
    if (line === "") return [];
    try {
      return [JSON.parse(line)];
    } catch {
      return [];
    }
  });
}
