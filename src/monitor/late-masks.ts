// Secrets that come to stand in the workspace while the session runs (CRED-6): seen on the host's side, hidden inside within milliseconds, on record.
// What the agent itself makes in its own layer is its own. A secret is known by its name, by its content where the name only suspects, by being the
// same file as one that is masked already, and, in git's objects, by being a masked blob.
import { join } from "node:path";
import type { Append } from "#core/log";
import { forTerminal } from "#core/text";
import {
  blobOf,
  type Fence,
  type FenceEvent,
  findSecretFiles,
  identityOf,
  isUnnamed,
  type Lookout,
  lookAt,
  namesOf,
  packHolds,
  type SecretSearch,
  secretsOf,
} from "#sandbox";
import type { LateSecrets, MetaParts } from "./session-meta.ts";

/** What a session's late masks need. */
export interface LateMaskParts {
  /** Has looked before anything was masked. */
  readonly lookout: Lookout;
  readonly root: string;
  readonly running: Promise<Pick<Fence, "hide">>;
  readonly search: SecretSearch;
  /** Masked from the start, absolute. */
  readonly masked: readonly string[];
  /** Of git's objects: shown as stand-ins, or hidden, from the start; absolute. */
  readonly untouchable: readonly string[];
  /** Masked blobs of git, hex. */
  readonly blobs: readonly string[];
  /** Object stores of the workspace whose history was looked through. */
  readonly stores: readonly string[];
  /** What each masked file was when it was found. */
  readonly identities: ReadonlyMap<string, string>;
  /** The session's own layer; absent when the workspace is live or read-only. */
  readonly upper?: string;
  readonly append: Append;
  /** `asked` has grown: before the fence hears of it, so that a whiteout is never read as a deletion. */
  readonly onAsked: () => void;
  /** A line for the person. */
  readonly tell: (line: string) => void;
  /** A file is a secret now, absolute, with its name in the workspace: what it holds is looked for in what leaves. */
  readonly onSecret?: (file: string, name: string) => void;
  /** A secret stays in sight: the session cannot go on. Called once. */
  readonly onSeen: (why: string) => void;
}

/** Running ones. */
export interface LateMasks extends LateSecrets {
  /** What the fence says. */
  event(event: FenceEvent): void;
  close(): void;
}

const RETRY_MS = 200;
/** For a name that is not there inside, and so shows nothing. */
const TRIES = 50;
/** For one that may be seen meanwhile. */
const TRIES_IN_SIGHT = 5;
const OBJECT = /(?:^|\/)objects\/([0-9a-f]{2})\/([0-9a-f]{38,62})$/;
const PACK = /(?:^|\/)objects\/pack\/pack-[0-9a-f]+\.idx$/;

/** Starts them for a session whose workspace the host can change; `undefined` for a private copy, where nothing appears. */
export function lateMasksOf(
  parts: MetaParts & Pick<LateMaskParts, "running" | "append" | "onAsked" | "tell" | "onSeen" | "onSecret">,
): LateMasks | undefined {
  const { prepared } = parts;
  const { kind } = prepared.plan.workspace;
  if (prepared.shown.copy !== undefined) return undefined;
  return new Masks({
    ...parts,
    ...{ root: prepared.workspace.root, masked: prepared.plan.masked },
    ...{ ...prepared.secrets, untouchable: prepared.untouchable },
    ...(kind === "overlay" ? { upper: prepared.paths.upper } : {}),
  });
}

class Masks implements LateMasks {
  readonly asked = new Set<string>();
  readonly inSight = new Set<string>();
  readonly notices: string[] = [];
  private readonly parts: LateMaskParts;
  private readonly known: Set<string>;
  private readonly blobs: Set<string>;
  /** The masked files by what they are, whatever they are called. */
  private readonly files = new Set<string>();
  private readonly told = new Set<string>();
  private readonly tries = new Map<string, number>();
  private readonly waiting = new Set<string>();
  private readonly timers = new Set<NodeJS.Timeout>();
  private isClosed = false;

  constructor(parts: LateMaskParts) {
    this.parts = parts;
    // A stand-in is not to be hidden: git must be able to read it.
    this.known = new Set([...parts.masked, ...parts.untouchable]);
    this.blobs = new Set(parts.blobs);
    for (const identity of parts.identities.values()) this.files.add(identity);
    parts.lookout.listen((sighting) => {
      if (sighting.kind === "name") this.look(sighting.path);
      else if (sighting.kind === "folder") this.lookBelow(sighting.path);
      else if (sighting.kind === "partial")
        this.notice(`secrets that appear during the session may be seen: ${sighting.why}`);
      // What came besides git's objects was told; but where the first look was not the lookout's own, nobody knows since when.
      else if (sighting.kind === "ready" && parts.search.alsoMasked === undefined) this.lookAtKnown();
      else this.lookAgain();
    });
  }

