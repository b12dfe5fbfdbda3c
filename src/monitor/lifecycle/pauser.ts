// A session that stands still and goes on (SAND-9): by the freezer where there is one, else its processes are stopped. Every change is on record before
// it happens; the session's time does not run meanwhile. What is inside cannot end a pause: only the supervisor can, or its own end.
import { err, ok, type Problem, type Result } from "#core";
import type { Append } from "#core/log";
import type { Fence, Freezer } from "#sandbox";

/** Who paused: a person, nobody's work for a while, or a snapshot for as long as it is copied. */
export type PausedBy = "person" | "idle" | "snapshot";

/** A pause, as the session's metadata shows it. */
export interface Pause {
  readonly by: PausedBy;
  readonly at: string;
  /** What holds it. */
  readonly how: "freezer" | "signals";
}

/** What it needs of the session. */
export interface PauserParts {
  readonly fence: Pick<Fence, "halt" | "go" | "levels">;
  readonly freezer: Freezer | undefined;
  readonly clock: { pause(): void; resume(): void };
  readonly append: Append;
  /** Hears every change; `before` is the pause that ends or becomes another. */
  readonly changed: (pause: Pause | undefined, before: Pause | undefined) => void;
}

const STUBBORN: Problem = {
  code: "pause-failed",
  message: "the session did not come to stand still, and goes on",
  hint: "try again, or end it: `ringfence sessions stop`",
};

/** Pauses and resumes one session, one change at a time. */
export class Pauser {
  private readonly parts: PauserParts;
  private now: Pause | undefined;
  private last: Promise<unknown> = Promise.resolve();

  constructor(parts: PauserParts) {
    this.parts = parts;
  }

  /** How it stands. */
  get paused(): Pause | undefined {
    return this.now;
  }

  /** Pauses; a paused session stays so, and a person's word outlasts the others'. */
  pause(by: PausedBy): Promise<Result<Pause, Problem>> {
    return this.inTurn(() => this.stop(by));
  }

  /** Goes on, unless somebody else than `by` paused: those are named, or everybody. Harmless when nothing is paused. */
  resume(by: string, only?: readonly PausedBy[]): Promise<void> {
    return this.inTurn(async () => {
      if (this.now === undefined || only?.includes(this.now.by) === false) return;
      await this.record("lifecycle.resume", { by });
      this.goOn();
    });
  }

  private async stop(by: PausedBy): Promise<Result<Pause, Problem>> {
    const { clock, changed } = this.parts;
    if (this.now !== undefined) {
      if (by === "person" && this.now.by !== "person") {
        await this.record("lifecycle.pause", { by, how: this.now.how });
        const before = this.now;
        this.now = { ...before, by };
        changed(this.now, before);
      }
      return ok(this.now);
    }
    await this.record("lifecycle.pause", { by });
    const how = await this.hold();
    if (how === undefined) {
      await this.record("lifecycle.resume", { by, failed: STUBBORN.message });
      return err(STUBBORN);
    }
    clock.pause();
    this.now = { by, at: new Date().toISOString(), how };
    changed(this.now, undefined);
    return ok(this.now);
  }

  private async hold(): Promise<Pause["how"] | undefined> {
    const { fence, freezer } = this.parts;
    if (freezer !== undefined && (await freezer.freeze(fence.levels))) {
      if (await fence.halt("watch")) return "freezer";
      freezer.thaw();
    } else if (await fence.halt("stop")) return "signals";
    fence.go();
    return undefined;
  }

  private goOn(): void {
    const { clock, changed, fence, freezer } = this.parts;
    const before = this.now;
    freezer?.thaw();
    fence.go();
    clock.resume();
    this.now = undefined;
    changed(undefined, before);
  }

  private async record(type: "lifecycle.pause" | "lifecycle.resume", data: Record<string, string>): Promise<void> {
    await this.parts.append({ type, origin: "observed", data });
  }

  private inTurn<T>(act: () => Promise<T>): Promise<T> {
    const turn = this.last.then(act);
    this.last = turn.catch(() => undefined);
    return turn;
  }
}
