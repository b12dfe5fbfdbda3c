// How much of all requests' bodies a proxy holds at once before it sends them (outgoing.ts). Where it is full, bodies stream.

/** The room of one proxy. Who takes gives back. */
export class HoldRoom {
  private left: number;

  constructor(bytes: number = 64 * 1024 * 1024) {
    this.left = bytes;
  }

  /** False when there is no room for so much. */
  take(bytes: number): boolean {
    if (bytes > this.left) return false;
    this.left -= bytes;
    return true;
  }

  give(bytes: number): void {
    this.left += bytes;
  }
}
