// Long work in short turns, so that one long answer holds up nothing but itself: between two turns everything else of this process comes to pass. The turns
// of all that is at work follow each other, however much it is: together they take a turn's time, not one each. Work that costs more than anybody waits
// for is given up, and whoever gave it says what that means.
import type { Work } from "#core/mcp/screen";

/** How long and how much. */
export interface TurnLimits {
  /** No longer at a stretch: a call that comes meanwhile waits no longer than this. */
  readonly turnMs: number;
  /** Of its own time, all of one piece of work. Clients wait a minute for an answer; half of it is left for the server and for other answers. */
  readonly mostMs: number;
}

/** A turn is the time in which a call passes through; half a minute reads more than a message may hold, unless it was made to be slow. */
const LIMITS: TurnLimits = { turnMs: 4, mostMs: 30_000 };

/** Does work in turns. */
export interface Turns {
  /** What the work comes to; `undefined` when it was given up, also because nobody wants it any more. What is short is done at once. */
  do<T>(work: Work<T>, signal?: AbortSignal): Promise<T | undefined>;
}

/** A job that waits for its turn: works until then, and says whether it is done. */
type Job = (until: number) => boolean;

/** Opens the turns of one session. */
export function openTurns({ turnMs, mostMs }: TurnLimits = LIMITS): Turns {
  const waiting: Job[] = [];
  /** When the turn that runs now is over; what begins in it shares it. */
  let until = Number.NEGATIVE_INFINITY;
  const begin = (): void => {
    until = performance.now() + turnMs;
    // behind whatever has come meanwhile
    setImmediate(next);
  };
  const next = (): void => {
    until = Number.NEGATIVE_INFINITY;
    const job = waiting.shift();
    if (job === undefined) return;
    begin();
    if (!job(until)) waiting.push(job);
  };
  return {
    do<T>(work: Work<T>, signal?: AbortSignal): Promise<T | undefined> {
      return new Promise((done, failed) => {
        let spent = 0;
        const job: Job = (end) => {
          const began = performance.now();
          if (signal?.aborted === true) {
            done(undefined);
            return true;
          }
          try {
            for (;;) {
              const step = work.next();
              if (step.done === true) {
                done(step.value);
                return true;
              }
              const now = performance.now();
              if (spent + now - began > mostMs) {
                done(undefined);
                return true;
              }
              if (now < end) continue;
              spent += now - began;
              return false;
            }
          } catch (thrown) {
            failed(thrown);
            return true;
          }
        };
        if (until === Number.NEGATIVE_INFINITY) begin();
        if (performance.now() >= until || !job(until)) waiting.push(job);
      });
    },
  };
}
