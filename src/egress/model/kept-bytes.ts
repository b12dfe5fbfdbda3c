// The bytes of one body, kept until it is complete and within a bound.
import type { HoldRoom } from "../hold-room.ts";

/** Where a longer body is not read: parsing it would hold up everybody else. */
const MOST = 12 * 1024 * 1024;

/** Keeps them; who opens it closes it. */
export class KeptBytes {
  private readonly room: HoldRoom;
  private pieces: Buffer[] = [];
  private kept = 0;
  /** All that came, kept or not. */
  size = 0;
  /** True when there were more than are kept; then none are. */
  isLost = false;

  constructor(room: HoldRoom) {
    this.room = room;
  }

  take(piece: Buffer): void {
    this.size += piece.length;
    if (this.isLost) return;
    if (this.size > MOST || !this.room.take(piece.length)) {
      this.isLost = true;
      this.close();
      return;
    }
    this.kept += piece.length;
    this.pieces.push(piece);
  }

  /** What was kept, which is then kept no more. */
  bytes(): Buffer {
    const all = Buffer.concat(this.pieces);
    this.close();
    return all;
  }

  close(): void {
    this.room.give(this.kept);
    this.kept = 0;
    this.pieces = [];
  }
}
