// Both ways of speaking with one server. Each has its own snapshot: what a server says of itself in one era is verified for that era.
import { err, type Problem, type Result } from "#core";
import { isIntroduction, type JsonObject, type McpEra, readOpening, type ServerOpening } from "#core/mcp";
import type { Asker } from "../asker.ts";
import type { GatekeeperOptions } from "../gatekeeper.ts";
import type { Notes } from "./notes.ts";
import { type Served, Snapshot } from "./snapshot.ts";

/** What has been said in either era. */
export class Eras {
  readonly #options: GatekeeperOptions;
  readonly #notes: Notes;
  readonly #snapshots = new Map<McpEra, Snapshot>();
  #legacy: ServerOpening | undefined;
  /** Pending while the client's `notifications/initialized` is on its way: nothing of ours overtakes it. */
  #initialized: Promise<void> = Promise.resolve();
  /** Pending while the client's `initialize` has no answer yet: what comes behind it in the same breath waits. */
  #opening: Promise<void> = Promise.resolve();
  #endOpening: () => void = () => undefined;
  #meta: JsonObject | undefined;

  constructor(options: GatekeeperOptions, notes: Notes) {
    this.#options = options;
    this.#notes = notes;
  }

  /** A legacy session is open from here on, and whatever an earlier one listed is forgotten. */
  opened(opening: ServerOpening): void {
    if (this.#legacy !== undefined) this.#snapshots.delete("legacy");
    this.#legacy = opening;
  }

  /** The client's `initialize` is on its way to the server. */
  begins(): void {
    this.#endOpening();
    this.#opening = new Promise((ended) => {
      this.#endOpening = ended;
    });
  }

  /** It has its answer, or will have none. */
  ends(): void {
    this.#endOpening();
  }

  /** The version of the legacy session, where there is one. */
  get legacy(): ServerOpening | undefined {
    return this.#legacy;
  }

  /** The client's `notifications/initialized` is about to be forwarded; the answer is to be called when it has been. */
  initializing(): () => void {
    let delivered = (): void => undefined;
    this.#initialized = new Promise<void>((done) => {
      delivered = done;
    });
    return () => {
      delivered();
      // Early, because the client's first question is for a list.
      if (this.#legacy !== undefined) void this.snapshot("legacy").current();
    };
  }

  /**
   * How a modern client introduces itself: our own requests say the same, so that no server can tell them apart. The last whole introduction counts:
   * one that a server refuses, of whichever of several clients, must not stay with everybody.
   */
  introduce(meta: JsonObject): void {
    if (this.#meta === undefined || isIntroduction(meta)) this.#meta = meta;
  }

  /** The eras in which something has been listed, or is about to be. */
  listed(): readonly McpEra[] {
    return [...this.#snapshots.keys()];
  }

  snapshot(era: McpEra): Snapshot {
    const known = this.#snapshots.get(era);
    if (known !== undefined) return known;
    const made: Snapshot = new Snapshot({
      list: async () => {
        if (era === "legacy") await this.#opening.then(() => this.#initialized);
        const asker = era === "legacy" ? this.#options.asker : withMeta(this.#options.asker, this.#meta ?? {});
        const opening = era === "legacy" ? this.#legacy : await discovered(asker);
        if (opening === undefined) return err(UNOPENED);
        return "ok" in opening ? opening : this.#options.list(asker, opening);
      },
      verify: (found) => this.#options.verify(found, "whole"),
      mark: () => this.#options.lockMark?.() ?? "",
      report: (state) => this.#report(state, made.latest),
    });
    this.#snapshots.set(era, made);
    return made;
  }

  async #report(state: Result<Served, Problem>, before: Served | undefined): Promise<void> {
    if (!state.ok)
      return this.#notes.note({
        kind: "list",
        ...NOTHING_LISTED,
        fault: `${state.error.code}: ${state.error.message}`,
      });
    const { held, description, otherServer } = state.value.verified;
    const [tools, prompts, resourceTemplates] = [description.tools, description.prompts, description.resourceTemplates];
    const words = JSON.stringify([tools, prompts, resourceTemplates, held]);
    const old = before?.verified;
    if (
      old &&
      words ===
        JSON.stringify([old.description.tools, old.description.prompts, old.description.resourceTemplates, old.held])
    )
      return;
    const counts = { tools: tools.length, prompts: prompts.length, resourceTemplates: resourceTemplates.length };
    await this.#notes.note({
      ...{ kind: "list", ...counts, held },
      ...(otherServer === undefined ? {} : { otherServer }),
    });
  }
}

const NOTHING_LISTED = { tools: 0, prompts: 0, resourceTemplates: 0, held: [] };
const UNOPENED: Problem = { code: "mcp-unopened", message: "the client has not opened a session with the server yet" };

async function discovered(asker: Asker): Promise<ServerOpening | Result<never, Problem>> {
  const answer = await asker.request("server/discover");
  return answer.ok ? readOpening("modern", answer.value) : answer;
}

/** The same asker, with what a modern request has to say of its sender. */
function withMeta(asker: Asker, meta: JsonObject): Asker {
  return { request: (method, params) => asker.request(method, { ...params, _meta: meta }) };
}
