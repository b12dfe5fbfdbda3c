// What one server has said of itself and what of it may be served. The gateway lists for itself: whatever a client is shown or may call
// stands in here, and has been compared with the lock as a whole.
import { setTimeout as sleep } from "node:timers/promises";
import { err, ok, type Problem, type Result } from "#core";
import {
  DEFINITIONS,
  type DefinitionKind,
  type Held,
  type JsonObject,
  type ServerDescription,
  textAt,
  type Verified,
  writeJson,
} from "#core/mcp";

/** A verified description with its definitions by name. */
export interface Served {
  readonly verified: Verified;
  /** Grows with every listing: cursors of an older one are no longer good. */
  readonly serial: number;
  find(kind: DefinitionKind, name: string): JsonObject | undefined;
  held(kind: DefinitionKind, name: string): Held | undefined;
}

/** What a snapshot is made by. */
export interface SnapshotSource {
  /** Every list of the server, whole. */
  list(): Promise<Result<ServerDescription, Problem>>;
  verify(found: ServerDescription): Promise<Verified>;
  /** Another text once a lock is another one. */
  mark(): string;
  /** Called with each new state before anybody is served from it. */
  report(state: Result<Served, Problem>): Promise<void>;
}

/** Rest after work, in its own length. */
const REST = 3;
const REST_MOST_MS = 10_000;

/** The state of one server in one era. */
export class Snapshot {
  /** The words of each list as the client was shown them last. */
  readonly shown: Map<DefinitionKind, string> = new Map();
  readonly #source: SnapshotSource;
  /** What the client was told of last, of each list and subscription, and what it had been shown then. */
  readonly #told = new Map<string, { readonly shown: string; readonly words: string }>();
  #found: ServerDescription | undefined;
  #state: Result<Served, Problem> | undefined;
  #running: Promise<Result<Served, Problem>> | undefined;
  #next: Promise<Result<Served, Problem>> | undefined;
  /** What the server says has changed, and no listing has begun since. */
  readonly #due = new Set<string>();
  #serial = 0;
  /** Of the locks as they were when what is served was compared with them. */
  #mark = "";
  #marked: Promise<Result<Served, Problem>> | undefined;
  /** When the last work ended, and how long it took. */
  #endedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  constructor(source: SnapshotSource) {
    this.#source = source;
  }

  /** The state now; a first or a failed listing is made (again) on demand, and what was compared with a lock that is another one now is compared anew. */
  current(): Promise<Result<Served, Problem>> {
    if (this.#running !== undefined) return this.#running;
    if (this.#state?.ok !== true) return this.#run();
    if (this.#source.mark() === this.#mark) return Promise.resolve(this.#state);
    this.#marked ??= this.reverify().finally(() => {
      this.#marked = undefined;
    });
    return this.#marked;
  }

  /** The state as it stands, without waiting. */
  get latest(): Served | undefined {
    return this.#state?.ok ? this.#state.value : undefined;
  }

  /** Whether a client has to be told that a list is another one than it was shown; it counts as told then, until it has asked for the list. */
  isNews(kind: DefinitionKind, served: Served, whose = ""): boolean {
    const [shown, words] = [this.shown.get(kind), wordsOf(served, kind)];
    const told = this.#told.get(`${kind} ${whose}`);
    if (shown === undefined || words === (told?.shown === shown ? told.words : shown)) return false;
    this.#told.set(`${kind} ${whose}`, { shown, words });
    return true;
  }

  /** Lists anew. However often it is asked for meanwhile: one listing runs, one waits. */
  refresh(): Promise<Result<Served, Problem>> {
    const running = this.#running;
    if (running === undefined) return this.#run();
    this.#next ??= running.then(() => {
      this.#next = undefined;
      return this.#run();
    });
    return this.#next;
  }

  /**
   * Lists anew because the server says that something changed; `undefined` where its word about the same is waiting already, for the listing to come
   * tells of both. So a flood of words waits for nothing, and our own questions are answered behind it.
   */
  async changed(what: string): Promise<Result<Served, Problem> | undefined> {
    if (this.#due.has(what)) return undefined;
    this.#due.add(what);
    try {
      await this.#rested();
      await this.#running;
    } finally {
      this.#due.delete(what);
    }
    return this.refresh();
  }

  /** Resolves when a server may have us work again: lists and comparisons at its word take a part of our time, never all of it. */
  async #rested(): Promise<void> {
    const restMs = Math.min(REST_MOST_MS, REST * this.#tookMs) - (performance.now() - this.#endedAt);
    if (restMs > 0) await sleep(restMs, undefined, { ref: false });
  }

  /** Compares what was found with the lock once more: a person may have approved it meanwhile. Not twice within `withinMs`. */
  async reverify(withinMs = 0): Promise<Result<Served, Problem>> {
    const found = this.#found;
    const isFresh = performance.now() - this.#endedAt < withinMs;
    if (found === undefined || isFresh || this.#running !== undefined) return this.current();
    const state = await this.#verified(found);
    // Listed anew meanwhile: what was found before must not come back.
    if (this.#found === found && this.#running === undefined) return this.#settle(state);
    return this.#running ?? this.#state ?? this.#run();
  }

  #run(): Promise<Result<Served, Problem>> {
    this.#running = this.#listed().finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  async #listed(): Promise<Result<Served, Problem>> {
    const found = await this.#source.list();
    this.#found = found.ok ? found.value : undefined;
    return this.#settle(found.ok ? await this.#verified(found.value) : found);
  }

  async #verified(found: ServerDescription): Promise<Result<Served, Problem>> {
    const began = performance.now();
    const mark = this.#source.mark();
    try {
      this.#serial += 1;
      return ok(servedOf(await this.#source.verify(found), this.#serial));
    } catch (thrown) {
      return err({ code: "mcp-unverified", message: `it could not be verified: ${String(thrown)}` });
    } finally {
      this.#mark = mark;
      this.#endedAt = performance.now();
      this.#tookMs = this.#endedAt - began;
    }
  }

  async #settle(state: Result<Served, Problem>): Promise<Result<Served, Problem>> {
    try {
      await this.#source.report(state);
      this.#state = state;
    } catch {
      this.#state = err({ code: "mcp-unrecorded", message: "what it says of itself could not be recorded" });
    }
    return this.#state;
  }
}

function servedOf(verified: Verified, serial: number): Served {
  const names = DEFINITIONS.flatMap(({ kind, list, key }) =>
    verified.description[list].map((body): [string, JsonObject] => [`${kind} ${textAt(body, key) ?? ""}`, body]),
  );
  const byName = new Map(names);
  return {
    verified,
    serial,
    find: (kind, name) => byName.get(`${kind} ${name}`),
    held: (kind, name) => verified.held.find((one) => one.kind === kind && one.name === name),
  };
}

/** A list of definitions as one text: what is served has changed when this has. */
export function wordsOf(served: Served, kind: DefinitionKind): string {
  const list = DEFINITIONS.find((entry) => entry.kind === kind)?.list;
  return writeJson(list === undefined ? [] : served.verified.description[list]);
}
