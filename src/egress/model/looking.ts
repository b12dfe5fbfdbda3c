// A body filter that only looks: every piece goes on as it came, whatever becomes of the look. What goes wrong in it ends it, and nothing else.
import type { BodyFilter } from "../filter.ts";

/** What looks at a body. */
export interface Look {
  take(piece: Buffer): void;
  /** `isWhole` is false for a body that broke off. Called once. */
  end(isWhole: boolean): void;
  /** After a switch to WebSocket: a message is complete. */
  message?(): void;
}

/** The filter of a look. */
export function lookingAt(look: Look): BodyFilter {
  let isOver = false;
  const soundly = (step: () => void): void => {
    if (isOver) return;
    try {
      step();
    } catch {
      isOver = true; // a look that fails sees nothing more
    }
  };
  const end = (isWhole: boolean): void => {
    soundly(() => look.end(isWhole));
    isOver = true;
  };
  return {
    ...{ keepsLength: true, onlyLooks: true },
    take: (piece) => {
      soundly(() => look.take(piece));
      return [piece];
    },
    end: () => {
      end(true);
      return [];
    },
    flush: () => {
      soundly(() => look.message?.());
      return [];
    },
    gone: () => end(false),
  };
}
