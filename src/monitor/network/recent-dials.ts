// Who has just dialled what, as the flight recorder saw it. A connection or datagram that the fence refuses is gone when the bridge asks the kernel whose
// it was, and so is one whose program has ended; the recorder took its address down before the act. Two programs that dialled one address at one time are nobody.
import type { RecorderEvent } from "#core/sandbox";
import type { OnSeen } from "#sandbox";

/** A program of the session. */
interface Program {
  readonly pid: number;
  readonly exe?: string;
}

interface Dial {
  readonly program: Program | "several";
  readonly atMs: number;
}

const REMEMBERED_MS = 2_000;
const MOST = 500;
/** A refusal and the recorder's line come by different ways, at about the same time. */
const WAIT_MS = 50;

/** One session's. */
export class RecentDials {
  private readonly now: () => number;
  private readonly running = new Map<number, string>();
  private readonly dials = new Map<string, Dial>();

  constructor(now: () => number = Date.now) {
    this.now = now;
  }

  /** A hearer of the recorder that hears here first. */
  before(onSeen: OnSeen): OnSeen {
    return (event) => {
      this.hear(event);
      return onSeen(event);
    };
  }

  /** Hears an event. */
  hear(event: RecorderEvent): void {
    if (event.kind === "exec" || event.kind === "fork") this.running.set(event.pid, event.exe);
    if (event.kind === "exit") this.running.delete(event.pid);
    if ((event.kind !== "connect" && event.kind !== "send") || !("address" in event.to)) return;
    const { address, port } = event.to;
    const key = keyOf(address, port);
    const before = this.fresh(key);
    const isOther = before !== undefined && (before.program === "several" || before.program.pid !== event.pid);
    const exe = this.running.get(event.pid);
    const program = isOther ? "several" : { pid: event.pid, ...(exe === undefined ? {} : { exe }) };
    this.dials.delete(key);
    this.dials.set(key, { program, atMs: this.now() });
    const [oldest] = this.dials.keys();
    if (this.dials.size > MOST && oldest !== undefined) this.dials.delete(oldest);
  }

  /** Who dialled this address; `undefined` when nobody did, or several. */
  async programAt(address: string, port: number): Promise<Program | undefined> {
    if (this.dials.size === 0 && this.running.size === 0) return undefined; // no recorder here
    await new Promise((done) => setTimeout(done, WAIT_MS));
    const program = this.fresh(keyOf(address, port))?.program;
    return program === "several" ? undefined : program;
  }

  private fresh(key: string): Dial | undefined {
    const dial = this.dials.get(key);
    return dial === undefined || this.now() - dial.atMs > REMEMBERED_MS ? undefined : dial;
  }
}

/** An IPv4 address may be dialled by a socket of IPv6. */
function keyOf(address: string, port: number): string {
  return `${address.replace(/^::ffff:(?=\d+\.)/, "")} ${port}`;
}
