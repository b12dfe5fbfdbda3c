// Paths outside the workspace that a session looked for in vain, or could not write. Protected paths and secrets are never proposed.
import type { LogRecord } from "../../log/index.ts";
import { protection, secretSuspicion } from "../../paths/index.ts";
import { isInside } from "../../shell/index.ts";
import { broadPaths } from "../lint-broad.ts";
import { Gathering, type LearnPlaces, type LeftOut, type Proposal, risksOfPrograms } from "./proposal.ts";

const ABSENT: ReadonlySet<string> = new Set(["ENOENT", "EACCES", "EPERM"]);
const UNWRITABLE: ReadonlySet<string> = new Set(["EROFS", "EACCES", "EPERM"]);
/** What is the machine's own, or every program tries. */
const NOBODYS = /^\/(?:proc|sys|dev|run|tmp|var\/tmp|usr|lib\w*|bin|sbin)(?:\/|$)/;

/** Takes records one by one. */
export class FileLessons {
  private readonly reads = new Map<string, Gathering>();
  private readonly writes = new Map<string, Gathering>();
  private readonly left = new Map<string, { readonly because: string; readonly found: Gathering }>();
  private readonly places: LearnPlaces;

  constructor(places: LearnPlaces) {
    this.places = places;
  }

  take(record: LogRecord): void {
    const { type, data } = record;
    if ((type !== "file.read" && type !== "file.write") || typeof data["path"] !== "string") return;
    const path = data["path"].startsWith("/") ? data["path"] : `${this.places.root}/${data["path"]}`;
    if (data["verdict"] === "refused") return this.leave(path, "protected: only a person changes it, outside", record);
    const error = String(data["error"] ?? "");
    if (isInside(this.places.root, path) || NOBODYS.test(path)) return;
    if (!(type === "file.read" ? ABSENT : UNWRITABLE).has(error)) return;
    if (secretSuspicion(path.slice(1)) !== undefined) return this.leave(path, "its name is a secret's", record);
    if (protection(path.slice(1)) !== undefined) return this.leave(path, "a setting that is run or believed", record);
    const found = type === "file.read" ? this.reads : this.writes;
    const gathering = found.get(path) ?? new Gathering(error);
    found.set(path, gathering);
    gathering.add(record);
  }

  proposals(): readonly Proposal[] {
    return [
      ...[...this.reads].map(([path, found]) => this.proposal("sandbox.filesystem.allowRead", path, found)),
      ...[...this.writes].map(([path, found]) => this.proposal("sandbox.filesystem.allowWrite", path, found)),
    ];
  }

  leftOut(): readonly LeftOut[] {
    return [...this.left].map(([what, { because, found }]) => ({ what, because, evidence: found.evidence }));
  }

  private leave(path: string, because: string, record: LogRecord): void {
    const entry = this.left.get(path) ?? { because, found: new Gathering("refused") };
    this.left.set(path, entry);
    entry.found.add(record);
  }

  private proposal(key: Proposal["key"], path: string, found: Gathering): Proposal {
    const { evidence } = found;
    const broad = broadPaths({ text: path, at: { file: "", line: 0, column: 0 } }, this.places);
    const lasts =
      key === "sandbox.filesystem.allowWrite" ? ["what is written there is the host's at once, before any review"] : [];
    return {
      ...{ key, value: path, evidence },
      risks: [...broad.map(({ message }) => message), ...lasts, ...risksOfPrograms(evidence, this.places)],
    };
  }
}