  event(event: FenceEvent): void {
    if (event.kind === "hidden") this.settled(event.path);
    // A name that the agent looked up before may stay away for a while and then come: asked again until it holds.
    if (event.kind === "unhidden") {
      const tries = (this.tries.get(event.path) ?? 0) + 1;
      this.tries.set(event.path, tries);
      const absent = event.why === "absent";
      if (tries < (absent ? TRIES : TRIES_IN_SIGHT)) this.later(() => this.ask(event.path));
      else if (!absent) this.staysInSight(join(this.parts.root, event.path), event.why);
    }
  }

  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const timer of this.timers) clearTimeout(timer);
    this.parts.lookout.close();
  }

  private look(path: string): void {
    const { root, search } = this.parts;
    const object = OBJECT.exec(path);
    if (object !== null) {
      if (this.blobs.has(`${object[1]}${object[2]}`)) this.hide(join(root, path));
      return;
    }
    if (PACK.test(path)) {
      const base = join(root, path.slice(0, -4));
      if (this.blobs.size > 0 && packHolds(base, this.blobs))
        for (const end of ["idx", "pack"]) this.hide(`${base}.${end}`);
      return;
    }
    for (const file of secretsOf(root, path, search)) this.hide(file);
    if (this.files.has(identityOf(join(root, path)) ?? "")) this.hide(join(root, path));
  }

  /** After something may have been missed: by name, and, where a masked file is gone or has more names than one, by what it is. */
  private lookAgain(): void {
    this.lookBelow("");
    this.lookAtKnown();
  }

  private lookAtKnown(): void {
    const { identities, root } = this.parts;
    this.lookForBlobs(this.blobs);
    const astray = [...identities].filter(([path, identity]) => {
      const found = lookAt(path);
      return found === undefined || found.nlink > 1 || identityOf(path) !== identity;
    });
    for (const file of namesOf(root, new Set(astray.map(([, identity]) => identity)))) this.hide(file);
  }

  /** Loose objects of the store that are masked blobs. */
  private lookForBlobs(blobs: Iterable<string>): void {
    for (const blob of blobs) {
      for (const store of this.parts.stores) {
        const object = join(store, blob.slice(0, 2), blob.slice(2));
        if (isThere(object) && !this.known.has(object)) this.hide(object);
      }
    }
  }

  /** Nobody has looked through its history: until the next run it has none. In a live workspace it may well be the agent's own. */
  private newRepository(folder: string): void {
    const objects = join(folder, "objects");
    if (this.parts.upper === undefined || this.parts.stores.includes(objects) || this.known.has(objects)) return;
    this.hide(objects);
    this.notice(
      `\`${forTerminal(folder, { max: 200 })}\` appeared during the session: its history is not shown before the next run`,
    );
  }

  private lookBelow(folder: string): void {
    const { root, search } = this.parts;
    if (/(?:^|\/)objects$/.test(folder) && isThere(join(root, folder, "../HEAD")))
      this.newRepository(join(root, folder, ".."));
    if (folder !== "" && search.alsoMasked?.(folder, true) === true) return this.hide(join(root, folder));
    // A folder of loose objects: what came before it was watched is told by nobody else.
    if (/(?:^|\/)objects\/[0-9a-f]{2}$/.test(folder)) this.lookForBlobs(this.blobs);
    const found = findSecretFiles(root, { ...search, below: folder });
    for (const file of found.paths) this.hide(file);
    for (const repository of found.repositories) this.newRepository(repository);
  }

  private hide(file: string): void {
    if (isUnnamed(file)) return this.staysInSight(file, "its name is no UTF-8");
    this.remember(file);
    this.parts.onSecret?.(file, file.slice(this.parts.root.length + 1));
    // A name that was hidden and is written anew on the host stays hidden in a layer; a mount goes with the file that it covered.
    if (this.known.has(file) && this.parts.upper !== undefined) return;
    this.known.add(file);
    const path = file.slice(this.parts.root.length + 1);
    this.tries.delete(path);
    this.ask(path);
  }

  private ask(path: string): void {
    if (this.waiting.size === 0) setImmediate(() => this.askWaiting());
    this.waiting.add(path);
  }

  /** All of one moment together: a moved folder may bring thousands. */
  private askWaiting(): void {
    const { upper, root, running, masked } = this.parts;
    const wanted = [...this.waiting].filter(
      (path) =>
        isThere(join(root, path)) &&
        // The agent's own file, or a name that it removed: the host's is not seen.
        (upper === undefined || !isThere(join(upper, path))),
    );
    this.waiting.clear();
    if (this.isClosed) return;
    const before = this.asked.size;
    for (const path of wanted) if (!masked.includes(join(root, path))) this.asked.add(join(root, path));
    if (this.asked.size > before) this.parts.onAsked();
    void running.then((fence) => {
      for (const path of wanted) fence.hide(upper === undefined ? "cover" : "layer", path);
    });
  }

  private settled(path: string): void {
    if (this.told.has(path) || this.parts.masked.includes(join(this.parts.root, path))) return;
    this.told.add(path);
    this.parts.tell(`masked \`${forTerminal(path, { max: 200 })}\`: a secret that appeared during the session`);
    this.parts
      .append({
        type: "file.read",
        origin: "observed",
        data: { path, verdict: "refused", reason: "secret-appeared" },
      })
      .catch(() => undefined); // it is hidden already; a log that takes no more has ended the session
  }

  private staysInSight(file: string, why: string): void {
    const isFirst = this.inSight.size === 0;
    this.inSight.add(file);
    if (!isFirst || this.isClosed) return;
    const path = file.slice(this.parts.root.length + 1);
    const line = `\`${forTerminal(path, { max: 200 })}\` appeared during the session, is a secret, and cannot be hidden inside: ${why}`;
    this.notices.push(line);
    this.parts.onSeen(line);
  }

  private remember(file: string): void {
    const found = identityOf(file);
    if (found !== undefined) this.files.add(found);
    for (const wide of [false, true]) {
      const blob = blobOf(file, wide);
      if (blob === undefined || this.blobs.has(blob)) continue;
      this.blobs.add(blob);
      this.lookForBlobs([blob]);
    }
  }

  private later(act: () => void): void {
    const timer = setTimeout(() => {
      this.timers.delete(timer);
      act();
    }, RETRY_MS);
    timer.unref();
    this.timers.add(timer);
  }

  private notice(line: string): void {
    if (this.notices.includes(line)) return;
    this.notices.push(line);
    this.parts.tell(line);
  }
}

function isThere(path: string): boolean {
  return lookAt(path) !== undefined;
}
