// Server-sent events (HTML standard, section 9.2.6) cut into the data of each, from text that comes in any pieces.
import type { TextRoom } from "./output.ts";

/** Reads one stream. An event longer than `most` characters, or than there is room for, is left out, and `hasLost` says so. */
export class EventStream {
  readonly #most: number;
  readonly #room: TextRoom;
  #held = 0;
  /** The line that is not over, in the pieces it came in: joining each time would cost a long line its square. */
  #line: string[] = [];
  #data: string[] = [];
  #size = 0;
  #isTooLong = false;
  #endedInReturn = false;
  hasLost = false;

  constructor(most: number, room: TextRoom) {
    this.#most = most;
    this.#room = room;
  }

  /** The events that the piece completes. */
  take(piece: string): readonly string[] {
    const events: string[] = [];
    let at = this.#endedInReturn && piece.startsWith("\n") ? 1 : 0;
    if (piece !== "") this.#endedInReturn = piece.endsWith("\r");
    while (at < piece.length) {
      const end = endOfLine(piece, at);
      this.#keep(piece.slice(at, end < 0 ? undefined : end));
      if (end < 0) break;
      const event = this.#endLine();
      if (event !== undefined) events.push(event);
      at = end + (piece.startsWith("\r\n", end) ? 2 : 1);
    }
    return events;
  }

  #keep(part: string): void {
    this.#size += part.length;
    if (this.#isTooLong || part === "") return;
    if (this.#size <= this.#most && this.#room.take(part.length)) {
      this.#held += part.length;
      this.#line.push(part);
      return;
    }
    this.#isTooLong = true;
    this.#line = [];
    this.#data = [];
    this.close();
  }

  /** Gives back what an event that is not over holds. */
  close(): void {
    this.#room.give(this.#held);
    this.#held = 0;
  }

  #endLine(): string | undefined {
    const line = this.#line.join("");
    this.#line = [];
    if (line !== "" || (this.#isTooLong && this.#size === 0)) {
      const value = /^data(?:: ?|$)/.exec(line);
      if (value !== null) this.#data.push(line.slice(value[0].length));
      return undefined;
    }
    const event = this.#data.join("\n");
    const isThere = this.#data.length > 0;
    this.hasLost ||= this.#isTooLong;
    this.#data = [];
    this.#size = 0;
    this.#isTooLong = false;
    this.close();
    return isThere ? event : undefined;
  }
}

function endOfLine(text: string, from: number): number {
  const feed = text.indexOf("\n", from);
  const back = text.indexOf("\r", from);
  return feed < 0 || back < 0 ? Math.max(feed, back) : Math.min(feed, back);
}
